//! Acts of the model: what a program does to it, wherever that runs.

use super::{
    Callback, Closure, Foreign, Item, Left, Model, Timer,
    tasks::{Handle, Waiter},
};
use crate::{
    line::{Line, Told, Uid},
    script::{Act, BIRTHS_MAX, Delay, Mood, Pick},
};

impl Model {
    /// Does an act, `polled` being the task in whose poll it stands. Whether it panics.
    pub(super) fn act(&mut self, act: Act, polled: Option<usize>) -> bool {
        match act {
            Act::Panic => return true,
            Act::Reenter if polled.is_some() => self.lines.push(Line::Reentrant),
            Act::Reenter => {}
            Act::Stop => self.stopping = true,
            // One that lies in the inbox says it all.
            Act::StopElsewhere => self.inbox.push_back(Left::Stop),
            Act::Spawn(_)
            | Act::SpawnDetached(_)
            | Act::CallSoon(_)
            | Act::CallLater(..)
            | Act::Microtask(_)
            | Act::RequestRender(_)
            | Act::RequestIdle(_)
            | Act::Defer(_)
            | Act::DeferElsewhere(..)
            | Act::CallElsewhere(_)
            | Act::Duplex => self.bear(act),
            Act::WakeSelf | Act::KeepWaker | Act::Join(_) | Act::Sleep(_) => {
                if let Some(polled) = polled {
                    self.act_as_task(act, polled);
                }
            }
            Act::CancelCallback(pick) => self.cancel_callback(pick),
            Act::Write(..)
            | Act::Read(..)
            | Act::AwaitRead(..)
            | Act::AwaitWrite(..)
            | Act::Shutdown(_)
            | Act::CloseSocket(_) => self.act_on_socket(act, polled),
            act => self.act_on_task(act),
        }
        false
    }

    /// Acts that bring something into being, as long as births are left.
    fn bear(&mut self, act: Act) {
        if self.births >= BIRTHS_MAX {
            return;
        }
        match act {
            Act::Spawn(pick) => drop(self.spawn(self.script.body(pick), Handle::Kept)),
            Act::SpawnDetached(pick) => drop(self.spawn(self.script.body(pick), Handle::Gone)),
            Act::CallSoon(pick) => {
                if let Some(number) = self.callback(pick, true) {
                    self.ready.push_back(Item::Callback(number));
                }
            }
            Act::CallLater(..) if !self.script.may_arm(self.sequence) => {}
            Act::CallLater(pick, delay) => {
                if let Some(number) = self.callback(pick, false) {
                    self.arm(delay, Item::Callback(number));
                }
            }
            Act::Microtask(pick) => self.microtask(pick),
            Act::RequestRender(_) | Act::RequestIdle(_) if !self.script.frames => {}
            Act::RequestIdle(_) if !self.script.observed => {}
            Act::RequestRender(pick) => {
                let number = self.callback(pick, false);
                self.renders.extend(number);
            }
            Act::RequestIdle(pick) => {
                let number = self.callback(pick, false);
                self.idles.extend(number);
            }
            Act::Defer(pick) => self.defer(pick, 1),
            Act::DeferElsewhere(pick, times) => self.defer(pick, times),
            Act::CallElsewhere(pick) => self.ask(pick),
            _ => self.duplex(),
        }
    }

    fn closure(&mut self, pick: Pick) -> Closure {
        Closure { uid: self.birth(), body: self.script.body(pick), asked: None }
    }

    fn refuse(&mut self, closure: &Closure, full: bool) {
        self.lines.push(Line::Refused(closure.uid, full));
        let payload = self.drop_closure(closure);
        self.hush(payload);
    }

    fn callback(&mut self, pick: Pick, queued: bool) -> Option<usize> {
        let closure = self.closure(pick);
        let full = self.callbacks_waiting() >= self.limits.executor.callbacks_max;
        if full || self.spawns_closed {
            self.refuse(&closure, !self.spawns_closed);
            return None;
        }
        self.callbacks.push(Callback { closure: Some(closure), queued });
        Some(self.callbacks.len() - 1)
    }

    fn cancel_callback(&mut self, pick: Pick) {
        let Some(number) = pick_of(pick, self.callbacks.len()) else { return };
        let is_its = |timer: &Timer| matches!(timer.item, Item::Callback(of) if of == number);
        self.timers.retain(|timer| !is_its(timer));
        self.renders.retain(|render| *render != number);
        self.idles.retain(|idle| *idle != number);
        let closure = self.callbacks[number].closure.take();
        let was_pending = closure.is_some();
        if let Some(closure) = closure {
            let payload = self.drop_closure(&closure);
            self.report_any(payload);
        }
        let number = u16::try_from(number).expect("few callbacks");
        self.lines.push(Line::Cancelled(number, was_pending));
    }

