//! `RunPolicy`: how much of the ready queue one turn runs.
//!
//! Five answers that the field has given, as a switch. None of them can hold the loop: whatever the
//! policy, a run phase ends at `Limits::run_us_max` or `Limits::items_per_turn_max`, and what is
//! left keeps its place at the front.

use std::time::Duration;

use crate::{Limits, core::Core};

/// How much of the ready queue one turn runs.
///
/// ```
/// use glassloop::{EventLoop, RunPolicy};
///
/// let event_loop = EventLoop::builder().policy(RunPolicy::One).build()?;
/// for name in ["first", "second"] {
///     event_loop.call_soon(move || println!("{name}")).unwrap();
/// }
/// let events = event_loop.wait()?;
/// event_loop.turn(events)?; // prints "first"
/// # assert_eq!(event_loop.snapshot().queues[0].depth, 1);
/// event_loop.set_policy(RunPolicy::Batch);
/// let events = event_loop.wait()?;
/// event_loop.turn(events)?; // prints "second", and would print a third
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RunPolicy {
    /// One item a turn, as the task queues of HTML.
    One,
    /// What was ready when the phase began, as asyncio and Node's `setImmediate`. What becomes
    /// ready meanwhile waits for the next turn.
    #[default]
    Batch,
    /// Until nothing is ready, what becomes ready meanwhile included, as microtasks do. A task that
    /// wakes itself keeps such a turn going until its bounds end it.
    ToEmpty,
    /// So many items at most, what becomes ready meanwhile included, as tokio with its 61. Zero
    /// counts as one.
    Counted(usize),
    /// For so long at most, what becomes ready meanwhile included. The clock is read every few
    /// items, so a turn may run some items longer; the first always runs.
    Timed(Duration),
}

/// What a policy allows one turn, within the limits of the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    pub(crate) items: usize,
    pub(crate) nanos: u64,
    /// What becomes ready meanwhile runs in the same turn.
    pub(crate) goes_on: bool,
}

impl RunPolicy {
    pub(crate) fn allowance(self, core: &Core) -> Allowance {
        let Limits { items_per_turn_max, .. } = core.limits;
        let whole = Allowance { items: items_per_turn_max, nanos: core.run_ns_max, goes_on: true };
        match self {
            RunPolicy::One => Allowance { items: 1, goes_on: false, ..whole },
            RunPolicy::Batch => Allowance { goes_on: false, ..whole },
            RunPolicy::ToEmpty => whole,
            RunPolicy::Counted(items) => {
                Allowance { items: items.clamp(1, items_per_turn_max), ..whole }
            }
            RunPolicy::Timed(time) => {
                let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
                Allowance { nanos: nanos.min(core.run_ns_max), ..whole }
            }
        }
    }
}
