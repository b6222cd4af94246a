//! Views name everybody who waits: for what, at which line, and on whose behalf.

#![cfg(test)]

mod common;

use std::{
    future::Future,
    panic::Location,
    pin::pin,
    task::{Context, Waker},
    time::Duration,
};

use common::{Harness, both};
use glassloop_reactor::{
    Direction, Options, Peer, PollerKind, Reactor, net, net::TcpListener, net::TcpStream, sleep,
};

#[test]
fn a_reader_is_shown_with_its_owner_and_its_line() {
    both(|harness, here, there| {
        harness.settle();
        let mut buffer = [0; 8];
        harness.reactor.set_owner(42);
        let (line, mut read) = (line!(), Box::pin(here.read(&mut buffer)));
        assert!(harness.poll_once(&mut read).is_pending());
        let place = harness.reactor.take_last_place().unwrap();
        assert_eq!((place.file(), place.line()), (file!(), line));
        assert!(harness.reactor.take_last_place().is_none(), "taken once");
        let sources = harness.reactor.sources();
        let view = sources.iter().find(|view| view.id == here.id()).unwrap();
        let waiter = view.waiters[0];
        assert_eq!(waiter.direction, Direction::Read);
        assert_eq!((waiter.operation, waiter.owner), ("read", 42));
        assert_eq!(waiter.place, place);
        assert_eq!(view.waiters.len(), 1);
        let in_memory = view.kind == "memory";
        assert_eq!(view.descriptor.is_some(), !in_memory && cfg!(unix));
        let peer = if in_memory {
            Peer::Memory(there.id())
        } else {
            Peer::Address(here.peer_addr().unwrap())
        };
        assert_eq!(view.peer, Some(peer));
        let counts = harness.reactor.counts();
        assert_eq!((counts.sources, counts.waiters), (2, 1));
        assert_eq!(counts.kernel_waiters, usize::from(!in_memory));
        drop(read);
        assert_eq!(harness.reactor.counts().waiters, 0, "it went away, and so did its waiter");
        assert_eq!(harness.reactor.counts().kernel_waiters, 0);
    });
}

#[test]
fn a_leaf_that_goes_away_leaves_the_waiter_of_another_alone() {
    both(|harness, here, there| {
        harness.settle();
        let (mut one, mut two) = ([0; 8], [0; 8]);
        let mut first = Box::pin(here.read(&mut one));
        assert!(harness.poll_once(&mut first).is_pending());
        let mut second = Box::pin(here.read(&mut two));
        assert!(harness.poll_once(&mut second).is_pending());
        drop(first);
        assert_eq!(harness.reactor.counts().waiters, 1, "that of the second read");
        there.try_write(b"edge").unwrap();
        assert_eq!(harness.turn(Duration::from_secs(5)), 1);
    });
}

#[test]
fn a_sleeper_is_shown_with_its_owner_and_its_line() {
    let (harness, _clock) = Harness::manual();
    harness.reactor.set_owner(7);
    let mut line = 0;
    let mut nap = Box::pin(async {
        line = line!() + 1;
        sleep(Duration::from_secs(1)).await;
    });
    assert!(harness.poll_once(&mut nap).is_pending());
    let views = harness.reactor.timer_views();
    drop(nap);
    assert_eq!(views.len(), 1);
    assert_eq!((views[0].operation, views[0].owner, views[0].at), ("sleep", 7, 1_000_000_000));
    assert_eq!((views[0].place.file(), views[0].place.line()), (file!(), line));
}

#[test]
fn a_place_outside_the_program_is_replaced_by_that_of_birth() {
    let (harness, _clock) = Harness::manual();
    let (line, mut nap) = (line!(), Box::pin(sleep(Duration::from_secs(1))));
    // Polled by the standard library's own `Future for Pin<Box<F>>`.
    assert!(Future::poll(pin!(&mut nap), &mut Context::from_waker(Waker::noop())).is_pending());
    let place: &Location<'_> = harness.reactor.timer_views()[0].place;
    assert_eq!((place.file(), place.line()), (file!(), line));
}

#[test]
fn without_a_loop_the_error_names_the_thread_and_says_what_to_do() {
    let thread = std::thread::Builder::new().name(String::from("painter"));
    let errors = thread.spawn(|| {
        let before = net::duplex().unwrap_err().to_string();
        drop(Harness::manual());
        let after = net::duplex().unwrap_err().to_string();
        let panic = std::panic::catch_unwind(|| drop(sleep(Duration::ZERO))).unwrap_err();
        (before, after, panic.downcast_ref::<String>().unwrap().clone())
    });
    let (before, after, panic) = errors.unwrap().join().unwrap();
    for text in [&before, &after, &panic] {
        assert!(text.contains("`painter`") && text.contains("enter"), "{text}");
    }
    assert!(!before.contains("common"), "{before}");
    assert!(after.contains("common"), "it had a loop, made there: {after}");
}

#[test]
fn without_descriptors_the_error_says_what_to_do() {
    let (_harness, _clock) = Harness::manual();
    let address = "127.0.0.1:0".parse().unwrap();
    let text = TcpListener::bind(address).unwrap_err().to_string();
    assert!(text.contains("TimersOnly") && text.contains("duplex"), "{text}");
    let connect = TcpStream::connect("127.0.0.1:1".parse().unwrap());
    let text = _harness.block_on(connect).unwrap_err().to_string();
    assert!(text.contains("TimersOnly"), "{text}");
}

#[test]
fn reactors_nest_and_the_outer_one_comes_back() {
    assert!(Reactor::current().is_none());
    let make = || {
        let poller = PollerKind::TimersOnly;
        Reactor::new(Options { poller, ..Options::default() }).unwrap()
    };
    let (outer, inner) = (make(), make());
    let entered = outer.enter();
    {
        let _entered = inner.enter();
        assert!(std::rc::Rc::ptr_eq(&Reactor::current().unwrap(), &inner));
    }
    assert!(std::rc::Rc::ptr_eq(&Reactor::current().unwrap(), &outer));
    drop(entered);
    assert!(Reactor::current().is_none());
}
