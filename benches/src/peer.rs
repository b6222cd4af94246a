//! A peer: an event loop that runs the workloads.
//!
//! A workload is written once, generic over these traits, so that every peer runs the same futures.
//! A peer is a type without values: its runtime is made anew inside each `block_on` and `serve`,
//! so no sample profits from memory that an earlier one left behind in the runtime.

use std::fmt::Debug;
use std::net::TcpListener;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// What the workloads of tasks and timers need.
pub trait Tasks: 'static {
    const NAME: &'static str;

    /// Makes a runtime, runs `main` on it to its end, and drops the runtime.
    fn block_on<T: 'static>(main: impl Future<Output = T> + 'static) -> T;

    /// Starts a task; the result is awaited by polling what is returned.
    fn spawn(
        task: impl Future<Output = u64> + 'static,
    ) -> impl Future<Output = u64> + Unpin + 'static;

    /// Starts a task that nobody will join.
    fn detach(task: impl Future<Output = u64> + 'static);

    /// Lets the other ready tasks run: the peer's own way where it has one.
    fn yield_now() -> impl Future<Output = ()> {
        SelfWake { woken: false }
    }

    fn sleep(duration: Duration) -> impl Future + 'static;

    /// Lifts the limit on what one poll of `task` may do, where the peer has one.
    fn unlimited<F: Future<Output = u64> + 'static>(
        task: F,
    ) -> impl Future<Output = u64> + 'static {
        task
    }
}

/// What the workload of jobs on other threads needs.
pub trait Offloads: Tasks {
    /// What its row is called.
    const POOL: &'static str;

    /// Has a job run on a thread of the peer's own pool, beginning now.
    fn offload(job: impl FnOnce() -> u64 + Send + 'static) -> impl Future<Output = u64> + 'static;
}

/// What the workloads of calls from other threads need.
pub trait Inbox: 'static {
    const NAME: &'static str;

    /// The producer's end.
    type Sender: Sender;

    /// Makes a loop, hands a sender to `start`, then takes calls until the tally is full.
    fn serve(start: impl FnOnce(Self::Sender));
}

/// A producer's end: leaves a call for the loop's thread.
pub trait Sender: Clone + Send + 'static {
    fn send(&self, call: impl FnOnce() + Send + 'static);
}

/// What a channel carries where the peer has no queue of calls of its own.
pub type Call = Box<dyn FnOnce() + Send>;

/// A TCP server that sends back what it gets.
pub trait Echo: 'static {
    const NAME: &'static str;

    /// Serves for ever. Every peer reads into [`READ_BYTES`] a connection.
    fn serve(listener: TcpListener) -> !;
}

/// The size of a connection's read buffer in every server.
pub const READ_BYTES: usize = 4096;

/// A yield made of nothing but the standard library: wakes its own task, once.
struct SelfWake {
    woken: bool,
}

impl Future for SelfWake {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.woken {
            return Poll::Ready(());
        }
        self.woken = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// A join handle whose result must be a success. (An `async` block in its place would cost a
/// second state machine in each of a million handles.)
pub struct Joined<H>(pub H);

impl<H, E: Debug> Future for Joined<H>
where
    H: Future<Output = Result<u64, E>> + Unpin,
{
    type Output = u64;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u64> {
        let joined = Pin::new(&mut self.0).poll(cx);
        joined.map(|result| result.expect("no task of a workload panics or is aborted"))
    }
}
