//! The end of a loop: what was accepted runs, the rest is dropped here and told.
//!
//! In order: refuse calls; run what is left until the deadline; abort what is still alive, newest
//! first, and whatever it spawns meanwhile; refuse everything; drop accepted calls that never ran;
//! wait for offloaded jobs until the deadline, and for none after it.
//! Nothing is dropped on another thread, and nothing goes unsaid.

use std::{
    fmt,
    panic::Location,
    time::{Duration, Instant},
};

use glassloop_executor::{Entry, quietly};
use glassloop_reactor::{Clock, ManualClock};

use crate::{
    EventLoop, JobLine, Phase, RunError, Snapshot,
    core::Core,
    current, deadlock,
    gathering::task_lines,
    snapshot::{Place, SourceLine, TaskLine},
    turn::Turn,
    waiting::Waiting,
};

/// What a loop left when it was closed.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct CloseReport {
    /// Tasks that were aborted: where they were born, what they waited for. The first
    /// [`CloseReport::TASKS_MAX`] of them.
    pub tasks: Vec<TaskLine>,
    /// How many tasks were aborted.
    pub tasks_aborted: usize,
    /// Calls of other threads that were accepted and dropped unrun, by the place of their defer.
    pub calls: Vec<Place>,
    /// Callbacks that were dropped unrun.
    pub callbacks: usize,
    /// The jobs of its pool that still ran: each goes on, and its thread ends behind it.
    pub jobs: Vec<JobLine>,
    /// Jobs that no thread had come to, and that nothing of the loop's waited for.
    pub jobs_refused: usize,
    /// Sources that were still registered when every task was gone.
    pub sources: Vec<SourceLine>,
    /// Timers that were still armed when every task was gone.
    pub timers: usize,
    /// The loop was in a turn: it could only be asked to stop, and nothing was dropped.
    pub in_turn: bool,
}

impl CloseReport {
    /// How many tasks a report tells of by line; the others are only counted.
    pub const TASKS_MAX: usize = 1_000;

    /// Whether nothing was left.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.tasks_aborted == 0
            && self.calls.is_empty()
            && self.callbacks == 0
            && self.jobs.is_empty()
            && self.jobs_refused == 0
            && self.sources.is_empty()
            && self.timers == 0
            && !self.in_turn
    }
}

impl fmt::Display for CloseReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.in_turn {
            return f.write_str("a loop can't be closed from inside its turn; it was told to stop");
        }
        if self.is_clean() {
            return f.write_str("nothing was left");
        }
        write!(f, "left: {} task(s)", self.tasks_aborted)?;
        if !self.jobs.is_empty() {
            write!(f, ", {} job(s)", self.jobs.len())?;
        }
        for task in &self.tasks {
            write!(f, "\n  {task}")?;
        }
        if !self.calls.is_empty() {
            write!(f, "\n{} accepted call(s) never ran:", self.calls.len())?;
        }
        for place in &self.calls {
            write!(f, "\n  deferred at {place}")?;
        }
        if self.callbacks > 0 {
            write!(f, "\n{} callback(s) never ran", self.callbacks)?;
        }
        if self.jobs_refused > 0 {
            write!(f, "\n{} job(s) never ran", self.jobs_refused)?;
        }
        for job in &self.jobs {
            write!(f, "\n  {job}")?;
        }
        for source in &self.sources {
            write!(f, "\n  {} is still open", source.name)?;
        }
        match self.timers {
            0 => Ok(()),
            timers => write!(f, "\n{timers} timer(s) still armed"),
        }
    }
}

/// How often tasks that spawn while they are dropped are aborted again, and how many turns in a row
/// may do nothing but idle, on a clock that stands still.
const ROUNDS_MAX: usize = 100;

pub(crate) fn close(
    event_loop: &EventLoop,
    deadline: Duration,
    place: &'static Location<'static>,
) -> CloseReport {
    end(event_loop, deadline, deadline, false, place)
}

/// As `close`, but for tasks there is no time left: what was accepted runs, then they are aborted.
pub(crate) fn close_after_run(event_loop: &EventLoop, place: &'static Location<'static>) {
    let report = end(event_loop, Duration::ZERO, Duration::from_secs(1), true, place);
    // Tasks are meant to end there. A job goes on, on a thread that nobody sees; or it never ran,
    // though it was to.
    let jobs = report.jobs.len() + report.jobs_refused;
    let level = if jobs == 0 { log::Level::Debug } else { log::Level::Warn };
    if !report.is_clean() {
        quietly(|| log::log!(level, "run: closed the loop: {report}"));
    }
}

