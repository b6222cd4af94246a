//! A turn of the model, phase by phase, and a run of turns.

use glassloop::RunPolicy;

use super::{
    Item, Left, Model, Timer,
    tasks::{Handle, Life, Outcome},
};
use crate::{
    line::{Line, Ran},
    script::Body,
};

/// A sixtieth of a second.
const FRAME_NS: u64 = 16_666_667;

impl Model {
    pub(super) fn run(&mut self, yields: u8) {
        let main = self.spawn(Body::yields(yields), Handle::Ours);
        if self.tasks[main].life == Life::Refused {
            let why = if self.spawns_closed { Ran::Closed } else { Ran::Refused };
            self.lines.push(Line::Ran(why));
            return;
        }
        self.since_poll = 0;
        while self.tasks[main].life != Life::Ended {
            self.turn(true);
            if std::mem::take(&mut self.stopping) && self.tasks[main].life != Life::Ended {
                self.tasks[main].handle = Handle::Gone;
                self.lines.push(Line::Ran(Ran::Stopped));
                return;
            }
        }
        self.tasks[main].handle = Handle::Gone;
        self.lines.push(Line::Ran(Ran::ToItsEnd));
        if let Some(Outcome::Value(uid, _)) = self.tasks[main].outcome.take() {
            self.lines.push(Line::Dropped(uid));
        }
    }

    /// A wait and a turn. Inside a run the system, and the clock, are not asked each time.
    pub(super) fn turn(&mut self, running: bool) {
        let per_poll = self.limits.items_per_poll_max;
        let asked = !running || !(1..per_poll).contains(&self.since_poll) || !self.has_ready();
        if asked {
            self.since_poll = 0;
            self.now = self.clock;
        }
        self.turning = true;
        self.io_phase();
        if asked {
            self.timers_phase();
        }
        self.deferred_phase();
        self.run_phase();
        self.render_phase(asked);
        self.turning = false;
    }

    fn timers_phase(&mut self) {
        let now = self.now;
        let is_due = |timer: &Timer| timer.at <= now && timer.at != u64::MAX;
        let (mut due, rest) = std::mem::take(&mut self.timers).into_iter().partition(is_due);
        self.timers = rest;
        sort(&mut due);
        self.count.timers_fired += due.len() as u64;
        for timer in due {
            self.wake_item(timer.item);
        }
    }

    fn wake_item(&mut self, item: Item) {
        match item {
            Item::Task(task) => self.wake(task),
            Item::Callback(number) => {
                let callback = &mut self.callbacks[number];
                if callback.closure.is_some() && !std::mem::replace(&mut callback.queued, true) {
                    self.ready.push_back(item);
                }
            }
            Item::Deferred => {}
        }
    }

    fn deferred_phase(&mut self) {
        for left in std::mem::take(&mut self.inbox) {
            match left {
                Left::Wake(number) => {
                    let task = &mut self.tasks[number];
                    // The waker of one that has ended is nobody's.
                    task.remote = !matches!(task.life, Life::Alive | Life::Aborted);
                    self.wake(number);
                }
                Left::Call(closure) => {
                    self.deferred.push_back(closure);
                    self.ready.push_back(Item::Deferred);
                }
                Left::Stop => self.stopping = true,
            }
        }
    }

    fn run_phase(&mut self) {
        let (items, goes_on) = self.allowance();
        let per_poll = self.limits.items_per_poll_max;
        let mut unasked = per_poll.saturating_sub(self.since_poll);
        if self.has_microtasks {
            self.checkpoint();
            unasked = 0;
        }
        if self.batch.is_empty() {
            self.batch = std::mem::take(&mut self.ready);
        }
        let mut ran = 0;
        while ran < items {
            if self.batch.is_empty() && goes_on {
                self.batch = std::mem::take(&mut self.ready);
            }
            let Some(item) = self.batch.pop_front() else { break };
            ran += 1;
            self.item(item);
            if self.has_microtasks {
                self.checkpoint();
            }
        }
        self.since_poll = per_poll - unasked.saturating_sub(ran);
        self.calls -= std::mem::take(&mut self.calls_run);
    }

    fn render_phase(&mut self, asked: bool) {
        let most = self.limits.items_per_turn_max;
        if !self.renders.is_empty() && self.frame_due <= self.now {
            let frame = self.renders.len().min(most);
            if frame == self.renders.len() {
                let next = self.frame_due.saturating_add(FRAME_NS);
                self.frame_due = if next > self.now { next } else { self.now + FRAME_NS };
            }
            for number in self.renders.drain(..frame).collect::<Vec<_>>() {
                self.item(Item::Callback(number));
            }
            self.checkpoint();
        }
        let due = self.next_deadline().is_some_and(|deadline| deadline <= self.now);
        for _ in 0..self.idles.len().min(most) {
            if !asked || due || self.is_busy() {
                return;
            }
            let Some(number) = self.idles.pop_front() else { return };
            self.item(Item::Callback(number));
            self.checkpoint();
        }
    }

    /// Whether something comes before idle callbacks.
    fn is_busy(&self) -> bool {
        self.has_ready() || self.stopping || !self.raised.is_empty() || !self.inbox.is_empty()
    }

    /// How many items a turn runs, and whether what becomes ready meanwhile is among them.
    fn allowance(&self) -> (usize, bool) {
        let most = self.limits.items_per_turn_max;
        match self.policy {
            RunPolicy::One => (1, false),
            RunPolicy::Batch => (most, false),
            RunPolicy::Counted(items) => (items.clamp(1, most), true),
            // The clock stands still while a turn lasts.
            _ => (most, true),
        }
    }

    fn item(&mut self, item: Item) {
        match item {
            Item::Task(task) => self.run_task(task),
            Item::Callback(number) => {
                if let Some(closure) = self.callbacks[number].closure.take() {
                    self.count.callbacks_run += 1;
                    self.call_reported(closure);
                }
            }
            Item::Deferred => {
                if let Some(closure) = self.deferred.pop_front() {
                    self.count.calls_run += 1;
                    self.calls_run += 1;
                    self.call_deferred(closure);
                }
            }
        }
    }

    fn checkpoint(&mut self) {
        for _ in 0..self.limits.microtasks_per_checkpoint_max {
            let Some(closure) = self.microtasks.pop_front() else {
                self.has_microtasks = false;
                return;
            };
            self.count.microtasks_run += 1;
            self.call_reported(closure);
        }
    }
}

fn sort(timers: &mut [Timer]) {
    timers.sort_by_key(|timer| (timer.at, timer.sequence));
}
