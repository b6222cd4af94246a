//! `SourceTable`: every registered source with its readiness and those who may wait for it.
//!
//! It promises that an event never reaches a source it wasn't meant for: ids carry a generation,
//! and the slot of a source that is gone stays empty until the turn is over. It runs nobody's
//! code: wakers and waiters are moved out to the caller, who wakes or drops them later.

use std::{io, task::Waker};

use slab::Slab;

mod operations;
mod views;

use crate::{
    dice::Dice,
    events::Events,
    readiness::{Direction, Interest, Readiness},
    seat::Seat,
    source::SourceId,
    source_entry::{Entry, Waiting},
    waiter::{Place, Waiter},
    woken::{Origin, Woken},
};

use operations::Operations;
#[cfg(unix)]
pub(crate) use views::Doubt;

/// What the table keeps of a source beside its readiness.
#[derive(Debug)]
pub(crate) struct Description {
    pub(crate) kind: &'static str,
    pub(crate) interest: Interest,
    pub(crate) from_kernel: bool,
    pub(crate) is_empty_after_short_read: bool,
    pub(crate) descriptor: Option<i32>,
    pub(crate) born: Place,
}

/// The sources of a reactor.
#[derive(Debug)]
pub(crate) struct SourceTable {
    entries: Slab<Entry>,
    sources_max: usize,
    /// The generation of the next registration: one counter for all slots.
    generation: u32,
    ticket: u32,
    /// Sources told ready by the program itself, each once, in order.
    raised: Vec<SourceId>,
    /// Sources whose stand-ins look, when the turn ends, whether anything was left to be read.
    unclaimed: Vec<SourceId>,
    /// Slots whose source is gone; they are free after `finish`.
    retired: Vec<u32>,
    /// How many seats hold a waiter, and how many of those are of sources the OS watches.
    waiters: usize,
    kernel_waiters: usize,
    /// Operations tried on sources that the OS watches, and on others, ever; those in vain.
    operations: Operations,
}

impl SourceTable {
    pub(crate) fn new(sources_max: usize) -> SourceTable {
        SourceTable {
            entries: Slab::new(),
            sources_max: sources_max.min(SourceId::INDEX_MAX as usize),
            generation: 0,
            ticket: 0,
            raised: Vec::new(),
            unclaimed: Vec::new(),
            retired: Vec::new(),
            waiters: 0,
            kernel_waiters: 0,
            operations: Operations::default(),
        }
    }

    /// Gives a source its slot.
    pub(crate) fn insert(&mut self, description: Description) -> io::Result<SourceId> {
        if self.entries.len() >= self.sources_max {
            return Err(io::Error::other(format!(
                "register: expected at most {} sources (Limits::sources_max), came one more",
                self.sources_max
            )));
        }
        let vacant = self.entries.vacant_entry();
        let index = u32::try_from(vacant.key()).expect("sources_max is below INDEX_MAX");
        let id = SourceId { index, generation: self.generation };
        self.generation = self.generation.wrapping_add(1) & SourceId::GENERATION_MASK;
        vacant.insert(Entry {
            generation: id.generation,
            kind: description.kind,
            interest: description.interest,
            from_kernel: description.from_kernel,
            is_empty_after_short_read: description.is_empty_after_short_read,
            descriptor: description.descriptor,
            born: description.born,
            peer: None,
            readiness: Readiness::NONE,
            raised: Readiness::NONE,
            unclaimed: false,
            goes_on: false,
            cut_off: 0,
            heard: false,
            operations: 0,
            in_vain: 0,
            doubted: Readiness::NONE,
            doubts: 0,
            seats: Seat::ALL.map(|_| None),
            retired: false,
        });
        Ok(id)
    }

    /// Takes a source out. Its slot stays empty until `finish`, so that what the rest of this
    /// turn's batch says of it can reach nobody else.
    pub(crate) fn retire(&mut self, id: SourceId) -> [Option<Waiter>; Seat::ALL.len()] {
        let waiters = Seat::ALL.map(|seat| self.take_waiter(id, seat));
        let entry = self.get_mut(id);
        debug_assert!(entry.is_some(), "a source is retired once");
        if let Some(entry) = entry {
            entry.retired = true;
            self.retired.push(id.index);
        }
        waiters
    }

