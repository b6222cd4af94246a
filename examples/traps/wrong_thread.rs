//! A callback asked for on a wrong thread.
//!
//! With the loop in hand that doesn't compile, as an `EventLoop` can't be sent; without it the free
//! function says where it was called. A `Remote` is what threads have.

use std::{panic, thread};

use glassloop::{EventLoop, call_soon};

use crate::Shown;

pub(crate) const NAME: &str = "`call_soon` from a wrong thread";
pub(crate) const ELSEWHERE: &str = "asyncio puts it on the list without a lock and wakes nobody: \
    it is called whenever the loop happens to wake; debug mode raises";

pub(crate) fn show() -> Shown {
    let event_loop = EventLoop::new()?;
    let remote = event_loop.remote();
    let here = thread::current().id();
    let worker = thread::Builder::new().name("worker".to_owned());
    let worker = worker.spawn(move || {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(|_| {})); // its text is printed below
        let panicked = panic::catch_unwind(|| call_soon(|| ()).is_ok());
        panic::set_hook(hook);
        let text =
            panicked.expect_err("there is no loop").downcast::<String>().expect("it has a text");
        println!("{}", text.split(':').next().unwrap_or_default());
        println!("what to do: {}", text.rsplit("; ").next().unwrap_or_default());
        let at_home = move || {
            println!("deferred, it runs on the loop's thread: {}", thread::current().id() == here);
        };
        remote.defer(at_home).is_ok()
    })?;
    event_loop.run()?; // it waits as long as a `Remote` lives
    println!("the worker's call was accepted: {}", worker.join().is_ok_and(|accepted| accepted));
    Ok(())
}

// `call_soon` needs a current event loop and thread `worker` has none
// what to do: from another thread use the loop's `Remote`.
// deferred, it runs on the loop's thread: true
// the worker's call was accepted: true
