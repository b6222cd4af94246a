//! A name is looked up on another thread; an address needs none; what went wrong says for which
//! name.

#![cfg(test)]

mod common;

use std::{
    cell::Cell,
    future::pending,
    io,
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
    thread::yield_now,
    time::{Duration, Instant},
};

use common::{Harness, poll_with};
use glassloop_reactor::{
    Resolver,
    net::{Lookup, TcpListener, TcpStream, lookup},
    timeout,
};

/// A resolver that gives these.
fn gives(addresses: Vec<SocketAddr>) -> Resolver {
    Resolver::new(move |_, _| {
        let addresses = addresses.clone();
        Box::pin(async move { Ok(addresses) })
    })
}

/// What a poll gave, if it was ready.
fn ready<T>(polled: Poll<T>) -> Option<T> {
    match polled {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// A lookup that was polled and waits.
fn waiting(harness: &Harness, mut ask: impl FnMut() -> Pin<Box<Lookup>>) -> Pin<Box<Lookup>> {
    for _ in 0..1_000 {
        let mut named = ask();
        if harness.poll_once(&mut named).is_pending() {
            return named;
        }
    }
    panic!("expected a lookup that waits, came a thousand that didn't");
}

/// Waits for another thread by hand: the wakers of these tests know no loop.
#[track_caller]
fn until(mut done: impl FnMut() -> bool) {
    let patience = Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(Instant::now() < patience, "expected the other thread to be done");
        yield_now();
    }
}

/// An address where nobody listens.
fn refusing() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[test]
fn an_address_is_its_own_answer_even_without_a_loop() {
    for (host, expected) in [("127.0.0.1", "127.0.0.1:80"), ("::1", "[::1]:80")] {
        let found = ready(poll_with(|cx| Pin::new(&mut lookup(host, 80)).poll(cx)));
        assert_eq!(found.unwrap().unwrap(), [expected.parse().unwrap()]);
    }
}

#[test]
#[cfg_attr(miri, ignore = "Miri resolves no names")]
fn a_name_is_looked_up_and_wakes_the_loop_by_the_waker_alone() {
    let (harness, _clock) = Harness::manual();
    harness.reactor.set_owner(5);
    let mut line = 0;
    // The thread may be so quick that there is nothing to wait for.
    let mut named = waiting(&harness, || {
        line = line!() + 1;
        Box::pin(lookup("localhost", 7))
    });
    let views = harness.reactor.lookups();
    assert_eq!((views.len(), views[0].host.as_str(), views[0].owner), (1, "localhost", 5));
    assert_eq!((views[0].place.file(), views[0].place.line()), (file!(), line));
    let (count, waker) = common::Count::waker();
    let found = loop {
        let mut cx = Context::from_waker(&waker);
        if let Poll::Ready(found) = named.as_mut().poll(&mut cx) {
            break found.unwrap();
        }
        // The waker knows no loop, so the thread must be waited for by hand.
        until(|| count.get() > 0);
    };
    assert!(found.iter().all(|address| address.ip().is_loopback() && address.port() == 7));
    assert_eq!(harness.reactor.counts().lookups, 0);
}

#[test]
#[cfg_attr(miri, ignore = "Miri resolves no names")]
fn a_lookup_that_is_dropped_leaves_nothing() {
    let (harness, _clock) = Harness::manual();
    let mut dropped = Box::pin(lookup("localhost", 7));
    let (count, waker) = common::Count::waker();
    let mut cx = Context::from_waker(&waker);
    if dropped.as_mut().poll(&mut cx).is_pending() {
        drop(dropped);
    }
    assert_eq!(harness.reactor.counts().lookups, 0);
    drop(waker);
    // The thread may be waking it at this moment; it keeps no clone.
    until(|| Arc::strong_count(&count) == 1);
}

#[test]
fn what_went_wrong_says_for_which_name() {
    let harness = Harness::kernel();
    harness.reactor.set_resolver(Resolver::new(|_, _| {
        Box::pin(async { Err(io::Error::new(io::ErrorKind::TimedOut, "nobody knows")) })
    }));
    let error = harness.block_on(lookup("silex.test", 80)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert_eq!(error.to_string(), "lookup of `silex.test`: nobody knows");
    harness.reactor.set_resolver(gives(Vec::new()));
    let error = harness.block_on(lookup("silex.test", 80)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert!(error.to_string().contains("`silex.test`"), "{error}");
}

#[test]
#[cfg_attr(miri, ignore = "Miri resolves no names")]
fn what_the_system_says_is_an_error_with_the_name() {
    let (harness, _clock) = Harness::manual();
    // Refused before any server is asked.
    let mut named = lookup("an end\0", 80);
    let mut ended = None;
    until(|| {
        ended = ready(harness.poll_once(&mut named));
        ended.is_some()
    });
    let error = ended.unwrap().unwrap_err();
    assert!(error.to_string().contains("lookup of `an end"), "{error}");
}

#[test]
fn a_name_without_a_loop_is_an_error_that_says_what_to_do() {
    let mut nowhere = lookup("silex.test", 80);
    let error = ready(poll_with(|cx| Pin::new(&mut nowhere).poll(cx))).unwrap().unwrap_err();
    assert!(error.to_string().contains("enter"), "{error}");
}

#[test]
fn the_next_address_is_tried_when_the_first_refuses() {
    let harness = Harness::kernel();
    let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    harness.reactor.set_resolver(gives(vec![refusing(), address]));
    let stream = harness.block_on(TcpStream::connect_host("silex.test", 80)).unwrap();
    assert_eq!(stream.peer_addr().unwrap(), address);
    assert_eq!(harness.reactor.counts().sources, 2, "the listener, and the one that won");
    assert_eq!(harness.reactor.counts().timers_armed, 0);
    let stream = harness.block_on(TcpStream::connect_any(vec![refusing(), address])).unwrap();
    assert_eq!(stream.peer_addr().unwrap(), address);
}

#[test]
fn when_every_address_fails_the_error_names_them_all() {
    let harness = Harness::kernel();
    let (one, two) = (refusing(), refusing());
    harness.reactor.set_resolver(gives(vec![one, two]));
    let error = harness.block_on(TcpStream::connect_host("silex.test", 80)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    for part in ["silex.test:80", &one.to_string(), &two.to_string()] {
        assert!(error.to_string().contains(part), "{error}");
    }
    let error = harness.block_on(TcpStream::connect_any(Vec::new())).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert_eq!(harness.reactor.counts().sources, 0);
}

#[test]
fn a_timeout_around_a_host_ends_it() {
    let (harness, clock) = Harness::manual();
    let dropped = Rc::new(Cell::new(false));
    let seen = Rc::clone(&dropped);
    harness.reactor.set_resolver(Resolver::new(move |_, _| {
        let guard = OnDrop(Rc::clone(&seen));
        Box::pin(async move {
            let _guard = guard;
            pending().await
        })
    }));
    let connect = TcpStream::connect_host("silex.test", 80);
    let elapsed = harness.block_on(timeout(Duration::from_secs(3), connect)).unwrap_err();
    assert_eq!((elapsed.after(), clock.now()), (Duration::from_secs(3), 3_000_000_000));
    assert!(dropped.get());
}

struct OnDrop(Rc<Cell<bool>>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.set(true);
    }
}

#[test]
fn a_resolver_that_panics_leaves_no_borrow() {
    let harness = Harness::kernel();
    harness.reactor.set_resolver(Resolver::new(|_, _| panic!("a resolver of somebody else")));
    let asked = AssertUnwindSafe(|| harness.block_on(lookup("silex.test", 80)));
    assert!(catch_unwind(asked).is_err());
    harness.reactor.set_resolver(gives(vec![refusing()]));
    harness.block_on(lookup("silex.test", 80)).unwrap();
}
