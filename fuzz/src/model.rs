//! `Model`: what a loop is to do, in the plainest way there is.
//!
//! Vectors, queues and numbers; no wakers, no slots, no wheel. It is told the same script as the
//! loop and tells the same lines. It promises to be easy to check against ARCHITECTURE.md, and
//! nothing about speed. This file holds the state; `model/turn.rs` are the phases.

use std::{collections::VecDeque, rc::Rc, sync::Arc};

use glassloop::{Limits, RunPolicy};

use crate::{
    line::{Count, Line, Ran, Stands, Told, Uid},
    script::{Body, Mood, Script, Step},
};

mod acts;
mod close;
mod sockets;
mod tasks;
mod turn;

pub(crate) use acts::pick_of;
use sockets::Socket;
use tasks::{Life, Task};

/// A closure that waits to be called.
#[derive(Clone, Debug)]
pub(crate) struct Closure {
    uid: Uid,
    body: Arc<Body>,
    /// A call of another thread: its number. What it panics with goes there.
    asked: Option<usize>,
}

#[derive(Debug)]
struct Callback {
    closure: Option<Closure>,
    queued: bool,
}

#[derive(Clone, Copy, Debug)]
enum Item {
    Task(usize),
    Callback(usize),
    Deferred,
}

#[derive(Debug)]
enum Left {
    Wake(usize),
    Call(Closure),
    Stop,
}

#[derive(Debug)]
struct Timer {
    at: u64,
    sequence: u64,
    item: Item,
}

/// A waker that isn't the loop's.
#[derive(Clone, Copy, Debug)]
struct Foreign {
    uid: Uid,
    mood: Mood,
}

/// The loop, as a list of lists.
pub(crate) struct Model {
    script: Rc<Script>,
    limits: Limits,
    policy: RunPolicy,
    lines: Vec<Line>,
    /// Closures that were dropped in no order: callbacks that never ran.
    unordered: Vec<Uid>,
    births: usize,
    tasks: Vec<Task>,
    callbacks: Vec<Callback>,
    /// What calls of another thread came to, and the payload if they panicked.
    asked: Vec<(Told, Option<Uid>)>,
    sockets: Vec<Socket>,
    raised: Vec<usize>,
    ready: VecDeque<Item>,
    batch: VecDeque<Item>,
    inbox: VecDeque<Left>,
    deferred: VecDeque<Closure>,
    /// Calls accepted and not run, and those of them that ran since the last batch ended.
    calls: usize,
    calls_run: usize,
    microtasks: VecDeque<Closure>,
    has_microtasks: bool,
    /// Callbacks that are to draw, when the next frame is due, and callbacks that can wait.
    renders: Vec<usize>,
    frame_due: u64,
    idles: VecDeque<usize>,
    timers: Vec<Timer>,
    sequence: u64,
    clock: u64,
    now: u64,
    turning: bool,
    stopping: bool,
    since_poll: usize,
    inbox_closed: bool,
    spawns_closed: bool,
    count: Count,
}

impl Model {
    /// A loop on which one task, which nobody sees, has run to its end.
    pub(crate) fn new(script: &Rc<Script>) -> Model {
        Model {
            limits: script.limits(),
            policy: script.policy,
            script: Rc::clone(script),
            lines: Vec::new(),
            unordered: Vec::new(),
            births: 0,
            tasks: Vec::new(),
            callbacks: Vec::new(),
            asked: Vec::new(),
            sockets: Vec::new(),
            raised: Vec::new(),
            ready: VecDeque::new(),
            batch: VecDeque::new(),
            inbox: VecDeque::new(),
            deferred: VecDeque::new(),
            calls: 0,
            calls_run: 0,
            microtasks: VecDeque::new(),
            has_microtasks: false,
            renders: Vec::new(),
            frame_due: 0,
            idles: VecDeque::new(),
            timers: Vec::new(),
            sequence: 0,
            clock: 0,
            now: 0,
            turning: false,
            stopping: false,
            since_poll: 0,
            inbox_closed: false,
            spawns_closed: false,
            count: Count { spawned: 1, polls: 1, finished: 1, ..Count::default() },
        }
    }

    pub(crate) fn step(&mut self, step: Step) {
        match step {
            Step::Do(act) => {
                self.act(act, None);
            }
            Step::Turn if self.spawns_closed => self.lines.push(Line::Ran(Ran::Closed)),
            Step::Turn => self.turn(false),
            Step::Run(yields) => self.run(yields),
            Step::Advance(by) => self.clock = self.clock.saturating_add(by.nanos()),
            Step::Policy(policy) => self.policy = policy,
            Step::Close { in_time } => self.close(in_time),
        }
    }

