//! What a reconnecting client accepted leaves once and in order, over whichever connection stands;
//! what its connections received is received in order, too.

mod common;

use common::client::{client, text, texts};
use common::frames::{frames, messages};
use glassloop_ws::{Error, Message, Reconnect, ReconnectLimits, ReconnectState, TrySend};

#[test]
fn what_is_sent_before_a_connection_stands_leaves_in_order_when_it_does() {
    let mut it = client(|it| it);
    assert_eq!(it.client.try_send("one".into()), TrySend::Buffered(3));
    assert_eq!(it.client.try_send("two".into()), TrySend::Buffered(6));
    assert!(matches!(it.client.state(), ReconnectState::Idle));
    let mut raw = it.answer();
    assert_eq!(texts(&mut raw), ["one", "two"]);
    assert_eq!((it.client.buffered_amount(), it.client.accepted()), (0, 2));
    assert_eq!(it.client.try_send("three".into()), TrySend::Sent);
    it.event_loop.settle();
    assert_eq!(texts(&mut raw), ["three"]);
    assert_eq!(it.names(), ["connecting", "open"]);
}

#[test]
fn what_had_not_left_whole_is_sent_again_and_what_had_is_not() {
    let mut it = client(|it| it);
    let mut raw = it.answer();
    // The memory socket takes 64 KiB: the first leaves, the second in part, the third not at all.
    let sizes = [40_000, 40_000, 10];
    for (size, fill) in sizes.into_iter().zip(*b"abc") {
        assert!(it.client.try_send(Message::Binary(vec![fill; size].into())).is_taken());
    }
    it.event_loop.settle();
    raw.read();
    assert_eq!(raw.bytes.len(), 64 * 1024);
    assert_eq!(it.client.buffered_amount(), 40_010, "the first has left");
    // Nobody tells the socket that there is room again.
    drop(raw);
    it.wait_out();
    let mut raw = it.answer();
    raw.read();
    it.event_loop.settle();
    raw.read();
    let (messages, _) = messages(frames(&raw.bytes).0);
    let seen: Vec<(u8, usize)> = messages.iter().map(|it| (it[0], it.len())).collect();
    assert_eq!(seen, [(b'b', 40_000), (b'c', 10)]);
    assert_eq!(it.client.buffered_amount(), 0);
}

#[test]
fn what_is_not_acknowledged_is_sent_again() {
    let mut it = client(Reconnect::acknowledged);
    let mut raw = it.answer();
    for text in ["one", "two", "three"] {
        assert!(it.client.try_send(text.into()).is_taken());
    }
    it.event_loop.settle();
    assert_eq!(texts(&mut raw), ["one", "two", "three"]);
    assert_eq!(it.client.buffered_amount(), 11);
    it.client.acknowledge(2);
    assert_eq!(it.client.buffered_amount(), 5);
    drop(raw);
    it.wait_out();
    assert_eq!(texts(&mut it.answer()), ["three"]);
    it.client.acknowledge(99);
    assert_eq!((it.client.buffered_amount(), it.client.accepted()), (0, 3));
}

#[test]
fn a_volatile_message_leaves_now_or_comes_back() {
    let mut it = client(|it| it);
    assert_eq!(it.client.try_send_volatile("early".into()), TrySend::Full("early".into()));
    let mut raw = it.answer();
    assert_eq!(it.client.try_send_volatile("now".into()), TrySend::Sent);
    it.event_loop.settle();
    assert_eq!(texts(&mut raw), ["now"]);
    drop(raw);
    it.event_loop.settle();
    assert_eq!(it.client.try_send_volatile("late".into()), TrySend::Full("late".into()));
    let counts = it.client.counts();
    assert_eq!((counts.volatile_dropped, counts.accepted), (2, 0));
}

#[test]
fn the_buffer_is_bounded_and_who_sends_waits_for_room() {
    let limits = |limits: &mut ReconnectLimits| limits.buffered_messages_max = 3;
    let mut it = client(|it| {
        let mut bounds = ReconnectLimits::default();
        limits(&mut bounds);
        it.limits(bounds)
    });
    for text in ["1", "2", "3"] {
        assert!(it.client.try_send(text.into()).is_taken());
    }
    assert_eq!(it.client.try_send("4".into()), TrySend::Full("4".into()));
    let sending = it.client.clone();
    let sent = it.event_loop.spawn(async move {
        for number in 4..10 {
            sending.send(number.to_string().into()).await.expect("it is no end");
        }
    });
    it.event_loop.settle();
    assert!(sent.borrow().is_none(), "it waits");
    let mut raw = it.answer();
    it.event_loop.wait_for(&sent);
    it.event_loop.settle();
    assert_eq!(texts(&mut raw), ["1", "2", "3", "4", "5", "6", "7", "8", "9"]);
}

#[test]
fn what_came_before_an_end_is_received_before_what_the_next_connection_brings() {
    let mut it = client(|it| it);
    for round in 0..3 {
        let mut raw = it.answer();
        for number in 0..3 {
            raw.write(&mut it.event_loop, &text(&format!("{round}.{number}")));
        }
        it.event_loop.settle();
        drop(raw);
        it.wait_out();
    }
    for round in 0..3 {
        for number in 0..3 {
            let message = it.recv().expect("it comes back");
            assert_eq!(message, Some(format!("{round}.{number}").into()));
        }
    }
}

#[test]
fn a_program_that_never_receives_keeps_a_bounded_number_of_messages() {
    let mut it = client(|it| it);
    let many: Vec<u8> = text("hello").repeat(1_000);
    for _ in 0..2 {
        let mut raw = it.answer();
        raw.write(&mut it.event_loop, &many);
        it.event_loop.settle();
        drop(raw);
        it.wait_out();
    }
    // More than a connection may hold are kept: the third is not read, and its peer feels it.
    let raw = it.answer();
    let [before, after] = [0, 1].map(|_| {
        let mut room = 0;
        while raw.stream.try_write(&text("and another")).is_ok_and(|count| count == 13) {
            room += 1;
        }
        it.event_loop.settle();
        room
    });
    assert!(before > 5_000 && after == 0, "{before}, {after}");
    for number in 0..2_000 {
        let message = it.recv().expect("it comes back");
        assert_eq!(message, Some("hello".into()), "{number}");
    }
    assert_eq!(it.recv().expect("it comes back"), Some("and another".into()));
}

#[test]
fn disconnect_lets_what_was_accepted_leave_and_then_says_good_bye() {
    let mut it = client(|it| it);
    let mut raw = it.answer();
    assert!(it.client.try_send("last words".into()).is_taken());
    it.client.disconnect();
    assert_eq!(it.client.try_send("too late".into()), TrySend::Closed("too late".into()));
    let refused = it.event_loop.block_on(it.client.send("too late".into()));
    assert!(matches!(refused, Err(Error::Disconnected)), "{refused:?}");
    it.event_loop.settle();
    raw.read();
    let bytes = std::mem::take(&mut raw.bytes);
    let (frames, _) = frames(&bytes);
    assert_eq!(frames.len(), 2, "the words, and a Close");
    raw.write(&mut it.event_loop, b"\x88\x02\x03\xe8");
    it.event_loop.settle();
    drop(raw);
    it.event_loop.settle();
    assert!(it.driver.borrow_mut().take().expect("it is over").is_none());
    assert_eq!(it.recv().expect("no error"), None);
    assert_eq!(it.names(), ["connecting", "open", "closing", "over"]);
}
