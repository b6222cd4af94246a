//! The same loop, used from a new thread.
//!
//! What travels to the loop is a closure that makes the future there, and what comes back is its
//! result. Whoever waits for it is told if there can't be one.

use std::{thread, time::Duration};

use glassloop::{CallError, EventLoop, Remote, sleep};

use crate::Shown;

pub(crate) const NAME: &str = "the same loop, touched from a new thread";
pub(crate) const ELSEWHERE: &str = "`run_until_complete` from the thread raises `This event loop \
    is already running`; `run_coroutine_threadsafe(..).result()` on the loop's own thread hangs";

const PATIENCE: Duration = Duration::from_secs(60);

fn ask(event_loop: &Remote, number: u64) -> Result<u64, CallError> {
    let mut answer = event_loop.spawn(move || async move {
        sleep(Duration::from_millis(number)).await;
        number * number
    });
    answer.wait(PATIENCE)
}

pub(crate) fn show() -> Shown {
    let event_loop = EventLoop::new()?;
    let remote = event_loop.remote();
    let threads: Vec<_> = (1..=3)
        .map(|number| {
            let remote = remote.clone();
            thread::spawn(move || ask(&remote, number))
        })
        .collect();
    drop(remote); // while it lives, a call may come
    event_loop.run()?;
    for thread in threads {
        println!("a thread asked: {}", thread.join().expect("it doesn't panic")?);
    }
    let itself = event_loop.remote();
    let waits = event_loop.block_on(async move { ask(&itself, 4) })?;
    let refused = waits.expect_err("it would hang").to_string();
    println!(
        "a task of the loop asked the same: {}",
        refused.split(':').next().unwrap_or_default()
    );
    let gone = event_loop.remote();
    event_loop.close(PATIENCE);
    println!("the loop has gone: {}", ask(&gone, 5).expect_err("nobody runs it"));
    Ok(())
}

// a thread asked: 1
// a thread asked: 4
// a thread asked: 9
// a task of the loop asked the same: waiting for a call here might never end
// the loop has gone: the loop was closed before the call was asked for