fn end(
    event_loop: &EventLoop,
    tasks_for: Duration,
    calls_for: Duration,
    tasks_are_meant_to_end: bool,
    place: &'static Location<'static>,
) -> CloseReport {
    let core = &event_loop.core;
    if core.closed.get() {
        return CloseReport::default();
    }
    if core.busy.get() {
        event_loop.stop();
        return CloseReport { in_turn: true, ..CloseReport::default() };
    }
    core.shared.open_gate(true);
    if core.heeds_orders() {
        core.heed();
        Turn::end_cut(core);
    }
    core.executor.inbox().close();
    // Afterwards it can be no guest again: its inbox is closed.
    crate::guest::end_for(core);
    let _entered = current::enter(core);
    core.take_thread_back();
    core.look_for_faults();
    // Both count from here: what the calls take is not given to the tasks once more.
    let (calls_end, tasks_end) = (End::after(core, calls_for), End::after(core, tasks_for));
    wind_down(event_loop, &calls_end, || core.executor.inbox().calls() > 0);
    wind_down(event_loop, &tasks_end, || core.executor.has_work());
    let callbacks = core.executor.callbacks_waiting();
    let mut report = CloseReport { callbacks, ..CloseReport::default() };
    abort(event_loop, &mut report);
    core.executor.close();
    // Whatever the last drops spawned goes too, and can spawn no more.
    abort(event_loop, &mut report);
    core.shared.now.set(Entry::DEFERRED, Phase::Finish);
    report.calls = core.executor.drop_calls().iter().filter_map(|place| place.location()).collect();
    core.shared.now.set(Entry::NOTHING, Phase::Finish);
    core.resume.clear(core);
    if let Some(pool) = core.pool.get() {
        let left = pool.close(tasks_end.time_left());
        (report.jobs, report.jobs_refused) = (left.running, left.refused);
    }
    core.shared.now.clear();
    let mut left = Snapshot::of(core);
    (report.timers, report.sources) = (left.timers.len(), left.sources.clone());
    core.closed.set(true);
    if let Some(linter) = core.linter() {
        linter.leaked(core, &report, &left.timers, tasks_are_meant_to_end);
        left.lint = Some(linter.line(true));
    }
    // Of a loop that is recorded it names who ended.
    core.shared.published.end(core.recording.get().then_some(left));
    current::ended(core.made, place);
    report
}

/// When a part of the end is over: by the loop's clock, and by the system's, which is all that
/// other threads know.
struct End {
    by_clock: u64,
    began: Instant,
    after: Duration,
}

impl End {
    fn after(core: &Core, after: Duration) -> End {
        End { by_clock: core.reactor.deadline_after(after), began: Instant::now(), after }
    }

    /// How long another thread may still take.
    fn time_left(&self) -> Duration {
        self.after.saturating_sub(self.began.elapsed())
    }
}

/// Runs turns while there is something to run, until `end` at most.
fn wind_down(event_loop: &EventLoop, end: &End, left: impl Fn() -> bool) {
    let core = &event_loop.core;
    let mut idled = 0;
    while left() {
        let remaining = end.by_clock.saturating_sub(core.reactor.read_clock());
        if remaining == 0 {
            return;
        }
        let timeout = match core.reactor.clock() {
            Clock::Manual(clock) if clock.rate() > 0.0 => {
                clock.time_until(core.reactor.by_clock(end.by_clock)).unwrap_or(Duration::ZERO)
            }
            Clock::Manual(clock) => {
                let due = is_due(core, clock, end.by_clock);
                idled = if core.is_busy() || due { 0 } else { idled + 1 };
                let answers = core.waits.has_answer_elsewhere();
                // A clock that only somebody else could move would keep us here for ever, and so
                // would idle callbacks that ask again. Not so a thread that is at work for us.
                match core.has_work() || due {
                    true if idled <= ROUNDS_MAX => Duration::ZERO,
                    false if answers && !end.time_left().is_zero() => end.time_left(),
                    _ => return,
                }
            }
            Clock::System | Clock::Boot => Duration::from_nanos(remaining),
        };
        if turn(event_loop, timeout).is_err() {
            return;
        }
        core.stopped();
    }
}

/// Whether a turn now would find a timer due, or jump to one before `end`.
fn is_due(core: &Core, clock: &ManualClock, end: u64) -> bool {
    let is_past = |deadline| core.reactor.by_clock(deadline) <= clock.now();
    let jumps = |deadline| deadline <= end && deadlock::jumps(core, clock);
    core.next_deadline().is_some_and(|at| is_past(at) || jumps(at))
}

fn turn(event_loop: &EventLoop, timeout: Duration) -> Result<(), RunError> {
    let events = Waiting::begin(&event_loop.core)?.wait(Some(timeout))?;
    event_loop.turn(events)?;
    event_loop.core.step_outside();
    Ok(())
}

/// Aborts every task, newest first, until none is left or each round brings new ones.
fn abort(event_loop: &EventLoop, report: &mut CloseReport) {
    let core = &event_loop.core;
    for _ in 0..ROUNDS_MAX {
        if core.executor.tasks_alive() == 0 {
            break;
        }
        let room = CloseReport::TASKS_MAX - report.tasks.len();
        let alive = task_lines(core, CloseReport::TASKS_MAX).into_iter();
        report.tasks.extend(alive.filter(TaskLine::is_alive).take(room));
        let now = &core.shared.now;
        report.tasks_aborted += core.executor.abort_all(|task| now.set(task, Phase::Finish));
    }
}

/// What a loop does when it is dropped: `close(ZERO)`, and a word if that wasn't silent.
pub(crate) fn dropped(event_loop: &EventLoop) {
    let core = &event_loop.core;
    core.tell_seed_if_panicking();
    if core.closed.get() {
        return;
    }
    let never_run = core.turns.get() == 0;
    core.busy.set(false);
    let report = close(event_loop, Duration::ZERO, core.made);
    if report.is_clean() && !core.debug {
        return;
    }
    quietly(|| {
        let how = if never_run { "was never run" } else { "was dropped without being closed" };
        log::warn!("the loop made at {} {how}; {report}", core.made);
    });
}
