//! Sending is cheap and bounded: what a turn sends leaves in one write, or in one for each 64 KiB
//! of it; what the socket doesn't take waits without growing for ever, and who sends too much waits
//! too.

mod common;

use std::cell::RefCell;
use std::io::{Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake};
use std::time::Duration;

use common::twins::a_hundred_sends_of_a_turn_are_one_write;
use common::{Loop, REQUEST, echo, masked, next_turn, receive_all};
use glassloop_reactor::net::TcpListener;
use glassloop_ws::{Bytes, Config, Message, TrySend, WebSocket, accept};

#[test]
fn a_hundred_sends_of_one_turn_are_one_write() {
    let mut event_loop = Loop::new();
    let pair = event_loop.pair(Config::default(), Config::default());
    a_hundred_sends_of_a_turn_are_one_write(&mut event_loop, pair);
}

#[test]
fn sends_of_many_tasks_and_the_pong_due_are_one_write_too() {
    let mut event_loop = Loop::new();
    let (client, server) = event_loop.pair(Config::default(), Config::default());
    let ping = event_loop.spawn(server.socket.ping());
    for number in 0..10 {
        let socket = client.socket.clone();
        event_loop.spawn(async move {
            // One turn for the ping to leave, one for it to arrive.
            next_turn().await;
            assert_eq!(socket.try_send(format!("task {number}").into()), TrySend::Sent);
        });
    }
    event_loop.wait_for(&ping).expect("an answer");
    event_loop.settle();
    assert_eq!(client.socket.counts().writes, 1);
}

/// Sends 100 messages in each of 1,000 turns; `read` takes what has come, between the turns.
fn a_thousand_turns(event_loop: &mut Loop, socket: &WebSocket, mut read: impl FnMut()) {
    let sender = socket.clone();
    let sent = event_loop.spawn(async move {
        for _ in 0..1_000 {
            for _ in 0..100 {
                assert_eq!(sender.try_send("sixteen bytes...".into()), TrySend::Sent);
            }
            next_turn().await;
        }
    });
    while sent.borrow().is_none() {
        event_loop.turn(Duration::ZERO);
        read();
    }
    event_loop.settle();
    let counts = socket.counts();
    assert_eq!((counts.messages_sent, counts.writes), (100_000, 1_000));
    assert_eq!(socket.buffered_amount(), 0);
}

#[test]
fn a_thousand_turns_of_a_hundred_messages_are_a_thousand_writes() {
    let mut event_loop = Loop::new();
    let (server, mut raw) = event_loop.raw_client(Config::default());
    a_thousand_turns(&mut event_loop, &server.socket, || {
        raw.read();
        raw.bytes.clear();
    });
}

#[test]
fn a_thousand_turns_are_a_thousand_writes_to_a_socket_of_the_kernel_too() {
    let mut event_loop = Loop::new();
    let listener = TcpListener::bind(([127, 0, 0, 1], 0).into()).expect("a port");
    let address = listener.local_addr().expect("an address");
    let mut peer = std::net::TcpStream::connect(address).expect("a connection");
    peer.write_all(REQUEST).expect("a request");
    let accepted = event_loop.block_on(async move {
        let (stream, _) = listener.accept().await.expect("a stream");
        accept(stream).await
    });
    let server = event_loop.drive(accepted.expect("a good request"));
    peer.set_nonblocking(true).expect("an option");
    let mut buffer = vec![0; 64 * 1024];
    a_thousand_turns(&mut event_loop, &server.socket, || {
        while peer.read(&mut buffer).is_ok_and(|count| count > 0) {}
    });
}

fn roomy() -> Loop {
    Loop::with_pipes_of(64 << 20)
}

