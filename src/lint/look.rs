//! What the lints find by looking at the tables of a loop: now and then, when somebody asks, and
//! when its run or itself ends.
//!
//! What may be so for a moment is told only if a later look finds it again.

use std::collections::{BTreeMap, HashMap, HashSet};

use glassloop_executor::{Entry, TaskId};
use glassloop_reactor::{SourceId, SourceView};

use super::{Lint, Linter, linter::time, telling::Evidence};
use crate::{
    CloseReport, QueueLine, TimerLine, WaitLine, WaitsOn,
    core::Core,
    deadlock,
    event::entry_of,
    gathering::{queues, source_name, who_waits},
    limits::ns_of_ms,
};

/// A look takes one part in so many of the loop's time, at most.
const REST: u64 = 20;

/// Of each kind of thing that was left so many are told.
const LEAKS_MAX: usize = 16;

/// What each task waits for.
type Waits = HashMap<TaskId, Vec<WaitLine>>;

/// What was seen at the looks before.
#[derive(Debug, Default)]
pub(super) struct Looks {
    next_ns: u64,
    queues: Vec<Queue>,
    next_rise_ns: u64,
    /// They have something to read, and nobody ever asked them. In the clock's unit.
    unheard: Suspects,
    /// Tasks that wait for each other in a circle, at the last look.
    circles: Vec<Vec<TaskId>>,
    /// The system says that they are ready, and they are not as far as anybody was told. In how
    /// often the system was asked.
    doubted: Suspects,
}

/// How a queue has grown.
#[derive(Debug)]
struct Queue {
    name: &'static str,
    depth: usize,
    /// How often on end it was longer than before, and how long it was at first.
    rises: u32,
    from: usize,
}

/// Sources that may be at fault, as the looks found them on end.
#[derive(Debug, Default)]
struct Suspects(Vec<Suspect>);

#[derive(Debug)]
struct Suspect {
    source: SourceId,
    /// The how many-th suspicion of it this is: another one begins anew.
    number: u32,
    /// Since when, in whatever counts.
    since: u64,
    told: bool,
}

impl Suspects {
    /// These are suspected now. Those that were all the time since `least` ago, each once.
    fn still(&mut self, now: &[(SourceId, u32)], at: u64, least: u64) -> Vec<SourceId> {
        let known = &mut self.0;
        known.retain(|known| now.contains(&(known.source, known.number)));
        for &(source, number) in now {
            if !known.iter().any(|known| known.source == source) {
                known.push(Suspect { source, number, since: at, told: false });
            }
        }
        let is_certain =
            |known: &&mut Suspect| at.saturating_sub(known.since) >= least && !known.told;
        let tell = |known: &mut Suspect| {
            known.told = true;
            known.source
        };
        known.iter_mut().filter(is_certain).map(tell).collect()
    }
}

impl Linter {
    /// Whether it is time to look.
    #[inline]
    pub(crate) fn is_due(&self, now_ns: u64) -> bool {
        now_ns >= self.looks.borrow().next_ns
    }

    /// Looks at everything.
    // COST: about what a snapshot takes, at most a twentieth of the loop's time.
    pub(crate) fn look(&self, core: &Core) {
        let began_ns = core.read_aside();
        self.tell_failures(core);
        self.look_for_lost_wakes(core);
        self.look_for_unheard(core, began_ns);
        self.look_for_stale(core);
        self.look_at_queues(core, began_ns);
        let took_ns = core.read_aside().saturating_sub(began_ns);
        let rest_ns = ns_of_ms(self.limits.look_ms_min).max(took_ns.saturating_mul(REST));
        self.looks.borrow_mut().next_ns = began_ns.saturating_add(rest_ns);
        self.spare(took_ns);
    }

