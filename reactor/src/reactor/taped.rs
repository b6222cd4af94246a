//! A reactor whose readings of the clock are kept, or are those of another run.

use crate::{clock::Clock, reactor::Reactor, readings::Readings, timers::Timers};

impl Reactor {
    /// Keeps each reading of the clock from now on. Nothing must be armed yet.
    pub fn keep_readings(&self) {
        self.begin_tape(Readings::Kept(Vec::new()));
    }

    /// Gives these readings in place of the clock's, one after the other; then time goes on from
    /// the last one. A manual clock is moved along. Nothing must be armed yet.
    pub fn give_readings(&self, list: Vec<u64>) {
        self.begin_tape(Readings::Given { list, at: 0 });
    }

    /// No more readings are kept, or given: time goes on from the last one.
    pub fn end_readings(&self) {
        self.readings.borrow_mut().end(self.clock.now());
    }

    /// The first of them is the `now` that everything begins with.
    fn begin_tape(&self, readings: Readings) {
        self.readings.replace(readings);
        self.is_taped.set(true);
        let now = self.read_clock();
        self.now.set(now);
        self.timers.replace(Timers::new(now));
    }

    #[cold]
    pub(super) fn taped_reading(&self) -> u64 {
        let mut readings = self.readings.borrow_mut();
        let reading = readings.next(self.clock.now());
        if let (Clock::Manual(clock), Readings::Given { .. }) = (&self.clock, &*readings) {
            clock.jump_to(reading);
        }
        reading
    }

    /// What the clock itself says when it is this late by the readings: another time only behind
    /// the end of those that were given.
    #[inline]
    #[must_use]
    pub fn by_clock(&self, reading: u64) -> u64 {
        if self.is_taped.get() { self.readings.borrow().by_clock(reading) } else { reading }
    }

    /// What was kept so far.
    #[must_use]
    pub fn kept_readings(&self) -> Vec<u64> {
        match &*self.readings.borrow() {
            Readings::Kept(list) | Readings::Done(list) => list.clone(),
            _ => Vec::new(),
        }
    }

    /// How many that is.
    #[must_use]
    pub fn readings_kept(&self) -> usize {
        match &*self.readings.borrow() {
            Readings::Kept(list) | Readings::Done(list) => list.len(),
            _ => 0,
        }
    }
}
