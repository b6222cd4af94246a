//! Who waits for a message is woken by the socket and reads it in the same poll; the driver reads
//! what nobody waits for, or doesn't come for.

mod common;

use std::cell::Cell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use common::polls::{counted, receive};
use common::{Loop, Raw, masked};
use glassloop_reactor::{Events, Woken};
use glassloop_ws::{Cause, Config, WebSocket};

/// A connection whose polls are counted: those of its driver, and those of who receives.
struct Counted {
    socket: WebSocket,
    raw: Raw,
    driver_polls: Rc<Cell<u32>>,
}

fn connection(event_loop: &mut Loop) -> Counted {
    let ((socket, driver), raw) = event_loop.accepted(Config::default());
    let driver_polls = Rc::default();
    event_loop.spawn(counted(driver, &driver_polls));
    event_loop.settle();
    Counted { socket, raw, driver_polls }
}

#[test]
fn a_message_that_is_waited_for_takes_one_poll_and_none_of_the_driver() {
    let mut event_loop = Loop::new();
    let Counted { socket, mut raw, driver_polls } = connection(&mut event_loop);
    let (received, polls) = (Rc::default(), Rc::default());
    event_loop.spawn(counted(receive(socket.clone(), Rc::clone(&received)), &polls));
    event_loop.settle();
    let (before, began) = (driver_polls.get(), polls.get());
    // More than the share of a turn, all together.
    for round in 1..=10 {
        raw.write(&mut event_loop, &masked(0x82, &[7; 10_000]));
        event_loop.settle();
        assert_eq!((received.get(), polls.get() - began), (round, round));
    }
    assert_eq!(driver_polls.get(), before, "not one");
    // Three in one piece, and a half: it is one read, and one poll for the rest.
    let mut bytes = masked(0x81, b"one");
    bytes.extend(masked(0x82, b"two"));
    bytes.extend(masked(0x81, b"three"));
    let four = masked(0x81, b"four");
    bytes.extend(&four[..4]);
    raw.write(&mut event_loop, &bytes);
    event_loop.settle();
    assert_eq!((received.get(), polls.get() - began), (13, 11));
    raw.write(&mut event_loop, &four[4..]);
    event_loop.settle();
    assert_eq!((received.get(), polls.get() - began), (14, 12));
    assert_eq!(driver_polls.get(), before, "not one");
}

#[test]
fn where_nobody_waits_the_driver_reads() {
    let mut event_loop = Loop::new();
    let Counted { socket, mut raw, driver_polls } = connection(&mut event_loop);
    let before = driver_polls.get();
    raw.write(&mut event_loop, &masked(0x81, b"hello"));
    raw.write(&mut event_loop, &masked(0x89, b"are you there"));
    event_loop.settle();
    assert!(driver_polls.get() > before);
    let (answer, _) = raw.take(&mut event_loop);
    assert_eq!(answer, common::unmasked(0x8a, b"are you there"));
    let mut received = pin!(socket.recv());
    let polled = received.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(polled, Poll::Ready(Ok(Some(message))) if message.as_text() == Some("hello")));
}

