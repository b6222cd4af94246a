//! `Line`: one thing that can be seen from outside of a loop, as model and loop both tell it.

/// The number of a thing that was born: one counter for everything in a script.
pub(crate) type Uid = u16;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Line {
    /// A future was polled, for the n-th time.
    Polled(Uid, u16),
    /// A callback, microtask or deferred call was called.
    Called(Uid),
    /// A future, closure, output, payload or foreign waker was dropped.
    Dropped(Uid),
    /// A foreign waker was woken.
    Woken(Uid),
    /// A failure went to the hook for those that nobody asks for.
    Reported,
    /// A handle was asked.
    Joined(u16, Told),
    /// A closure was refused: full (true) or closed.
    Refused(Uid, bool),
    /// A callback was taken back; whether it was still to be called.
    Cancelled(u16, bool),
    /// A sleep was begun; whether it was over at once.
    Slept(bool),
    /// A socket was written to or read from.
    Moved(u16, Io),
    /// A turn inside of a turn was refused.
    Reentrant,
    /// A run ended.
    Ran(Ran),
    /// A call of another thread resolved.
    Resolved(u16, Told),
    /// A close: tasks, calls and callbacks that were left.
    Closed { tasks: usize, calls: usize, callbacks: usize, timers: usize, sources: usize },
}

/// What a handle or a call tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Told {
    Nothing,
    Value,
    Panicked,
    Cancelled,
    Refused,
    Full,
    Closed,
}

/// What an operation of a socket tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Io {
    /// So many bytes; of those read, the sum.
    Bytes(u8, u16),
    WouldBlock,
    Broken,
    Reset,
    Other,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ran {
    ToItsEnd,
    Stopped,
    Closed,
    Refused,
    Otherwise,
}

/// What can be counted from outside, after a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// By birth: how a task stands, and how often it was polled.
    pub(crate) tasks: Vec<(u64, Stands, u32)>,
    pub(crate) ready: usize,
    pub(crate) callbacks: usize,
    pub(crate) deferred: usize,
    pub(crate) renders: usize,
    pub(crate) idles: usize,
    pub(crate) timers: usize,
    pub(crate) sources: usize,
    pub(crate) waiters: usize,
    pub(crate) spawned: u64,
    pub(crate) polls: u64,
    pub(crate) finished: u64,
    pub(crate) panicked: u64,
    pub(crate) cancelled: u64,
    pub(crate) callbacks_run: u64,
    pub(crate) calls_run: u64,
    pub(crate) microtasks_run: u64,
    pub(crate) unhandled: u64,
    pub(crate) timers_fired: u64,
}

/// How a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stands {
    Ready,
    Waiting,
    Aborted,
    Finished,
    Running,
}
