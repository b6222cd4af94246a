//! Wakers, payloads and loggers are code of others, and may do anything: here each of them uses
//! the very connection that calls it. None may find it borrowed.

mod common;

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use common::{Loop, masked};
use glassloop_ws::{Bytes, Cause, Config, Driver, Overflow, WebSocket};

thread_local! {
    static SOCKET: RefCell<Option<WebSocket>> = const { RefCell::new(None) };
    static DRIVER: RefCell<Option<Driver>> = const { RefCell::new(None) };
    static VISITS: Cell<u32> = const { Cell::new(0) };
    static VISITING: Cell<bool> = const { Cell::new(false) };
}

/// Uses every call of the socket, if there is one and this isn't a visit within a visit.
fn visit() {
    let Ok(Some(socket)) = SOCKET.try_with(|socket| socket.borrow().clone()) else { return };
    if VISITING.replace(true) {
        return;
    }
    VISITS.set(VISITS.get() + 1);
    if VISITS.get() < 50 {
        // Both outcomes are fine; that it returns is the promise.
        let _ = socket.try_send("a visitor was here".into()).is_taken();
        // Now and then more than is worth a write.
        if VISITS.get().is_multiple_of(7) {
            let _ = socket.try_send(vec![7; 70_000].into()).is_taken();
        }
        socket.flush_now();
    }
    // Now and then: who receives reads the socket, and the driver is to read it, too.
    if VISITS.get().is_multiple_of(3) {
        let mut cx = Context::from_waker(Waker::noop());
        let mut received = std::pin::pin!(socket.recv());
        let _ = received.as_mut().poll(&mut cx).is_pending();
    }
    let _ = (socket.buffered_amount(), socket.close_info(), socket.counts(), socket.waits());
    drop(socket.clone());
    VISITING.set(false);
}

/// A waker that visits when it is woken, and when it is dropped.
struct Visitor;

impl Wake for Visitor {
    fn wake(self: Arc<Self>) {
        visit();
    }
}

impl Drop for Visitor {
    fn drop(&mut self) {
        visit();
    }
}

/// A payload that visits when it is dropped.
struct Payload;

impl AsRef<[u8]> for Payload {
    fn as_ref(&self) -> &[u8] {
        b"payload"
    }
}

impl Drop for Payload {
    fn drop(&mut self) {
        visit();
    }
}

/// A logger that sends what happens to it, so to speak.
struct Logger;

impl log::Log for Logger {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, _: &log::Record<'_>) {
        visit();
    }

    fn flush(&self) {}
}

#[test]
fn nothing_foreign_finds_a_connection_borrowed() {
    static LOGGER: Logger = Logger;
    log::set_logger(&LOGGER).expect("the only logger of this process");
    log::set_max_level(log::LevelFilter::Trace);
    let mut event_loop = Loop::new();
    let (server, mut raw) = event_loop.raw_client(Config::default());
    SOCKET.set(Some(server.socket.clone()));
    for round in 0..5 {
        let waker = Waker::from(Arc::new(Visitor));
        let mut cx = Context::from_waker(&waker);
        let mut receiving = Box::pin(server.socket.recv());
        let mut closed = Box::pin(server.socket.closed());
        let mut pinging = Box::pin(server.socket.ping());
        assert!(closed.as_mut().poll(&mut cx).is_pending());
        let _ = receiving.as_mut().poll(&mut cx).is_pending();
        let _ = pinging.as_mut().poll(&mut cx).is_pending();
        // There may be no room: visitors say much.
        let _ = server.socket.try_send(Bytes::from_owner(Payload).into()).is_taken();
        raw.write(&mut event_loop, &masked(0x81, b"hello"));
        raw.write(&mut event_loop, &masked(0x89, b"ping"));
        event_loop.settle();
        raw.read();
        assert_eq!(server.socket.close_info(), None, "round {round}");
    }
    raw.write(&mut event_loop, &masked(0x83, b"a fault at last"));
    let _ = server.socket.try_send(Bytes::from_owner(Payload).into()).is_taken();
    event_loop.settle();
    drop(raw);
    event_loop.wait_for(&server.driver);
    assert!(VISITS.get() > 50, "{} visits", VISITS.get());
    log::set_max_level(log::LevelFilter::Off);
    drop(SOCKET.take());
}

/// A waker that says much at once, when it is woken with a message.
struct Talker;

/// More than high water, though not than the hard cap.
const WORDS: usize = 300;

impl Wake for Talker {
    fn wake(self: Arc<Self>) {
        let Some(socket) = SOCKET.with(|socket| socket.borrow().clone()) else { return };
        if !VISITING.replace(true) {
            // Not yet: the socket has something to read, which this waker leaves to the driver.
            return;
        }
        let taken = (0..WORDS).filter(|_| socket.try_send(vec![7; 1_000].into()).is_taken());
        VISITS.set(u32::try_from(taken.count()).expect("a few"));
    }
}

#[test]
fn who_sends_from_within_the_drivers_turn_is_not_taken_for_somebody_unheard() {
    for overflow in [Overflow::DropNewest, Overflow::DropOldest, Overflow::Close] {
        let mut event_loop = Loop::new();
        let mut config = Config::default();
        config.overflow = overflow;
        let (server, mut raw) = event_loop.raw_client(config);
        let waker = Waker::from(Arc::new(Talker));
        let mut receiving = Box::pin(server.socket.recv());
        assert!(receiving.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        SOCKET.set(Some(server.socket.clone()));
        raw.write(&mut event_loop, &masked(0x81, b"talk"));
        let (bytes, _) = raw.take(&mut event_loop);
        drop(SOCKET.take());
        VISITING.set(false);
        assert_eq!(VISITS.replace(0) as usize, WORDS, "{overflow:?}");
        assert_eq!(bytes.len(), WORDS * (1_000 + 4), "{overflow:?}: all of it arrived");
        assert_eq!(server.socket.counts().messages_dropped, 0);
    }
}

/// A payload that takes the driver with it when it is dropped.
struct Undriver(Vec<u8>);

impl AsRef<[u8]> for Undriver {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Undriver {
    fn drop(&mut self) {
        drop(DRIVER.take());
    }
}

#[test]
fn a_driver_dropped_in_the_middle_of_a_write_takes_the_socket_with_it() {
    let mut event_loop = Loop::new();
    let ((socket, driver), mut raw) = event_loop.accepted(Config::default());
    DRIVER.set(Some(driver));
    // More than the 64 KiB that the memory socket takes: something is left in the ring.
    let payload = Bytes::from_owner(Undriver(vec![7; 100_000]));
    assert!(socket.try_send(payload.into()).is_taken());
    assert!(DRIVER.take().is_none(), "the payload was dropped");
    let drained = event_loop.block_on(socket.drained());
    assert!(drained.is_err(), "not everything has left");
    assert!(raw.read(), "the socket has ended");
    assert_eq!(socket.close_info().map(|info| info.cause), Some(Cause::DriverDropped));
}
