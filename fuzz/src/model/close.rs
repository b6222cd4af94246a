//! The end of the model: what still runs, what is dropped, and what is said of it.

use super::{
    Left, Model,
    tasks::{Handle, Life},
};
use crate::line::{Line, Ran, Told};

impl Model {
    pub(super) fn close(&mut self, in_time: bool) {
        if self.spawns_closed {
            let nothing = Line::Closed { tasks: 0, calls: 0, callbacks: 0, timers: 0, sources: 0 };
            self.lines.push(nothing);
            return;
        }
        self.inbox_closed = true;
        if in_time {
            self.wind_down(|model| model.calls > 0);
            self.wind_down(Model::has_anything);
        }
        let callbacks = self.callbacks_waiting();
        let mut tasks = 0;
        while self.alive().next().is_some() {
            tasks += self.abort_all();
        }
        self.spawns_closed = true;
        let calls = self.drop_calls();
        let count = self.count();
        let (timers, sources) = (count.timers, count.sources);
        self.lines.push(Line::Closed { tasks, calls, callbacks, timers, sources });
    }

    fn wind_down(&mut self, left: impl Fn(&Model) -> bool) {
        while left(self) && self.has_work() {
            self.turn(false);
            self.stopping = false;
        }
    }

    fn has_anything(&self) -> bool {
        self.has_ready()
            || self.callbacks_waiting() > 0
            || self.calls > 0
            || self.alive().next().is_some()
    }

    fn alive(&self) -> impl DoubleEndedIterator<Item = usize> {
        let is_alive =
            |number: &usize| matches!(self.tasks[*number].life, Life::Alive | Life::Aborted);
        (0..self.tasks.len()).filter(is_alive)
    }

    /// Newest first. How many there were that nobody had aborted before.
    fn abort_all(&mut self) -> usize {
        let alive: Vec<usize> = self.alive().rev().collect();
        let is_aborted = |number: &usize| self.tasks[*number].life == Life::Aborted;
        let aborted = alive.iter().filter(|number| is_aborted(number)).count();
        for number in &alive {
            if self.tasks[*number].life == Life::Alive {
                self.tasks[*number].life = Life::Aborted;
            }
            self.run_task(*number);
        }
        alive.len() - aborted
    }

    /// Drops, unrun, what was accepted. How many calls that were.
    fn drop_calls(&mut self) -> usize {
        for left in std::mem::take(&mut self.inbox) {
            if let Left::Call(closure) = left {
                self.deferred.push_back(closure);
            }
        }
        let deferred = std::mem::take(&mut self.deferred);
        let dropped = deferred.len();
        self.calls = 0;
        for closure in deferred {
            if let Some(number) = closure.asked {
                self.asked[number] = (Told::Cancelled, None);
            }
            let payload = self.drop_closure(&closure);
            self.report_any(payload);
        }
        let callbacks: Vec<_> = self.callbacks.iter_mut().map(|of| of.closure.take()).collect();
        let microtasks = std::mem::take(&mut self.microtasks);
        self.has_microtasks = false;
        for closure in callbacks.into_iter().flatten().chain(microtasks) {
            self.unordered.push(closure.uid);
            let payload = self.drop_closure(&closure);
            self.report_any(payload);
        }
        dropped
    }

    /// What the owner of the loop does last: lets go of everything.
    pub(crate) fn let_go(&mut self) {
        self.close(false);
        for number in 0..self.tasks.len() {
            if self.tasks[number].handle == Handle::Kept {
                self.drop_handle(number);
            }
        }
        for number in 0..self.asked.len() {
            let (told, payload) = self.asked[number];
            let number = u16::try_from(number).expect("few calls");
            self.lines.push(Line::Resolved(number, told));
            self.lines.extend(payload.map(Line::Dropped));
        }
        self.lines.push(Line::Ran(Ran::Closed));
    }
}
