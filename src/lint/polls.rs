//! What the lints find when a task was polled and waits: for what, and did the poll bring anything?

use std::mem;

use glassloop_executor::{Entry, PlaceId, TaskId};

use super::{
    Lint, Linter, Run,
    linter::time,
    row::{Row, WokenBy},
    telling::who_woke,
    turns::Busy,
};
use crate::{core::Core, deadlock, gathering::waits_of, limits::ns_of_us};

/// So much a round is lost at least where that is told.
const LOST_NS_MIN: u64 = 2_000_000;

impl Linter {
    /// A task was polled and waits.
    pub(super) fn waits(&self, core: &Core, run: &Run) {
        let task = run.item.id();
        let Some(after) = core.executor.glance(task) else { return };
        let is_noted = run.waits_at != PlaceId::UNKNOWN;
        let in_vain = is_noted && self.was_in_vain(core, after.wakers_held);
        let sleeps_ns = core.reactor.take_last_sleep();
        let (storm, vain, drift) = {
            let mut rows = self.rows.borrow_mut();
            let row = rows.of(task);
            let drift = self.drifts(row, run, sleeps_ns);
            (self.storms(row, run), self.is_in_vain(row, in_vain), drift)
        };
        if let Some(reason) = storm {
            self.busy.set(Busy { storms: true, ..self.busy.get() });
            self.found(core, Lint::SelfWakeStorm, run.item, run.waits_at, reason);
        }
        if let Some(polls) = vain {
            let by = who_woke(core, task);
            let reason = format!("found nothing in {polls} polls on end; it was woken by {by}");
            self.found(core, Lint::SpuriousWakes, run.item, run.waits_at, reason);
        }
        if let Some(reason) = drift {
            self.found(core, Lint::TimerDrift, run.item, run.waits_at, reason);
        }
        if !is_noted && after.wakers_held == 0 && !after.is_queued {
            self.look_for_waker(core, run.item);
        }
    }

    /// Whether the poll that was just made asked something of ours that has no news, and did
    /// nothing that could be seen: who leaves its waker anew has got further since the last time.
    fn was_in_vain(&self, core: &Core, wakers_held: usize) -> bool {
        let before = self.before.get();
        before.woken_by == WokenBy::Other
            && !before.is_first_poll
            && self.acts.get() == 0
            && wakers_held <= before.wakers_held
            && core.executor.join_steps() == before.joins
            && !core.reactor.has_operated()
    }

    /// So many polls on end a task has woken itself, and was about nothing else.
    fn storms(&self, row: &mut Row, run: &Run) -> Option<String> {
        if self.before.get().woken_by != WokenBy::Itself {
            (row.self_wakes, row.self_busy_ns) = (0, 0);
            return None;
        }
        row.self_wakes += 1;
        row.self_busy_ns += run.took_ns;
        if row.self_wakes < self.limits.self_wakes_min {
            return None;
        }
        let polls = mem::take(&mut row.self_wakes);
        let busy_ns = mem::take(&mut row.self_busy_ns);
        let asks_only = self.asks_only(busy_ns, u64::from(polls));
        let all = time(busy_ns);
        asks_only.then(|| format!("woke itself in {polls} polls on end, which took {all} in all"))
    }

    /// Whether items were so short that they did nothing but ask again.
    pub(super) fn asks_only(&self, busy_ns: u64, items: u64) -> bool {
        busy_ns < items.saturating_mul(ns_of_us(self.limits.idle_item_us_max))
    }

    fn is_in_vain(&self, row: &mut Row, in_vain: bool) -> Option<u32> {
        row.in_vain = if in_vain { row.in_vain + 1 } else { 0 };
        (row.in_vain >= self.limits.spurious_polls_min).then(|| mem::take(&mut row.in_vain))
    }

    /// Whether so many rounds of one sleep, of the same length each, took longer than what was
    /// slept: less than a millisecond or two a round is the system's doing.
    fn drifts(&self, row: &mut Row, run: &Run, sleeps_ns: Option<u64>) -> Option<String> {
        let is_round = self.before.get().woken_by == WokenBy::Timer(run.waits_at)
            && row.rounds_at == run.waits_at
            && row.sleeps_ns == sleeps_ns;
        if !is_round || sleeps_ns.is_none() {
            (row.rounds_at, row.sleeps_ns) = (run.waits_at, sleeps_ns);
            (row.rounds, row.rounds_since_ns) = (0, None);
            return None;
        }
        let since_ns = *row.rounds_since_ns.get_or_insert(run.began_ns);
        if since_ns == run.began_ns {
            return None;
        }
        row.rounds += 1;
        let (rounds, sleeps_ns) = (row.rounds, sleeps_ns?);
        if rounds < self.limits.drift_rounds_min {
            return None;
        }
        (row.rounds, row.rounds_since_ns) = (0, Some(run.began_ns));
        let took_ns = run.began_ns.saturating_sub(since_ns);
        let due_ns = sleeps_ns.saturating_mul(u64::from(rounds));
        let lost_ns = took_ns.saturating_sub(due_ns);
        let least_ns = u64::from(rounds).saturating_mul(LOST_NS_MIN).max(due_ns / 10);
        (lost_ns >= least_ns).then(|| {
            let [asked, took, lost] = [sleeps_ns, took_ns, lost_ns].map(time);
            format!("sleeps {asked} time and again: {rounds} rounds took {took}, {lost} too long")
        })
    }

    /// Whether a task that waits, and of whose waker no clone is held, waits for anything of ours.
    fn look_for_waker(&self, core: &Core, item: Entry) {
        // A wake of another thread may be on its way.
        if self.rows.borrow_mut().of(item.id()).is_stranded
            || deadlock::just_reached(core)
            || core.executor.has_left()
        {
            return;
        }
        if waits_of(core, item.id()).is_empty() && self.is_first_told(item.id()) {
            let reason = "said that it waits, and left its waker with nobody".to_owned();
            self.found(core, Lint::ForgottenWaker, item, self.before.get().place, reason);
        }
    }

    /// Whether nobody was told yet that nothing can wake this one.
    pub(super) fn is_first_told(&self, task: TaskId) -> bool {
        !mem::replace(&mut self.rows.borrow_mut().of(task).is_stranded, true)
    }
}