    pub(crate) fn take_lines(&mut self) -> Vec<Line> {
        std::mem::take(&mut self.lines)
    }

    /// Those whose drops come in no order.
    pub(crate) fn take_unordered(&mut self) -> Vec<Uid> {
        std::mem::take(&mut self.unordered)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.spawns_closed
    }

    /// Whether the loop must not block now.
    pub(crate) fn has_work(&self) -> bool {
        self.has_ready()
            || self.stopping
            || !self.raised.is_empty()
            || !self.inbox.is_empty()
            || !self.idles.is_empty()
            || self.next_deadline().is_some_and(|deadline| deadline <= self.clock)
    }

    /// When a timer or a frame is due next.
    fn next_deadline(&self) -> Option<u64> {
        let timers = self.timers.iter().map(|timer| timer.at).filter(|at| *at != u64::MAX);
        let frame = (!self.renders.is_empty()).then_some(self.frame_due);
        timers.chain(frame).min()
    }

    fn has_ready(&self) -> bool {
        !self.batch.is_empty() || !self.ready.is_empty() || self.has_microtasks
    }

    /// What can be counted now.
    pub(crate) fn count(&self) -> Count {
        let slots = self.tasks.iter().filter(|task| task.has_slot());
        let waiting = |socket: &Socket| socket.waiting.iter().flatten().count();
        Count {
            tasks: slots.map(|task| (task.birth, task.stands(), task.polls)).collect(),
            ready: self.batch.len() + self.ready.len(),
            callbacks: self.callbacks_waiting(),
            deferred: self.calls,
            renders: self.renders.len(),
            idles: self.idles.len(),
            timers: self.timers.len(),
            sources: self.sockets.iter().filter(|socket| socket.open).count(),
            waiters: self.sockets.iter().map(waiting).sum(),
            ..self.count.clone()
        }
    }

    fn callbacks_waiting(&self) -> usize {
        self.callbacks.iter().filter(|callback| callback.closure.is_some()).count()
    }

    /// The next number.
    fn birth(&mut self) -> Uid {
        self.births += 1;
        Uid::try_from(self.births).expect("births are few")
    }

    fn call_reported(&mut self, closure: Closure) {
        if let Some(payload) = self.call(&closure) {
            self.report(payload);
        }
    }

    fn call_deferred(&mut self, closure: Closure) {
        let panicked = self.call(&closure);
        match (closure.asked, panicked) {
            (Some(number), None) => self.asked[number] = (Told::Value, None),
            (Some(number), payload) => self.asked[number] = (Told::Panicked, payload),
            (None, Some(payload)) => self.report(payload),
            (None, None) => {}
        }
    }

    /// Calls a closure; what it panicked with, if it did.
    fn call(&mut self, closure: &Closure) -> Option<Uid> {
        self.lines.push(Line::Called(closure.uid));
        let body = Arc::clone(&closure.body);
        let acts = body.parts.first().map_or(&[][..], Vec::as_slice);
        let panics = acts.iter().any(|act| self.act(*act, None)) || body.panics();
        if panics {
            // Born before the closure is unwound.
            let payload = self.birth();
            self.lines.push(Line::Dropped(closure.uid));
            return Some(payload);
        }
        self.drop_closure(closure)
    }

    /// Drops a closure; what that panicked with, if it did.
    fn drop_closure(&mut self, closure: &Closure) -> Option<Uid> {
        let panics = closure.body.drop_panics && closure.asked.is_none();
        self.drop_value(closure.uid, panics)
    }

    fn drop_value(&mut self, uid: Uid, panics: bool) -> Option<Uid> {
        self.lines.push(Line::Dropped(uid));
        panics.then(|| self.birth())
    }

    /// The hook is told, and the payload dropped.
    fn report(&mut self, payload: Uid) {
        self.count.unhandled += 1;
        self.lines.extend([Line::Reported, Line::Dropped(payload)]);
    }

    /// What a drop panicked with goes to the hook.
    fn report_any(&mut self, payload: Option<Uid>) {
        if let Some(payload) = payload {
            self.report(payload);
        }
    }

    /// What a drop panicked with is dropped by whoever dropped it.
    fn hush(&mut self, payload: Option<Uid>) {
        self.lines.extend(payload.map(Line::Dropped));
    }
}

impl Task {
    fn stands(&self) -> Stands {
        match self.life {
            Life::Ended | Life::Refused => Stands::Finished,
            Life::Aborted => Stands::Aborted,
            Life::Alive if self.queued => Stands::Ready,
            Life::Alive => Stands::Waiting,
        }
    }
}
