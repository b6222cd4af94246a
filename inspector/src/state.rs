//! The state: every loop and host queue of the process as it stands, as JSON.
//!
//! Promises to answer in time whatever the loops do: all are asked at once, and those that don't
//! answer are shown as they were last, with the age of that. Meanwhile the server's own loop goes
//! on. What a loop runs comes from its now-record, which needs no answer; it is read before the
//! loop is asked: a loop answers between two turns, and there it runs nothing.

use std::{panic::Location, rc::Rc, time::Duration};

use glassloop::{
    Asked, Entry, Now, Seen, TaskId, Watch, sleep, timeout,
    ws::{Request, Response},
};
use serde_json::{Value, json};

use crate::{
    clock,
    facts::Facts,
    host_queues::host_queues,
    lints, loops,
    names::Names,
    notes,
    query::Query,
    routes::refusal,
    rows::{self, Detail},
    stepping, under_way,
};

/// How long loops have to answer, if the query doesn't say, and the longest.
const FRESH_MS: u64 = 100;
const FRESH_MS_MOST: u64 = 1_000;

/// From one look at who has answered to the next: the first, and the longest. A loop that is not
/// busy answers within the first.
const STEP: Duration = Duration::from_millis(1);
const STEP_MOST: Duration = Duration::from_millis(8);

/// Which loops, and how long they have to answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) number: Option<u64>,
    pub(crate) internal: bool,
    pub(crate) fresh: Duration,
}

/// The keys of a query that [`Wanted::of`] reads.
pub(crate) const KEYS: [&str; 3] = ["fresh_ms", "internal", "loop"];

impl Wanted {
    pub(crate) fn of(query: &Query<'_>) -> Result<Wanted, Response> {
        let number = query.number("loop", 0..=u64::MAX, 0)?;
        Ok(Wanted {
            number: (number > 0).then_some(number),
            internal: query.flag("internal")?,
            fresh: Duration::from_millis(query.number("fresh_ms", 0..=FRESH_MS_MOST, FRESH_MS)?),
        })
    }

    /// The loops that are meant.
    pub(crate) fn loops(&self) -> Vec<Watch> {
        let meant = |watch: &Watch| match self.number {
            Some(number) => watch.name().number == number,
            None => self.internal || !watch.name().internal,
        };
        loops::all().into_iter().filter(meant).collect()
    }

    /// The one loop that is meant: the number's, or the only one.
    pub(crate) fn only_loop(&self) -> Result<Watch, Response> {
        let mut loops = self.loops();
        // The only one that lives is meant, whatever was before it.
        if self.number.is_none() && loops.iter().any(|watch| !watch.has_ended()) {
            loops.retain(|watch| !watch.has_ended());
        }
        match (loops.len(), self.number) {
            (1, _) => Ok(loops.remove(0)),
            (_, Some(number)) => Err(refusal(404, &format!("expected a loop, came {number}"))),
            (0, None) => Err(refusal(404, "this process has no loop")),
            (count, None) => {
                let what = format!("expected `loop`, a number: this process has {count} loops");
                Err(refusal(400, &what))
            }
        }
    }
}

/// `GET /state`; with `task` that of one task of one loop, which lives or has ended not long ago.
pub(crate) async fn state(facts: Rc<Facts>, request: Request) -> Result<Response, Response> {
    let query = Query::of(&request, &[&KEYS[..], &["task"]].concat())?;
    let wanted = Wanted::of(&query)?;
    let (loops, detail) = match query.has("task") {
        false => (wanted.loops(), Detail::Whole),
        true => (vec![wanted.only_loop()?], Detail::Alone(query.task("task")?)),
    };
    let seen = answers(&facts, ask(&loops), wanted.fresh).await;
    if let Detail::Alone(task) = detail
        && !seen.iter().any(|looked| knows(looked, task))
    {
        return Err(refusal(404, &format!("expected a task that is known, came {task}")));
    }
    Ok(Response::json(of(&facts, seen, wanted.fresh, detail).to_string()))
}

/// Whether a task lives in a loop, or ended there among the last.
fn knows(looked: &Looked, task: TaskId) -> bool {
    let snapshot = looked.seen.as_ref().map(|seen| &seen.snapshot);
    snapshot.is_some_and(|snapshot| {
        let mut ended = snapshot.recorded.iter().flat_map(|recorded| &recorded.ended);
        snapshot.task(task).is_some() || ended.any(|(ended, _)| ended.id == task)
    })
}

/// The state of loops that were looked at, which had so long to answer.
pub(crate) fn of(facts: &Facts, looked: Vec<Looked>, patience: Duration, detail: Detail) -> Value {
    let lines = looked.iter().map(|looked| one_loop(facts, looked, patience, detail));
    object([
        ("process", facts.process()),
        ("loops", lines.collect()),
        ("host_queues", host_queues().into()),
    ])
}

/// An object of these.
// COST: `json!` copies every value that it is given. Of a loop with 64 connections each copy is
// half a megabyte.
fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    fields.into_iter().collect()
}

/// What a loop was at, and where that was spawned and waited last.
#[derive(Clone, Copy, Debug)]
struct At {
    now: Now,
    places: [Option<&'static Location<'static>>; 2],
}

impl At {
    fn of(watch: &Watch) -> At {
        At { now: watch.now(), places: watch.places() }
    }
}

/// A loop that is looked at.
#[derive(Debug)]
pub(crate) struct Look {
    watch: Watch,
    at: At,
    asked: Asked,
}

