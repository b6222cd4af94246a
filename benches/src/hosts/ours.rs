//! glassloop in a host: a thread of its own whose calls the host is kicked for, or drains by hand,
//! and a loop that the host pumps.

use std::sync::mpsc;
use std::time::Duration;

use glassloop::{EventLoop, HostQueue, LoopThread};

use super::{Asker, Host, Pumped};
use crate::floors::OURS;

/// What a host spares for one drain or one pump.
const BUDGET: Duration = Duration::from_millis(2);

/// Nobody waits longer than this for a thread that is there.
const PATIENCE: Duration = Duration::from_secs(60);

impl Asker for HostQueue {
    fn ask(
        &self,
        job: impl FnOnce() -> u64 + Send + 'static,
    ) -> impl Future<Output = u64> + 'static {
        let call = self.call(job);
        async { call.await.expect("the host answers") }
    }

    fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        glassloop::spawn(task).detach();
    }
}

/// A `LoopThread`; a channel stands for the host's queue of idle work, which runs the drains.
pub struct Kicked;

impl Host for Kicked {
    const NAME: &'static str = OURS;

    type Asker = HostQueue;

    fn serve<T, F>(asks: impl FnOnce(HostQueue) -> F + Send + 'static) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + 'static,
    {
        let (post, posted) = mpsc::channel();
        let host = HostQueue::builder().kick(move |drain| drop(post.send(drain))).build();
        let thread = LoopThread::start("asks").expect("glassloop starts");
        let mut answer = thread.spawn(move || asks(host));
        // It ends with the queue, whose last handle the future holds.
        for drain in posted {
            drain.run(BUDGET);
        }
        answer.wait(PATIENCE).expect("the loop runs")
    }
}

/// A `LoopThread`; the host's thread blocks in `HostQueue::block_on`, which drains meanwhile.
pub struct Blocked;

impl Host for Blocked {
    const NAME: &'static str = "glassloop block_on";

    type Asker = HostQueue;

    fn serve<T, F>(asks: impl FnOnce(HostQueue) -> F + Send + 'static) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + 'static,
    {
        let host = HostQueue::new();
        let thread = LoopThread::start("asks").expect("glassloop starts");
        let asked = host.clone();
        let answer = thread.spawn(move || asks(asked));
        let answer = host.block_on(answer, PATIENCE).expect("the host is asked all the time");
        answer.expect("the loop runs")
    }
}

/// No thread: the host pumps the loop and drains the queue, by turns.
pub struct PumpedAndDrained;

impl Host for PumpedAndDrained {
    const NAME: &'static str = "glassloop pumped";

    type Asker = HostQueue;

    fn serve<T, F>(asks: impl FnOnce(HostQueue) -> F + Send + 'static) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + 'static,
    {
        let event_loop = EventLoop::new().expect("glassloop starts");
        let host = HostQueue::new();
        // Made in a turn, as with the others: a task's first act.
        let asked = host.clone();
        let task = event_loop.spawn(async move { asks(asked).await });
        while !task.is_finished() {
            let _more = event_loop.pump(BUDGET).expect("the loop runs");
            host.drain(BUDGET);
        }
        event_loop.block_on(task).expect("the loop runs").expect("the task has ended well")
    }
}

/// `pump(Duration::ZERO)`: one turn.
pub struct OneTurn(EventLoop);

impl Pumped for OneTurn {
    const NAME: &'static str = OURS;

    fn start() -> OneTurn {
        OneTurn(EventLoop::new().expect("glassloop starts"))
    }

    fn pump(&mut self) {
        let pumped = self.0.pump(Duration::ZERO).expect("the loop runs");
        assert!(!pumped.more, "there was nothing to do");
    }
}

/// `pump` with a budget.
pub struct WithBudget(EventLoop);

impl Pumped for WithBudget {
    const NAME: &'static str = "glassloop, 2 ms";

    fn start() -> WithBudget {
        WithBudget(EventLoop::new().expect("glassloop starts"))
    }

    fn pump(&mut self) {
        let pumped = self.0.pump(BUDGET).expect("the loop runs");
        assert!(!pumped.more, "there was nothing to do");
    }
}
