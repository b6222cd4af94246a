//! Writers that asked to be called at the end of the turn are called in the order they asked.

#![cfg(test)]

mod common;

use std::rc::{Rc, Weak};

use common::Harness;
use glassloop_reactor::Flush;

struct Writer;

impl Flush for Writer {
    fn flush(self: Rc<Self>) {}
}

#[test]
fn those_left_over_stay_first_and_the_dead_are_passed_over() {
    let (harness, _clock) = Harness::manual();
    let reactor = &harness.reactor;
    let writers: Vec<Rc<Writer>> = (0..5).map(|_| Rc::new(Writer)).collect();
    for writer in &writers {
        let writer: Weak<Writer> = Rc::downgrade(writer);
        reactor.at_turn_end(writer);
    }
    let mut alive = writers;
    drop(alive.remove(1));
    let mut out = Vec::new();
    reactor.take_flushes(2, &mut out);
    assert_eq!(out.len(), 2);
    assert!(reactor.has_flushes());
    reactor.take_flushes(usize::MAX, &mut out);
    let taken: Vec<*const ()> = out.iter().map(|writer| Rc::as_ptr(writer).cast()).collect();
    let expected: Vec<*const ()> = alive.iter().map(|writer| Rc::as_ptr(writer).cast()).collect();
    assert_eq!(taken, expected);
    assert!(!reactor.has_flushes());
}
