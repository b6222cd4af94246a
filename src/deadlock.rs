//! The proof of a deadlock: nothing that exists could ever wake what waits.
//!
//! Only what is certain is called a deadlock; a loop that another thread was about to answer is
//! never given up. A waker held anywhere but in our own tables, a `Remote`, a reader of one of the
//! system's sockets, a timer: each is a way out. What only looks hopeless is told to the log, once,
//! and waited for.

use std::{
    sync::atomic::{Ordering, fence},
    time::{Duration, Instant},
};

use glassloop_executor::{TaskId, quietly};
use glassloop_reactor::{Clock, ManualClock};

use crate::{
    CloseReport, Lint,
    core::{Core, earlier},
    error::DeadlockReport,
    event::entry_of,
    gathering::task_lines,
    snapshot::TaskLine,
};

/// What a loop that has nothing to do can hope for.
pub(crate) enum Outlook {
    /// Something may yet come.
    Open,
    /// Nothing is left at all.
    Over,
    /// Tasks are left, and nothing can ever wake them.
    Deadlock(DeadlockReport),
    /// Nothing we know of can wake what waits, but somebody holds one of its wakers.
    Suspected,
}

/// Looks at everything that could end a wait. Called only when nothing is ready.
pub(crate) fn outlook(core: &Core) -> Outlook {
    if timer_may_fire(core) || may_be_reached(core) {
        return Outlook::Open;
    }
    let held = core.executor.held_wakers();
    let held = held.into_iter().any(|(id, clones)| clones > held_by_tables(core, id));
    if just_reached(core) {
        return Outlook::Open;
    }
    if core.executor.tasks_alive() == 0 {
        Outlook::Over
    } else if held {
        Outlook::Suspected
    } else {
        let tasks = task_lines(core, CloseReport::TASKS_MAX);
        Outlook::Deadlock(DeadlockReport { tasks, tasks_alive: core.executor.tasks_alive() })
    }
}

/// Whether something came in while we looked. Whoever wakes, calls or moves the clock notifies
/// first and lets go of its handle afterwards: a handle that was seen gone was heard before.
pub(crate) fn just_reached(core: &Core) -> bool {
    // The counts of handles and of wakers are relaxed loads.
    fence(Ordering::Acquire);
    core.shared.notifier.is_notified()
}

/// Whether time is a way out: not on a clock that stands still and that nobody can move, unless
/// something is due on it already.
fn timer_may_fire(core: &Core) -> bool {
    let until = core.standing.until();
    let Clock::Manual(clock) = core.reactor.clock() else {
        return until.or(core.next_deadline()).is_some();
    };
    // The handles first: who let go of one has moved the clock before.
    let is_held = clock.handles() > 0;
    if core.resume.is_behind(core.reactor.clock()) {
        return true;
    }
    match earlier(core.earliest_deadline(), until) {
        Some(at) => {
            clock.time_until(core.reactor.by_clock(at)).is_some() || clock.autojump() || is_held
        }
        // Whoever suspends the clock calls those who listen for that.
        None => is_held && !core.resume.is_empty() && core.executor.tasks_alive() > 0,
    }
}

/// Clones of a task's waker that lie in timers and with memory sockets. Where no timer may fire
/// and nothing of this thread runs, they are no way out.
fn held_by_tables(core: &Core, id: TaskId) -> usize {
    let waker = core.executor.waker_data(id);
    let of = |waker| core.reactor.timers_that_wake(waker) + core.reactor.sources_that_wake(waker);
    waker.map_or(0, of)
}

/// Whether the operating system or another thread may bring something. The far end of a memory
/// socket lies on this thread, with a task or with a script: neither is a way out by itself.
fn may_be_reached(core: &Core) -> bool {
    core.remotes() > 0 || core.reactor.hears_from_outside() || core.executor.inbox().calls() > 0
}

/// Whether a manual clock jumps to the next deadline: nothing from outside can come before it.
pub(crate) fn jumps(core: &Core, clock: &ManualClock) -> bool {
    clock.autojump()
        && core.remotes() == 0
        && !core.reactor.hears_from_outside()
        && !core.waits.has_answer_elsewhere()
        && !just_reached(core)
}

/// Since when a loop seems stuck for good.
#[derive(Debug)]
pub(crate) struct Suspicion {
    since: Instant,
    /// How much had run by then. Turns in which nothing runs, say because somebody looks, change
    /// nothing.
    ran: u64,
}

/// How much longer a loop that seems stuck is given before the log is told. By the system's clock:
/// its own may stand still.
pub(crate) fn patience(core: &Core) -> Duration {
    let counts = core.executor.counts();
    let ran = counts.polls + counts.callbacks + counts.calls;
    let mut suspicion = core.suspicion.borrow_mut();
    if suspicion.as_ref().is_none_or(|before| before.ran != ran) {
        *suspicion = Some(Suspicion { since: Instant::now(), ran });
    }
    let waited = suspicion.as_ref().map_or(Duration::ZERO, |suspicion| suspicion.since.elapsed());
    Duration::from_millis(core.limits.suspected_after_ms).saturating_sub(waited)
}

/// Tells the log of tasks that seem stuck for good, if they have for long enough, and unless it was
/// told of this loop before.
pub(crate) fn warn_in_time(core: &Core) {
    if !patience(core).is_zero() {
        return;
    }
    // From here on it counts anew: the next wait ends as well, and the outlook is looked at again.
    core.suspicion.take();
    if core.suspected.replace(true) {
        return;
    }
    let lines = task_lines(core, CloseReport::TASKS_MAX);
    tell_linter(core, &lines);
    let lines: Vec<_> = lines.iter().map(TaskLine::to_string).collect();
    quietly(|| {
        log::warn!(
            "wait: suspected deadlock of the loop made at {}: nothing known to it can wake {} \
             task(s), but a waker is held elsewhere: {}",
            core.made,
            core.executor.tasks_alive(),
            lines.join("; ")
        );
    });
}

fn tell_linter(core: &Core, tasks: &[TaskLine]) {
    let (Some(linter), Some(first)) = (core.linter(), tasks.first()) else { return };
    let count = core.executor.tasks_alive();
    let reason = format!(
        "is the first of {count} that nothing known to the loop can wake, though a waker is held \
         elsewhere"
    );
    let place = core.place_of_task(first.id);
    linter.found(core, Lint::SuspectedDeadlock, entry_of(first.id), place, reason);
}
