//! `Statistics`: where the time of tasks goes, from when somebody records.
//!
//! A task is busy while it is polled, scheduled from its wake until the poll that follows, idle
//! else. The figures lie beside the tasks, by index, and only for tasks that ran meanwhile. They
//! come from the readings of the clock that a recording makes anyway.

use std::{fmt, time::Duration};

use glassloop_executor::TaskId;

use crate::By;

/// How often something took how long: 32 buckets, each up to twice as long as the one before.
///
/// ```
/// use glassloop::Histogram;
/// use std::time::Duration;
///
/// let mut polls = Histogram::default();
/// for micros in [1, 1, 1, 900] {
///     polls.add(micros * 1_000);
/// }
/// assert_eq!(polls.count(), 4);
/// assert_eq!(polls.percentile(50), Some(Duration::from_nanos(1_024)));
/// assert_eq!(polls.percentile(100), Some(Duration::from_nanos(900_000)));
/// assert_eq!(polls.max(), Duration::from_micros(900));
/// assert_eq!(polls.buckets()[10], 3); // below 1,024 ns, and not below 512
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Histogram {
    buckets: [u32; Histogram::BUCKETS],
    max_ns: u64,
}

impl Histogram {
    /// How many buckets there are. The last one also holds whatever took longer.
    pub const BUCKETS: usize = 32;

    /// One more that took so long.
    #[inline]
    pub fn add(&mut self, took_ns: u64) {
        let bucket = (u64::BITS - took_ns.leading_zeros()) as usize;
        let count = &mut self.buckets[bucket.min(Histogram::BUCKETS - 1)];
        *count = count.saturating_add(1);
        self.max_ns = self.max_ns.max(took_ns);
    }

    /// How many there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|count| u64::from(*count)).sum()
    }

    /// How many took less than 2^i nanoseconds and at least half of that, for each i.
    #[must_use]
    pub fn buckets(&self) -> &[u32; Histogram::BUCKETS] {
        &self.buckets
    }

    /// The longest.
    #[must_use]
    pub fn max(&self) -> Duration {
        Duration::from_nanos(self.max_ns)
    }

    /// A time that so many of a hundred did not pass: the end of a bucket, or the longest if that
    /// is shorter. `None` if there were none.
    #[must_use]
    pub fn percentile(&self, percent: u8) -> Option<Duration> {
        let count = self.count();
        let rank = (count * u64::from(percent.min(100))).div_ceil(100).max(1);
        let mut seen = 0;
        let bucket = self.buckets.iter().position(|count| {
            seen += u64::from(*count);
            seen >= rank
        })?;
        let end = if bucket + 1 == Histogram::BUCKETS { u64::MAX } else { 1 << bucket };
        Some(Duration::from_nanos(end.min(self.max_ns)))
    }
}

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram { buckets: [0; Histogram::BUCKETS], max_ns: 0 }
    }
}

impl fmt::Debug for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Histogram")
            .field("count", &self.count())
            .field("p50", &self.percentile(50))
            .field("p99", &self.percentile(99))
            .field("max", &self.max())
            .finish()
    }
}

/// Where the time of a task went, since [`since_ns`](TaskTimes::since_ns).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskTimes {
    /// From when they count, in nanoseconds since the clock's origin: the task's birth, or when
    /// recording was switched on.
    pub since_ns: u64,
    /// The time it was polled.
    pub busy_ns: u64,
    /// The time between a wake and the poll that followed.
    pub scheduled_ns: u64,
    /// When it was woken last, and joined the ready queue.
    pub woken_at_ns: u64,
    /// How long its polls took.
    pub polls: Histogram,
    /// How long it waited between a wake and the poll that followed.
    pub delays: Histogram,
}

/// What is kept of one task.
#[derive(Clone, Debug)]
struct Row {
    generation: u32,
    by: Option<By>,
    /// It was woken, and not polled since.
    scheduled: bool,
    /// It woke itself in the poll that is under way.
    again: bool,
    times: TaskTimes,
}

