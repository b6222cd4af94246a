//! `Limits`: every bound of a loop in one place, with its default and why.

use glassloop_executor as executor;
use glassloop_reactor as reactor;

use crate::{LintLimits, PoolLimits};

/// Microseconds in the clock's unit.
pub(crate) fn ns_of_us(us: u64) -> u64 {
    us.saturating_mul(1_000)
}

/// Milliseconds likewise.
pub(crate) fn ns_of_ms(ms: u64) -> u64 {
    ms.saturating_mul(1_000_000)
}

/// The bounds of a loop. Start from `Limits::default()` and change what you must.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The bounds of tasks, callbacks and deferred calls.
    pub executor: executor::Limits,
    /// The bounds of events, buffers and operations.
    pub reactor: reactor::Limits,
    /// The bounds of its own pool; see [`offload`](crate::offload()).
    pub pool: PoolLimits,
    /// From where on a [lint](crate::Lint) tells.
    pub lint: LintLimits,
    /// How long one run phase runs items before the rest waits for the next turn. 2,000: a peer,
    /// a timer or another thread is kept waiting about that long by our own work, not longer.
    pub run_us_max: u64,
    /// How many items one run phase runs. 4,096.
    pub items_per_turn_max: usize,
    /// How many items run before the operating system is asked again while work is ready. 256; and
    /// it is asked earlier once `poll_us_max` have passed. A poll that finds nothing costs about
    /// 300 ns, as much as fifteen items.
    pub items_per_poll_max: usize,
    /// How long items run before the operating system is asked again. 50.
    pub poll_us_max: u64,
    /// How many turns one [`pump`](crate::EventLoop::pump) makes, however long its budget. 1,024: a
    /// task that wakes itself ends no pump on a clock that stands still.
    pub turns_per_pump_max: usize,
    /// Corked writers flushed in one turn; the rest goes first in the next. 1,024.
    pub flushes_per_turn_max: usize,
    /// Microtasks one checkpoint runs before it carries the rest over. 10,000.
    pub microtasks_per_checkpoint_max: usize,
    /// Microtasks in one checkpoint after which the log is told, once. 1,000.
    pub microtasks_warned_at: usize,
    /// How long idle callbacks may take before the loop looks for something better, whatever is
    /// due. 50,000, as in browsers: a person who acts is answered within a tenth of a second.
    pub idle_us_max: u64,
    /// How long an item may run before it is kept as the loop's last stall. 100.
    pub stall_ms_min: u64,
    /// How long a loop that seems stuck for good waits before the log is told. 5,000.
    pub suspected_after_ms: u64,
    /// How long the machine must have been suspended for `on_resume` to be told. 1,000: two clocks
    /// of Linux never drift that far apart between two waits. (Apple's do, by some seconds a day.)
    pub gap_ms_min: u64,
    /// Listeners that `on_resume` takes. 1,024.
    pub resume_listeners_max: usize,
    /// Events that the ring holds while recording; rounded up to a power of two. 65,536: 2.5 MiB.
    /// Beside them, recording takes 350 bytes for each task that was woken, until it ends; for one
    /// that ends while recording rests, until it goes on.
    pub ring_events_max: usize,
    /// Lines of the log that are kept while recording; see [`Logger`](crate::Logger). 1,000.
    pub log_lines_max: usize,
    /// Events that a [run that is kept](crate::EventLoop::keep) holds. 1,048,576: 32 MiB, and 8
    /// bytes for each reading of the clock.
    pub recording_events_max: usize,
    /// How long a run that is [run again](crate::EventLoop::replay) waits for the call of another
    /// thread that a turn took; a tenth of it for a wake, as two may have become one. 5,000.
    pub replay_wait_ms_max: u64,
    /// Tasks that have ended whose names and counts are kept while recording. 256.
    pub ended_tasks_max: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            executor: executor::Limits::default(),
            reactor: reactor::Limits::default(),
            pool: PoolLimits::default(),
            lint: LintLimits::default(),
            run_us_max: 2_000,
            items_per_turn_max: 4_096,
            items_per_poll_max: 256,
            poll_us_max: 50,
            turns_per_pump_max: 1_024,
            flushes_per_turn_max: 1_024,
            microtasks_per_checkpoint_max: 10_000,
            microtasks_warned_at: 1_000,
            idle_us_max: 50_000,
            stall_ms_min: 100,
            suspected_after_ms: 5_000,
            gap_ms_min: 1_000,
            resume_listeners_max: 1_024,
            ring_events_max: 1 << 16,
            log_lines_max: 1_000,
            recording_events_max: 1 << 20,
            replay_wait_ms_max: 5_000,
            ended_tasks_max: 256,
        }
    }
}

impl Limits {
    /// A turn that may do nothing would be repeated for ever: each bound of a turn is 1 at least.
    pub(crate) fn at_least_one(mut self) -> Limits {
        for bound in [
            &mut self.items_per_turn_max,
            &mut self.turns_per_pump_max,
            &mut self.flushes_per_turn_max,
            &mut self.microtasks_per_checkpoint_max,
            &mut self.executor.taken_per_turn_max,
            &mut self.reactor.events_per_wait_max,
        ] {
            *bound = (*bound).max(1);
        }
        self.idle_us_max = self.idle_us_max.max(1);
        self.reactor.operations_per_poll_max = self.reactor.operations_per_poll_max.max(1);
        self
    }
}
