//! `Script`: a random program as data, and how bytes become one.
//!
//! Any bytes are a script; what they lack is read as zero, so that cutting bytes off only makes a
//! script smaller. A script always ends: each of its bodies is finite, and births are bounded.

use std::{sync::Arc, time::Duration};

use glassloop::{Limits, RunPolicy};

use crate::bytes::Bytes;

/// A number that stands for one of the things of a kind that there are by then.
pub(crate) type Pick = u8;

/// One deed of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Spawns a task and keeps its handle.
    Spawn(Pick),
    /// Spawns a task and drops its handle.
    SpawnDetached(Pick),
    /// Wakes a task by the waker that it kept.
    Wake(Pick),
    /// Likewise, and uses the waker up.
    WakeByValue(Pick),
    /// Likewise, from another thread.
    WakeElsewhere(Pick),
    /// The task that is polled wakes itself.
    WakeSelf,
    /// The task that is polled leaves a clone of its waker for others.
    KeepWaker,
    DropWaker(Pick),
    Abort(Pick),
    DropHandle(Pick),
    /// The task that is polled asks for another one's result.
    Join(Pick),
    /// Somebody with a waker of his own does.
    JoinForeign(Pick, Mood),
    CallSoon(Pick),
    CallLater(Pick, Delay),
    CancelCallback(Pick),
    Microtask(Pick),
    /// Asks to draw, in a script that does.
    RequestRender(Pick),
    /// Asks for idle time, in a script that idles.
    RequestIdle(Pick),
    /// The task that is polled begins to sleep.
    Sleep(Delay),
    /// Leaves a call, from this thread.
    Defer(Pick),
    /// Leaves calls, from another thread: so many.
    DeferElsewhere(Pick, u8),
    /// Asks for a result, from another thread.
    CallElsewhere(Pick),
    Stop,
    StopElsewhere,
    /// Opens two connected sockets.
    Duplex,
    Write(Pick, u8),
    Read(Pick, u8),
    /// The task that is polled reads, or waits until it can.
    AwaitRead(Pick, u8),
    /// The task that is polled writes, or waits until it can.
    AwaitWrite(Pick, u8),
    Shutdown(Pick),
    CloseSocket(Pick),
    /// The task that is polled asks for a turn inside of the turn.
    Reenter,
    /// Ends the poll or call in a panic.
    Panic,
}

/// What a waker that isn't the loop's does when it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Quiet,
    PanicsOnWake,
    PanicsOnDrop,
}

/// How long a timer is to take.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Delay(u8);

impl Delay {
    /// Few, and around the wheel's ticks of 2^20 ns, so that deadlines meet.
    const ALL: [u64; 8] = [0, 1, 500_000, 1_000_000, 1 << 20, 3_000_000, 1 << 31, u64::MAX];

    pub(crate) fn nanos(self) -> u64 {
        Delay::ALL[self.0 as usize % Delay::ALL.len()]
    }

    pub(crate) fn duration(self) -> Duration {
        match self.nanos() {
            u64::MAX => Duration::MAX,
            nanos => Duration::from_nanos(nanos),
        }
    }
}

impl std::fmt::Debug for Delay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ns", self.nanos())
    }
}

/// How a body ends, once its last part was run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Finishes,
    Pends,
    Panics,
}

/// What a task or a callback does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Body {
    /// By poll. A callback does the first part only.
    pub(crate) parts: Vec<Vec<Act>>,
    pub(crate) end: End,
    /// What the drop of a task's future does.
    pub(crate) on_drop: Vec<Act>,
    pub(crate) drop_panics: bool,
    pub(crate) output_panics: bool,
}

impl Body {
    /// A task that is ready this many times before it ends.
    pub(crate) fn yields(times: u8) -> Arc<Body> {
        let mut parts = vec![vec![Act::WakeSelf]; times.into()];
        parts.push(Vec::new());
        Arc::new(Body {
            parts,
            end: End::Finishes,
            on_drop: Vec::new(),
            drop_panics: false,
            output_panics: false,
        })
    }
}

/// One step of the thread that owns the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Do(Act),
    /// A wait and a turn.
    Turn,
    /// A run, until a task of its own was ready so many times.
    Run(u8),
    Advance(Delay),
    Policy(RunPolicy),
    /// A close with no time, or with time for whatever can still happen.
    Close {
        in_time: bool,
    },
}

/// The bounds of the loop: wide, or so narrow that every one of them is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bounds {
    Wide,
    Narrow,
}

impl Bounds {
    fn limits(self) -> Limits {
        let mut limits = Limits::default();
        if self == Bounds::Narrow {
            limits.executor.tasks_max = 6;
            limits.executor.callbacks_max = 4;
            limits.executor.deferred_max = 4;
            limits.executor.microtasks_max = 4;
            limits.items_per_turn_max = 5;
            limits.items_per_poll_max = 7;
            limits.microtasks_per_checkpoint_max = 3;
            limits.reactor.memory_pipe_bytes_max = 4;
        } else {
            limits.reactor.memory_pipe_bytes_max = 16;
        }
        limits
    }
}

/// A program for one loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    pub(crate) policy: RunPolicy,
    pub(crate) bounds: Bounds,
    /// Somebody watches the loop.
    pub(crate) observed: bool,
    /// It draws; and it idles if it is observed, too: unobserved, several turns may be run in place
    /// and idle together.
    pub(crate) frames: bool,
    pub(crate) bodies: Vec<Arc<Body>>,
    pub(crate) steps: Vec<Step>,
}

/// Things that are born in one script, at most: what spawns itself comes to an end.
pub(crate) const BIRTHS_MAX: usize = 96;

