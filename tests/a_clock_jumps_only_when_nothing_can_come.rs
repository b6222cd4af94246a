//! A clock that jumps by itself stands still while a socket of the OS, another loop or a `Remote`
//! may yet bring something; it then moves by `advance` alone.
//!
//! Who brings it is told by an observer that the loop is about to block, so nobody sleeps.
#![cfg(test)]

use std::{
    io::Write,
    net::{TcpListener, TcpStream as StdStream},
    rc::Rc,
    sync::mpsc::{self, Receiver, Sender},
    thread,
    time::Duration,
};

use glassloop::{Clock, EventLoop, ManualClock, Observer, PollerKind, net::TcpStream};

const HOUR: Duration = Duration::from_secs(3_600);
const HOUR_NS: u64 = 3_600_000_000_000;
/// After so long a test is taken to hang, and its helper lets go.
const PATIENCE: Duration = Duration::from_secs(10);

/// Says when the loop is about to block.
struct Blocks(Sender<()>);

impl Observer for Blocks {
    fn wait_began(&self, timeout: Option<Duration>) {
        if timeout != Some(Duration::ZERO) {
            // The helper may be done.
            self.0.send(()).ok();
        }
    }
}

/// A loop whose clock jumps by itself, and what hears that it is about to block.
fn jumping(poller: PollerKind) -> (EventLoop, ManualClock, Receiver<()>) {
    let clock = ManualClock::new().with_autojump();
    let builder = EventLoop::builder().poller(poller);
    let event_loop = builder.clock(Clock::Manual(clock.clone())).build().unwrap();
    let (says, blocks) = mpsc::channel();
    event_loop.observe(Rc::new(Blocks(says)));
    (event_loop, clock, blocks)
}

#[test]
fn a_clock_stands_still_while_a_socket_of_the_os_is_awaited_and_jumps_once_it_is_not() {
    let (event_loop, clock, blocks) = jumping(PollerKind::Mio);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut far = StdStream::connect(listener.local_addr().unwrap()).unwrap();
    let near = listener.accept().unwrap().0;
    let moved = clock.clone();
    let (asks, asked) = mpsc::channel();
    let (ends, ended) = mpsc::channel::<()>();
    let helper = thread::spawn(move || {
        blocks.recv_timeout(PATIENCE).expect("the loop blocks, it doesn't jump");
        far.write_all(b"!").unwrap();
        asked.recv_timeout(PATIENCE).expect("the byte was read, and more is asked for");
        let at = moved.now();
        moved.advance(HOUR);
        let jumped = ended.recv_timeout(PATIENCE).is_ok();
        if !jumped {
            // The loop would wait for ever.
            moved.advance(2 * HOUR);
        }
        (far, at, jumped)
    });
    let own = clock.clone();
    let (read, first, second, third) = event_loop
        .block_on(async move {
            let near = TcpStream::from_std(near).unwrap();
            let mut byte = [0];
            let read = glassloop::timeout(HOUR, near.read(&mut byte)).await;
            let first = own.now();
            let second_read = glassloop::timeout(HOUR, near.read(&mut byte));
            // Its hour counts from here.
            asks.send(()).unwrap();
            let elapsed = second_read.await;
            assert!(elapsed.is_err(), "nothing more came");
            let second = own.now();
            // Registered, but nobody waits for it.
            glassloop::sleep(HOUR).await;
            ends.send(()).unwrap();
            (read, first, second, own.now())
        })
        .unwrap();
    let (_far, before_the_advance, jumped) = helper.join().unwrap();
    assert_eq!(read.expect("the byte came first").unwrap(), 1);
    assert_eq!((first, before_the_advance), (0, 0), "it stood still");
    assert!(jumped, "nothing can come any more");
    assert_eq!((second, third), (HOUR_NS, 2 * HOUR_NS), "advanced, then jumped");
}

#[test]
fn a_clock_stands_still_while_another_loop_is_at_work_on_a_call() {
    let (event_loop, clock, blocks) = jumping(PollerKind::TimersOnly);
    let (made, remote) = mpsc::channel();
    let helper = thread::spawn(move || {
        let event_loop = EventLoop::builder().poller(PollerKind::TimersOnly).build().unwrap();
        made.send(event_loop.remote()).unwrap();
        event_loop.run().unwrap();
    });
    let remote = remote.recv().unwrap();
    let answered = event_loop.block_on(async move {
        let call = remote.call(move || blocks.recv_timeout(PATIENCE).is_ok());
        let answered = glassloop::timeout(HOUR, call).await;
        remote.stop();
        answered
    });
    assert!(answered.unwrap().expect("it came before the hour").unwrap(), "the loop blocked");
    assert_eq!(clock.now(), 0);
    helper.join().unwrap();
}

#[test]
fn a_clock_stands_still_while_a_remote_lives_and_jumps_once_it_is_gone() {
    let (event_loop, clock, blocks) = jumping(PollerKind::TimersOnly);
    let (remote, seen) = (event_loop.remote(), clock.clone());
    let helper = thread::spawn(move || {
        blocks.recv_timeout(PATIENCE).expect("the loop blocks, it doesn't jump");
        let at = seen.now();
        drop(remote);
        at
    });
    event_loop.block_on(async { glassloop::sleep(HOUR).await }).unwrap();
    assert_eq!(helper.join().unwrap(), 0);
    assert_eq!(clock.now(), HOUR_NS);
}

#[test]
fn a_memory_socket_keeps_no_clock_from_jumping() {
    let (event_loop, clock, _blocks) = jumping(PollerKind::TimersOnly);
    let elapsed = event_loop.block_on(async {
        let (near, _far) = glassloop::net::duplex().unwrap();
        glassloop::timeout(HOUR, near.read(&mut [0])).await.is_err()
    });
    assert!(elapsed.unwrap());
    assert_eq!(clock.now(), HOUR_NS);
}
