//! `Answers`: who waits for the answer to an event of a namespace.
//!
//! Promises that a number stands for one event for ever, and that each who waits gets an answer or
//! learns why not, in the order in which they asked.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use super::{ack::AckCell, error::AckError};
use crate::{socketio::Data, woken::Woken};

/// By the number of the event.
#[derive(Default)]
pub(in crate::socketio) struct Answers {
    expected: BTreeMap<u64, Rc<AckCell>>,
    /// The next number.
    next: Numbers,
}

/// What numbers are drawn from, by one namespace or by several.
pub(in crate::socketio) type Numbers = Rc<Cell<u64>>;

impl Answers {
    /// Of a namespace that draws its numbers with others.
    pub(super) fn numbered_by(numbers: &Numbers) -> Answers {
        Answers { expected: BTreeMap::new(), next: Rc::clone(numbers) }
    }

    /// The number of the next event that is to be answered.
    pub(super) fn next_number(&mut self) -> u64 {
        let number = self.next.get();
        self.next.set(number + 1);
        number
    }

    /// Somebody waits for it from now on.
    pub(super) fn expect(&mut self, number: u64, cell: &Rc<AckCell>) {
        self.expected.insert(number, Rc::clone(cell));
    }

    /// Who waits for it.
    pub(super) fn get(&self, number: u64) -> Option<&Rc<AckCell>> {
        self.expected.get(&number)
    }

    /// Nobody waits for it any more.
    pub(super) fn withdraw(&mut self, number: u64) -> Option<Rc<AckCell>> {
        self.expected.remove(&number)
    }

    /// It has come, or is known not to.
    pub(in crate::socketio) fn resolve(
        &mut self,
        number: u64,
        result: Result<Data, AckError>,
        woken: &mut Woken,
    ) {
        if let Some(cell) = self.expected.remove(&number) {
            woken.extend(cell.resolve(result));
        }
    }

    /// None will come but to these.
    pub(super) fn fail_but(
        &mut self,
        these: impl Iterator<Item = u64>,
        why: impl Fn() -> AckError,
        woken: &mut Woken,
    ) {
        let these: BTreeSet<u64> = these.collect();
        for (_, cell) in self.expected.extract_if(.., |number, _| !these.contains(number)) {
            woken.extend(cell.resolve(Err(why())));
        }
    }
}
