//! `examples/loop_per_process`: processes that serve one port together may end and be started
//! again, one after the other, and whoever asks meanwhile is answered. One that is killed is
//! replaced; one that is told to end takes nobody along.
#![cfg(test)]
#![cfg(all(target_os = "linux", feature = "process", feature = "signal", feature = "ws"))]

#[path = "common/examples.rs"]
mod examples;

use std::{
    collections::BTreeMap,
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering::SeqCst},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

const MINUTE: Duration = Duration::from_secs(60);
const WORKERS: usize = 3;
const RESTARTS: usize = 20;

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
    fn start() -> Program {
        let program = examples::built_with("loop_per_process", "process,signal");
        let mut child = Command::new(program)
            .args(["--workers", &WORKERS.to_string()])
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
        while program.workers.len() < WORKERS {
            program.hear();
        }
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

    /// Sends a signal to the worker of a slot, and waits until another has its place.
    fn replace(&mut self, slot: usize, signal: Signal) {
        let slot = format!("worker {slot}");
        let before = self.workers[&slot];
        kill_process(before, signal).unwrap();
        while self.workers[&slot] == before {
            self.hear();
        }
        assert!(test_kill_process(before).is_err(), "it is gone, and no zombie");
    }
}

/// One request, on a connection of its own.
fn ask(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(MINUTE))?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let is_whole = answer.starts_with("HTTP/1.1 200 ") && answer.contains("this is ");
    if is_whole { Ok(answer) } else { Err(io::Error::other(format!("came {answer:?}"))) }
}

#[test]
fn over_twenty_restarts_every_request_is_answered() {
    let mut program = Program::start();
    let (address, over) = (program.address, Arc::new(AtomicBool::new(false)));
    let asked = Arc::new(AtomicU32::new(0));
    let load = Vec::from_iter((0..4).map(|_| {
        let (over, asked) = (Arc::clone(&over), Arc::clone(&asked));
        thread::spawn(move || {
            let mut failed = Vec::new();
            while !over.load(SeqCst) {
                failed.extend(ask(address).err());
                asked.fetch_add(1, SeqCst);
                // A port of this machine is not to be had again for a minute.
                thread::sleep(Duration::from_millis(2));
            }
            failed
        })
    }));
    for restart in 0..RESTARTS {
        // Some are asked between any two.
        let before = asked.load(SeqCst);
        let began = Instant::now();
        while asked.load(SeqCst) < before + 20 {
            assert!(began.elapsed() < MINUTE);
            thread::yield_now();
        }
        program.replace(restart % WORKERS, Signal::TERM);
    }
    over.store(true, SeqCst);
    let failed = Vec::from_iter(load.into_iter().flat_map(|one| one.join().unwrap()));
    assert!(failed.is_empty(), "of {}: {failed:?}", asked.load(SeqCst));
    println!("{} requests over {RESTARTS} restarts, none failed", asked.load(SeqCst));

    // One that is killed: who waits in its line is served by the next.
    program.replace(0, Signal::KILL);
    for _ in 0..50 {
        ask(address).unwrap();
    }
    let left = Vec::from_iter(program.workers.values().copied());
    let supervisor = Pid::from_child(&program.child);
    kill_process(supervisor, Signal::TERM).unwrap();
    assert!(program.child.wait().unwrap().success());
    while program.told.last().is_some_and(|line| line != "all workers have ended") {
        program.hear();
    }
    assert!(left.iter().all(|worker| test_kill_process(*worker).is_err()));
    let clean = program.told.iter().filter(|line| line.ends_with(": nothing was left")).count();
    assert_eq!(clean, RESTARTS + WORKERS, "{:?}", program.told);
    let broken = program.told.iter().filter(|line| line.contains(" closed, "));
    assert!(broken.clone().all(|line| line.contains(" 0 broken, 0 dropped")), "{:?}", program.told);
    assert_eq!(broken.count(), RESTARTS + WORKERS);
}
