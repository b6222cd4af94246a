//! A loop on a thread of its own does at once what comes while it sleeps, and the system is asked
//! to wake it exactly once for it.
//!
//! The twin of `every_shape_hears_of_everything`, for the shape that has no host on its thread.
#![cfg(test)]
#![cfg(not(miri))]

use std::{
    io::Write,
    net::{TcpListener, TcpStream},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use glassloop::{EventLoop, LoopThread, Remote, call_later, net, spawn};
use glassloop_reactor::{Notifier, Reactor};

const ROUNDS: u64 = 1_000;

/// For what comes at once unless it never comes.
const PATIENCE: Duration = Duration::from_secs(10);

/// A loop on its thread, and what shows whether it sleeps.
struct Sleeper {
    thread: LoopThread,
    notifier: Arc<Notifier>,
    told: mpsc::Receiver<u64>,
    tell: mpsc::Sender<u64>,
}

impl Sleeper {
    fn new() -> Sleeper {
        let (give, given) = mpsc::channel();
        let thread = LoopThread::start_with("sleeper", move || {
            let event_loop = EventLoop::new()?;
            let reactor = event_loop.enter(Reactor::current).unwrap();
            give.send(Arc::clone(reactor.notifier())).unwrap();
            Ok(event_loop)
        })
        .unwrap();
        let (tell, told) = mpsc::channel();
        Sleeper { thread, notifier: given.recv().unwrap(), told, tell }
    }

    /// Waits until it is about to block, or blocks.
    fn wait_until_asleep(&self) {
        while !self.notifier.is_armed() {
            thread::yield_now();
        }
    }

    /// Each round brings one thing, which tells its number when it has arrived.
    fn rounds(mut self, wakes: u64, mut bring: impl FnMut(&Remote, mpsc::Sender<u64>, u64)) {
        for round in 1..=ROUNDS {
            self.wait_until_asleep();
            let before = self.notifier.wake_calls();
            bring(self.thread.remote(), self.tell.clone(), round);
            assert_eq!(self.told.recv_timeout(PATIENCE), Ok(round));
            self.wait_until_asleep();
            assert_eq!(self.notifier.wake_calls() - before, wakes, "round {round}");
        }
        self.thread.join(PATIENCE).unwrap();
    }
}

#[test]
fn a_call_of_another_thread_runs() {
    Sleeper::new().rounds(1, |remote, tell, round| {
        remote.defer(move || tell.send(round).unwrap()).unwrap();
    });
}

#[test]
fn a_task_of_another_thread_runs() {
    Sleeper::new().rounds(1, |remote, tell, round| {
        // Dropped, the call is detached.
        drop(remote.spawn(move || async move { tell.send(round).unwrap() }));
    });
}

#[test]
fn an_earlier_timer_fires() {
    let sleeper = Sleeper::new();
    let later = || _ = call_later(Duration::from_secs(3600), || ()).unwrap();
    sleeper.thread.defer(later).unwrap();
    sleeper.rounds(1, |remote, tell, round| {
        let soon = Duration::from_micros(50);
        let arm = move || _ = call_later(soon, move || tell.send(round).unwrap()).unwrap();
        remote.defer(arm).unwrap();
    });
}

#[test]
fn a_byte_on_a_socket_is_read() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let mut peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    peer.set_nodelay(true).unwrap();
    let (stream, _) = listener.accept().unwrap();
    let sleeper = Sleeper::new();
    let tell = sleeper.tell.clone();
    let read = move || {
        let stream = net::TcpStream::from_std(stream).unwrap();
        let reads = async move {
            let mut round = 0;
            while let Ok(1) = stream.read(&mut [0; 8]).await {
                round += 1;
                tell.send(round).unwrap();
            }
        };
        spawn(reads).detach();
    };
    sleeper.thread.call(read).wait(PATIENCE).unwrap();
    sleeper.rounds(0, |_, _, _| peer.write_all(b"!").unwrap());
}
