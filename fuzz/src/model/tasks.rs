//! Tasks of the model: how one is spawned, woken, polled, aborted, joined and dropped.

use std::sync::Arc;

use super::{Foreign, Item, Left, Model};
use crate::{
    line::{Line, Told, Uid},
    script::{Body, End, Mood},
};

/// How far a task has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    Alive,
    /// Its future is still there.
    Aborted,
    Ended,
    /// It was never taken in.
    Refused,
}

/// Where a task's handle is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Handle {
    /// Any act may use it.
    Kept,
    /// Whoever runs the loop waits by it.
    Ours,
    Gone,
}

/// What a task left for its handle.
#[derive(Clone, Copy, Debug)]
pub(super) enum Outcome {
    /// A value, whose drop may panic.
    Value(Uid, bool),
    Panicked(Uid),
    Cancelled,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Waiter {
    Task(usize),
    Foreign(Foreign),
}

#[derive(Debug)]
pub(super) struct Task {
    pub(super) uid: Uid,
    /// Which of the tasks that were taken in it is.
    pub(super) birth: u64,
    pub(super) body: Arc<Body>,
    pub(super) life: Life,
    pub(super) polls: u32,
    pub(super) queued: bool,
    pub(super) handle: Handle,
    /// A wake of another thread lies in the inbox: one more says nothing new.
    pub(super) remote: bool,
    /// It has left a clone of its waker.
    pub(super) waker_kept: bool,
    pub(super) waiter: Option<Waiter>,
    pub(super) outcome: Option<Outcome>,
    /// The timer of its sleep, by sequence number.
    pub(super) sleep: Option<u64>,
}

impl Task {
    pub(super) fn has_slot(&self) -> bool {
        match self.life {
            Life::Refused => false,
            Life::Ended => self.handle != Handle::Gone,
            Life::Alive | Life::Aborted => true,
        }
    }
}

impl Body {
    pub(super) fn panics(&self) -> bool {
        self.end == End::Panics
    }
}

enum Polled {
    Pending,
    Ready,
    Panicked,
}

impl Model {
    /// Spawns a task; its number.
    pub(super) fn spawn(&mut self, body: Arc<Body>, handle: Handle) -> usize {
        let slots = 1 + self.tasks.iter().filter(|task| task.has_slot()).count();
        let refused = self.spawns_closed || slots >= self.limits.executor.tasks_max;
        let number = self.tasks.len();
        let birth = self.count.spawned;
        let uid = self.birth();
        self.tasks.push(Task {
            uid,
            birth,
            body,
            life: if refused { Life::Refused } else { Life::Alive },
            polls: 0,
            queued: !refused,
            // Whoever drops a refused future has no handle yet.
            handle: if refused { Handle::Gone } else { handle },
            remote: false,
            waker_kept: false,
            waiter: None,
            outcome: None,
            sleep: None,
        });
        if refused {
            let payload = self.drop_future(number);
            self.report_any(payload);
            self.tasks[number].handle = handle;
        } else {
            self.count.spawned += 1;
            self.ready.push_back(Item::Task(number));
        }
        number
    }

    /// A wake inside of a turn.
    pub(super) fn wake(&mut self, number: usize) {
        let task = &mut self.tasks[number];
        if task.life == Life::Alive && !std::mem::replace(&mut task.queued, true) {
            self.ready.push_back(Item::Task(number));
        }
    }

    /// A wake by whoever runs: outside of a turn it goes the way of another thread's.
    pub(super) fn wake_here(&mut self, number: usize) {
        if self.turning {
            self.wake(number);
        } else {
            self.wake_elsewhere(number);
        }
    }

    pub(super) fn wake_elsewhere(&mut self, number: usize) {
        if !std::mem::replace(&mut self.tasks[number].remote, true) {
            self.inbox.push_back(Left::Wake(number));
        }
    }

    pub(super) fn abort(&mut self, number: usize) {
        let task = &mut self.tasks[number];
        if task.life == Life::Alive {
            task.life = Life::Aborted;
            if !std::mem::replace(&mut task.queued, true) {
                self.ready.push_back(Item::Task(number));
            }
        }
    }

    /// An entry of a task comes up.
    pub(super) fn run_task(&mut self, number: usize) {
        self.tasks[number].queued = false;
        match self.tasks[number].life {
            Life::Alive => self.poll(number),
            Life::Aborted => {
                let payload = self.drop_future(number);
                self.cancelled(number, payload);
            }
            Life::Ended | Life::Refused => {}
        }
    }

    fn poll(&mut self, number: usize) {
        self.count.polls += 1;
        match self.poll_future(number) {
            Polled::Pending => {}
            Polled::Ready => self.ready_with_value(number),
            Polled::Panicked => {
                let payload = self.birth();
                let second = self.drop_future(number);
                self.panicked(number, payload, second);
            }
        }
    }

