//! `examples/loop_per_process`: processes that serve one port together may end and be started
//! again, one after the other, and whoever asks meanwhile is answered. One that is told to end
//! takes nobody along, on a new connection or a kept one; one that is killed takes what it had
//! accepted.
//!
//! What HTTP/1.1 leaves open (RFC 9112, section 9.3.1) is what a client asks on an idle connection
//! while the server ends it: without a byte of an answer it asks once more. These are counted, and
//! are as many as the workers say they have missed. The workers are so patient here that a thread
//! which is not run for a while changes no figure.
#![cfg(test)]
#![cfg(all(target_os = "linux", feature = "process", feature = "signal", feature = "ws"))]

#[path = "common/client_threads.rs"]
mod client_threads;
#[path = "common/examples.rs"]
mod examples;

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use client_threads::{Client, Connection, Failure, Habit, Load};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

const MINUTE: Duration = Duration::from_secs(60);
const WORKERS: usize = 3;
const RESTARTS: usize = 20;
/// One who asks all the time.
const BUSY: Duration = Duration::from_millis(2);
/// One who has something under way whenever a worker is killed.
const RESTLESS: Duration = Duration::ZERO;
/// One who asks seldom.
const SELDOM: Duration = Duration::from_millis(400);
/// A worker that drains waits so long for an idle connection to ask once more.
const IDLE_MS: u64 = 20_000;
/// Who is silent for less than this is ended by nothing: less than `keep_alive_ms_max` and that.
const SILENCE: Duration = Duration::from_millis(4_900);

/// The program at work.
struct Program {
    child: Child,
    lines: mpsc::Receiver<String>,
    address: SocketAddr,
    /// By slot.
    workers: BTreeMap<String, Pid>,
    told: Vec<String>,
}

impl Program {
    fn start(idle_ms: u64) -> Program {
        let program = examples::built_with("loop_per_process", "process,signal");
        let mut child = Command::new(program)
            .args(["--workers", &WORKERS.to_string(), "--patience", "60"])
            .args(["--idle-ms", &idle_ms.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (line, lines) = mpsc::channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|l| line.send(l)));
        let first = lines.recv_timeout(MINUTE).unwrap();
        let address = first.strip_prefix("http://").and_then(|rest| rest.split_once('/'));
        let address = address.unwrap().0.parse().unwrap();
        let (workers, told) = (BTreeMap::new(), vec![first]);
        let mut program = Program { child, lines, address, workers, told };
        program.hear_until(|program| program.workers.len() == WORKERS && program.all_serve());
        program
    }

    /// One line more.
    fn hear(&mut self) {
        let line = self.lines.recv_timeout(MINUTE).unwrap();
        if let Some((slot, id)) =
            line.split_once(" is ").filter(|(_, id)| id.parse::<i32>().is_ok())
        {
            let pid = Pid::from_raw(id.parse().unwrap()).unwrap();
            self.workers.insert(slot.to_owned(), pid);
        }
        self.told.push(line);
    }

    fn hear_until(&mut self, is_so: impl Fn(&Program) -> bool) {
        while !is_so(self) {
            self.hear();
        }
    }

    /// Each worker has said so; whoever is asked to end before would not drain.
    fn all_serve(&self) -> bool {
        let serves = |pid: &Pid| format!("worker {} serves", pid.as_raw_nonzero());
        self.workers.values().all(|pid| self.told.contains(&serves(pid)))
    }

    fn worker(&self, slot: usize) -> Pid {
        self.workers[&format!("worker {slot}")]
    }

    /// Sends a signal to the worker of a slot, and waits until another has its place.
    fn replace(&mut self, slot: usize, signal: Signal) -> Replaced {
        let (worker, from) = (self.worker(slot), Instant::now());
        kill_process(worker, signal).unwrap();
        self.hear_until(|program| program.worker(slot) != worker);
        let to = Instant::now();
        assert!(test_kill_process(worker).is_err(), "it is gone, and no zombie");
        self.hear_until(Program::all_serve);
        Replaced { worker, from, to }
    }

    /// Ends it, and gives what its workers have told of their ends.
    fn end(mut self) -> Vec<String> {
        let left = Vec::from_iter(self.workers.values().copied());
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success());
        self.hear_until(|program| program.told.last().unwrap() == "all workers have ended");
        assert!(left.iter().all(|worker| test_kill_process(*worker).is_err()));
        let clean = self.told.iter().filter(|line| line.ends_with(": nothing was left")).count();
        let reports = self.told.iter().filter(|line| line.contains(" closed, "));
        let reports = Vec::from_iter(reports.cloned());
        assert!(reports.iter().all(|line| line.contains(" 0 broken, 0 dropped")), "{reports:?}");
        assert_eq!(clean, reports.len(), "{:?}", self.told);
        reports
    }
}

/// A worker that is no more.
struct Replaced {
    worker: Pid,
    /// Before it was sent the signal.
    from: Instant,
    /// When it was gone.
    to: Instant,
}

