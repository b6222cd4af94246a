//! A loop that is replaced by another one in its thread.
//!
//! Each task knows its own loop. What wakes it are wakers, which don't care who is current, so a
//! task of one loop may await a task of another.

use glassloop::{EventLoop, spawn};

use crate::Shown;

pub(crate) const NAME: &str = "a loop replaced in its thread";
pub(crate) const ELSEWHERE: &str = "`set_event_loop` with a new one, and what was made for the old \
    one raises: `attached to a different loop`";

pub(crate) fn show() -> Shown {
    let (old, new) = (EventLoop::new()?, EventLoop::new()?);
    let answer = old.spawn(async { 6 * 7 });
    // For the length of a closure the new one is current; nothing stays replaced behind it.
    old.enter(|| {
        new.enter(|| spawn(async { println!("a task of the new loop") }).detach());
        spawn(async { println!("a task of the old loop") }).detach();
    });
    let asks =
        new.spawn(async move { println!("of the old loop, in the new: {:?}", answer.await) });
    old.run()?;
    new.run()?;
    println!("the one who asked has ended: {}", asks.is_finished());
    Ok(())
}

// a task of the old loop
// a task of the new loop
// of the old loop, in the new: Ok(42)
// the one who asked has ended: true
