//! What the lints find by looking at the tables of a loop: now and then, when somebody asks, and
//! when its run or itself ends.
//!
//! What may be so for a moment is told only if a later look finds it again.

use glassloop_executor::Entry;
use glassloop_reactor::{SourceId, SourceView};

use super::{
    Evidence, Lint, Linter,
    linter::{ns_of_ms, time},
};
use crate::{
    CloseReport, TimerLine,
    core::Core,
    deadlock,
    event::entry_of,
    gathering::{queues, source_name, who_waits},
};

/// A look takes one part in so many of the loop's time, at most.
const REST: u64 = 20;

/// Of each kind of thing that was left so many are told.
const LEAKS_MAX: usize = 16;

/// What was seen at the looks before.
#[derive(Debug, Default)]
pub(super) struct Looks {
    next_ns: u64,
    queues: Vec<Queue>,
    next_rise_ns: u64,
    unheard: Vec<Unheard>,
    doubted: Vec<Doubted>,
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

/// A source that has something to read, and that nobody ever asked.
#[derive(Debug)]
struct Unheard {
    source: SourceId,
    since_ns: u64,
    told: bool,
}

/// A source that the system says is ready, and that is not as far as anybody was told.
#[derive(Debug)]
struct Doubted {
    source: SourceId,
    /// The how many-th doubt of it this was.
    number: u32,
    /// How often the system had been asked by then.
    asked: u64,
    told: bool,
}

impl Looks {
    /// Nothing is known of what was before.
    pub(super) fn forget(&mut self) {
        *self = Looks::default();
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
        let began_ns = core.reactor.read_clock();
        self.tell_failures(core);
        self.look_for_lost_wakes(core);
        self.look_for_unheard(core, began_ns);
        self.look_for_stale(core);
        self.look_at_queues(core, began_ns);
        let took_ns = core.reactor.read_clock().saturating_sub(began_ns);
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
        for task in stranded {
            if !waits.contains_key(&task) && self.is_first_told(task) {
                let place = core.executor.sites().awaits(task.index);
                let place = place.location().or(core.executor.sites().born(task.index).location());
                let reason = "waits, and nobody holds its waker any more".to_owned();
                let (item, subject) = (entry_of(task), core.name_of_task(task));
                self.tell(core, Evidence { lint: Lint::LostWake, item, subject, place, reason });
            }
        }
    }

    fn look_for_unheard(&self, core: &Core, now_ns: u64) {
        let unheard = core.reactor.unheard();
        let told: Vec<SourceId> = {
            let known = &mut self.looks.borrow_mut().unheard;
            known.retain(|known| unheard.contains(&known.source));
            for &source in &unheard {
                if !known.iter().any(|known| known.source == source) {
                    known.push(Unheard { source, since_ns: now_ns, told: false });
                }
            }
            let since = |known: &&mut Unheard| {
                let for_ns = now_ns.saturating_sub(known.since_ns);
                for_ns >= ns_of_ms(self.limits.unheard_ms_min) && !known.told
            };
            let tell = |known: &mut Unheard| {
                known.told = true;
                known.source
            };
            known.iter_mut().filter(since).map(tell).collect()
        };
        for source in told.into_iter().filter_map(|id| view(core, id)) {
            let least = time(ns_of_ms(self.limits.unheard_ms_min));
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
        let doubted = core.reactor.doubted();
        if doubted.is_empty() && self.looks.borrow().doubted.is_empty() {
            return;
        }
        let asked = core.reactor.counts().waits;
        let told: Vec<SourceId> = {
            let known = &mut self.looks.borrow_mut().doubted;
            known.retain(|known| doubted.contains(&(known.source, known.number)));
            for &(source, number) in &doubted {
                if !known.iter().any(|known| known.source == source) {
                    known.push(Doubted { source, number, asked, told: false });
                }
            }
            let certain = |known: &&mut Doubted| known.asked < asked && !known.told;
            let tell = |known: &mut Doubted| {
                known.told = true;
                known.source
            };
            known.iter_mut().filter(certain).map(tell).collect()
        };
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
            let grow = |line: crate::QueueLine| {
                let queue = queue_of(&mut looks.queues, line.name);
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

fn queue_of<'a>(queues: &'a mut Vec<Queue>, name: &'static str) -> &'a mut Queue {
    let at = queues.iter().position(|queue| queue.name == name).unwrap_or_else(|| {
        queues.push(Queue { name, depth: 0, rises: 0, from: 0 });
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