/// How many requests the workers say they have missed.
fn missed(reports: &[String]) -> usize {
    let of_one = |line: &String| {
        let number = line.split_once("missed: ").unwrap().1.split_once(';').unwrap().0;
        number.parse::<usize>().unwrap()
    };
    reports.iter().map(of_one).sum()
}

#[test]
fn over_twenty_restarts_every_request_is_answered() {
    let mut program = Program::start(IDLE_MS);
    let mut habits = vec![Habit::AConnectionEach(BUSY); 3];
    habits.extend([Habit::Keeps(BUSY), Habit::Keeps(SELDOM)].repeat(3));
    let load = Load::begin(program.address, &habits);
    for restart in 0..RESTARTS {
        // Some are asked between any two.
        load.wait_for_answers(20);
        program.replace(restart % WORKERS, Signal::TERM);
    }
    let (clients, reports) = (load.end(), program.end());
    assert_eq!(reports.len(), RESTARTS + WORKERS);
    let (answered, figures) = figures(&clients);
    let lost = Vec::from_iter(clients.iter().flat_map(|client| &client.failures));
    println!("{RESTARTS} restarts: {figures}; {} requests asked twice", lost.len());
    assert!(lost.iter().all(|lost| lost.silence > SILENCE && lost.is_orderly()), "{lost:?}");
    assert_eq!(lost.len(), missed(&reports), "of {answered}: {lost:?}, {reports:?}");
}

#[test]
fn what_crosses_the_end_of_an_idle_connection_is_told_and_sees_no_reset() {
    // Idle connections are left no while at all.
    let mut program = Program::start(0);
    let mut habits = vec![Habit::AConnectionEach(BUSY); 3];
    habits.extend([Habit::Keeps(BUSY), Habit::Keeps(RESTLESS)].repeat(3));
    let load = Load::begin(program.address, &habits);
    for restart in 0..RESTARTS {
        // Whoever asks twice is through with it before the next restart.
        load.wait_for_each(2);
        program.replace(restart % WORKERS, Signal::TERM);
    }
    load.wait_for_each(2);
    let (clients, reports) = (load.end(), program.end());
    let (_, figures) = figures(&clients);
    let lost = Vec::from_iter(clients.iter().flat_map(|client| &client.failures));
    println!("{RESTARTS} ends at once: {figures}; {} requests asked twice", lost.len());
    assert!(lost.iter().all(|lost| lost.is_orderly()), "{lost:?}");
    assert_eq!(lost.len(), missed(&reports), "{lost:?}, {reports:?}");
}

#[test]
fn over_twenty_kills_only_what_was_accepted_is_lost() {
    let mut program = Program::start(IDLE_MS);
    let mut habits = vec![Habit::AConnectionEach(BUSY); 3];
    habits.extend([Habit::Keeps(BUSY), Habit::Keeps(RESTLESS)].repeat(2));
    let load = Load::begin(program.address, &habits);
    let mut kills = Vec::new();
    for kill in 0..RESTARTS {
        // Whoever asks twice is through with it before the next is killed.
        load.wait_for_each(2);
        kills.push(program.replace(kill % WORKERS, Signal::KILL));
    }
    load.wait_for_each(2);
    let (clients, reports) = (load.end(), program.end());
    assert_eq!(reports.len(), WORKERS, "the killed told nothing");
    let (_, figures) = figures(&clients);
    let lost = Vec::from_iter(clients.iter().flat_map(|client| &client.failures));
    println!("{RESTARTS} kills: {figures}; {} requests lost, and asked twice", lost.len());
    let is_of = |lost: &Failure, kill: &Replaced| {
        let was_open = lost.opened < kill.to && kill.from < lost.failed;
        was_open && lost.worker.is_none_or(|worker| worker == kill.worker)
    };
    for lost in &lost {
        assert!(lost.is_unanswered(), "{lost:?}");
        assert!(kills.iter().any(|kill| is_of(lost, kill)), "nobody was killed then: {lost:?}");
    }
}

#[test]
fn who_waits_for_a_worker_that_is_killed_is_served_by_the_next() {
    let mut program = Program::start(IDLE_MS);
    let worker = program.worker(0);
    // It accepts nobody from here on.
    kill_process(worker, Signal::STOP).unwrap();
    let clients = (0..30).map(|_| {
        let address = program.address;
        thread::spawn(move || Connection::open(address).ask(false).map(|_| ()))
    });
    let clients = Vec::from_iter(clients);
    // The others answer theirs.
    let began = Instant::now();
    while clients.iter().filter(|client| client.is_finished()).count() < 10 {
        assert!(began.elapsed() < MINUTE);
        thread::yield_now();
    }
    program.replace(0, Signal::KILL);
    for client in clients {
        client.join().unwrap().unwrap();
    }
    program.end();
}

/// How many were answered, and the rest in words.
fn figures(clients: &[Client]) -> (u32, String) {
    let sum = |count: fn(&Client) -> u32| clients.iter().map(count).sum::<u32>();
    let (answered, on_kept) = (sum(|client| client.answered), sum(|client| client.on_kept));
    let ended = sum(|client| client.ended_idle);
    let told = format!("{answered} answers, {on_kept} of them on kept connections");
    (answered, format!("{told}; {ended} connections ended idle"))
}