    /// The turn is over: frees the slots of the sources that are gone, and moves the wakers of the
    /// stand-ins for whom something is left to `woken`.
    #[inline]
    pub(crate) fn finish(&mut self, woken: &mut Woken) {
        let mut unclaimed = std::mem::take(&mut self.unclaimed);
        unclaimed.retain(|&id| {
            let Some(entry) = self.get_mut(id) else { return false };
            let left = entry.readiness.is_ready(Direction::Read);
            // A reader that yielded has its chance in the next turn.
            entry.unclaimed = std::mem::take(&mut entry.goes_on) && left;
            let unclaimed = entry.unclaimed;
            if left
                && !unclaimed
                && let Some(waiter) = self.take_waiter(id, Seat::StandIn)
            {
                woken.push(waiter.waker, Origin::Source(id));
            }
            unclaimed
        });
        self.unclaimed = unclaimed;
        // Most turns retire nothing: they pay a load, not a drain.
        if self.retired.is_empty() {
            return;
        }
        for index in self.retired.drain(..) {
            let entry = self.entries.remove(index as usize);
            debug_assert!(entry.retired && entry.seats.iter().all(Option::is_none));
        }
    }

    /// The source of an id, unless it is gone.
    pub(crate) fn get(&self, id: SourceId) -> Option<&Entry> {
        let entry = self.entries.get(id.index as usize)?;
        (entry.generation == id.generation && !entry.retired).then_some(entry)
    }

    pub(crate) fn get_mut(&mut self, id: SourceId) -> Option<&mut Entry> {
        live(&mut self.entries, id)
    }

    /// An event has come for a source. The wakers of those who waited for it are moved to `woken`.
    /// False if the source is gone.
    pub(crate) fn deliver(&mut self, id: SourceId, told: Readiness, woken: &mut Woken) -> bool {
        let Some(entry) = live(&mut self.entries, id) else { return false };
        entry.readiness.add(told);
        let before = woken.len();
        if entry.readiness.is_ready(Direction::Read) {
            match entry.take(Seat::Reader) {
                Some(reader) => {
                    woken.push(reader.waker, Origin::Source(id));
                    // Whether it leaves anything is seen when the turn ends.
                    let stands_in = entry.seats[Seat::StandIn as usize].is_some();
                    if stands_in && !std::mem::replace(&mut entry.unclaimed, true) {
                        self.unclaimed.push(id);
                    }
                }
                None => {
                    if let Some(stand_in) = entry.take(Seat::StandIn) {
                        woken.push(stand_in.waker, Origin::Source(id));
                    }
                }
            }
        }
        if entry.readiness.is_ready(Direction::Write)
            && let Some(writer) = entry.take(Seat::Writer)
        {
            woken.push(writer.waker, Origin::Source(id));
        }
        let (taken, from_kernel) = (woken.len() - before, entry.from_kernel);
        self.note_taken(taken, from_kernel);
        true
    }

    /// The reader of a source yields: it is awake, and reads on in the next turn.
    pub(crate) fn note_goes_on(&mut self, id: SourceId) {
        if let Some(entry) = self.get_mut(id) {
            // If nobody looks when the turn ends there is nothing to put off.
            entry.goes_on = entry.unclaimed;
        }
    }

    /// Another part of the program says that a source is ready; it is delivered in the next phase
    /// `io`. However often that is said until then, it is one event. False if the source is gone.
    pub(crate) fn raise(&mut self, id: SourceId, told: Readiness) -> bool {
        let Some(entry) = self.get_mut(id) else { return false };
        let first = entry.raised.is_empty();
        entry.raised = entry.raised | told;
        if first && !told.is_empty() {
            self.raised.push(id);
        }
        true
    }

    pub(crate) fn has_raised(&self) -> bool {
        !self.raised.is_empty()
    }

    /// Whether a stand-in looks when the turn ends.
    pub(crate) fn has_unclaimed(&self) -> bool {
        !self.unclaimed.is_empty()
    }

    /// Raises what the OS told, and puts all that was raised into an order that dice say. How much
    /// of it is to be delivered now.
    #[cold]
    pub(crate) fn mix(&mut self, events: &Events, dice: &Dice) -> usize {
        for event in events {
            self.raise(event.source, event.readiness);
        }
        dice.shuffle(&mut self.raised);
        dice.cut(self.raised.len())
    }

    /// Delivers what was raised, so much of it at most. Returns how many events that were, and how
    /// many came too late.
    pub(crate) fn deliver_raised(&mut self, most: usize, woken: &mut Woken) -> (u64, u64) {
        let mut raised = std::mem::take(&mut self.raised);
        let (mut events, mut stale) = (0, 0);
        let now = most.min(raised.len());
        for id in raised.drain(..now) {
            let told = self.get_mut(id).map(|entry| std::mem::take(&mut entry.raised));
            events += 1;
            stale += u64::from(!self.deliver(id, told.unwrap_or_default(), woken));
        }
        self.raised = raised;
        (events, stale)
    }

