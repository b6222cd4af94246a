//! A reactor whose readings of the clock are kept, or are those of another run.

use crate::{reactor::Reactor, readings::Readings, timers::Timers};

impl Reactor {
    /// Keeps each reading of the clock from now on. Nothing must be armed yet.
    pub fn keep_readings(&self) {
        self.begin_tape(Readings::Kept(Vec::new()));
    }

    /// Gives these readings in place of the clock's, one after the other; then time goes on from
    /// the last one. Nothing must be armed yet.
    pub fn give_readings(&self, list: Vec<u64>) {
        self.begin_tape(Readings::Given { list, at: 0 });
    }

    /// The first of them is the `now` that everything begins with.
    fn begin_tape(&self, readings: Readings) {
        self.readings.replace(readings);
        self.is_taped.set(true);
        let now = self.read_clock();
        self.now.set(now);
        self.timers.replace(Timers::new(now));
    }

    /// What was kept so far.
    #[must_use]
    pub fn kept_readings(&self) -> Vec<u64> {
        match &*self.readings.borrow() {
            Readings::Kept(list) => list.clone(),
            _ => Vec::new(),
        }
    }
}