    /// What was left when the loop was closed. Where the end of a run is that of its tasks they
    /// were not forgotten.
    pub(crate) fn leaked(
        &self,
        core: &Core,
        left: &CloseReport,
        timers: &[TimerLine],
        without_tasks: bool,
    ) {
        self.tell_failures(core);
        let leak = |item, subject, place, reason: &str| {
            let reason = reason.to_owned();
            self.tell(core, Evidence { lint: Lint::LeakAtClose, item, subject, place, reason });
        };
        for task in left.tasks.iter().take(LEAKS_MAX).filter(|_| !without_tasks) {
            let subject = format!("task {} `{}`", task.id, task.name);
            leak(entry_of(task.id), subject, task.born, "was alive when the loop was closed");
        }
        for source in left.sources.iter().take(LEAKS_MAX) {
            let (subject, born) = (source.name.clone(), Some(source.born));
            leak(Entry::NOTHING, subject, born, "was open when every task was gone");
        }
        for timer in timers.iter().take(LEAKS_MAX) {
            let (subject, place) = (format!("timer of `{}`", timer.operation), Some(timer.place));
            leak(Entry::NOTHING, subject, place, "was armed when every task was gone");
        }
    }

    fn look_for_lost_wakes(&self, core: &Core) {
        let stranded = core.executor.stranded();
        // A wake of another thread may be on its way: it was left before its waker was let go of.
        if stranded.is_empty() || deadlock::just_reached(core) || core.executor.has_left() {
            return;
        }
        let waits = who_waits(core);
        let (known, lost): (Vec<_>, Vec<_>) =
            stranded.into_iter().partition(|task| waits.contains_key(task));
        for task in lost.into_iter().filter(|task| self.is_first_told(*task)) {
            let reason = "waits, and nobody holds its waker any more".to_owned();
            let place = core.place_of_task(task);
            self.found(core, Lint::LostWake, entry_of(task), place, reason);
        }
        self.look_for_circles(core, &known, &waits);
    }

    /// Tasks each of which waits for the end of the next, and for nothing else. A scope may end
    /// those that belong to it.
    fn look_for_circles(&self, core: &Core, tasks: &[TaskId], waits: &Waits) {
        let joins = |task: &TaskId| match waits[task][..] {
            [WaitLine { operation: "join", on: WaitsOn::Task(on), .. }] => Some((*task, on)),
            _ => None,
        };
        let mut circles = circles(&tasks.iter().filter_map(joins).collect());
        if !circles.is_empty() {
            let in_scopes = core.executor.in_scopes();
            circles.retain(|circle| !circle.iter().any(|task| in_scopes.contains(task)));
        }
        let before = std::mem::replace(&mut self.looks.borrow_mut().circles, circles.clone());
        for circle in circles.iter().filter(|circle| before.contains(circle)) {
            let first = circle[0];
            if self.is_first_told(first) {
                let (of, count) = (&waits[&first][0].of, circle.len());
                let reason = match count {
                    1 => "waits for its own end: only an abort could end it".to_owned(),
                    _ => format!(
                        "waits for {of}, and so on in a circle of {count} tasks: only an abort \
                         could end one of them"
                    ),
                };
                let place = core.place_of_task(first);
                self.found(core, Lint::SuspectedDeadlock, entry_of(first), place, reason);
            }
        }
    }

    fn look_for_unheard(&self, core: &Core, now_ns: u64) {
        let unheard: Vec<_> = core.reactor.unheard().into_iter().map(|id| (id, 0)).collect();
        let least_ns = ns_of_ms(self.limits.unheard_ms_min);
        let told = self.looks.borrow_mut().unheard.still(&unheard, now_ns, least_ns);
        for source in told.into_iter().filter_map(|id| view(core, id)) {
            let least = time(least_ns);
            let reason =
                format!("has had something to read for {least}, and nobody ever asked for it");
            self.tell(
                core,
                Evidence {
                    lint: Lint::InterestWithoutWaiter,
                    item: Entry::NOTHING,
                    subject: source_name(&source),
                    place: Some(source.born),
                    reason,
                },
            );
        }
    }

