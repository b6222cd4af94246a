//! The watchdog: finds loops as they come, and notices when one of them hangs.
//!
//! Ten times a second it reads what each loop runs, which costs that loop nothing. An item that is
//! still the same one is held to be a stall once it has lasted; the log is told while it lasts, and
//! when it is over. It wakes no loop and waits for none, and no logger that panics ends it.

use std::{
    cell::RefCell,
    collections::HashMap,
    fmt,
    panic::Location,
    rc::Rc,
    time::{Duration, Instant},
};

use glassloop::{Entry, Phase, Watch, interval};
use serde_json::{Value, json};

use crate::{
    dump::Occasion,
    facts::Facts,
    names::Names,
    quietly::quietly,
    rows,
    thread_state::{self, ThreadState},
};

/// From one look to the next.
const EVERY: Duration = Duration::from_millis(100);

/// A loop publishes its state this often while it turns, so that there is something to show when
/// it hangs.
pub(crate) const SNAPSHOT_EVERY: Duration = Duration::from_secs(1);

/// Every loop that was found, and what it was seen to run.
#[derive(Debug, Default)]
pub(crate) struct Stalls {
    seen: RefCell<HashMap<u64, Held>>,
}

/// What a loop runs, since when it was seen to.
#[derive(Clone, Copy, Debug)]
struct Held {
    item: Entry,
    phase: Option<Phase>,
    turn: u64,
    since: Instant,
    /// The log was told when it had lasted so long.
    told: Option<Duration>,
    /// Failures that nobody handled.
    unhandled: u64,
}

/// An item that holds its loop.
#[derive(Clone, Debug)]
pub(crate) struct Stall {
    pub(crate) item: Entry,
    pub(crate) name: String,
    pub(crate) phase: Phase,
    pub(crate) turn: u64,
    /// How long at least: it was noticed up to a tenth of a second late.
    pub(crate) lasted: Duration,
    pub(crate) born: Option<&'static Location<'static>>,
    pub(crate) awaits: Option<&'static Location<'static>>,
    pub(crate) thread: Option<ThreadState>,
}

impl Held {
    fn of(watch: &Watch) -> Held {
        let now = watch.now();
        let (item, phase, turn) = (now.item, now.phase, now.turn);
        let unhandled = watch.unhandled();
        Held { item, phase, turn, since: Instant::now(), told: None, unhandled }
    }

    fn is_same(&self, other: &Held) -> bool {
        (self.item, self.phase, self.turn) == (other.item, other.phase, other.turn)
    }

    /// Whether it is something that can hold a loop: to wait is what a loop is for.
    fn can_stall(&self) -> bool {
        self.phase.is_some_and(|phase| phase != Phase::Wait) || self.item != Entry::NOTHING
    }
}

impl Stalls {
    /// What holds this loop, if that was noticed.
    fn held(&self, watch: &Watch) -> Option<Held> {
        let held = *self.seen.borrow().get(&watch.name().number)?;
        // It may have gone on since it was looked at last.
        (held.can_stall() && held.is_same(&Held::of(watch))).then_some(held)
    }

    /// Whether this loop is known to have been held for so long.
    pub(crate) fn has_lasted(&self, watch: &Watch, time: Duration) -> bool {
        self.held(watch).is_some_and(|held| held.since.elapsed() >= time)
    }

    /// The stall that lasts in this loop, if it was noticed.
    pub(crate) fn of(&self, watch: &Watch) -> Option<Stall> {
        let held = self.held(watch).filter(|held| held.since.elapsed() >= EVERY)?;
        let [made, awaits] = watch.places();
        let names = watch.snapshot().as_deref().map(Names::of).unwrap_or_default();
        Some(Stall {
            item: held.item,
            name: names.running(held.item, held.phase?, made),
            phase: held.phase?,
            turn: held.turn,
            lasted: held.since.elapsed(),
            born: made.filter(|_| held.item.is_task()),
            awaits,
            thread: watch.name().thread_id.and_then(thread_state::of),
        })
    }

    /// Looks at every loop once.
    fn look(&self, facts: &Facts) {
        let loops = glassloop::loops();
        let mut seen = self.seen.borrow_mut();
        seen.retain(|number, _| loops.iter().any(|watch| watch.name().number == *number));
        let (mut tell, mut over, mut failed) = (Vec::new(), Vec::new(), Vec::new());
        for watch in loops.into_iter().filter(|watch| !watch.name().internal) {
            let now = Held::of(&watch);
            let held = seen.entry(watch.name().number).or_insert_with(|| {
                attach(&watch, facts);
                now
            });
            if std::mem::replace(&mut held.unhandled, now.unhandled) < now.unhandled {
                failed.push(watch.clone());
            }
            if held.is_same(&now) {
                let lasted = held.since.elapsed();
                // Told when it is long enough, and whenever it has lasted twice as long again.
                let due = held.told.map_or(facts.stall_min, |told| told * 2);
                if held.can_stall() && lasted >= due {
                    let first = held.told.replace(lasted).is_none();
                    tell.push((watch, first));
                }
                continue;
            }
            if held.told.is_some() {
                over.push((watch, held.since.elapsed()));
            }
            *held = now;
        }
        drop(seen);
        for (watch, lasted) in over {
            let (name, lasted) = (watch.name(), seconds(lasted));
            let (number, thread) = (name.number, &name.thread);
            quietly(|| log::warn!("loop {number} on {thread}: goes on after {lasted}"));
        }
        for watch in failed {
            facts.dumps.trigger(facts, &watch, Occasion::Panic);
        }
        for (watch, first) in tell {
            if let Some(stall) = self.of(&watch) {
                let (number, thread) = (watch.name().number, &watch.name().thread);
                quietly(|| log::warn!("loop {number} on {thread}: {stall}"));
            }
            if first {
                facts.dumps.trigger(facts, &watch, Occasion::Stall);
            }
        }
    }
}

/// A loop was found: from now on it can be seen into.
fn attach(watch: &Watch, facts: &Facts) {
    if watch.name().number > facts.attached_above {
        return;
    }
    watch.snapshot_at_least_every(SNAPSHOT_EVERY);
    if facts.wants.records {
        watch.record(true);
    }
    if facts.wants.lints {
        watch.lint(true);
    }
}

/// Watches until its loop ends.
pub(crate) async fn watch(facts: Rc<Facts>) {
    let mut beat = interval(EVERY);
    loop {
        beat.tick().await;
        facts.stalls.look(&facts);
    }
}

/// A time in seconds, to a tenth.
fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

impl Stall {
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "item": self.name,
            "task": rows::task_id(self.item.task_id()),
            "phase": self.phase.name(),
            "turn": self.turn,
            "for_ms": u64::try_from(self.lasted.as_millis()).unwrap_or(u64::MAX),
            "born": self.born.map(rows::place),
            "awaits": self.awaits.map(rows::place),
            "thread": self.thread.as_ref().map(ToString::to_string),
        })
    }
}

impl fmt::Display for Stall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if let Some(born) = self.born {
            write!(f, ", spawned at {}", rows::place(born))?;
        }
        if let Some(awaits) = self.awaits {
            write!(f, ", last waited at {}", rows::place(awaits))?;
        }
        write!(f, ", has held the loop for {} (turn {})", seconds(self.lasted), self.turn)?;
        match &self.thread {
            Some(state) => write!(f, ": {state}"),
            None => Ok(()),
        }
    }
}
