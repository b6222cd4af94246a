//! A reconnecting client neither spins nor grows, whatever waits and whoever misbehaves, and leaves
//! nothing behind.

mod common;

use std::cell::Cell;
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

use common::Loop;
use common::client::{Client, blob, client, client_with, text};
use glassloop_ws::{Config, Error, Opened, Reconnect, ReconnectLimits, ReconnectState};

/// Acknowledged, the buffer full of what is not acknowledged, somebody waits for room: the loop
/// must come to rest.
#[test]
fn who_waits_for_an_acknowledgement_lets_the_loop_rest() {
    let mut it = client(|it| {
        let mut limits = ReconnectLimits::default();
        limits.buffered_messages_max = 1;
        it.acknowledged().limits(limits)
    });
    let mut raw = it.answer();
    assert!(it.client.try_send("one".into()).is_taken());
    it.event_loop.settle();
    let sent = it.event_loop.spawn(it.client.send("two".into()));
    it.event_loop.settle();
    // Any word of the server's begins it.
    raw.write(&mut it.event_loop, &text("hello"));
    let before = it.event_loop.turns;
    for _ in 0..1_000 {
        if !it.event_loop.has_work() {
            break;
        }
        it.event_loop.turn(Duration::ZERO);
    }
    let turns = it.event_loop.turns - before;
    assert!(sent.borrow().is_none());
    assert!(turns < 20, "{turns} turns and still work: a busy loop");
    drop(raw);
}

/// A message larger than what the cap leaves waits for an empty outbox, without spinning.
#[test]
fn a_message_that_waits_for_an_empty_outbox_lets_the_loop_rest() {
    let mut config = Config::default();
    config.limits.outgoing_bytes_max = 200_000;
    let mut it = client_with(config, |it| it);
    let mut raw = it.answer();
    assert!(it.client.try_send(blob(b'a', 100_000)).is_taken());
    it.event_loop.settle();
    assert!(it.client.try_send(blob(b'b', 190_000)).is_taken());
    it.event_loop.settle();
    // Any word of the server's begins it.
    raw.write(&mut it.event_loop, &text("hello"));
    let before = it.event_loop.turns;
    for _ in 0..1_000 {
        if !it.event_loop.has_work() {
            break;
        }
        it.event_loop.turn(Duration::ZERO);
    }
    let turns = it.event_loop.turns - before;
    raw.read();
    assert!(turns < 20, "{turns} turns and still work: a busy loop");
}

/// How many messages there still are to be received.
fn kept(mut it: Client) -> usize {
    it.client.disconnect();
    it.event_loop.settle();
    let mut count = 0;
    while let Ok(Some(_)) = it.event_loop.block_on(it.client.recv()) {
        count += 1;
    }
    count
}

/// What nobody receives is bounded, whenever it comes.
#[test]
fn what_comes_with_the_upgrade_is_bounded_too() {
    let mut it = client(|it| it);
    let many: Vec<u8> = text("hello").repeat(1_000);
    for _ in 0..30 {
        let mut raw = it.answer_and(&many);
        // Whoever says something finds out that nobody is there.
        raw.read();
        drop(raw);
        assert!(
            it.client.try_send_volatile("x".into()).is_taken() || it.client.counts().opened > 1
        );
        it.wait_out();
    }
    let count = kept(it);
    assert!(count <= 5_000, "{count} messages were kept");
}

/// The same where the hook fails each time.
#[test]
fn what_comes_while_a_hook_fails_is_bounded_too() {
    let mut it = client(|it| {
        it.resubscribe(async |opened: Opened| {
            opened.socket().send("let me in".into()).await?;
            glassloop_reactor::sleep(Duration::from_secs(1)).await;
            Err(std::io::Error::other("no").into())
        })
    });
    let many: Vec<u8> = text("hello").repeat(1_000);
    for _ in 0..30 {
        let mut raw = it.answer();
        raw.write(&mut it.event_loop, &many);
        it.event_loop.settle();
        it.event_loop.pass(Duration::from_secs(1));
        drop(raw);
        it.wait_out();
    }
    let count = kept(it);
    assert!(count <= 5_000, "{count} messages were kept");
}

/// Limits of nothing hold no turn.
#[test]
fn attempts_without_a_delay_hold_no_turn() {
    let polled = Rc::new(Cell::new(0));
    let counted = Rc::clone(&polled);
    let event_loop = Loop::new();
    let mut limits = ReconnectLimits::default();
    (limits.delay_ms_min, limits.first_delay_ms_max, limits.delay_ms_max) = (0, 0, 0);
    limits.failures_max = 100_000; // so that this test ends
    let dial = Reconnect::dialing(move |_| {
        counted.set(counted.get() + 1);
        async { Err(std::io::Error::other("no").into()) }
    });
    let (client, driver) = dial.limits(limits).start().expect("a loop");
    let mut event_loop = event_loop;
    drop(event_loop.spawn(driver));
    event_loop.turn(Duration::ZERO);
    drop(client);
    assert!(polled.get() < 10, "{} attempts in one poll", polled.get());
}

/// A sink that adds itself when all is over is dropped, too.
#[test]
fn a_sink_added_at_the_end_is_dropped() {
    let mut it = client(|it| it);
    it.event_loop.settle();
    it.client.disconnect();
    it.event_loop.settle();
    let alive = Rc::new(());
    let (held, kept) = (Rc::clone(&alive), it.client.clone());
    it.client.on_state(move |_| drop((Rc::clone(&held), kept.clone())));
    drop(it);
    assert_eq!(Rc::strong_count(&alive), 1, "the sink leaked, with its handle");
}

/// Nothing of a client outlives it.
#[test]
fn the_driver_s_waker_is_let_go_at_the_end() {
    let event_loop = Loop::new();
    let (client, driver) =
        Reconnect::dialing(|_| pending::<Result<_, Error>>()).start().expect("a loop");
    let waker = std::sync::Arc::new(Nobody);
    let mut driver = Box::pin(driver);
    {
        let waker = std::task::Waker::from(std::sync::Arc::clone(&waker));
        let mut cx = std::task::Context::from_waker(&waker);
        assert!(driver.as_mut().poll(&mut cx).is_pending());
    }
    drop(driver);
    assert_eq!(std::sync::Arc::strong_count(&waker), 1, "a waker is kept");
    drop((client, event_loop));
}

/// A wrong `Retry-After` of nothing is no licence to come at once.
#[test]
fn retry_after_zero_waits_the_shortest_delay() {
    for seed in 0..20 {
        let mut it = client(|it| it.seed(seed));
        *it.refuses.borrow_mut() = Some(Box::new(|| Error::Refused {
            status: 503,
            reason: String::new(),
            body: glassloop_ws::Bytes::new(),
            retry_after: Some(Duration::ZERO),
        }));
        it.event_loop.settle();
        let ReconnectState::Waiting { delay, .. } = it.client.state() else { panic!() };
        assert!(delay >= Duration::from_millis(250), "seed {seed}: {delay:?}");
    }
}

/// A waker that nobody waits for.
struct Nobody;
impl std::task::Wake for Nobody {
    fn wake(self: std::sync::Arc<Self>) {}
}
