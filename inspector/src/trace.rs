//! A history as Chrome trace events, for <https://ui.perfetto.dev>.
//!
//! Track 1 is the loop: waits, phases, the polls in phase `run`, and the wakes as slices of a
//! nanosecond, from which an arrow leads to the run that they caused. Beside it each task has a
//! track from its birth to its end. Promises that slices nest, and that no arrow lacks an end. What
//! is under way is drawn as far as it has come.
//!
//! Where the clock stood still, as a manual one does, slices are drawn a nanosecond apart. The file
//! has the events themselves, too, so that the inspector's page can open it.

use std::collections::BTreeMap;

use glassloop::{Entry, Now, Outcome, Phase, TaskId};
use serde_json::{Value, json};

use crate::{
    arrows::{Arrows, At, change},
    history::History,
    names::Names,
    notes, packed, rows,
    turns::{Effect, Step, Turn, Wake, Work},
};

mod lines;

pub(crate) use lines::Lines;
use lines::{Flow, Slice};

/// The trace of a history, as JSON text: `{"traceEvents":[..],"displayTimeUnit":"ns",..}`. `pid`
/// and `program` say which process it was.
///
/// ```
/// use glassloop::EventLoop;
/// use glassloop_inspector::{History, Names, trace};
///
/// let event_loop = EventLoop::test();
/// event_loop.record(true);
/// event_loop.block_on(async {})?;
/// let names = Names::of(&event_loop.snapshot());
/// let text = trace(&History::read(&event_loop.watch(), 0), &names, 1, "program");
/// assert!(text.starts_with(r#"{"traceEvents":["#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn trace(history: &History, names: &Names, pid: u32, program: &str) -> String {
    trace_with(history, names, pid, program, Value::Null)
}

/// The same, with the state of the loop.
pub(crate) fn trace_with(
    history: &History,
    names: &Names,
    pid: u32,
    program: &str,
    state: Value,
) -> String {
    let begin_ns = history.begin_ns();
    let arrows = Arrows::of(history);
    let mut layout = Layout {
        history,
        names,
        ready: arrows.ready_before(),
        ready_told: None,
        arrows,
        lines: Lines::new(pid, program, names.of_loop()),
        cursor: begin_ns,
        lives: BTreeMap::new(),
    };
    layout.missing();
    for (number, turn) in history.turns.iter().enumerate() {
        layout.turn(number, turn);
    }
    layout.lives();
    notes::draw(&mut layout.lines, history, names, layout.cursor);
    layout.lines.to_text(&packed::history(history, pid, program, state))
}

/// From when to when a task lived, as far as that is in the trace.
#[derive(Default)]
struct Life {
    born_ns: Option<u64>,
    ended_ns: Option<u64>,
}

/// A trace as it is drawn: each slice begins where the one before it ended, or later.
struct Layout<'a> {
    history: &'a History,
    names: &'a Names,
    arrows: Arrows,
    lines: Lines,
    /// Where the last slice ended.
    cursor: u64,
    /// How many items are in the ready queue.
    ready: usize,
    ready_told: Option<usize>,
    lives: BTreeMap<(u32, u32), Life>,
}

