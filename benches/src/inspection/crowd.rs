//! `Crowd`: ten thousand tasks on one loop with an inspector, alone in their process.
//!
//! Two shapes, of about 100,000 recorded events a second each: `paced`, whose timers fire at that
//! rate, and `saturated`, which never sleeps and computes as much in each poll. It says where it
//! can be looked into, then at equal intervals what was done; it ends when nobody hears that.

use std::fs;
use std::hint::black_box;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use glassloop::{EventLoop, Watch};
use glassloop_inspector::Builder;

use super::server::folder;
use super::{Account, Door};
use crate::child::Child;
use crate::machine;

const TASKS: u32 = 10_000;

/// A tick is two events, a wake and a poll: five of each task a second.
const TICK_EVERY: Duration = Duration::from_millis(200);

/// So is a yield: 50,000 a second.
const WORK: Duration = Duration::from_micros(20);

/// Computing enough to be timed, and so many tries that one of them is undisturbed.
const CALIBRATION_STEPS: u64 = 5_000_000;
const CALIBRATION_TRIES: u32 = 9;

/// The inspector looks for loops ten times a second; it has this long on a busy machine.
const FOUND_IN: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The child may run where its parent does, its loop where the parent says.
const ANYWHERE: &str = "anywhere";

/// Only the loop's thread writes it.
static POLLS: AtomicU64 = AtomicU64::new(0);

/// The child process, as its parent sees it.
pub struct Crowd {
    child: Child,
    pub door: Door,
}

impl Crowd {
    /// Its loop has a processor of its own; its other threads run where the parent does.
    pub fn start(shape: &str, accounts_every: Duration, of_loop: usize) -> Crowd {
        let every_ms = accounts_every.as_millis().to_string();
        let mut child = Child::start(&["crowd", shape, &every_ms, &of_loop.to_string()]);
        let door = Door::at(&child.read_line());
        Crowd { child, door }
    }

    /// Waits until the inspector has found the loop.
    pub fn wait_until_recorded(&self) {
        let begun = Instant::now();
        while !self.door.get("/state").contains(r#""on":true"#) {
            assert!(begun.elapsed() < FOUND_IN, "the loop is not recorded");
            thread::sleep(LOOK_EVERY);
        }
    }

    /// Waits for the next account.
    pub fn account(&mut self) -> Account {
        Account::read(&self.child.read_line())
    }
}

/// What the child process runs.
pub fn child(shape: &str, every_ms: &str, of_loop: &str) -> ! {
    let every = Duration::from_millis(every_ms.parse().expect("the parent gives a number"));
    let folder = folder();
    let inspector = Builder::new().folder(&folder).start().expect("the inspector starts");
    println!("{}", inspector.url());
    fs::remove_file(inspector.file()).expect("the inspector wrote its file");
    fs::remove_dir(&folder).expect("nothing else is in its folder");
    let event_loop = EventLoop::new().expect("glassloop starts");
    let (watch, loop_thread) = (event_loop.watch(), machine::thread_id());
    thread::spawn(move || give_accounts(&watch, loop_thread, every));
    if of_loop != ANYWHERE {
        machine::pin_to(of_loop.parse().expect("the parent gives a number"));
    }
    event_loop.enter(|| match shape {
        "paced" => spawn_paced(),
        "saturated" => spawn_saturated(),
        _ => panic!("a shape that no parent asks for: {shape}"),
    });
    event_loop.run().expect("the loop runs");
    unreachable!("no task of the crowd ends");
}

/// Tasks that tick one after the other, evenly.
fn spawn_paced() {
    for number in 0..TASKS {
        let task = async move {
            glassloop::sleep(TICK_EVERY * number / TASKS).await;
            let mut ticks = glassloop::interval(TICK_EVERY);
            loop {
                ticks.tick().await;
                count();
            }
        };
        glassloop::spawn(task).named("ticks").detach();
    }
}

/// Tasks that compute and yield.
fn spawn_saturated() {
    let steps = steps_of(WORK);
    for _ in 0..TASKS {
        let task = async move {
            loop {
                compute(steps);
                count();
                glassloop::yield_now().await;
            }
        };
        glassloop::spawn(task).named("computes").detach();
    }
}

fn count() {
    POLLS.store(POLLS.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
}

/// The same instructions, whoever watches.
fn compute(steps: u64) {
    let mut state = 1_u64;
    for _ in 0..steps {
        state ^= state << 13;
        state ^= state >> 7;
        state = black_box(state ^ (state << 17));
    }
}

/// How many steps take so much processor time on this machine.
fn steps_of(time: Duration) -> u64 {
    let timed = |_| {
        let begun = machine::cpu_time_of_this_thread();
        compute(CALIBRATION_STEPS);
        machine::cpu_time_of_this_thread() - begun
    };
    let all = (0..CALIBRATION_TRIES).map(timed).min().expect("it is tried");
    (u128::from(CALIBRATION_STEPS) * time.as_nanos() / all.as_nanos()) as u64
}

fn give_accounts(watch: &Watch, loop_thread: u32, every: Duration) {
    let begun = Instant::now();
    for number in 1.. {
        thread::sleep((every * number).saturating_sub(begun.elapsed()));
        let account = Account {
            at: begun.elapsed(),
            polls: POLLS.load(Ordering::Relaxed),
            events: watch.events(u64::MAX).next,
            of_loop: machine::cpu_time_of_thread(loop_thread),
            of_process: machine::cpu_time(),
        };
        // A parent that was killed ends nobody.
        if account.tell().is_err() {
            process::exit(0);
        }
    }
}
