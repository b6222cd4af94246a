//! A reconnecting client keeps its word when sinks panic, hooks fail, attempts outlive themselves
//! and peers close in the middle of things.

mod common;

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

use common::client::{blob, client, client_with, seen, text};
use common::{Loop, Raw};
use glassloop_ws::{
    Config, ConnectStage, Error, Opened, Overflow, Reconnect, ReconnectState, Reconnecting, TrySend,
};

/// A volatile message under `DropOldest` may push out other volatile ones, but none accepted.
#[test]
fn a_volatile_message_never_costs_an_accepted_one() {
    let mut config = Config::default();
    config.limits.outgoing_high_bytes_max = 80_000;
    config.overflow = Overflow::DropOldest;
    let mut it = client_with(config, |it| it);
    let mut raw = it.answer();
    // 64 KiB leave, the rest of `a` is stuck in the ring, `b` and `c` in the queue.
    for (fill, size) in [(b'a', 70_000), (b'b', 30_000), (b'c', 20_000)] {
        assert!(it.client.try_send(blob(fill, size)).is_taken());
        it.event_loop.settle();
    }
    drop(it.client.try_send_volatile(blob(b'v', 50_000)));
    let mut all = seen(&mut it.event_loop, &mut raw);
    drop(raw);
    it.wait_out();
    let mut raw = it.answer();
    let second = seen(&mut it.event_loop, &mut raw);
    all.extend(second);
    all.retain(|(fill, _)| *fill != b'v');
    assert_eq!(all, [(b'a', 70_000), (b'b', 30_000), (b'c', 20_000)]);
}

/// An acknowledgement where none is expected does no harm.
#[test]
fn an_acknowledgement_without_acknowledged_loses_nothing() {
    let mut it = client(|it| it);
    let mut raw = it.answer();
    assert!(it.client.try_send(blob(b'a', 100_000)).is_taken());
    it.event_loop.settle();
    it.client.acknowledge(1);
    assert!(it.client.try_send(blob(b'b', 100_000)).is_taken());
    it.event_loop.settle();
    raw.read(); // `a` leaves, and a part of `b`
    it.event_loop.settle();
    drop(raw);
    it.wait_out();
    raw = it.answer();
    assert_eq!(seen(&mut it.event_loop, &mut raw), [(b'b', 100_000)]);
}

/// A hook that ends because its connection has closed opens nothing.
#[test]
fn a_connection_that_closed_under_the_hook_is_never_open() {
    let mut it = client(|it| {
        it.resubscribe(async |opened: Opened| {
            // As examples/reconnect.rs: `None` is no error.
            drop(opened.socket().recv().await?);
            Ok(())
        })
    });
    let mut raw = it.answer();
    let opened = it.event_loop.spawn(it.client.opened());
    raw.write(&mut it.event_loop, b"\x88\x02\x03\xf4");
    it.event_loop.settle();
    drop(raw);
    it.event_loop.settle();
    assert!(opened.borrow().is_none(), "opened() was ready");
    assert_eq!((it.client.counts().opened, it.names().contains(&"open".to_owned())), (0, false));
}

/// Disconnecting while the hook is at work, past the parting time: `Closing` is not followed by
/// `Open`.
#[test]
fn after_closing_comes_no_open() {
    let go = Rc::new(Cell::new(false));
    let gone = Rc::clone(&go);
    let mut it = client(move |it| {
        it.resubscribe(move |_| {
            let gone = Rc::clone(&gone);
            async move {
                while !gone.get() {
                    glassloop_reactor::sleep(Duration::from_millis(100)).await;
                }
                Ok(())
            }
        })
    });
    let raw = it.answer();
    it.client.disconnect();
    it.event_loop.settle();
    for _ in 0..51 {
        it.event_loop.pass(Duration::from_millis(100));
    }
    go.set(true);
    it.event_loop.pass(Duration::from_millis(100));
    let names = it.names();
    drop(raw);
    assert_eq!(names, ["connecting", "resubscribing", "closing"]);
}

