//! tokio beside a host: a current-thread runtime on a thread of its own, a channel of boxed jobs to
//! the main thread, and a oneshot back for each answer.

use std::sync::mpsc as std_mpsc;
use std::thread;

use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};

use super::{Asker, Host, Pumped};
use crate::floors::TOKIO;
use crate::peer::{Call, Sender};
use crate::peers::tokio::runtime;
use crate::raw::CurrentThread;

/// A job with the place where its answer goes, and the answer to come.
pub fn with_answer(
    job: impl FnOnce() -> u64 + Send + 'static,
) -> (impl FnOnce() + Send + 'static, impl Future<Output = u64> + 'static) {
    let (answer, answered) = oneshot::channel();
    let run = move || answer.send(job()).expect("somebody waits for the answer");
    (run, async { answered.await.expect("the host answers") })
}

/// Asks through a channel of either kind.
#[derive(Clone)]
pub struct Asks<S>(S);

impl<S: Sender> Asker for Asks<S> {
    fn ask(
        &self,
        job: impl FnOnce() -> u64 + Send + 'static,
    ) -> impl Future<Output = u64> + 'static {
        let (job, answer) = with_answer(job);
        self.0.send(job);
        answer
    }

    fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        drop(tokio::spawn(CurrentThread::new(task)));
    }
}

/// tokio's own channel, whose `blocking_recv` is made for such a thread.
pub struct OwnChannel;

impl Host for OwnChannel {
    const NAME: &'static str = TOKIO;

    type Asker = Asks<mpsc::UnboundedSender<Call>>;

    fn serve<T, F>(asks: impl FnOnce(Self::Asker) -> F + Send + 'static) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + 'static,
    {
        let (sender, mut jobs) = mpsc::unbounded_channel::<Call>();
        let thread = thread::spawn(move || runtime().block_on(asks(Asks(sender))));
        // It ends with the last sender, which the future holds.
        while let Some(job) = jobs.blocking_recv() {
            job();
        }
        thread.join().expect("the runtime's thread ends well")
    }
}

impl Sender for std_mpsc::Sender<Call> {
    fn send(&self, call: impl FnOnce() + Send + 'static) {
        assert!(std_mpsc::Sender::send(self, Box::new(call)).is_ok(), "the host is there");
    }
}

/// The standard library's channel, which a thread that only blocks may prefer.
pub struct StdChannel;

impl Host for StdChannel {
    const NAME: &'static str = "tokio, std mpsc";

    type Asker = Asks<std_mpsc::Sender<Call>>;

    fn serve<T, F>(asks: impl FnOnce(Self::Asker) -> F + Send + 'static) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + 'static,
    {
        let (sender, jobs) = std_mpsc::channel::<Call>();
        let thread = thread::spawn(move || runtime().block_on(asks(Asks(sender))));
        jobs.into_iter().for_each(|job| job());
        thread.join().expect("the runtime's thread ends well")
    }
}

/// `block_on` of one yield, which asks the system once.
pub struct OneYield(Runtime);

impl Pumped for OneYield {
    const NAME: &'static str = TOKIO;

    fn start() -> OneYield {
        OneYield(runtime())
    }

    fn pump(&mut self) {
        self.0.block_on(tokio::task::yield_now());
    }
}
