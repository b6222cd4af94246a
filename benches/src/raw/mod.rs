//! The floor: an event loop without a safety net, to show what the machine itself costs.
//!
//! **It is unsound and no model for anything.** Its wakers claim to be `Send` and `Sync` and are
//! neither: no atomics, no check of the thread, no borrow discipline, no `catch_unwind`.
//!
//! SAFETY, for the whole folder (all unsafe code of this workspace is here): every block holds on
//! one condition that nothing enforces: that a task, its waker and its handle stay on the thread
//! that spawned the task, and that a waker is not used during a drop of its own task. The workloads
//! of this program keep it; their threads share channels and atomics only. Each block below says
//! what it needs beside that.

#![allow(unsafe_code)]

mod current_thread;
mod echo;
mod inbox;
mod task;
mod timer;

use std::time::{Duration, Instant};

use rustix::event::epoll;
use rustix::fd::OwnedFd;
use rustix::time::Timespec;

use crate::peer::Tasks;
pub use current_thread::CurrentThread;

/// The peer of that name.
pub struct Raw;

impl Tasks for Raw {
    const NAME: &'static str = "raw floor";

    fn block_on<T: 'static>(main: impl Future<Output = T> + 'static) -> T {
        let poller = Poller::new();
        let mut main = task::spawn(main);
        loop {
            task::run_batch();
            if let Some(value) = main.take() {
                return value;
            }
            let next = timer::fire();
            if task::is_idle() {
                poller.wait(next.expect("an idle loop without a timer would sleep for ever"));
            }
        }
    }

    fn spawn(
        task: impl Future<Output = u64> + 'static,
    ) -> impl Future<Output = u64> + Unpin + 'static {
        task::spawn(task)
    }

    fn detach(task: impl Future<Output = u64> + 'static) {
        drop(task::spawn(task));
    }

    fn sleep(duration: Duration) -> impl Future + 'static {
        timer::Sleep::new(duration)
    }
}

/// An epoll instance, waited on with the kernel's nanoseconds.
struct Poller {
    epoll: OwnedFd,
}

impl Poller {
    fn new() -> Poller {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).expect("epoll is available");
        Poller { epoll }
    }

    /// Sleeps until `deadline`; nothing is registered, so nothing else ends it.
    fn wait(&self, deadline: Instant) {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left).expect("the workloads sleep seconds, not centuries");
        let mut events = [epoll::Event { flags: epoll::EventFlags::empty(), data: NO_DATA }; 1];
        match epoll::wait(&self.epoll, &mut events, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => panic!("epoll_wait: {error}"),
        }
    }
}

/// What an event holds before the kernel fills it in.
const NO_DATA: epoll::EventData = epoll::EventData::new_u64(0);
