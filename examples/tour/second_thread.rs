//! `SecondThread`: the loop's own thread, from its start to its close.
//!
//! What other threads may hold of it comes back from `start`; the loop itself never leaves its
//! thread.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    rc::Rc,
    sync::mpsc,
    thread::{self, JoinHandle},
    time::Duration,
};

use glassloop::{CancelToken, CloseReport, EventLoop, PollerKind, Remote, Watch, net};

use crate::{Failure, actions, longest::Longest, server};

/// How often the loop publishes the state that the account is made of.
const SNAPSHOT_EVERY: Duration = Duration::from_millis(100);
/// How long the actions have to come to their ends once they are asked to.
const CLOSE_WITHIN: Duration = Duration::from_millis(500);

/// The loop, as the main thread knows it.
pub(crate) struct SecondThread {
    pub(crate) address: SocketAddr,
    pub(crate) remote: Remote,
    pub(crate) watch: Watch,
    pub(crate) longest: Longest,
    ending: CancelToken,
    thread: JoinHandle<Result<CloseReport, Failure>>,
}

impl SecondThread {
    /// Starts the thread and waits until its server listens.
    pub(crate) fn start(port: u16) -> Result<SecondThread, Failure> {
        let (longest, ending) = (Longest::default(), CancelToken::new());
        let (observer, until) = (longest.clone(), ending.clone());
        let worker = worker()?;
        let (sender, receiver) = mpsc::channel();
        let thread = thread::Builder::new().name("loop".into()).spawn(move || {
            let event_loop = EventLoop::builder().snapshot_every(SNAPSHOT_EVERY).build()?;
            event_loop.observe(Rc::new(observer));
            let any = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            let listener = event_loop.enter(|| net::TcpListener::bind(any))?;
            let address = listener.local_addr()?;
            event_loop.spawn(server::serve(listener)).named("server").detach();
            event_loop.enter(|| actions::begin_all(address, worker, &until));
            // The main thread waits for this, or is gone and will never stop us.
            sender.send((address, event_loop.remote())).ok();
            event_loop.run()?;
            Ok(event_loop.close(CLOSE_WITHIN))
        })?;
        let Ok((address, remote)) = receiver.recv() else {
            // It ended before its server listened, and says why.
            return Err(join(thread).err().unwrap_or_else(|| "the loop has no address".into()));
        };
        let watch = remote.watch();
        Ok(SecondThread { address, remote, watch, longest, ending, thread })
    }

    /// Asks the actions to end, stops and closes the loop, and says what was left.
    pub(crate) fn end(self) -> Result<CloseReport, Failure> {
        self.ending.cancel();
        // A loop that has ended by itself refuses, and its thread says why.
        self.remote.defer(actions::end_deliveries).ok();
        self.remote.stop();
        drop(self.remote);
        join(self.thread)
    }
}

fn join<T>(thread: JoinHandle<T>) -> T {
    thread.join().unwrap_or_else(|payload| std::panic::resume_unwind(payload))
}

/// A thread for work that blocks: a loop of its own, which does nothing but what it is called for.
/// It ends when the last `Remote` of it is gone.
fn worker() -> io::Result<Remote> {
    let (sender, receiver) = mpsc::channel();
    thread::Builder::new().name("worker".into()).spawn(move || {
        let event_loop = EventLoop::builder().poller(PollerKind::TimersOnly).build()?;
        sender.send(event_loop.remote()).ok();
        event_loop.run()
    })?;
    receiver.recv().map_err(|_| io::Error::other("the worker has no loop"))
}
