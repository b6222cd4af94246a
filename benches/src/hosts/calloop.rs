//! calloop as a host: its channel source on the main thread. It asks from a calloop of its own
//! thread, by its executor, with tokio's oneshot for the answers.

use std::thread;
use std::time::Duration;

use calloop::EventLoop;
use calloop::channel::{self, Event, channel};
use calloop::futures::{Scheduler, executor};

use super::{Asker, Host, Pumped, tokio::with_answer};
use crate::peer::{Call, Sender};
use crate::peers::calloop::Calloop;

pub struct Channel;

/// Lives on the thread that asks.
#[derive(Clone)]
pub struct Asks {
    jobs: channel::Sender<Call>,
    tasks: Scheduler<()>,
}

impl Asker for Asks {
    fn ask(
        &self,
        job: impl FnOnce() -> u64 + Send + 'static,
    ) -> impl Future<Output = u64> + 'static {
        let (job, answer) = with_answer(job);
        Sender::send(&self.jobs, job);
        answer
    }

    fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        self.tasks.schedule(task).expect("the executor outlives its tasks");
    }
}

impl Host for Channel {
    const NAME: &'static str = NAME;

    type Asker = Asks;

    fn serve<T, F>(asks: impl FnOnce(Asks) -> F + Send + 'static) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + 'static,
    {
        let mut host = EventLoop::try_new().expect("calloop starts");
        let (jobs, posted) = channel::<Call>();
        let answer = |event: Event<Call>, _: &mut (), hosts: &mut bool| match event {
            Event::Msg(job) => job(),
            Event::Closed => *hosts = false,
        };
        host.handle().insert_source(posted, answer).expect("a channel can be watched");
        let thread = thread::spawn(move || {
            let mut event_loop = EventLoop::<'_, ()>::try_new().expect("calloop starts");
            let (run, tasks) = executor().expect("calloop has an executor");
            let inserted = event_loop.handle().insert_source(run, |(), _, ()| {});
            inserted.expect("an executor can be watched");
            let answer = event_loop.block_on(asks(Asks { jobs, tasks }), &mut (), |()| {});
            answer.expect("calloop runs").expect("nobody stops it")
        });
        let mut hosts = true;
        while hosts {
            host.dispatch(None, &mut hosts).expect("calloop runs");
        }
        thread.join().expect("the asking thread ends well")
    }
}

const NAME: &str = <Calloop as crate::peer::Inbox>::NAME;

/// `dispatch` without waiting.
pub struct Dispatch(EventLoop<'static, ()>);

impl Pumped for Dispatch {
    const NAME: &'static str = NAME;

    fn start() -> Dispatch {
        Dispatch(EventLoop::try_new().expect("calloop starts"))
    }

    fn pump(&mut self) {
        self.0.dispatch(Some(Duration::ZERO), &mut ()).expect("calloop runs");
    }
}