const BODIES_MAX: u8 = 6;
const STEPS_MAX: usize = 64;

impl Script {
    /// The script that these bytes are.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Script {
        let bytes = &mut Bytes::new(bytes);
        let flags = bytes.next();
        let policy = policy_of(bytes);
        let bodies = 1 + bytes.below(BODIES_MAX);
        let bodies = (0..bodies).map(|_| Arc::new(body_of(bytes))).collect();
        let mut steps = Vec::new();
        while steps.len() < STEPS_MAX && !bytes.is_empty() {
            steps.push(step_of(bytes));
        }
        Script {
            policy,
            bounds: if flags & 1 == 0 { Bounds::Wide } else { Bounds::Narrow },
            observed: flags & 2 != 0,
            frames: flags & 4 != 0,
            bodies,
            steps,
        }
    }

    /// Whether one more timer may be armed after so many. The loop knows the next deadline exactly as
    /// long as at most sixteen lie close together; past that an idle callback may come a turn late.
    pub(crate) fn may_arm(&self, armed: u64) -> bool {
        !self.frames || armed < 16
    }

    /// The bounds of its loop.
    ///
    /// Several turns that are run in place, unobserved, give the room of their calls back together,
    /// so that what is full depends on where turns end: there the bound on calls is wide.
    pub(crate) fn limits(&self) -> Limits {
        let mut limits = self.bounds.limits();
        if !self.observed {
            limits.executor.deferred_max = Limits::default().executor.deferred_max;
        }
        limits
    }

    /// A body of the script, whatever the number.
    pub(crate) fn body(&self, pick: Pick) -> Arc<Body> {
        Arc::clone(&self.bodies[pick as usize % self.bodies.len()])
    }
}

fn policy_of(bytes: &mut Bytes<'_>) -> RunPolicy {
    match bytes.below(6) {
        0 | 1 => RunPolicy::Batch,
        2 => RunPolicy::One,
        3 => RunPolicy::ToEmpty,
        4 => RunPolicy::Counted(bytes.below(5).into()),
        _ => RunPolicy::Timed(Duration::from_millis(1)),
    }
}

fn body_of(bytes: &mut Bytes<'_>) -> Body {
    let flags = bytes.next();
    let parts = bytes.below(4);
    let parts = (0..parts).map(|_| acts_of(bytes, 5)).collect();
    Body {
        parts,
        end: match flags & 3 {
            0 | 1 => End::Finishes,
            2 => End::Pends,
            _ => End::Panics,
        },
        on_drop: if flags & 4 == 0 { Vec::new() } else { acts_of(bytes, 4) },
        drop_panics: flags & 0x38 == 0x38,
        output_panics: flags & 0xC0 == 0xC0,
    }
}

fn acts_of(bytes: &mut Bytes<'_>, below: u8) -> Vec<Act> {
    let acts = bytes.below(below);
    (0..acts).map(|_| act_of(bytes)).collect()
}

fn step_of(bytes: &mut Bytes<'_>) -> Step {
    match bytes.below(20) {
        0..=8 => Step::Do(act_of(bytes)),
        9..=14 => Step::Turn,
        15 | 16 => Step::Run(bytes.below(6)),
        17 => Step::Advance(Delay(bytes.below(7))),
        18 => Step::Policy(policy_of(bytes)),
        _ => match bytes.below(8) {
            0 => Step::Close { in_time: false },
            1 => Step::Close { in_time: true },
            _ => Step::Advance(Delay(bytes.below(7))),
        },
    }
}

fn act_of(bytes: &mut Bytes<'_>) -> Act {
    let act = bytes.below(36);
    let pick = bytes.next();
    match act {
        0 | 1 => Act::Spawn(pick),
        2 => Act::SpawnDetached(pick),
        3 => Act::Wake(pick),
        4 => Act::WakeByValue(pick),
        5 => Act::WakeElsewhere(pick),
        6 => Act::WakeSelf,
        7 | 8 => Act::KeepWaker,
        9 => Act::DropWaker(pick),
        10 => Act::Abort(pick),
        11 => Act::DropHandle(pick),
        12 => Act::Join(pick),
        13 => Act::JoinForeign(pick, mood_of(bytes)),
        14 => Act::CallSoon(pick),
        15 | 16 => Act::CallLater(pick, Delay(bytes.next())),
        17 => Act::CancelCallback(pick),
        18 => Act::Microtask(pick),
        19 | 20 => Act::Sleep(Delay(pick)),
        21 => Act::Defer(pick),
        22 => Act::DeferElsewhere(pick, 1 + bytes.below(3)),
        23 => Act::CallElsewhere(pick),
        24 => Act::Stop,
        25 => Act::StopElsewhere,
        26 => Act::Duplex,
        27 => Act::Write(pick, 1 + bytes.below(6)),
        28 => Act::Read(pick, 1 + bytes.below(6)),
        29 => Act::AwaitRead(pick, 1 + bytes.below(6)),
        30 => Act::AwaitWrite(pick, 1 + bytes.below(6)),
        31 if pick < 128 => Act::Shutdown(pick),
        31 => Act::CloseSocket(pick),
        32 => Act::Reenter,
        33 => Act::RequestRender(pick),
        34 => Act::RequestIdle(pick),
        _ => Act::Panic,
    }
}

fn mood_of(bytes: &mut Bytes<'_>) -> Mood {
    match bytes.below(4) {
        0 | 1 => Mood::Quiet,
        2 => Mood::PanicsOnWake,
        _ => Mood::PanicsOnDrop,
    }
}