    fn poll_future(&mut self, number: usize) -> Polled {
        let task = &mut self.tasks[number];
        let part = task.polls as usize;
        task.polls += 1;
        let (uid, body) = (task.uid, Arc::clone(&task.body));
        self.lines.push(Line::Polled(uid, u16::try_from(part).expect("few polls")));
        let acts = body.parts.get(part).map_or(&[][..], Vec::as_slice);
        if acts.iter().any(|act| self.act(*act, Some(number))) {
            return Polled::Panicked;
        }
        match body.end {
            _ if part + 1 < body.parts.len() => Polled::Pending,
            End::Finishes => Polled::Ready,
            End::Pends => Polled::Pending,
            End::Panics => Polled::Panicked,
        }
    }

    /// The value is born, then the future dropped, while it still counts as being polled.
    fn ready_with_value(&mut self, number: usize) {
        let value = self.birth();
        let value_panics = self.tasks[number].body.output_panics;
        if let Some(payload) = self.drop_future(number) {
            let second = self.drop_value(value, value_panics);
            self.panicked(number, payload, second);
        } else if self.tasks[number].life == Life::Aborted {
            let payload = self.drop_value(value, value_panics);
            self.cancelled(number, payload);
        } else {
            self.count.finished += 1;
            self.end(number, Outcome::Value(value, value_panics));
        }
    }

    fn panicked(&mut self, number: usize, payload: Uid, second: Option<Uid>) {
        self.count.panicked += 1;
        self.report_any(second);
        self.end(number, Outcome::Panicked(payload));
    }

    fn cancelled(&mut self, number: usize, payload: Option<Uid>) {
        self.count.cancelled += 1;
        self.report_any(payload);
        self.end(number, Outcome::Cancelled);
    }

    /// What the drop panicked with, if it did.
    fn drop_future(&mut self, number: usize) -> Option<Uid> {
        let (uid, body) = (self.tasks[number].uid, Arc::clone(&self.tasks[number].body));
        self.lines.push(Line::Dropped(uid));
        for act in &body.on_drop {
            self.act(*act, None);
        }
        self.disarm(self.tasks[number].sleep);
        body.drop_panics.then(|| self.birth())
    }

    /// The task is over: who waits for it is woken, and what nobody wants is dropped.
    fn end(&mut self, number: usize, outcome: Outcome) {
        let task = &mut self.tasks[number];
        task.life = Life::Ended;
        task.outcome = Some(outcome);
        let waiter = task.waiter.take();
        let unwanted = task.handle == Handle::Gone;
        match waiter {
            Some(Waiter::Task(waiter)) => self.wake(waiter),
            Some(Waiter::Foreign(waker)) => self.wake_foreign(waker),
            None => {}
        }
        if unwanted {
            self.drop_unwanted(number);
        }
    }

    fn drop_unwanted(&mut self, number: usize) {
        match self.tasks[number].outcome.take() {
            Some(Outcome::Value(uid, panics)) => {
                let payload = self.drop_value(uid, panics);
                self.report_any(payload);
            }
            Some(Outcome::Panicked(payload)) => self.report(payload),
            Some(Outcome::Cancelled) | None => {}
        }
    }

    fn wake_foreign(&mut self, Foreign { uid, mood }: Foreign) {
        self.lines.push(Line::Woken(uid));
        // Born before the waker is unwound.
        let payload = (mood == Mood::PanicsOnWake).then(|| self.birth());
        let second = self.drop_value(uid, mood == Mood::PanicsOnDrop);
        self.report_any(payload.or(second));
    }

    fn drop_waiter(&mut self, waiter: Option<Waiter>) {
        if let Some(Waiter::Foreign(Foreign { uid, mood })) = waiter {
            let payload = self.drop_value(uid, mood == Mood::PanicsOnDrop);
            self.report_any(payload);
        }
    }

    pub(super) fn drop_handle(&mut self, number: usize) {
        let task = &mut self.tasks[number];
        if std::mem::replace(&mut task.handle, Handle::Gone) == Handle::Gone {
            return;
        }
        let waiter = task.waiter.take();
        let ended = task.life == Life::Ended;
        self.drop_waiter(waiter);
        if ended {
            self.drop_unwanted(number);
        }
    }

    /// A handle is asked. Whether the waiter was taken.
    pub(super) fn join(&mut self, number: usize, waiter: Waiter) -> bool {
        let asked = u16::try_from(number).expect("few tasks");
        let task = &mut self.tasks[number];
        let told = match (task.life, task.outcome) {
            (Life::Alive | Life::Aborted, _) => {
                let replaced = task.waiter.replace(waiter);
                self.drop_waiter(replaced);
                self.lines.push(Line::Joined(asked, Told::Nothing));
                return true;
            }
            (Life::Refused, _) => Told::Refused,
            (_, Some(Outcome::Value(..))) => Told::Value,
            (_, Some(Outcome::Panicked(_))) => Told::Panicked,
            (_, Some(Outcome::Cancelled) | None) => Told::Cancelled,
        };
        task.handle = Handle::Gone;
        let outcome = task.outcome.take();
        self.lines.push(Line::Joined(asked, told));
        match outcome {
            Some(Outcome::Value(uid, panics)) => {
                let payload = self.drop_value(uid, panics);
                self.hush(payload);
            }
            Some(Outcome::Panicked(payload)) => self.lines.push(Line::Dropped(payload)),
            Some(Outcome::Cancelled) | None => {}
        }
        false
    }
}
