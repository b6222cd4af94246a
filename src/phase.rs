//! `Phase`: the eight parts of a turn, in their order, under the names used everywhere.

use std::fmt;

/// A part of a turn. The order of the variants is the order of the turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Phase {
    /// Wait for the operating system; the only phase that blocks.
    Wait = 1,
    /// Events become readiness, readiness wakes.
    Io = 2,
    /// What is due is woken, in order of deadlines.
    Timers = 3,
    /// What other threads left is taken into the ready queue.
    Deferred = 4,
    /// The batch that was ready when the phase began.
    Run = 5,
    /// Corked writers write, once each.
    Flush = 6,
    /// Render callbacks, then idle ones.
    Render = 7,
    /// Retired slots become free, a snapshot is built, observers are told.
    Finish = 8,
}

impl Phase {
    /// All eight, in order.
    pub const ALL: [Phase; 8] = [
        Phase::Wait,
        Phase::Io,
        Phase::Timers,
        Phase::Deferred,
        Phase::Run,
        Phase::Flush,
        Phase::Render,
        Phase::Finish,
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Phase::Wait => "wait",
            Phase::Io => "io",
            Phase::Timers => "timers",
            Phase::Deferred => "deferred",
            Phase::Run => "run",
            Phase::Flush => "flush",
            Phase::Render => "render",
            Phase::Finish => "finish",
        }
    }

    /// The phase with this number, 1 to 8.
    ///
    /// ```
    /// use glassloop::Phase;
    ///
    /// assert_eq!(Phase::from_number(5), Some(Phase::Run));
    /// assert_eq!(Phase::from_number(9), None);
    /// ```
    #[must_use]
    pub fn from_number(number: u8) -> Option<Phase> {
        Phase::ALL.into_iter().find(|phase| *phase as u8 == number)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