#[test]
fn who_waits_and_never_comes_holds_up_nobody() {
    let mut event_loop = Loop::new();
    let Counted { socket, mut raw, driver_polls } = connection(&mut event_loop);
    // Polled once, and kept.
    let mut forgotten = Box::pin(socket.recv());
    assert!(forgotten.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let before = driver_polls.get();
    for _ in 0..3 {
        raw.write(&mut event_loop, &masked(0x89, b"are you there"));
        event_loop.settle();
        let (answer, _) = raw.take(&mut event_loop);
        assert_eq!(answer, common::unmasked(0x8a, b"are you there"));
    }
    assert!(driver_polls.get() > before);
    raw.write(&mut event_loop, &masked(0x81, b"hello"));
    event_loop.settle();
    let received = event_loop.block_on(socket.recv());
    assert_eq!(received.expect("open").expect("a message").as_text(), Some("hello"));
}

#[test]
fn who_waits_no_more_leaves_no_waker_with_the_socket() {
    let mut event_loop = Loop::new();
    let Counted { socket, mut raw, .. } = connection(&mut event_loop);
    let waiters = event_loop.reactor.counts().waiters;
    let mut cx = Context::from_waker(Waker::noop());
    let mut received = Box::pin(socket.recv());
    assert!(received.as_mut().poll(&mut cx).is_pending());
    assert_eq!(event_loop.reactor.counts().waiters, waiters + 1);
    drop(received);
    assert_eq!(event_loop.reactor.counts().waiters, waiters, "dropped");
    // A Close of ours ends the receiver's reading.
    let mut received = Box::pin(socket.recv());
    assert!(received.as_mut().poll(&mut cx).is_pending());
    assert!(socket.close(1000, "").is_ok());
    assert!(received.as_mut().poll(&mut cx).is_pending());
    assert_eq!(event_loop.reactor.counts().waiters, waiters, "closing");
    drop(received);
    assert!(socket.waits().is_empty());
    event_loop.settle();
    raw.write(&mut event_loop, &masked(0x88, &common::close_payload(1000, "")));
    event_loop.settle();
}

#[test]
fn of_two_who_wait_each_gets_a_message_and_the_driver_stands_in_for_who_left() {
    let mut event_loop = Loop::new();
    let Counted { socket, mut raw, .. } = connection(&mut event_loop);
    let first = event_loop.spawn({
        let socket = socket.clone();
        async move { socket.recv().await }
    });
    let second = event_loop.spawn({
        let socket = socket.clone();
        async move { socket.recv().await }
    });
    event_loop.settle();
    let mut bytes = masked(0x81, b"one");
    bytes.extend(masked(0x81, b"two"));
    raw.write(&mut event_loop, &bytes);
    event_loop.settle();
    let text = |output: &common::Output<Result<Option<glassloop_ws::Message>, _>>| {
        let message: Result<_, glassloop_ws::Error> = output.borrow_mut().take().expect("ready");
        message.expect("open").expect("a message").as_text().map(str::to_owned)
    };
    let mut both = [text(&first), text(&second)];
    both.sort();
    assert_eq!(both, [Some("one".to_owned()), Some("two".to_owned())]);
    // The later of two takes the place at the socket, and leaves with it.
    let third = event_loop.spawn({
        let socket = socket.clone();
        async move { socket.recv().await }
    });
    event_loop.settle();
    let mut fourth = Box::pin(socket.recv());
    assert!(fourth.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    drop(fourth);
    raw.write(&mut event_loop, &masked(0x81, b"three"));
    event_loop.settle();
    assert_eq!(text(&third), Some("three".to_owned()));
}

#[test]
fn a_close_that_a_receiver_reads_is_answered_and_its_messages_are_received_first() {
    let mut event_loop = Loop::new();
    let Counted { socket, mut raw, .. } = connection(&mut event_loop);
    let received = event_loop.spawn(common::receive_all(socket.clone()));
    event_loop.settle();
    let mut bytes = masked(0x81, b"last words");
    bytes.extend(masked(0x88, &common::close_payload(1000, "")));
    raw.write(&mut event_loop, &bytes);
    let (messages, error) = event_loop.wait_for(&received);
    assert!(error.is_none(), "{error:?}");
    assert_eq!(messages.len(), 1);
    let (answer, _) = raw.take(&mut event_loop);
    assert_eq!(common::close_code(&answer), Some(1000));
}

#[test]
fn a_close_with_the_end_of_the_stream_behind_it_is_a_close() {
    let mut event_loop = Loop::new();
    let ((socket, driver), raw) = event_loop.accepted(Config::default());
    let received = event_loop.spawn(common::receive_all(socket));
    // Behind who receives in a batch; and its alarm is due in the turn in which that one reads.
    let driver = event_loop.spawn(driver);
    event_loop.settle();
    event_loop.clock.advance(Duration::from_secs(20));
    let close = masked(0x88, &common::close_payload(4000, "done"));
    raw.stream.try_write(&[masked(0x82, b"last"), close].concat()).expect("room");
    drop(raw);
    let (messages, error) = event_loop.wait_for(&received);
    assert_eq!((messages.len(), error.is_none()), (1, true), "{error:?}");
    let info = event_loop.wait_for(&driver);
    assert_eq!((info.code, &*info.reason), (4000, "done"), "{info:?}");
}

/// How many messages are received where these bytes come at once, in how many polls of who
/// receives, and of the driver.
fn coming_at_once(bytes: &[u8]) -> (u32, u32, u32) {
    let mut event_loop = Loop::with_pipes_of(1 << 20);
    let Counted { socket, mut raw, driver_polls } = connection(&mut event_loop);
    let (received, polls) = (Rc::default(), Rc::default());
    event_loop.spawn(counted(receive(socket.clone(), Rc::clone(&received)), &polls));
    event_loop.settle();
    let (before, began) = (driver_polls.get(), polls.get());
    raw.write(&mut event_loop, bytes);
    event_loop.pass(Duration::ZERO);
    (received.get(), polls.get() - began, driver_polls.get() - before)
}

#[test]
fn who_receives_in_a_loop_yields_to_others() {
    let bytes: Vec<u8> = (0..64).flat_map(|_| masked(0x82, &[7; 8_000])).collect();
    let (received, polls, driver_polls) = coming_at_once(&bytes);
    assert_eq!(received, 64);
    assert!(polls >= 8, "64 KiB a poll: {polls} polls");
    assert_eq!(driver_polls, 0, "not one of the driver");
}

#[test]
fn who_receives_a_long_message_reads_all_of_it_in_shares_of_a_turn() {
    let taken = coming_at_once(&masked(0x82, &vec![7; 192 << 10]));
    assert_eq!(taken, (1, 4, 0), "three times 64 KiB, the head, and no poll of the driver");
}

#[test]
fn a_receiver_that_reads_an_end_leaves_a_turn_to_who_answers_what_came_before() {
    let mut event_loop = Loop::new();
    let ((socket, driver), mut raw) = event_loop.accepted(Config::default());
    let answers = Rc::new(Cell::new(0));
    for _ in 0..2 {
        let (socket, answers) = (socket.clone(), Rc::clone(&answers));
        event_loop.spawn(async move {
            let message = socket.recv().await.expect("open").expect("a message");
            socket.send(message).await.expect("there is a turn for it");
            answers.set(answers.get() + 1);
        });
    }
    // Behind them in a batch; and its alarm is due in the turn in which they read.
    event_loop.spawn(driver);
    event_loop.settle();
    event_loop.clock.advance(Duration::from_secs(20));
    let mut bytes = masked(0x81, b"one");
    bytes.extend(masked(0x81, b"two"));
    bytes.extend(masked(0x88, &common::close_payload(1000, "")));
    raw.write(&mut event_loop, &bytes);
    let (answer, _) = raw.take(&mut event_loop);
    assert_eq!(answers.get(), 2, "{}", answer.escape_ascii());
}

#[test]
fn a_pong_that_a_receiver_reads_sets_the_next_ping_to_its_time() {
    let mut event_loop = Loop::new();
    let mut config = Config::default();
    config.limits.heartbeat_idle_ms_max = 1_000;
    let (server, mut raw) = event_loop.raw_client(config);
    event_loop.spawn(receive(server.socket.clone(), Rc::default()));
    event_loop.settle();
    for round in 1..=3 {
        event_loop.pass(Duration::from_secs(1));
        let (ping, _) = raw.take(&mut event_loop);
        assert_eq!(ping[..2], [0x89, 8], "round {round}");
        raw.write(&mut event_loop, &masked(0x8a, &ping[2..]));
        event_loop.settle();
    }
}

/// A waker that panics.
struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("as it was told to");
    }
}

#[test]
fn a_panic_of_foreign_code_in_a_receivers_reading_ends_the_connection() {
    let mut event_loop = Loop::new();
    let Counted { socket, mut raw, .. } = connection(&mut event_loop);
    let mut other = Box::pin(socket.recv());
    assert!(other.as_mut().poll(&mut Context::from_waker(&Arc::new(Panics).into())).is_pending());
    let mut receiving = Box::pin(socket.recv());
    assert!(receiving.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    raw.write(&mut event_loop, &masked(0x81, b"hello"));
    event_loop.reactor.wait(Some(Duration::ZERO), &mut Events::new()).expect("a wait");
    event_loop.reactor.io(&Events::new(), &mut Woken::default());
    let closed = event_loop.spawn({
        let socket = socket.clone();
        async move { socket.closed().await }
    });
    let read = catch_unwind(AssertUnwindSafe(|| {
        receiving.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }));
    assert!(read.is_err(), "the panic is its caller's");
    assert_eq!(event_loop.wait_for(&closed).cause, Cause::DriverDropped);
}
