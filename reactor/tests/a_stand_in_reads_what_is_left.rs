//! Who keeps a source read as a stand-in is woken for what nobody else reads, and for nothing else.

#![cfg(test)]

mod common;

use std::{
    sync::Arc,
    task::{Context, Waker},
    time::Duration,
};

use common::{Count, Harness, both};
use glassloop_reactor::{
    Events, Woken,
    net::{TcpStream, duplex},
};

/// A reader and a stand-in of one socket, and how often each was woken.
struct Two {
    reader: (Arc<Count>, Waker),
    stand_in: (Arc<Count>, Waker),
}

impl Two {
    fn new() -> Two {
        Two { reader: Count::waker(), stand_in: Count::waker() }
    }

    /// Both of them wait, at a socket that has been told all there is.
    fn waiting(harness: &Harness, here: &TcpStream) -> Two {
        harness.settle();
        let two = Two::new();
        assert!(two.stand_in_waits(here) && two.reader_waits(here));
        two
    }

    fn reader_waits(&self, here: &TcpStream) -> bool {
        here.poll_read_ready(&mut Context::from_waker(&self.reader.1)).is_pending()
    }

    fn stand_in_waits(&self, here: &TcpStream) -> bool {
        here.poll_read_stand_in(&mut Context::from_waker(&self.stand_in.1)).is_pending()
    }

    fn wakes(&self) -> (usize, usize) {
        (self.reader.0.get(), self.stand_in.0.get())
    }
}

/// One turn; `run` is its phase in which tasks are polled.
fn turn(harness: &Harness, run: impl FnOnce()) {
    turn_within(harness, Duration::from_secs(5), run);
}

fn turn_without_events(harness: &Harness, run: impl FnOnce()) {
    turn_within(harness, Duration::ZERO, run);
}

fn turn_within(harness: &Harness, timeout: Duration, run: impl FnOnce()) {
    let (mut events, mut woken) = (Events::new(), Woken::default());
    harness.reactor.wait(Some(timeout), &mut events).unwrap();
    harness.reactor.io(&events, &mut woken);
    woken.drain().for_each(|(waker, _)| waker.wake());
    run();
    harness.reactor.finish(&mut woken);
    woken.drain().for_each(|(waker, _)| waker.wake());
}

#[test]
fn it_is_not_woken_for_what_the_reader_reads_in_its_turn() {
    both(|harness, here, there| {
        harness.settle();
        let two = Two::new();
        assert!(two.stand_in_waits(&here));
        for round in 1..=3 {
            assert!(two.reader_waits(&here));
            there.try_write(b"all").unwrap();
            turn(harness, || assert_eq!(here.try_read(&mut [0; 8]).unwrap(), 3));
            assert_eq!(two.wakes(), (round, 0));
        }
        assert_eq!(harness.reactor.counts().waiters, 1, "the stand-in still waits");
    });
}

#[test]
fn it_is_woken_when_the_turn_ends_for_what_the_reader_left() {
    both(|harness, here, there| {
        let two = Two::waiting(harness, &here);
        there.try_write(b"more").unwrap();
        turn(harness, || {
            assert_eq!(two.wakes(), (1, 0), "the reader goes first");
            assert_eq!(here.try_read(&mut [0; 2]).unwrap(), 2);
        });
        assert_eq!(two.wakes(), (1, 1));
        assert!(!two.stand_in_waits(&here), "there is something to read");
        assert_eq!(here.try_read(&mut [0; 8]).unwrap(), 2);
        assert!(two.stand_in_waits(&here));
    });
}

#[test]
fn it_is_not_woken_as_long_as_the_reader_yields_and_goes_on() {
    both(|harness, here, there| {
        let two = Two::waiting(harness, &here);
        let budget = harness.reactor.limits().operations_per_poll_max as usize;
        there.try_write(&vec![7; 3 * budget]).unwrap();
        let read_on = || {
            harness.reactor.set_owner(1);
            let mut cx = Context::from_waker(&two.reader.1);
            let reads = (0..).take_while(|_| here.poll_read(&mut cx, &mut [0; 1]).is_ready());
            assert_eq!(reads.count(), budget, "then it yields");
        };
        turn(harness, read_on);
        turn_without_events(harness, read_on);
        assert_eq!(two.wakes(), (3, 0), "by the event, and twice by itself");
        assert!(harness.reactor.has_pending_events(), "no wait blocks before that");
        turn_without_events(harness, || {});
        assert_eq!(two.wakes(), (3, 1), "now it didn't come");
        assert!(!harness.reactor.has_pending_events());
    });
}

#[test]
fn it_is_not_woken_for_what_the_reader_puts_off() {
    both(|harness, here, there| {
        let two = Two::waiting(harness, &here);
        there.try_write(b"more").unwrap();
        turn(harness, || here.put_off_read());
        turn_without_events(harness, || here.put_off_read());
        assert_eq!(two.wakes(), (1, 0), "the reader by the event");
        turn_without_events(harness, || assert_eq!(here.try_read(&mut [0; 2]).unwrap(), 2));
        assert_eq!(two.wakes(), (1, 1), "what is left then is left for it");
    });
}

#[test]
fn it_is_woken_at_once_where_nobody_waits_to_read() {
    both(|harness, here, there| {
        let two = Two::waiting(harness, &here);
        here.end_read_wait();
        there.try_write(b"all").unwrap();
        turn(harness, || assert_eq!(two.wakes(), (0, 1)));
        assert_eq!(two.wakes(), (0, 1), "once");
    });
}

#[test]
fn it_is_woken_for_the_end_of_a_stream_that_the_reader_did_not_read() {
    both(|harness, here, there| {
        let two = Two::waiting(harness, &here);
        there.shutdown(std::net::Shutdown::Write).unwrap();
        turn(harness, || {});
        assert_eq!(two.wakes(), (1, 1));
    });
}

#[test]
fn it_goes_with_its_source_and_is_not_woken() {
    let (harness, _clock) = Harness::manual();
    let (gone, far) = duplex().unwrap();
    let two = Two::waiting(&harness, &gone);
    far.try_write(b"late").unwrap();
    turn(&harness, || drop(gone));
    assert_eq!(two.wakes(), (1, 0));
    assert_eq!(Arc::strong_count(&two.stand_in.0), 2, "its waker lies nowhere");
    assert_eq!(harness.reactor.counts().waiters, 0);
}
