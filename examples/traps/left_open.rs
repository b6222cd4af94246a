//! A loop that was not closed.
//!
//! A drop closes it, so that no descriptor and no task is left; but a drop gives nobody any time,
//! and so what was lost by it is told. Debug mode tells of every loop that nobody closed.

use std::{thread, time::Duration};

use glassloop::EventLoop;

use crate::Shown;

pub(crate) const NAME: &str = "a loop that is not closed";
pub(crate) const ELSEWHERE: &str = "asyncio warns of an unclosed loop if `ResourceWarning` is on; \
    calls that were accepted are lost";

pub(crate) fn show() -> Shown {
    let event_loop = EventLoop::new()?;
    event_loop.block_on(async {})?;
    let remote = event_loop.remote();
    let accepted = thread::spawn(move || remote.defer(|| println!("never printed")).is_ok());
    println!("a call of another thread was accepted: {}", accepted.join().is_ok_and(|ok| ok));
    drop(event_loop);

    let event_loop = EventLoop::new()?;
    let remote = event_loop.remote();
    remote.defer(|| println!("closed in time, an accepted call runs"))?;
    println!("closed: {}", event_loop.close(Duration::from_secs(1)));
    println!("afterwards: {}", remote.defer(|| ()).expect_err("it is closed"));
    drop(EventLoop::builder().debug(true).build()?);
    Ok(())
}

// a call of another thread was accepted: true
// log: the loop made at left_open.rs was dropped without being closed; left: 0 task(s)
// 1 accepted call(s) never ran:
//   deferred at left_open.rs
// closed in time, an accepted call runs
// closed: nothing was left
// afterwards: refused: the loop is closed
// log: the loop made at left_open.rs was never run; nothing was left