#[test]
fn what_is_worth_a_write_leaves_in_the_send_that_makes_it_so() {
    let mut event_loop = roomy();
    let (server, raw) = event_loop.raw_client(Config::default());
    let writes_after = |messages: usize| {
        for _ in 0..messages {
            assert!(matches!(server.socket.try_send(vec![1; 8 << 10].into()), TrySend::Sent));
        }
        server.socket.counts().writes
    };
    assert_eq!(writes_after(7), 0, "56 KiB wait for the turn's end");
    assert_eq!(writes_after(1), 1, "64 KiB don't");
    assert_eq!(writes_after(7), 1, "nor did anything stay behind");
    assert_eq!(writes_after(1), 2);
    assert_eq!((writes_after(1), server.socket.buffered_amount() > 0), (2, true));
    event_loop.turn(Duration::ZERO);
    let counts = server.socket.counts();
    assert_eq!((counts.messages_sent, counts.writes), (17, 3), "the rest when the turn ends");
    assert_eq!((server.socket.buffered_amount(), event_loop.has_work()), (0, false));
    drop(raw);
}

#[test]
fn who_sends_without_end_to_a_socket_that_takes_everything_waits_for_the_next_turn() {
    let mut event_loop = roomy();
    let (server, raw) = event_loop.raw_client(Config::default());
    let socket = server.socket.clone();
    let sent = event_loop.spawn(async move {
        for _ in 0..1_000 {
            socket.send(vec![1; 32 << 10].into()).await.expect("open");
        }
    });
    let (mut before, mut turns) = (0, 0);
    while sent.borrow().is_none() {
        event_loop.turn(Duration::ZERO);
        let after = server.socket.counts().bytes_written;
        let most = (256 << 10) + (33 << 10);
        assert!(after - before <= most, "{} bytes in one turn", after - before);
        before = after;
        turns += 1;
    }
    assert_eq!(turns, 1_000 / 8, "two by two, and the eighth passes high water");
    event_loop.settle();
    assert_eq!(server.socket.counts().messages_sent, 1_000);
    drop(raw);
}

#[test]
fn what_leaves_by_flush_now_counts_too() {
    let mut event_loop = roomy();
    let (server, _raw) = event_loop.raw_client(Config::default());
    let socket = server.socket.clone();
    let sent = event_loop.spawn(async move {
        for _ in 0..200 {
            socket.send(vec![1; 63 << 10].into()).await.expect("open");
            socket.flush_now();
        }
    });
    let began = event_loop.turns;
    event_loop.wait_for(&sent);
    assert_eq!(event_loop.turns - began, 200 / 5, "the fifth passes high water");
}

#[test]
fn what_left_counts_until_the_turn_ends_and_what_did_not_is_counted_once() {
    let mut event_loop = Loop::with_pipes_of(150_000);
    let (server, _raw) = event_loop.raw_client(Config::default());
    let send_all = || {
        let taken = |_: &u32| server.socket.try_send(vec![1; 8 << 10].into()).is_taken();
        (0_u32..).take_while(taken).count() * (8 << 10)
    };
    let (high, early) = (256 << 10, 150_000);
    let sent = send_all();
    assert!((high..high + (9 << 10)).contains(&sent), "{sent} bytes in one turn");
    let waiting = server.socket.buffered_amount();
    assert!(waiting.abs_diff(sent - early) < 1_000, "{waiting} of {sent} bytes wait");
    event_loop.settle();
    let waiting = waiting + send_all();
    assert!((high..high + (9 << 10)).contains(&waiting), "{waiting} bytes wait");
}

thread_local! {
    static SENDER: RefCell<Option<WebSocket>> = const { RefCell::new(None) };
}

/// Sends as much as is taken, and notes how often.
struct Sends(AtomicUsize);