    fn microtask(&mut self, pick: Pick) {
        let closure = self.closure(pick);
        let full = self.microtasks.len() >= self.limits.executor.microtasks_max;
        if full || self.spawns_closed {
            self.refuse(&closure, !self.spawns_closed);
            return;
        }
        self.microtasks.push_back(closure);
        self.has_microtasks = true;
    }

    fn defer(&mut self, pick: Pick, times: u8) {
        // All of them are made before the first is left.
        let closures: Vec<_> = (0..times).map(|_| self.closure(pick)).collect();
        for closure in closures {
            match self.admission() {
                None => self.leave(closure),
                Some(told) => self.refuse(&closure, told == Told::Full),
            }
        }
    }

    fn ask(&mut self, pick: Pick) {
        let mut closure = self.closure(pick);
        closure.asked = Some(self.asked.len());
        match self.admission() {
            None => {
                self.asked.push((Told::Nothing, None));
                self.leave(closure);
            }
            Some(told) => {
                self.asked.push((told, None));
                self.lines.push(Line::Dropped(closure.uid));
            }
        }
    }

    /// Why a call would be refused.
    fn admission(&self) -> Option<Told> {
        if self.inbox_closed {
            Some(Told::Closed)
        } else {
            (self.calls >= self.limits.executor.deferred_max).then_some(Told::Full)
        }
    }

    fn leave(&mut self, closure: Closure) {
        self.calls += 1;
        self.inbox.push_back(Left::Call(closure));
    }

    /// Arms a timer; its sequence number.
    fn arm(&mut self, delay: Delay, item: Item) -> u64 {
        let at = self.clock.saturating_add(delay.nanos());
        self.sequence += 1;
        self.timers.push(Timer { at, sequence: self.sequence, item });
        self.sequence
    }

    pub(super) fn disarm(&mut self, sequence: Option<u64>) {
        self.timers.retain(|timer| Some(timer.sequence) != sequence);
    }

    fn act_as_task(&mut self, act: Act, polled: usize) {
        match act {
            Act::WakeSelf => self.wake(polled),
            Act::KeepWaker => self.tasks[polled].waker_kept = true,
            Act::Sleep(_) if !self.script.may_arm(self.sequence) => {}
            Act::Sleep(delay) => {
                // One of no time at all lasts until the next turn.
                let before = self.tasks[polled].sleep;
                let timer = self.arm(delay, Item::Task(polled));
                self.tasks[polled].sleep = Some(timer);
                self.disarm(before);
                self.lines.push(Line::Slept(false));
            }
            Act::Join(pick) => {
                if let Some(number) = self.kept_handle(pick) {
                    self.join(number, Waiter::Task(polled));
                }
            }
            _ => {}
        }
    }

    fn kept_handle(&self, pick: Pick) -> Option<usize> {
        let number = pick_of(pick, self.tasks.len())?;
        (self.tasks[number].handle == Handle::Kept).then_some(number)
    }

    fn act_on_task(&mut self, act: Act) {
        match act {
            Act::Wake(pick) | Act::WakeByValue(pick) | Act::WakeElsewhere(pick) => {
                self.wake_kept(act, pick);
            }
            Act::DropWaker(pick) => {
                if let Some(number) = pick_of(pick, self.tasks.len()) {
                    self.tasks[number].waker_kept = false;
                }
            }
            Act::Abort(pick) => {
                if let Some(number) = self.kept_handle(pick) {
                    self.abort(number);
                }
            }
            Act::DropHandle(pick) => {
                if let Some(number) = self.kept_handle(pick) {
                    self.drop_handle(number);
                }
            }
            Act::JoinForeign(pick, mood) => self.join_foreign(pick, mood),
            _ => {}
        }
    }

    fn wake_kept(&mut self, act: Act, pick: Pick) {
        let Some(number) = pick_of(pick, self.tasks.len()) else { return };
        if !self.tasks[number].waker_kept {
            return;
        }
        match act {
            Act::WakeElsewhere(_) => self.wake_elsewhere(number),
            _ => self.wake_here(number),
        }
        if matches!(act, Act::WakeByValue(_)) {
            self.tasks[number].waker_kept = false;
        }
    }

    fn join_foreign(&mut self, pick: Pick, mood: Mood) {
        let Some(number) = self.kept_handle(pick) else { return };
        if self.births >= BIRTHS_MAX {
            return;
        }
        let uid: Uid = self.birth();
        if !self.join(number, Waiter::Foreign(Foreign { uid, mood })) {
            let payload = self.drop_value(uid, mood == Mood::PanicsOnDrop);
            self.hush(payload);
        }
    }
}

/// Which of so many things is meant, if there are any.
pub(crate) fn pick_of(pick: Pick, among: usize) -> Option<usize> {
    (among > 0).then(|| pick as usize % among)
}
