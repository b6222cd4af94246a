//! What a reconnecting client accepted leaves once and in order, over whichever connection stands;
//! what its connections received is received in order, too.

mod common;

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use common::client::{blob, client, client_with, endpoint, seen, text, texts};
use common::frames::{frames, messages};
use common::{Loop, Raw, response};
use glassloop_reactor::net::duplex;
use glassloop_ws::{
    Config, Error, Message, Overflow, Reconnect, ReconnectLimits, ReconnectState, TrySend,
};

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
    assert_eq!(it.client.buffered_amount(), 5, "a mistake of somebody's");
    it.client.acknowledge(3);
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

#[test]
fn what_a_connection_has_no_room_for_follows_when_it_has_whatever_its_policy() {
    for overflow in [Overflow::Wait, Overflow::DropNewest, Overflow::DropOldest, Overflow::Close] {
        let mut config = Config::default();
        config.overflow = overflow;
        let mut it = client_with(config, |it| it);
        let mut raw = it.answer();
        // Much more than its high water, and one message of several frames.
        let sizes: Vec<usize> = (0..60).map(|at| if at == 30 { 200_000 } else { 10_000 }).collect();
        for (fill, size) in (0..).zip(&sizes) {
            assert!(it.client.try_send(blob(fill, *size)).is_taken(), "{overflow:?}");
        }
        assert!(it.client.buffered_amount() > 700_000);
        let came = seen(&mut it.event_loop, &mut raw);
        let expected: Vec<(u8, usize)> = (0..).zip(sizes).collect();
        assert_eq!(came, expected, "{overflow:?}");
        assert_eq!(it.client.buffered_amount(), 0, "{overflow:?}");
        assert!(it.client.state().is_open());
    }
}

#[test]
fn a_message_of_several_frames_that_breaks_off_is_sent_again_whole() {
    let mut it = client(|it| it);
    let raw = it.answer();
    assert!(it.client.try_send(blob(b'a', 300_000)).is_taken());
    it.event_loop.settle();
    drop(raw);
    it.wait_out();
    let mut raw = it.answer();
    assert_eq!(seen(&mut it.event_loop, &mut raw), [(b'a', 300_000)]);
}

#[test]
fn who_waits_for_room_gets_it_with_an_acknowledgement_or_learns_of_the_end() {
    let mut it = client(|it| {
        let mut limits = ReconnectLimits::default();
        limits.buffered_messages_max = 2;
        it.acknowledged().limits(limits)
    });
    let mut raw = it.answer();
    assert!(it.client.try_send("1".into()).is_taken() && it.client.try_send("2".into()).is_taken());
    let third = it.event_loop.spawn(it.client.send("3".into()));
    it.event_loop.settle();
    assert!(third.borrow().is_none(), "both have left, and neither has arrived");
    it.client.acknowledge(1);
    assert!(matches!(it.event_loop.wait_for(&third), Ok(())));
    let fourth = it.event_loop.spawn(it.client.send("4".into()));
    it.event_loop.settle();
    assert_eq!(texts(&mut raw), ["1", "2", "3"]);
    it.client.disconnect();
    assert!(matches!(it.event_loop.wait_for(&fourth), Err(Error::Disconnected)));
}

#[test]
fn a_volatile_message_overtakes_nothing_that_waits() {
    let mut it = client(|it| it);
    let mut raw = it.answer();
    for fill in 0..50 {
        assert!(it.client.try_send(blob(fill, 10_000)).is_taken());
    }
    it.event_loop.settle();
    assert_eq!(it.client.try_send_volatile("x".into()), TrySend::Full("x".into()));
    assert_eq!(seen(&mut it.event_loop, &mut raw).len(), 50);
    assert_eq!(it.client.try_send_volatile("y".into()), TrySend::Sent);
}

#[test]
fn a_disconnect_waits_for_what_leaves_and_for_no_peer_that_stands_still() {
    for reads in [true, false] {
        let mut it = client(|it| it);
        let mut raw = it.answer();
        for fill in 0..60 {
            assert!(it.client.try_send(blob(fill, 10_000)).is_taken());
        }
        it.client.disconnect();
        it.event_loop.settle();
        let came = if reads { seen(&mut it.event_loop, &mut raw).len() } else { 0 };
        assert_eq!(came, if reads { 60 } else { 0 });
        // The time for what is buffered, and then that of the close.
        it.event_loop.pass(Duration::from_millis(4_999));
        assert!(reads || it.driver.borrow().is_none());
        it.event_loop.pass(Duration::from_millis(1));
        it.event_loop.pass(Duration::from_secs(5));
        assert!(it.driver.borrow_mut().take().expect("it is over").is_none());
        // Six are in the socket: nobody knows what became of them.
        assert_eq!(it.client.take_unsent().len(), if reads { 0 } else { 54 });
        drop(raw);
    }
}

#[test]
fn a_driver_that_is_dropped_leaves_what_came_and_what_did_not_leave() {
    let mut event_loop = Loop::new();
    let (near, far) = duplex().expect("two ends");
    let near = RefCell::new(Some(near));
    let (client, driver) = Reconnect::dialing(move |_| {
        let near = near.take().expect("one attempt");
        endpoint().connect_on(near)
    })
    .start()
    .expect("a loop");
    let slot = Rc::new(RefCell::new(Some(Box::pin(driver))));
    let polled = Rc::clone(&slot);
    drop(event_loop.spawn(poll_fn(move |cx| match &mut *polled.borrow_mut() {
        Some(driver) => driver.as_mut().poll(cx).map(|_| ()),
        None => Poll::Ready(()),
    })));
    let mut raw = Raw::new(far);
    let request = raw.read_until(&mut event_loop, b"\r\n\r\n");
    raw.write(&mut event_loop, &[&response(&request), &text("came")[..]].concat());
    event_loop.settle();
    for fill in *b"ab" {
        assert!(client.try_send(blob(fill, 60_000)).is_taken());
    }
    event_loop.settle();
    drop(slot.take());
    assert_eq!(event_loop.block_on(client.recv()).expect("it came before"), Some("came".into()));
    assert!(matches!(event_loop.block_on(client.recv()), Err(Error::Over(_))));
    assert_eq!(client.take_unsent(), [blob(b'b', 60_000)]);
}