impl Layout<'_> {
    /// What the trace lacks, at its beginning.
    fn missing(&mut self) {
        let History { lost, torn, .. } = self.history;
        let span_s = self.history.span_s();
        let name = format!("{lost} events lost, {torn} torn, {span_s:.3} s recorded");
        let args = json!({
            "lost": lost,
            "torn": torn,
            "span_s": span_s,
            "events": self.history.events.len(),
        });
        self.lines.instant(self.cursor, &name, &args);
        self.count_ready();
    }

    fn turn(&mut self, number: usize, turn: &Turn) {
        let before = turn.steps.iter().take_while(|step| step.phase == Phase::Wait).count();
        for step in &turn.steps[..before] {
            self.wakes(turn, step);
            self.settle(step);
        }
        // Where work is ready a turn may follow at once, and nobody is asked.
        if let Some(wait) = turn.wait.filter(|wait| wait.took_ns > 0 || wait.events > 0) {
            let args = json!({ "turn": turn.number, "events": wait.events });
            let wait_end = wait.at_ns.saturating_add(wait.took_ns);
            let slice = self.open("wait", "phase", wait.at_ns);
            self.close(slice, wait_end, &args, None);
        }
        let mut under_way = self.history.under_way_in(turn);
        let mut at = before;
        while let Some(first) = turn.steps.get(at) {
            let rest = &turn.steps[at..];
            let together = rest.iter().take_while(|step| step.phase == first.phase).count();
            let is_in = |now: &mut Now| together == rest.len() && now.phase == Some(first.phase);
            let inside = under_way.take_if(is_in);
            self.phase((number, at), turn, &rest[..together], inside);
            at += together;
        }
        if under_way.is_some() {
            self.phase((number, at), turn, &[], under_way);
        }
    }

    /// The steps of one phase, and what is under way in it.
    fn phase(&mut self, at: At, turn: &Turn, steps: &[Step], under_way: Option<Now>) {
        let told = steps.first().map(|first| (first.phase, first.at_ns));
        let held = under_way.and_then(|now| Some((now.phase?, turn.at_ns)));
        let Some((name, begin_ns)) = told.or(held) else { return };
        let phase = self.open(name.name(), "phase", begin_ns);
        let its = under_way.and(self.history.under_way_step());
        let mut served = 0;
        for (step, told) in steps.iter().enumerate() {
            match told.work {
                _ if its == Some((at.0, at.1 + step)) => continue,
                Work::Item(entry, outcome) => {
                    served += 1;
                    self.item((at.0, at.1 + step), turn, told, entry, outcome);
                }
                Work::After(entry) => self.after(turn, told, entry),
                Work::Phase(count) => {
                    served += count;
                    self.wakes(turn, told);
                }
                Work::Published(asked) => {
                    let slice = self.open("snapshot", "phase", told.at_ns);
                    self.close(slice, told.end_ns(), &json!({ "asked": asked }), None);
                }
                Work::Host => self.wakes(turn, told),
            }
            self.settle(told);
        }
        let mut args = json!({ "turn": turn.number, "served": served });
        if let Some(now) = under_way {
            args["under_way"] = json!(self.names.under_way(now));
            self.under_way(turn, now, its.and_then(|(_, step)| turn.steps.get(step)));
        }
        self.close(phase, steps.last().map_or(0, Step::end_ns), &args, None);
    }

    /// What has no end yet, as long as it is so far.
    fn under_way(&mut self, turn: &Turn, now: Now, its: Option<&Step>) {
        let end_ns = self.history.under_way_ns().map_or(0, |_| self.history.now_ns);
        let mut args = json!({ "turn": turn.number, "outcome": "under way" });
        if now.item.is_task() {
            args["task"] = json!(now.item.id().to_string());
        }
        if now.item == Entry::NOTHING {
            // It is the phase itself.
            self.cursor = self.cursor.max(end_ns);
        } else if self.history.under_way_after().is_some() {
            let name = format!("after {}", self.called(now.item));
            let slice = self.open(&name, "microtasks", self.cursor);
            self.close(slice, end_ns, &args, None);
        } else {
            let flow = self.arrows.under_way().map(|(_, wake)| Flow::In(wake.number));
            self.ready = self.ready.saturating_sub(usize::from(flow.is_some()));
            let since_ns = self.history.under_way_since().unwrap_or(self.cursor);
            let slice = self.open(&self.called(now.item), "item", since_ns);
            self.count_ready();
            if let Some(its) = its {
                self.wakes(turn, its);
                self.settle(its);
            }
            self.close(slice, end_ns, &args, flow);
            if now.item.is_task() {
                self.life(now.item.id());
            }
        }
    }

    fn item(&mut self, at: At, turn: &Turn, step: &Step, entry: Entry, outcome: Outcome) {
        let mut args = json!({ "turn": turn.number, "outcome": outcome_name(outcome) });
        if entry.is_task() {
            args["task"] = json!(entry.id().to_string());
        }
        let flow = self.arrows.cause_of(at).map(|(_, wake)| Flow::In(wake.number));
        let slice = self.open(&self.called(entry), "item", step.at_ns);
        self.wakes(turn, step);
        self.close(slice, step.end_ns(), &args, flow);
        if entry.is_task() && outcome != Outcome::Stale {
            let end_ns = self.cursor;
            let life = self.life(entry.id());
            if matches!(outcome, Outcome::Finished | Outcome::Panicked | Outcome::Cancelled) {
                life.ended_ns = Some(end_ns);
            }
        }
    }

    /// What an item did whose run is told of before, or not at all.
    fn after(&mut self, turn: &Turn, step: &Step, entry: Entry) {
        let name = format!("after {}", self.called(entry));
        let slice = self.open(&name, "microtasks", step.at_ns);
        self.wakes(turn, step);
        self.close(slice, step.end_ns(), &json!({ "turn": turn.number }), None);
    }

    /// A slice of a nanosecond each, from which the arrow leaves.
    fn wakes(&mut self, turn: &Turn, step: &Step) {
        for wake in &step.wakes {
            let (name, args) = self.told(turn, wake);
            let slice = self.open(&name, "wake", step.at_ns);
            let born_ns = slice.begin_ns;
            let flow = self.arrows.leads(wake.number).then_some(Flow::Out(wake.number));
            self.close(slice, 0, &args, flow);
            if wake.item.is_task() && wake.is_queued() {
                let life = self.life(wake.item.id());
                if matches!(wake.effect, Effect::Born(_)) {
                    life.born_ns = Some(born_ns);
                }
            }
        }
    }

    fn told(&self, turn: &Turn, wake: &Wake) -> (String, Value) {
        let called = self.called(wake.item);
        let mut args = json!({ "turn": turn.number, "by": self.names.by(wake.by) });
        if wake.item.is_task() {
            args["task"] = json!(wake.item.id().to_string());
        }
        if wake.late_ns > 0 {
            args["late_ns"] = json!(wake.late_ns);
        }
        let name = match wake.effect {
            Effect::Queued => format!("wake {called}"),
            Effect::Nothing => format!("wake {called} again"),
            Effect::Born(place) => {
                args["place"] = json!(place.location().map(rows::place));
                format!("spawn {called}")
            }
        };
        (name, args)
    }

    fn called(&self, entry: Entry) -> String {
        if entry.is_task() { self.names.short(entry.id()) } else { self.names.item(entry) }
    }

    /// Opens a slice, at this time or where the last one ended.
    fn open(&mut self, name: &str, category: &'static str, at_ns: u64) -> Slice {
        self.cursor = self.cursor.max(at_ns);
        self.lines.open(name, category, self.cursor)
    }

    /// Closes it, at this time or behind the last one in it, and a nanosecond long at least.
    fn close(&mut self, slice: Slice, at_ns: u64, args: &Value, flow: Option<Flow>) {
        self.cursor = self.cursor.max(at_ns).max(slice.begin_ns.saturating_add(1));
        self.lines.close(slice, self.cursor, args, flow);
    }

    /// A step is over: what it did to the ready queue.
    fn settle(&mut self, step: &Step) {
        let (ran, woken) = change(step, |_| true);
        self.ready = (self.ready + woken).saturating_sub(ran);
        self.count_ready();
    }

    fn count_ready(&mut self) {
        if self.ready_told.replace(self.ready) != Some(self.ready) {
            let ready = i64::try_from(self.ready).unwrap_or(i64::MAX);
            self.lines.count("ready", self.cursor, ready);
        }
    }

    fn life(&mut self, task: TaskId) -> &mut Life {
        self.lives.entry((task.generation, task.index)).or_default()
    }

    /// A track for each task: those that the events name, and those that were alive meanwhile.
    fn lives(&mut self) {
        let (begin_ns, end_ns) = (self.history.begin_ns(), self.cursor);
        if !self.history.events.is_empty() {
            for &(task, at_ns) in self.names.alive() {
                // One that was seen later may have been born later.
                if (begin_ns..=end_ns).contains(&at_ns) {
                    self.life(task);
                }
            }
        }
        for ((generation, index), life) in std::mem::take(&mut self.lives) {
            let name = self.names.short(TaskId { index, generation });
            let born_ns = life.born_ns.unwrap_or(begin_ns);
            let ended_ns = life.ended_ns.unwrap_or(end_ns).max(born_ns);
            self.lines.life(&name, generation, born_ns, ended_ns);
        }
    }
}

pub(crate) fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pending => "pending",
        Outcome::Finished => "finished",
        Outcome::Panicked => "panicked",
        Outcome::Cancelled => "cancelled",
        Outcome::Called => "called",
        Outcome::Stale => "stale",
    }
}
