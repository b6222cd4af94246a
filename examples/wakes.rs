//! How often is a sleeping loop woken, and at what price? Eight threads leave calls, some in
//! floods and some now and then, and the loop counts its waits and the system calls that ended
//! them. `tools/wakes.sh` has the kernel count the same.
//!
//! cargo run --release --example wakes
#![allow(clippy::print_stdout)]

use std::{
    error::Error,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    thread,
    time::Duration,
};

use glassloop::EventLoop;

const THREADS: u64 = 8;
const FLOODS: u64 = 50;
const CALLS_A_FLOOD: u64 = 200;

static RAN: AtomicU64 = AtomicU64::new(0);

fn ran() {
    RAN.fetch_add(1, Relaxed);
}

fn main() -> Result<(), Box<dyn Error>> {
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    let event_loop = EventLoop::new()?;
    for thread in 0..THREADS {
        let remote = event_loop.remote();
        thread::spawn(move || {
            for _ in 0..FLOODS {
                for _ in 0..CALLS_A_FLOOD {
                    remote.defer(ran).expect("there is room");
                }
                // Long enough for the loop to have run them all and to sleep again.
                thread::sleep(Duration::from_millis(1 + thread));
            }
        });
    }
    event_loop.run()?; // until the last thread has dropped its Remote
    let counts = event_loop.snapshot().reactor;
    println!(
        "calls={} blocked={} wake_calls={}",
        RAN.load(Relaxed),
        counts.blocked,
        counts.wake_calls
    );
    Ok(())
}
