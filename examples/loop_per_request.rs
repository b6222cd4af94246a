//! A loop per request: a server that knows no loops calls a function for each request, on any
//! thread, and that makes a loop, answers, and ends it, with what the answer didn't wait for.
//!
//! As in a WSGI program that calls `asyncio.run`. What became of the rest says the report: it was
//! done, or who was left, where it was born and what it waited for. A program that has one loop for
//! all of its life is `loop_per_process`.
#![allow(clippy::print_stdout)]

use std::{thread, time::Duration};

use glassloop::{EventLoop, RunError, offload, sleep, spawn};

const MS: Duration = Duration::from_millis(1);

fn main() {
    println!("given no time after its answer:");
    serve(1, Duration::ZERO);
    println!("\ngiven 100 ms:");
    serve(2, 100 * MS);
}

/// The server: a thread for each request, as such servers have them.
fn serve(request: u32, grace: Duration) {
    let answer = thread::spawn(move || respond(request, grace)).join();
    println!("answer: {}", answer.expect("it doesn't panic").expect("the system has descriptors"));
}

/// The program that is called for each request.
fn respond(request: u32, grace: Duration) -> Result<String, RunError> {
    let event_loop = EventLoop::new()?;
    let answer = event_loop.block_on(async move {
        // What the answer doesn't wait for. In a loop that lives on all of it would be done.
        let letter = async {
            sleep(20 * MS).await;
            println!("a letter was sent");
        };
        spawn(letter).named("letter").detach();
        spawn(async { sleep(3_600_000 * MS).await }).named("statistics").detach();
        let paint = || thread::sleep(500 * MS);
        spawn(async move { offload(paint).named("thumbnail").await }).named("album").detach();
        // The tasks begin before the answer is given.
        sleep(MS).await;
        format!("this is {request}")
    })?;
    println!("report: {}", event_loop.close(grace));
    Ok(answer)
}