/// An attempt that is over says nothing more.
#[test]
fn an_attempt_that_outlives_itself_changes_no_state() {
    let mut it = client(|it| it);
    let raw = it.answer();
    let attempt = it.attempts.borrow_mut().pop().expect("an attempt");
    attempt.tell(ConnectStage::Upgrade);
    let after_open = it.client.state().to_string();
    it.client.disconnect();
    drop(raw);
    it.event_loop.settle();
    assert!(it.client.state().is_over() && it.driver.borrow().is_some());
    attempt.tell(ConnectStage::Connect);
    assert!(it.client.state().is_over(), "over, and then {}", it.client.state());
    assert_eq!(after_open, "open");
}

/// What the peer's Close finds unsent goes to the next connection, not into one whose other side
/// has said that it reads no more.
#[test]
fn what_waits_when_the_peer_closes_goes_to_the_next_connection() {
    let mut it = client(|it| it);
    let mut raw = it.answer();
    for fill in *b"abc" {
        assert!(it.client.try_send(blob(fill, 60_000)).is_taken());
    }
    it.event_loop.settle();
    // It has said good-bye: nothing behind this is looked at.
    raw.write(&mut it.event_loop, b"\x88\x02\x03\xf4");
    it.event_loop.settle();
    let mut first = seen(&mut it.event_loop, &mut raw);
    drop(raw);
    it.wait_out();
    let mut raw = it.answer();
    let second = seen(&mut it.event_loop, &mut raw);
    first.truncate(1);
    assert_eq!(second, [(b'b', 60_000), (b'c', 60_000)]);
}

/// `disconnect` keeps its word in the presence of `reconnect_now`.
#[test]
fn disconnect_beats_reconnect_now() {
    let mut it = client(|it| it);
    let mut raw = it.answer();
    for fill in *b"abcdefgh" {
        assert!(it.client.try_send(blob(fill, 60_000)).is_taken());
    }
    it.client.reconnect_now();
    it.client.disconnect();
    let all = seen(&mut it.event_loop, &mut raw);
    assert_eq!(it.client.counts().attempts, 1);
    assert_eq!(all.len(), 8);
}

/// reconnect_now after the hook kept a socket: an accepted message isn't said twice.
#[test]
fn what_a_kept_socket_flushes_late_is_not_said_twice() {
    let kept = Rc::new(RefCell::new(None));
    let (keeps, flushes) = (Rc::clone(&kept), Rc::clone(&kept));
    let room: Rc<RefCell<Option<Raw>>> = Rc::default();
    let drained = Rc::clone(&room);
    let mut it = client(move |it| {
        it.resubscribe(move |opened: Opened| {
            *keeps.borrow_mut() = Some(opened.socket().clone());
            async { Ok(()) }
        })
        .on_state(move |state| {
            if matches!(state, ReconnectState::Connecting)
                && let Some(raw) = &mut *drained.borrow_mut()
            {
                raw.read();
                let socket: Option<glassloop_ws::WebSocket> = flushes.borrow_mut().take();
                socket.expect("kept").flush_now();
                raw.read();
            }
        })
    });
    let raw = it.answer();
    for fill in *b"abc" {
        assert!(it.client.try_send(blob(fill, 60_000)).is_taken());
    }
    it.event_loop.settle();
    *room.borrow_mut() = Some(raw);
    it.client.reconnect_now();
    let mut second = it.answer();
    let mut all = seen(&mut it.event_loop, room.borrow_mut().as_mut().expect("there"));
    let next = seen(&mut it.event_loop, &mut second);
    all.extend(next);
    assert_eq!(all.len(), 3, "{all:?}");
}

