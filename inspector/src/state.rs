//! The state: every loop and host queue of the process as it stands, as JSON.
//!
//! Promises to answer in time whatever the loops do: all are asked at once, and those that don't
//! answer are shown as they were last, with the age of that. Meanwhile the server's own loop goes
//! on. What a loop runs at this moment comes from its now-record, which needs no answer.

use std::{rc::Rc, time::Duration};

use glassloop::{
    Asked, Entry, Seen, Watch, sleep, timeout,
    ws::{Request, Response},
};
use serde_json::{Value, json};

use crate::{
    facts::Facts, host_queues::host_queues, names::Names, query::Query, routes::refusal, rows,
    under_way,
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
        glassloop::loops().into_iter().filter(meant).collect()
    }

    /// The one loop that is meant: the number's, or the only one.
    pub(crate) fn only_loop(&self) -> Result<Watch, Response> {
        let mut loops = self.loops();
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

/// `GET /state`.
pub(crate) async fn state(facts: Rc<Facts>, request: Request) -> Result<Response, Response> {
    let wanted = Wanted::of(&Query::of(&request, &KEYS)?)?;
    let seen = answers(&facts, ask(&wanted.loops()), wanted.fresh).await;
    Ok(Response::json(of(&facts, seen).to_string()))
}

/// The state of loops that were looked at.
pub(crate) fn of(facts: &Facts, seen: Vec<(Watch, Option<Seen>)>) -> Value {
    let lines = seen.into_iter().map(|(watch, seen)| one_loop(facts, &watch, seen.as_ref()));
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

/// Asks every loop for a fresh snapshot.
pub(crate) fn ask(loops: &[Watch]) -> Vec<(Watch, Asked)> {
    loops.iter().map(|watch| (watch.clone(), watch.ask())).collect()
}

/// Waits until all have answered, at most `patience`; and not for one that has been held ten times
/// as long already.
pub(crate) async fn answers(
    facts: &Facts,
    asked: Vec<(Watch, Asked)>,
    patience: Duration,
) -> Vec<(Watch, Option<Seen>)> {
    let all = async {
        let mut step = STEP;
        let hangs = |watch: &Watch| facts.stalls.has_lasted(watch, patience * 10);
        while !asked.iter().all(|asked| has_answered(asked) || hangs(&asked.0)) {
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
fn has_answered((watch, asked): &(Watch, Asked)) -> bool {
    asked.wait(Duration::ZERO).is_some_and(|seen| seen.fresh) || watch.is_closed()
}

/// The answers so far; who has not answered is shown as it was last.
pub(crate) fn answered(asked: Vec<(Watch, Asked)>) -> Vec<(Watch, Option<Seen>)> {
    let seen = |(watch, asked): (Watch, Asked)| (watch, asked.wait(Duration::ZERO));
    asked.into_iter().map(seen).collect()
}

fn one_loop(facts: &Facts, watch: &Watch, seen: Option<&Seen>) -> Value {
    let name = watch.name();
    let names = seen.map(|seen| Names::of(&seen.snapshot)).unwrap_or_default();
    let mut line = json!({
        "loop": {
            "number": name.number,
            "thread": name.thread,
            "thread_id": name.thread_id,
            "made": rows::place(name.made),
            "internal": name.internal,
        },
        "as_of": seen.map(as_of),
        "now": now(watch, &names),
        "stall": facts.stalls.of(watch).map(|stall| stall.to_json()),
    });
    let Some(seen) = seen else { return line };
    let snapshot = &*under_way::snapshot(seen, under_way::of(watch, seen));
    let tasks = snapshot.tasks.iter().map(|task| rows::task(task, snapshot, &names));
    let state = object([
        ("turn", snapshot.turn.into()),
        ("clock_ns", snapshot.now_ns.into()),
        ("tasks", tasks.collect()),
        ("sources", snapshot.sources.iter().map(rows::source).collect()),
        ("timers", snapshot.timers.iter().map(rows::timer).collect()),
        ("queues", snapshot.queues.iter().map(rows::queue).collect()),
        ("counts", rows::counts(snapshot)),
        ("looks", snapshot.looks.into()),
        ("recorded", snapshot.recorded.as_ref().map(rows::recorded).into()),
    ]);
    if let (Value::Object(line), Value::Object(state)) = (&mut line, state) {
        line.extend(state);
    }
    line
}

/// How old a look is.
pub(crate) fn as_of(seen: &Seen) -> Value {
    json!({
        "turn": seen.snapshot.turn,
        "age_ms": seen.age.as_secs_f64() * 1e3,
        "fresh": seen.fresh,
    })
}

/// What the loop runs at this moment.
fn now(watch: &Watch, names: &Names) -> Value {
    let now = watch.now();
    let [born, awaits] = watch.places();
    json!({
        "phase": now.phase.map(glassloop::Phase::name),
        "turn": now.turn,
        "item": (now.item != Entry::NOTHING).then(|| names.item(now.item)),
        "task": rows::task_id(now.item.task_id()),
        "born": born.map(rows::place),
        "awaits": awaits.map(rows::place),
    })
}