    /// If the same waker waits there already, says who waits at what and where now, without a
    /// clone. Returns the ticket.
    pub(crate) fn rewrite_waiter(
        &mut self,
        id: SourceId,
        seat: Seat,
        waker: &Waker,
        (owner, operation, place): (u64, &'static str, Place),
    ) -> Option<u32> {
        let ticket = self.ticket.wrapping_add(1);
        let waiting = self.get_mut(id)?.seats[seat as usize].as_mut()?;
        if !waiting.waiter.waker.will_wake(waker) {
            return None;
        }
        waiting.waiter.owner = owner;
        waiting.waiter.operation = operation;
        waiting.waiter.place = place;
        waiting.ticket = ticket;
        self.ticket = ticket;
        Some(ticket)
    }

    /// Lets somebody wait. Returns the ticket, and the one who waited there before.
    pub(crate) fn put_waiter(
        &mut self,
        id: SourceId,
        seat: Seat,
        waiter: Waiter,
    ) -> (u32, Option<Waiter>) {
        let ticket = self.ticket.wrapping_add(1);
        let Some(entry) = self.get_mut(id) else {
            debug_assert!(false, "somebody waits for a source that is gone");
            return (ticket, Some(waiter));
        };
        let from_kernel = entry.from_kernel;
        let replaced = entry.seats[seat as usize].replace(Waiting { waiter, ticket });
        if replaced.is_none() {
            self.waiters += 1;
            self.kernel_waiters += usize::from(from_kernel);
        }
        self.ticket = ticket;
        (ticket, replaced.map(|waiting| waiting.waiter))
    }

    /// Takes out the one who waits, if it is the one of the ticket.
    pub(crate) fn withdraw(&mut self, id: SourceId, seat: Seat, ticket: u32) -> Option<Waiter> {
        let waiting = self.get(id)?.seats[seat as usize].as_ref()?;
        if waiting.ticket != ticket {
            return None;
        }
        self.take_waiter(id, seat)
    }

    /// Takes out whoever waits there.
    pub(crate) fn take_waiter(&mut self, id: SourceId, seat: Seat) -> Option<Waiter> {
        let entry = self.get_mut(id)?;
        let (waiter, from_kernel) = (entry.take(seat)?, entry.from_kernel);
        self.note_taken(1, from_kernel);
        Some(waiter)
    }

    /// So many waiters of a source were taken out.
    fn note_taken(&mut self, count: usize, from_kernel: bool) {
        self.waiters -= count;
        self.kernel_waiters -= if from_kernel { count } else { 0 };
    }
}

/// The source of an id, unless it is gone.
fn live(entries: &mut Slab<Entry>, id: SourceId) -> Option<&mut Entry> {
    let entry = entries.get_mut(id.index as usize)?;
    (entry.generation == id.generation && !entry.retired).then_some(entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMORY: Description = Description {
        kind: "memory",
        interest: Interest::Both,
        from_kernel: false,
        is_empty_after_short_read: false,
        descriptor: None,
        born: std::panic::Location::caller(),
    };

    #[test]
    fn a_slot_is_not_used_again_before_the_turn_is_over() {
        let mut table = SourceTable::new(8);
        let first = table.insert(MEMORY).unwrap();
        table.retire(first);
        let second = table.insert(MEMORY).unwrap();
        assert_ne!(first.index, second.index, "the turn is not over");
        table.finish(&mut Woken::default());
        let third = table.insert(MEMORY).unwrap();
        assert_eq!((third.index, third.generation), (first.index, 2));
        assert!(!table.deliver(first, Readiness::READABLE, &mut Woken::default()), "stale");
        assert!(table.get(third).is_some_and(|entry| entry.readiness.is_empty()));
    }

    #[test]
    fn generations_begin_anew_past_the_last() {
        let mut table = SourceTable::new(8);
        table.generation = SourceId::GENERATION_MASK;
        assert_eq!(table.insert(MEMORY).unwrap().generation, SourceId::GENERATION_MASK);
        assert_eq!(table.insert(MEMORY).unwrap().generation, 0);
    }

    #[test]
    fn one_source_too_many_is_an_error_that_names_the_limit() {
        let mut table = SourceTable::new(1);
        table.insert(MEMORY).unwrap();
        let error = table.insert(MEMORY).unwrap_err().to_string();
        assert!(error.contains("sources_max"), "{error}");
    }

    #[test]
    fn what_is_raised_twice_is_delivered_once() {
        let mut table = SourceTable::new(8);
        let id = table.insert(MEMORY).unwrap();
        assert!(table.raise(id, Readiness::READABLE) && table.raise(id, Readiness::WRITABLE));
        assert_eq!(table.deliver_raised(usize::MAX, &mut Woken::default()), (1, 0));
        assert_eq!(table.get(id).unwrap().readiness, Readiness::READABLE | Readiness::WRITABLE);
        assert!(!table.has_raised());
    }
}