/// A loop that was looked at.
#[derive(Clone, Debug)]
pub(crate) struct Looked {
    pub(crate) watch: Watch,
    at: At,
    pub(crate) seen: Option<Seen>,
}

/// A loop as it was seen last; it is not asked.
pub(crate) fn seen_last(watch: &Watch) -> Looked {
    Looked { watch: watch.clone(), at: At::of(watch), seen: watch.seen() }
}

/// Reads what every loop runs, then asks each for a fresh snapshot.
pub(crate) fn ask(loops: &[Watch]) -> Vec<Look> {
    let at: Vec<At> = loops.iter().map(At::of).collect();
    let look = |(watch, at): (&Watch, At)| Look { watch: watch.clone(), at, asked: watch.ask() };
    loops.iter().zip(at).map(look).collect()
}

/// Waits until all have answered, at most `patience`; and not for one that has been held ten times
/// as long already.
pub(crate) async fn answers(facts: &Facts, asked: Vec<Look>, patience: Duration) -> Vec<Looked> {
    let all = async {
        let mut step = STEP;
        let hangs = |watch: &Watch| facts.stalls.has_lasted(watch, patience * 10);
        while !asked.iter().all(|asked| has_answered(asked) || hangs(&asked.watch)) {
            sleep(step).await;
            step = STEP_MOST.min(step * 2);
        }
    };
    if timeout(patience, all).await.is_err() {
        log::debug!("inspector: a loop has not answered for {patience:?}");
    }
    answered(asked)
}

/// A loop that has ended never will.
fn has_answered(Look { watch, asked, .. }: &Look) -> bool {
    asked.wait(Duration::ZERO).is_some_and(|seen| seen.fresh) || watch.is_closed()
}

/// The answers so far; who has not answered is shown as it was last.
pub(crate) fn answered(asked: Vec<Look>) -> Vec<Looked> {
    let looked = |Look { watch, at, asked }: Look| {
        let seen = asked.wait(Duration::ZERO);
        // One that has not answered is at something since.
        let at = if seen.as_ref().is_some_and(|seen| seen.fresh) { at } else { At::of(&watch) };
        Looked { watch, at, seen }
    };
    asked.into_iter().map(looked).collect()
}

/// The state of one of them.
pub(crate) fn one_loop(
    facts: &Facts,
    Looked { watch, at, seen }: &Looked,
    patience: Duration,
    detail: Detail,
) -> Value {
    let (name, seen) = (watch.name(), seen.as_ref());
    let names = seen.map(|seen| Names::of(&seen.snapshot)).unwrap_or_default();
    let mut line = json!({
        "loop": {
            "number": name.number,
            "thread": name.thread,
            "thread_id": name.thread_id,
            "made": rows::place(name.made),
            "internal": name.internal,
            "ended": watch.has_ended(),
        },
        "as_of": seen.map(|seen| as_of(seen, patience)),
        "now": now(*at, &names),
        "stall": facts.stalls.of(watch).map(|stall| stall.to_json()),
        "pace": stepping::pace(watch, &names),
        "clock": clock::told_of(watch),
    });
    let Some(seen) = seen else { return line };
    let snapshot = &*under_way::snapshot(seen, under_way::of(watch, seen));
    let tasks = snapshot.tasks.iter().filter(|task| detail.tells_of(task.id));
    let tasks = tasks.map(|task| rows::task(task, snapshot, &names, detail));
    let sources = snapshot.sources.iter().filter(|source| detail.tells_of_source(source));
    let timers = snapshot.timers.iter().filter(|timer| detail.tells_of(timer.owner));
    let jobs = snapshot.jobs.iter().filter(|job| detail.tells_of_job(job));
    let lines = &snapshot.log[snapshot.log.len().saturating_sub(detail.log_lines_max())..];
    let log = lines.iter().filter(|line| detail.tells_of(line.item.task_id()));
    let state = object([
        ("turn", snapshot.turn.into()),
        ("clock_ns", snapshot.now_ns.into()),
        ("tasks", tasks.collect()),
        ("sources", sources.map(rows::source).collect()),
        ("timers", timers.map(rows::timer).collect()),
        ("queues", snapshot.queues.iter().map(rows::queue).collect()),
        ("jobs", jobs.map(rows::job).collect()),
        ("counts", rows::counts(snapshot)),
        ("looks", snapshot.looks.into()),
        ("lint", lints::told(snapshot.lint.as_ref())),
        ("log", log.map(|line| notes::log_row(line, &names)).collect()),
        ("recorded", snapshot.recorded.as_ref().map(|line| rows::recorded(line, detail)).into()),
    ]);
    if let (Value::Object(line), Value::Object(state)) = (&mut line, state) {
        line.extend(state);
    }
    line
}

/// How old a look is, and how long the loop had for a fresh one.
pub(crate) fn as_of(seen: &Seen, patience: Duration) -> Value {
    json!({
        "turn": seen.snapshot.turn,
        "age_ms": seen.age.as_secs_f64() * 1e3,
        "fresh": seen.fresh,
        "patience_ms": patience.as_secs_f64() * 1e3,
    })
}

/// What the loop runs.
fn now(At { now, places: [made, awaits] }: At, names: &Names) -> Value {
    json!({
        "phase": now.phase.map(glassloop::Phase::name),
        "turn": now.turn,
        "item": (now.item != Entry::NOTHING).then(|| names.item_of(now.item, made)),
        "task": rows::task_id(now.item.task_id()),
        "born": made.filter(|_| now.item.is_task()).map(rows::place),
        "awaits": awaits.map(rows::place),
    })
}
