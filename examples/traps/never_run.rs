//! A loop that was made, and given work, and never run.

use glassloop::EventLoop;

use crate::Shown;

pub(crate) const NAME: &str = "a loop made and never run";
pub(crate) const ELSEWHERE: &str = "nothing happens; asyncio says `Task was destroyed but it is \
    pending!` when it is collected, and nothing of a callback; tokio says nothing";

pub(crate) fn show() -> Shown {
    let event_loop = EventLoop::new()?;
    event_loop.spawn(async { println!("never printed") }).named("greeter").detach();
    event_loop.call_soon(|| println!("never printed"))?;
    Ok(()) // and no `run`
}

// log: the loop made at never_run.rs was never run; left: 1 task(s)
//   task #0.0 `greeter`, ready, 0 polls, spawned at never_run.rs
// 1 callback(s) never ran
