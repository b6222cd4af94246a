//! Threads: a loop on its own thread, and a main thread that leaves calls for it.
#![allow(clippy::print_stdout)]

use std::{
    error::Error,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use glassloop::{EventLoop, RunError, sleep};

const PATIENCE: Duration = Duration::from_secs(5);

fn main() -> Result<(), Box<dyn Error>> {
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    let (sender, receiver) = mpsc::channel();
    let thread = thread::Builder::new().name("loop".into()).spawn(move || {
        let event_loop = EventLoop::new()?;
        // A loop stays on its thread. What others may hold of it is a `Remote`.
        sender.send(event_loop.remote()).ok();
        event_loop.run()
    })?;
    let remote = receiver.recv()?;

    // Without a result: it runs in order, and leaving it never waits for the loop.
    remote.defer(|| println!("deferred: runs on `{}`", here()))?;

    // With one: wait for it here, or await it on a loop of this thread.
    println!("called: {}", remote.call(|| format!("ran on `{}`", here())).wait(PATIENCE)?);

    // A task: the closure travels, its future is made over there and never leaves.
    let began = Instant::now();
    let mut slept = remote.spawn(|| async {
        sleep(Duration::from_millis(10)).await;
        here()
    });
    println!("spawned: slept on `{}`", slept.wait(PATIENCE)?);
    println!("at least 10 ms later: {}", began.elapsed() >= Duration::from_millis(10));

    // When the last `Remote` is gone and nothing is left to do, `run` returns.
    drop(remote);
    let ended: Result<(), RunError> = thread.join().expect("the loop's thread doesn't panic");
    Ok(ended?)
}

fn here() -> String {
    thread::current().name().unwrap_or("?").to_owned()
}

// deferred: runs on `loop`
// called: ran on `loop`
// spawned: slept on `loop`
// at least 10 ms later: true