/// With several receivers, nobody is forgotten.
#[test]
fn several_receivers_across_connections() {
    let mut it = client(|it| it);
    let got: Rc<RefCell<Vec<String>>> = Rc::default();
    for _ in 0..3 {
        let (client, got) = (it.client.clone(), Rc::clone(&got));
        drop(it.event_loop.spawn(async move {
            while let Ok(Some(message)) = client.recv().await {
                got.borrow_mut().push(message.as_text().unwrap_or("").to_owned());
            }
        }));
    }
    let mut expected = Vec::new();
    for round in 0..6 {
        let mut raw = it.answer();
        for number in 0..4 {
            let words = format!("{round}.{number}");
            raw.write(&mut it.event_loop, &text(&words));
            expected.push(words);
        }
        if round % 2 == 0 {
            it.event_loop.settle();
            it.client.reconnect_now();
            drop(raw);
        } else {
            drop(raw);
            it.wait_out();
        }
    }
    it.event_loop.settle();
    assert_eq!(*got.borrow(), expected);
}

/// A fatal Close that comes while the hook is at work is fatal, whatever the hook makes of it.
#[test]
fn a_fatal_close_during_the_hook_is_fatal() {
    let mut it = client(|it| {
        it.resubscribe(async |opened: Opened| match opened.socket().recv().await? {
            Some(_) => Ok(()),
            None => Err(std::io::Error::other("expected an answer, came the end").into()),
        })
    });
    let mut raw = it.answer();
    raw.write(&mut it.event_loop, b"\x88\x02\x0b\xb8"); // 3000: unauthorized
    it.event_loop.settle();
    drop(raw);
    it.event_loop.settle();
    assert!(it.client.state().is_over(), "{}", it.client.state());
}

/// A sink that panics each time, and a driver inside of another future: run alone, it aborts.
#[test]
fn a_sink_that_panics_ends_no_process() {
    let event_loop = Loop::new();
    let (client, driver) = Reconnect::dialing(|_| pending::<Result<_, Error>>())
        .on_state(|_| panic!("a sink"))
        .start()
        .expect("a loop");
    let mut task = Box::pin(async move {
        // Dropped in the middle of its own poll, if that panics.
        let why = driver.await;
        drop(why);
    });
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        assert!(task.as_mut().poll(&mut cx).is_pending());
    }));
    assert!(outcome.is_ok(), "its panics are its own");
    drop((client, task, event_loop));
}

/// Sending from a waker or a sink keeps the order.
#[test]
fn what_a_sink_sends_comes_behind_what_was_sent_before() {
    let slot: Rc<RefCell<Option<Reconnecting>>> = Rc::default();
    let used = Rc::clone(&slot);
    let mut it = client(move |it| {
        it.on_state(move |state| {
            if let Some(client) = &*used.borrow() {
                assert!(client.try_send(state.to_string().as_str().into()).is_taken());
            }
        })
    });
    assert_eq!(it.client.try_send("0".into()), TrySend::Buffered(1));
    *slot.borrow_mut() = Some(it.client.clone());
    let mut raw = it.answer();
    let seen = seen(&mut it.event_loop, &mut raw);
    slot.take();
    assert_eq!(seen, [(b'0', 1), (b'c', 10), (b'o', 4)]);
}

/// A callback of a UI that fails once is not the end of the client.
#[test]
fn a_sink_that_panics_once_does_not_end_the_client() {
    let event_loop = Loop::new();
    let mut first = true;
    let (client, driver) = Reconnect::dialing(|_| pending::<Result<_, Error>>())
        .on_state(move |_| assert!(!std::mem::take(&mut first), "a sink"))
        .start()
        .expect("a loop");
    let mut task = Box::pin(driver);
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        drop(task.as_mut().poll(&mut cx));
    }));
    assert!(outcome.is_ok() && !client.state().is_over(), "{}", client.state());
    drop((task, event_loop));
}

/// `reconnect_now` while an attempt is stuck: when that fails, no delay follows.
#[test]
fn reconnect_now_is_remembered_while_an_attempt_is_under_way() {
    let mut it = client(|it| it);
    it.event_loop.settle();
    it.client.reconnect_now();
    it.event_loop.settle();
    it.dialed.borrow_mut().clear(); // the attempt fails
    it.event_loop.settle();
    assert_eq!(it.client.counts().attempts, 2, "{}", it.client.state());
}
