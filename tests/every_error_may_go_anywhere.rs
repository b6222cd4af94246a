//! Every error of the loop's fits into whatever box a program carries its errors in: it may go to
//! another thread and be looked at from several, also when it carries a panic.
//!
//! Runs under Miri.
#![cfg(test)]

use std::{any::Any, error::Error, panic::AssertUnwindSafe, thread};

use glassloop::{
    CallError, Elapsed, EventLoop, HostError, HostQueue, JoinError, OffloadError, Panic, RunError,
    ScopeError, ThreadError,
};

/// It is there already.
const SOON: std::time::Duration = std::time::Duration::from_secs(10);

/// As most programs have it.
type Anything = Box<dyn Error + Send + Sync>;

fn anywhere<T: Error + Send + Sync + 'static>() {}

#[test]
fn each_fits_into_a_box_for_any_thread() {
    anywhere::<CallError>();
    anywhere::<Elapsed>();
    anywhere::<HostError>();
    anywhere::<JoinError>();
    anywhere::<OffloadError>();
    anywhere::<RunError>();
    anywhere::<ScopeError<std::io::Error>>();
    anywhere::<ThreadError>();
    #[cfg(feature = "ws")]
    anywhere::<glassloop::ws::Error>();
}

#[test]
fn the_panic_of_a_task_goes_through_a_question_mark_to_another_thread() {
    fn ask() -> Result<u32, Anything> {
        let event_loop = EventLoop::test();
        let task = event_loop.spawn(async { panic!("out of {}", "paper") });
        Ok(event_loop.block_on(task)??)
    }
    let told = thread::spawn(|| ask().unwrap_err()).join().unwrap();
    assert_eq!(told.to_string(), "the task panicked: out of paper");
    assert!(told.downcast_ref::<JoinError>().is_some());
}

#[test]
fn what_it_carried_is_in_it_as_it_was() {
    let host = HostQueue::new();
    let call = host.call(|| -> u32 { std::panic::panic_any(7_u64) });
    while host.drain(std::time::Duration::ZERO).more {}
    let Ok(Err(HostError::Panicked(panic))) = host.block_on(call, SOON) else {
        panic!("it panicked")
    };
    assert_eq!(panic.to_string(), "a panic without a text");
    assert_eq!(*panic.into_payload().downcast::<u64>().unwrap(), 7);
    let payload: Box<dyn Any + Send> = Box::new(8_u8);
    let again = std::panic::catch_unwind(AssertUnwindSafe(|| Panic::from(payload).resume()));
    assert_eq!(*again.unwrap_err().downcast::<u8>().unwrap(), 8);
}