/// Where the time of a loop's tasks goes.
#[derive(Debug, Default)]
pub(crate) struct Statistics {
    /// By index. COST: while recording, 8 bytes for a task that was not woken, and 350 for one that
    /// was, until it ends.
    rows: Vec<Option<Box<Row>>>,
    since_ns: u64,
    /// The time that was recorded until it last rested, and since when it goes on.
    recorded_ns: u64,
    going_since: Option<u64>,
    polls: Histogram,
    delays: Histogram,
    lateness: Histogram,
    turns: Histogram,
    waited_ns: u64,
}

/// Where the time of a loop went, since [`since_ns`](LoopTimes::since_ns).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoopTimes {
    /// From when they count, in nanoseconds since the clock's origin: when recording was switched
    /// on first.
    pub since_ns: u64,
    /// How much of the time since then was recorded.
    pub elapsed_ns: u64,
    /// The time of it in waits that blocked, and with a host between two turns. The loop's
    /// utilisation is what is left of `elapsed_ns`: to ask the system without a rest is work. (Of
    /// a manual clock all that passes in a wait.)
    pub waited_ns: u64,
    /// How long polls took, of all tasks.
    pub polls: Histogram,
    /// How long tasks waited between a wake and the poll that followed.
    pub delays: Histogram,
    /// How late timers were when their phase came.
    pub lateness: Histogram,
    /// How long turns took, from the end of a wait to the beginning of the next.
    pub turns: Histogram,
}

impl Statistics {
    pub(crate) fn new(since_ns: u64) -> Statistics {
        Statistics { since_ns, ..Statistics::default() }
    }

    /// Recording goes on. Who was woken before is not known to wait; who isn't alive any more has
    /// ended meanwhile.
    pub(crate) fn resume(&mut self, now_ns: u64, lives: impl Fn(TaskId) -> bool) {
        self.going_since = Some(now_ns);
        for (index, slot) in (0..).zip(&mut self.rows) {
            let Some(row) = slot else { continue };
            (row.scheduled, row.again) = (false, false);
            if !lives(TaskId { index, generation: row.generation }) {
                *slot = None;
            }
        }
    }

    /// Recording rests.
    pub(crate) fn pause(&mut self, now_ns: u64) {
        let since = self.going_since.take().unwrap_or(now_ns);
        self.recorded_ns += now_ns.saturating_sub(since);
    }

    /// A task has ended.
    pub(crate) fn forget(&mut self, task: TaskId) {
        if let Some(row) = self.rows.get_mut(task.index as usize) {
            *row = None;
        }
    }

    /// The task's row, which is there but for its first time.
    #[inline]
    fn row(&mut self, task: TaskId, now_ns: u64) -> &mut Row {
        let index = task.index as usize;
        let known = self.rows.get(index).and_then(Option::as_ref);
        if known.is_none_or(|row| row.generation != task.generation) {
            self.begin(task, now_ns);
        }
        self.rows[index].as_mut().expect("it is there, or has just begun")
    }

    /// Begins the row of a task.
    #[cold]
    fn begin(&mut self, task: TaskId, now_ns: u64) {
        let index = task.index as usize;
        if index >= self.rows.len() {
            self.rows.resize_with(index + 1, || None);
        }
        let times = TaskTimes { since_ns: now_ns, ..TaskTimes::default() };
        let generation = task.generation;
        let row = Row { generation, by: None, scheduled: false, again: false, times };
        self.rows[index] = Some(Box::new(row));
    }

    /// A task joined the ready queue.
    pub(crate) fn woken(&mut self, task: TaskId, by: By, now_ns: u64) {
        let row = self.row(task, now_ns);
        row.by = Some(by);
        row.scheduled = true;
        row.times.woken_at_ns = now_ns;
    }

    /// A task joined it in its own poll, which the wake before has led to.
    pub(crate) fn woke_itself(&mut self, task: TaskId, by: By, now_ns: u64) {
        let row = self.row(task, now_ns);
        row.by = Some(by);
        row.again = true;
    }