    /// Whether somebody waits for what the system has told already. That is certain if the system
    /// was asked between two looks, and had nothing new to tell.
    fn look_for_stale(&self, core: &Core) {
        let (doubted, asked) = (core.reactor.doubted(), core.reactor.counts().waits);
        let told = self.looks.borrow_mut().doubted.still(&doubted, asked, 1);
        for source in told.into_iter().filter_map(|id| view(core, id)) {
            let waiter = source.waiters.first();
            let owner = waiter.map(|waiter| Core::owner_of(waiter.owner));
            let operation = waiter.map_or("wait", |waiter| waiter.operation);
            let reason = format!(
                "is ready as the operating system has it, and somebody waits to {operation}: an \
                 operation said WouldBlock that the system had not said"
            );
            self.tell(
                core,
                Evidence {
                    lint: Lint::StaleReadiness,
                    item: owner.filter(|owner| !owner.is_none()).map_or(Entry::NOTHING, entry_of),
                    subject: source_name(&source),
                    place: waiter.map(|waiter| waiter.place),
                    reason,
                },
            );
        }
    }

    fn look_at_queues(&self, core: &Core, now_ns: u64) {
        let (rise_ms, rises) = (self.limits.rise_ms_min, self.limits.queue_rises_min);
        let grown: Vec<(&'static str, usize, usize)> = {
            let looks = &mut *self.looks.borrow_mut();
            if now_ns < looks.next_rise_ns {
                return;
            }
            looks.next_rise_ns = now_ns.saturating_add(ns_of_ms(rise_ms));
            let grow = |line: QueueLine| {
                let queue = queue_of(&mut looks.queues, &line);
                queue.has_now(line.depth);
                let is_grown = queue.rises >= rises && line.depth >= self.limits.queue_depth_min;
                is_grown.then(|| {
                    queue.rises = 0;
                    (line.name, queue.from, line.depth)
                })
            };
            queues(core).into_iter().filter_map(grow).collect()
        };
        for (name, from, depth) in grown {
            let every = time(ns_of_ms(rise_ms));
            let reason = format!("grew from {from} to {depth} in {rises} looks {every} apart");
            self.tell(
                core,
                Evidence {
                    lint: Lint::UnboundedGrowth,
                    item: Entry::NOTHING,
                    subject: format!("queue `{name}`"),
                    place: None,
                    reason,
                },
            );
        }
    }
}

/// The circles among those who each join another one. Each begins with the first of its tasks.
fn circles(joins: &BTreeMap<TaskId, TaskId>) -> Vec<Vec<TaskId>> {
    let (mut circles, mut seen) = (Vec::new(), HashSet::new());
    for &start in joins.keys() {
        let (mut path, mut next) = (Vec::new(), start);
        while let Some(&on) = joins.get(&next).filter(|_| seen.insert(next)) {
            path.push(next);
            next = on;
        }
        if let Some(from) = path.iter().position(|task| *task == next) {
            let mut circle = path.split_off(from);
            let least = (0..circle.len()).min_by_key(|at| circle[*at]);
            circle.rotate_left(least.unwrap_or_default());
            circles.push(circle);
        }
    }
    circles
}

/// What is known of a queue; at the first look it is as long as it is.
fn queue_of<'a>(queues: &'a mut Vec<Queue>, line: &QueueLine) -> &'a mut Queue {
    let at = queues.iter().position(|queue| queue.name == line.name).unwrap_or_else(|| {
        queues.push(Queue { name: line.name, depth: line.depth, rises: 0, from: 0 });
        queues.len() - 1
    });
    &mut queues[at]
}

impl Queue {
    fn has_now(&mut self, depth: usize) {
        if depth > self.depth {
            if self.rises == 0 {
                self.from = self.depth;
            }
            self.rises += 1;
        } else {
            self.rises = 0;
        }
        self.depth = depth;
    }
}

fn view(core: &Core, id: SourceId) -> Option<SourceView> {
    core.reactor.sources().into_iter().find(|source| source.id == id)
}
