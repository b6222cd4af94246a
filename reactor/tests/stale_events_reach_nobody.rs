//! An event for a source that is gone reaches nobody, however often its slot is used again.

#![cfg(test)]

mod common;

use std::{io, time::Duration};

use common::Harness;
use glassloop_reactor::{
    Direction, Event, Events, Interest, Readiness, Registered, Source, SourceId, Woken, net,
};
use mio::net::UdpSocket;

/// A source of our own: a datagram socket, cheap to make and to make readable.
struct Datagrams(UdpSocket);

impl Source for Datagrams {
    fn kind(&self) -> &'static str {
        "udp"
    }

    fn kernel(&mut self) -> Option<&mut dyn mio::event::Source> {
        Some(&mut self.0)
    }
}

fn datagrams() -> io::Result<Registered<Datagrams>> {
    let address = "127.0.0.1:0".parse().unwrap();
    Registered::new(Datagrams(UdpSocket::bind(address)?), Interest::Read)
}

/// Closes a source while its event is in the batch, and opens another in the same turn and in the
/// next: neither may hear of it.
fn reuse_slots_of_the_kernel(rounds: usize) {
    let harness = Harness::kernel();
    let reactor = &harness.reactor;
    let sender = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut events = Events::new();
    for round in 0..rounds {
        let old = datagrams().unwrap();
        sender.send_to(b"edge", old.get_ref().0.local_addr().unwrap()).unwrap();
        reactor.wait(Some(Duration::from_secs(5)), &mut events).unwrap();
        assert!(events.iter().any(|event| event.source == old.id()), "round {round}: no event");
        let old_id = old.id();
        drop(old);
        let same_turn = datagrams().unwrap();
        reactor.io(&events, &mut Woken::default());
        assert_ne!(same_turn.id().index, old_id.index, "the slot is free before its turn is over");
        reactor.finish(&mut Woken::default());
        let next_turn = datagrams().unwrap();
        reactor.io(&events, &mut Woken::default());
        for source in [&same_turn, &next_turn] {
            let readiness = source.readiness();
            assert!(!readiness.is_ready(Direction::Read), "round {round}: misdelivered");
        }
        // Its slot is used again in the next round.
        drop((same_turn, next_turn));
        reactor.finish(&mut Woken::default());
    }
    assert_eq!(reactor.counts().stale_events, 2 * rounds as u64);
    assert_eq!(reactor.counts().sources, 0);
}

fn reuse_slots_in_memory(rounds: usize) {
    let (harness, _clock) = Harness::manual();
    let reactor = &harness.reactor;
    let first = {
        let (here, _there) = net::duplex().unwrap();
        here.id()
    };
    for round in 0..rounds {
        harness.turn(Duration::ZERO);
        let (here, there) = net::duplex().unwrap();
        assert!(here.id().index < 4 && there.id().index < 4, "slots are not used again");
        there.try_write(b"x").unwrap_err();
        harness.turn(Duration::ZERO);
        there.try_write(b"edge").unwrap();
        let gone = here.id();
        drop(here);
        let (other, _far) = net::duplex().unwrap();
        assert_ne!(other.id().index, gone.index, "the slot is free before its turn is over");
        reactor.io(&told(gone), &mut Woken::default());
        let readable = other.try_read(&mut [0; 8]).unwrap_err();
        assert_eq!(readable.kind(), io::ErrorKind::WouldBlock, "round {round}: misdelivered");
    }
    assert!(reactor.counts().stale_events >= rounds as u64);
    reactor.io(&told(first), &mut Woken::default());
    assert_eq!(reactor.counts().sources, 0);
}

fn told(source: SourceId) -> Events {
    let mut events = Events::new();
    events.push(Event { source, readiness: Readiness::READABLE });
    events
}

#[test]
#[cfg_attr(miri, ignore = "Miri sends no datagrams")]
fn ten_thousand_uses_of_a_slot_misdeliver_no_event_of_the_os() {
    reuse_slots_of_the_kernel(10_000);
}

#[test]
fn ten_thousand_uses_of_a_slot_misdeliver_no_event_in_memory() {
    reuse_slots_in_memory(if cfg!(miri) { 100 } else { 10_000 });
}

#[test]
#[ignore = "a million registrations: part of the full run"]
fn full_a_million_uses_of_a_slot_misdeliver_nothing() {
    reuse_slots_of_the_kernel(1_000_000);
    reuse_slots_in_memory(1_000_000);
}

#[test]
fn one_that_waits_in_a_new_slot_is_not_woken_by_an_old_event() {
    let harness = Harness::kernel();
    let (far, old) = net::duplex().unwrap();
    let old_id = old.id();
    // The slot that was given back last is used first.
    drop(far);
    drop(old);
    harness.settle();
    let (new, _far) = net::duplex().unwrap();
    assert_eq!((new.id().index, new.id() == old_id), (old_id.index, false));
    let (count, waker) = common::Count::waker();
    let mut cx = std::task::Context::from_waker(&waker);
    assert!(new.poll_read(&mut cx, &mut [0; 8]).is_pending());
    let mut woken = Woken::default();
    harness.reactor.io(&told(old_id), &mut woken);
    assert!(woken.is_empty());
    assert_eq!(count.get(), 0);
    assert_eq!(harness.reactor.counts().waiters, 1, "it still waits");
}