    /// A task was polled.
    pub(crate) fn ran(&mut self, task: TaskId, began_ns: u64, took_ns: u64) {
        let row = self.row(task, began_ns);
        row.times.busy_ns += took_ns;
        row.times.polls.add(took_ns);
        let woken_at_ns = row.times.woken_at_ns;
        let delay = std::mem::take(&mut row.scheduled)
            .then(|| began_ns.saturating_sub(woken_at_ns))
            .inspect(|delay| {
                row.times.scheduled_ns += delay;
                row.times.delays.add(*delay);
            });
        // It stands in line from the end of the poll in which it woke itself.
        if std::mem::take(&mut row.again) {
            row.scheduled = true;
            row.times.woken_at_ns = began_ns + took_ns;
        }
        self.polls.add(took_ns);
        if let Some(delay) = delay {
            self.delays.add(delay);
        }
    }

    /// A timer fired so late.
    pub(crate) fn fired(&mut self, late_ns: u64) {
        self.lateness.add(late_ns);
    }

    /// The thread did nothing of ours for so long.
    pub(crate) fn rested(&mut self, rested_ns: u64) {
        self.waited_ns = self.waited_ns.saturating_add(rested_ns);
    }

    /// A turn took so long, and the wait after it.
    pub(crate) fn turned(&mut self, took_ns: u64, waited_ns: u64) {
        self.turns.add(took_ns);
        self.rested(waited_ns);
    }

    /// What is known of a task's time, and who woke it last.
    pub(crate) fn of(&self, task: TaskId) -> Option<(TaskTimes, Option<By>)> {
        let row = self.rows.get(task.index as usize)?.as_ref()?;
        (row.generation == task.generation).then_some((row.times, row.by))
    }

    pub(crate) fn of_loop(&self, now_ns: u64) -> LoopTimes {
        let going = self.going_since.map_or(0, |since| now_ns.saturating_sub(since));
        LoopTimes {
            since_ns: self.since_ns,
            elapsed_ns: self.recorded_ns + going,
            waited_ns: self.waited_ns,
            polls: self.polls,
            delays: self.delays,
            lateness: self.lateness,
            turns: self.turns,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_ended_while_recording_rested_takes_no_memory_when_it_goes_on() {
        let mut statistics = Statistics::new(0);
        let [lives, ended] = [3, 4].map(|index| TaskId { index, generation: index });
        for task in [lives, ended] {
            statistics.woken(task, By::Host, 1);
        }
        statistics.pause(2);
        statistics.resume(3, |task| task == lives);
        assert!(statistics.of(lives).is_some());
        assert_eq!(statistics.of(ended), None);
    }

    const TASK: TaskId = TaskId { index: 3, generation: 7 };

    #[test]
    fn a_task_is_busy_scheduled_or_idle() {
        let mut statistics = Statistics::new(0);
        statistics.woken(TASK, By::Host, 100);
        statistics.ran(TASK, 150, 20);
        // It yields: woken in its own poll, from whose end on it stands in line.
        statistics.woken(TASK, By::Host, 200);
        statistics.woke_itself(TASK, By::Host, 210);
        statistics.ran(TASK, 210, 5);
        statistics.ran(TASK, 235, 5);
        let (times, by) = statistics.of(TASK).expect("it ran");
        assert_eq!((times.since_ns, times.busy_ns, times.scheduled_ns), (100, 30, 80));
        assert_eq!((times.polls.count(), times.delays.count(), by), (3, 3, Some(By::Host)));
        assert_eq!(statistics.of_loop(300).delays.max(), Duration::from_nanos(50));
        let heir = TaskId { generation: 8, ..TASK };
        assert_eq!(statistics.of(heir), None, "the next in its slot has its own");
        statistics.ran(heir, 300, 1);
        assert_eq!(statistics.of(heir).map(|(times, _)| times.busy_ns), Some(1));
        assert_eq!(statistics.of(TASK), None);
    }

    #[test]
    fn a_percentile_is_never_above_the_longest() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.percentile(50), None);
        histogram.add(0);
        assert_eq!(histogram.percentile(0), Some(Duration::ZERO));
        histogram.add(u64::MAX);
        assert_eq!(histogram.percentile(50), Some(Duration::from_nanos(1)));
        assert_eq!(histogram.percentile(100), Some(Duration::from_nanos(u64::MAX)));
        assert_eq!(histogram.buckets()[31], 1);
    }
}
