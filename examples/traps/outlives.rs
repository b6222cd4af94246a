//! A task that outlives its loop.
//!
//! Here it doesn't: the end of its loop is its end, on the loop's thread, and whoever has its
//! handle is told, wherever that is awaited.

use std::future::pending;

use glassloop::{EventLoop, yield_now};

use crate::Shown;

pub(crate) const NAME: &str = "a task that outlives its loop";
pub(crate) const ELSEWHERE: &str = "asyncio says `Task was destroyed but it is pending!` when the \
    task is collected, whenever that is; awaited in another loop it raises";

struct Open(&'static str);

impl Drop for Open {
    fn drop(&mut self) {
        println!("{} is closed", self.0);
    }
}

pub(crate) fn show() -> Shown {
    let listener = {
        let event_loop = EventLoop::new()?;
        let listener = event_loop.spawn(async {
            let _open = Open("the listener's socket");
            pending::<()>().await;
        });
        event_loop.block_on(yield_now())?;
        listener.named("listener")
    }; // the loop is dropped, and the task with it
    let told = EventLoop::new()?.block_on(listener)?;
    println!("who awaits it is told: {}", told.expect_err("it has no result"));
    Ok(())
}

// the listener's socket is closed
// log: the loop made at outlives.rs was dropped without being closed; left: 1 task(s)
//   task #0.0 `listener`, waiting, 1 polls, spawned at outlives.rs
// who awaits it is told: the task was cancelled before it had a result