impl Wake for Sends {
    fn wake(self: Arc<Self>) {
        let socket = SENDER.take().expect("this thread's");
        while socket.try_send(vec![1; 8 << 10].into()).is_taken() {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[test]
fn who_sends_while_somebody_works_on_the_wire_has_all_the_room() {
    let mut event_loop = roomy();
    let (server, mut raw) = event_loop.raw_client(Config::default());
    SENDER.set(Some(server.socket.clone()));
    let sends = Arc::new(Sends(AtomicUsize::new(0)));
    let waker = Arc::clone(&sends).into();
    let mut pong = Box::pin(server.socket.ping());
    assert!(pong.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    event_loop.settle();
    raw.read();
    let ping = raw.bytes.split_off(raw.bytes.len() - 8);
    raw.write(&mut event_loop, &masked(0x8a, &ping));
    event_loop.settle();
    assert_eq!(sends.0.load(Ordering::Relaxed), 32, "256 KiB, and none of it twice");
}

struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("as it was told to");
    }
}

#[test]
fn a_waker_that_panics_keeps_no_full_socket_from_its_driver() {
    let mut event_loop = Loop::with_pipes_of(250_000);
    let (server, mut raw) = event_loop.raw_client(Config::default());
    // Three times ten leave early. Seven, 50 KB, wait for the turn's end, and the socket has room
    // for 35 of them.
    let mut sent = 0;
    while server.socket.try_send(vec![1; 7 << 10].into()).is_taken() {
        sent += 1;
    }
    assert_eq!((sent, server.socket.counts().writes), (37, 3));
    let mut waiting = Box::pin(server.socket.send("more".into()));
    assert!(waiting.as_mut().poll(&mut Context::from_waker(&Arc::new(Panics).into())).is_pending());
    let turn = catch_unwind(AssertUnwindSafe(|| event_loop.turn(Duration::ZERO)));
    assert!(turn.is_err(), "there is room, and the one who waits for it panics");
    event_loop.settle();
    raw.read();
    event_loop.settle();
    raw.read();
    assert_eq!(raw.bytes.len(), sent * (4 + (7 << 10)), "what the socket had no room for, too");
}

#[test]
fn an_early_write_that_fails_wakes_the_driver() {
    let mut event_loop = Loop::new();
    let (server, raw) = event_loop.raw_client(Config::default());
    event_loop.settle();
    drop(raw);
    assert!(server.socket.try_send(vec![1; 70_000].into()).is_taken());
    event_loop.settle();
    assert_eq!(server.driver.borrow_mut().take().map(|info| info.code), Some(1006));
}

#[test]
fn more_than_high_water_leaves_in_one_write_a_turn() {
    let mut event_loop = roomy();
    let (server, raw) = event_loop.raw_client(Config::default());
    assert!(server.socket.try_send(vec![1; 1 << 20].into()).is_taken());
    assert_eq!(server.socket.counts().writes, 1, "one at once");
    for turn in 1..=3 {
        event_loop.turn(Duration::ZERO);
        assert_eq!(server.socket.counts().writes, 1 + turn, "and one a turn");
    }
    assert_eq!((server.socket.buffered_amount(), event_loop.has_work()), (0, false));
    drop(raw);
}

#[test]
fn a_full_socket_stops_the_sender_and_loses_nothing() {
    let mut event_loop = Loop::new();
    let (client, server) = event_loop.pair(Config::default(), Config::default());
    let message = Message::from(vec![7; 10_000]);
    let mut sent = 0;
    loop {
        match client.socket.try_send(message.clone()) {
            // The seventh brings more than the 64 KiB that the socket takes.
            TrySend::Sent if sent < 6 => sent += 1,
            TrySend::Buffered(bytes) if sent >= 6 => {
                assert_eq!(bytes, client.socket.buffered_amount());
                sent += 1;
            }
            TrySend::Full(back) => {
                assert_eq!(back, message, "the message comes back");
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    // High water is 256 KiB, and the 64 that have left count until the turn ends: the message that
    // passes it is the last one taken.
    assert_eq!(sent, 27);
    event_loop.settle();
    assert_eq!(client.socket.buffered_amount(), 0, "the server's queue has room");

    // Nobody receives: the server's queue fills, then the socket, then ours; then `send` waits.
    let socket = client.socket.clone();
    let all = event_loop.spawn(async move {
        for number in 0..200_u8 {
            let mut bytes = vec![number; 10_000];
            bytes[0] = 0;
            socket.send(bytes.into()).await.expect("open");
        }
        socket.close(1000, "").expect("a good code");
    });
    event_loop.settle();
    assert!(all.borrow().is_none(), "the sender waits");
    let buffered = client.socket.buffered_amount();
    assert!((64 * 1024..272 * 1024).contains(&buffered), "between the marks: {buffered} bytes");
    let held = server.socket.counts().messages_received;
    assert!(held < 40, "the server holds {held} messages");

    let received = event_loop.spawn(receive_all(server.socket));
    let (messages, error) = event_loop.wait_for(&received);
    assert!(error.is_none(), "{error:?}");
    assert_eq!(messages.len(), sent + 200);
    for (number, message) in messages[sent..].iter().enumerate() {
        assert_eq!(usize::from(message.as_bytes()[1]), number, "in order");
    }
    event_loop.wait_for(&all);
}

#[test]
fn a_message_above_the_cap_is_taken_when_nothing_else_waits() {
    let mut event_loop = Loop::new();
    let mut roomy = Config::default();
    roomy.limits.message_bytes_max = 64 << 20;
    let (client, server) = event_loop.pair(Config::default(), roomy);
    let huge = Bytes::from(vec![1; 5 << 20]);
    assert_eq!(client.socket.try_send("first".into()), TrySend::Sent);
    let refused = client.socket.try_send(huge.clone().into());
    assert!(matches!(refused, TrySend::Full(_)), "something waits");
    let socket = client.socket.clone();
    let sent = event_loop.spawn(async move { socket.send(huge.into()).await });
    let received = event_loop.spawn(receive_all(server.socket));
    event_loop.wait_for(&sent).expect("open");
    event_loop.settle();
    client.socket.close(1000, "").expect("a good code");
    let (messages, error) = event_loop.wait_for(&received);
    assert!(error.is_none(), "{error:?}");
    let lengths: Vec<usize> = messages.iter().map(Message::len).collect();
    assert_eq!(lengths, [5, 5 << 20]);
}

#[test]
fn a_long_message_leaves_in_frames_that_a_peer_like_us_takes() {
    let mut event_loop = Loop::new();
    let (client, server) = event_loop.pair(Config::default(), Config::default());
    let echoed = event_loop.spawn(echo(server.socket.clone()));
    // Longer than a frame may be, as long as a message may be; text is cut within its characters.
    for message in [Message::from("é".repeat(2 << 20)), Message::from(vec![9; 4 << 20])] {
        let (socket, copy) = (client.socket.clone(), message.clone());
        let back = event_loop.block_on(async move {
            socket.send(copy).await?;
            socket.recv().await
        });
        assert!(back.expect("open") == Some(message), "the echo is the same");
    }
    let counts = server.socket.counts();
    assert_eq!(counts.frames_read, 2 * 64, "64 KiB a frame");
    client.socket.close(1000, "").expect("a good code");
    event_loop.wait_for(&echoed).expect("a regular end");
}

#[test]
fn a_dropped_send_or_receive_has_done_nothing() {
    let mut event_loop = Loop::new();
    let (client, server) = event_loop.pair(Config::default(), Config::default());
    drop(client.socket.send("never polled".into()));
    let mut receiving = Box::pin(server.socket.recv());
    let first = std::future::poll_fn(move |cx| {
        let pending = receiving.as_mut().poll(cx).is_pending();
        std::task::Poll::Ready(pending)
    });
    assert!(event_loop.block_on(first), "nothing has come");
    assert!(server.socket.waits().is_empty(), "a dropped future waits no more");
    assert_eq!(client.socket.try_send("real".into()), TrySend::Sent);
    let received = event_loop.block_on(server.socket.recv()).expect("open");
    assert_eq!(received, Some("real".into()));
}
