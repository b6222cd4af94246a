//! The past: what is answered from a recording. Events, turns, the story, the slowest
//! runs, the trace, the causes.
//!
//! Promises that each answer says what it lacks: how far back it reaches, how many events were
//! lost, and whether recording goes on or since when it is off. It asks the loop for the names of
//! what lives, and answers without if that hangs.

use std::{collections::HashMap, rc::Rc, time::Duration};

use glassloop::{
    Entry, Phase, Snapshot, TaskId, Watch,
    ws::{Request, Response},
};
use serde_json::{Value, json};

use crate::{
    cause::why_ran,
    events,
    facts::Facts,
    history::History,
    names::Names,
    query::Query,
    routes::refusal,
    rows::{self, Detail},
    slow,
    state::{self, Looked, Wanted},
    story::Story,
    trace::trace_with,
    turns::{Effect, Turn, Work},
    under_way,
    wait_chain::why_waits,
};

/// How many turns are told, if the query doesn't say, and at most.
const TURNS: u64 = 20;
const TURNS_MOST: u64 = 10_000;
/// How many runs are told, if the query doesn't say, and at most.
const RUNS: u64 = 10;
const RUNS_MOST: u64 = 1_000;
/// How many events one answer holds at most; its `next` is where the following one goes on.
const EVENTS_MOST: u64 = 10_000;
/// How many of a task's last wakes are told one by one.
const LAST_WAKES: usize = 20;

/// A loop's recording, and the names to tell it with.
struct Past {
    history: History,
    names: Names,
    snapshot: Option<std::sync::Arc<Snapshot>>,
    /// How old the snapshot is.
    as_of: Value,
    /// What holds the loop, if that was noticed and is what the history ends with.
    stall: Value,
    /// The loop as it was looked at, and how long it had.
    looked: (Looked, Duration),
}

impl Past {
    async fn of(facts: &Facts, query: &Query<'_>) -> Result<Past, Response> {
        Past::of_at_most(facts, query, u64::MAX).await
    }

    /// As far as so many events reach.
    async fn of_at_most(
        facts: &Facts,
        query: &Query<'_>,
        events_max: u64,
    ) -> Result<Past, Response> {
        let wanted = Wanted::of(query)?;
        let from = query.number("from", 0..=u64::MAX, 0)?;
        let asked = state::ask(&[wanted.only_loop()?]);
        let mut seen = state::answers(facts, asked, wanted.fresh).await;
        let looked = seen.pop().ok_or_else(|| refusal(404, "this process has no loop"))?;
        let Looked { watch, seen, .. } = looked.clone();
        // One that has answered goes on.
        let mut history = match seen.as_ref().is_some_and(|seen| seen.fresh) {
            true => History::read_at_most(&watch, from, events_max),
            false => under_way::history(&watch, seen.as_ref(), from, events_max),
        };
        let now = history.under_way;
        let stall = facts.stalls.of(&watch).filter(|stall| {
            now.is_some_and(|now| (now.item, now.turn) == (stall.item, stall.turn))
        });
        if let Some(seen) = &seen {
            // While it was read the loop may have gone on.
            history.now_ns = under_way::clock_now(&watch, &history, seen).max(history.end_ns());
            let recorded = seen.snapshot.recorded.as_ref();
            history.is_off = !recorded.is_some_and(|recorded| recorded.on);
        }
        let as_of = seen.as_ref().map(|seen| state::as_of(seen, wanted.fresh));
        let as_of = as_of.unwrap_or_default();
        let running = now.filter(|now| now.item.is_task());
        let snapshot = seen.map(|seen| under_way::snapshot(&seen, running));
        let names = snapshot.as_deref().map(Names::of).unwrap_or_default();
        let stall = stall.map_or(Value::Null, |stall| stall.to_json());
        Ok(Past { history, names, snapshot, as_of, stall, looked: (looked, wanted.fresh) })
    }

    /// Where the last turns lie that were asked for, oldest first, and how many idle ones between
    /// them are left out. Looking itself makes such turns: whoever looks often would see no other.
    fn last_turns(&self, query: &Query<'_>) -> Result<(Vec<usize>, usize), Response> {
        let most = query.number("turns", 1..=TURNS_MOST, TURNS)?;
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let (all, history) = (query.flag("idle")?, &self.history);
        let says_more =
            |turn| history.under_way_in(turn).is_some() || history.is_switched_off_in(turn);
        let turns = &history.turns;
        let is_told = |at: &usize| all || !turns[*at].is_idle() || says_more(&turns[*at]);
        let mut told: Vec<_> = (0..turns.len()).rev().filter(is_told).take(most).collect();
        told.reverse();
        let first = if told.len() < most { 0 } else { told[0] };
        let idle = turns.len() - first - told.len();
        Ok((told, idle))
    }

    /// The task that was asked for, which lives or was recorded.
    fn task(&self, query: &Query<'_>) -> Result<TaskId, Response> {
        let task = query.task("task")?;
        let lives = self.snapshot.as_ref().is_some_and(|snapshot| snapshot.task(task).is_some());
        let ran = |turn: &Turn| turn.steps.iter().any(|step| is_of(step.work, task));
        let runs = self.history.under_way.is_some_and(|now| is_task(now.item, task));
        match lives || runs || self.history.turns.iter().any(ran) {
            true => Ok(task),
            false => Err(refusal(404, &format!("expected a task that is known, came {task}"))),
        }
    }
}

/// Beside what every answer says: what it is missing, and whether more comes.
fn answer(history: &History, mut of: Value) -> Response {
    of["lost"] = history.lost.into();
    of["torn"] = history.torn.into();
    of["span_s"] = history.span_s().into();
    of["now_ns"] = Some(history.now_ns).filter(|now_ns| *now_ns > 0).into();
    of["recording"] = recording(history);
    Response::json(of.to_string())
}

/// Whether recording goes on, and the last turn and event that it holds. Nothing is known of a loop
/// that was never seen.
fn recording(history: &History) -> Value {
    if history.now_ns == 0 {
        return Value::Null;
    }
    let ago_ns = history.now_ns.saturating_sub(history.end_ns());
    json!({
        "on": !history.is_off,
        "turn": history.turns.last().map(|turn| turn.number),
        "ago_ns": (!history.events.is_empty()).then_some(ago_ns),
    })
}

fn is_of(work: Work, task: TaskId) -> bool {
    matches!(work, Work::Item(entry, _) if is_task(entry, task))
}

fn is_task(entry: Entry, task: TaskId) -> bool {
    entry.is_task() && entry.task_id() == task
}

/// What the loop has not come back from, and for how long if that is known.
fn under_way_in(past: &Past, turn: &Turn) -> Value {
    let Past { history, names, .. } = past;
    history.under_way_in(turn).map_or(Value::Null, |now| {
        json!({
            "item": names.under_way(now),
            "task": rows::task_id(now.item.task_id()),
            "phase": now.phase.map(Phase::name),
            "for_ns": history.under_way_ns(),
        })
    })
}

/// The keys that each of these knows, and its own.
fn query<'a>(request: &'a Request, own: &[&str]) -> Result<Query<'a>, Response> {
    let mut keys = [&state::KEYS[..], &["from"], own].concat();
    keys.sort_unstable();
    Query::of(request, &keys)
}

/// `GET /events`: the recording as it is, from number `from` on.
pub(crate) async fn events(facts: Rc<Facts>, request: Request) -> Result<Response, Response> {
    let query = query(&request, &["events"])?;
    let most = query.number("events", 1..=EVENTS_MOST, EVENTS_MOST)?;
    let Past { history, names, .. } = &Past::of_at_most(&facts, &query, most).await?;
    let (first, next) = (history.first, history.next);
    let rows = events::rows(history, names);
    Ok(answer(history, json!({ "first": first, "next": next, "events": rows })))
}

/// `GET /story`: the last turns in sentences.
pub(crate) async fn story(facts: Rc<Facts>, request: Request) -> Result<Response, Response> {
    let query = query(&request, &["idle", "turns"])?;
    let past = Past::of(&facts, &query).await?;
    let (last, idle) = past.last_turns(&query)?;
    let mut told = Story::tell(&past.history, &past.names);
    told.turns = last.into_iter().map(|at| std::mem::take(&mut told.turns[at])).collect();
    let mut told = told.to_json();
    told["idle"] = idle.into();
    Ok(answer(&past.history, told))
}

/// `GET /turns`: the last turns in figures.
pub(crate) async fn turns(facts: Rc<Facts>, request: Request) -> Result<Response, Response> {
    let query = query(&request, &["idle", "turns"])?;
    let past = Past::of(&facts, &query).await?;
    let (last, idle) = past.last_turns(&query)?;
    let last = last.into_iter().map(|at| &past.history.turns[at]);
    let rows: Vec<_> = last.map(|told| turn(told, under_way_in(&past, told))).collect();
    Ok(answer(&past.history, json!({ "turns": rows, "idle": idle })))
}

fn turn(turn: &Turn, under_way: Value) -> Value {
    let mut phases: HashMap<&str, u64> = HashMap::new();
    for phase in Phase::ALL {
        phases.insert(phase.name(), 0);
    }
    let mut items = 0;
    let mut wakes = 0;
    for step in &turn.steps {
        *phases.entry(step.phase.name()).or_default() += step.took_ns;
        items += u64::from(matches!(step.work, Work::Item(..)));
        wakes += step.wakes.iter().filter(|wake| wake.is_queued()).count();
    }
    phases.remove(Phase::Wait.name());
    json!({
        "turn": turn.number,
        "at_ns": turn.at_ns,
        "wait_ns": turn.wait.map(|wait| wait.took_ns),
        "events": turn.wait.map(|wait| wait.events),
        "took_ns": turn.took_ns,
        "phases": phases,
        "items": items,
        "wakes": wakes,
        "under_way": under_way,
    })
}

/// `GET /slow`: the longest runs of all that is recorded, what has not ended among them.
pub(crate) async fn slow(facts: Rc<Facts>, request: Request) -> Result<Response, Response> {
    let query = query(&request, &["runs"])?;
    let most = usize::try_from(query.number("runs", 1..=RUNS_MOST, RUNS)?).unwrap_or(usize::MAX);
    let Past { history, names, snapshot, .. } = &Past::of(&facts, &query).await?;
    let runs = slow::rows(history, names, snapshot.as_deref(), most);
    Ok(answer(history, json!({ "runs": runs })))
}

/// `GET /why`: what made a task run last, or run now, and what it waits for.
pub(crate) async fn why(facts: Rc<Facts>, request: Request) -> Result<Response, Response> {
    let query = query(&request, &["task"])?;
    let past = Past::of(&facts, &query).await?;
    let task = past.task(&query)?;
    let ran = why_ran(&past.history, &past.names, task);
    let runs = past.history.under_way.filter(|now| is_task(now.item, task));
    let waits = past.snapshot.as_deref().map(|snapshot| why_waits(snapshot, task));
    let lines = |text: String| text.lines().map(str::to_owned).collect::<Vec<_>>();
    Ok(answer(
        &past.history,
        json!({
            "task": task.to_string(),
            "running": runs.map(|now| json!({
                "turn": now.turn,
                "for_ns": past.history.under_way_ns(),
            })),
            "as_of": past.as_of,
            "stall": past.stall,
            "ran": lines(ran.to_string()),
            "waits": waits.as_ref().map_or_else(Vec::new, |waits| lines(waits.to_string())),
            "steps": ran.to_json(),
            "chain": waits.as_ref().map(crate::wait_chain::WaitChain::to_json),
        }),
    ))
}

/// `GET /wakes`: who wakes a task, how often, and who did so last.
pub(crate) async fn wakes(facts: Rc<Facts>, request: Request) -> Result<Response, Response> {
    let query = query(&request, &["task"])?;
    let past = Past::of(&facts, &query).await?;
    let task = past.task(&query)?;
    let mut by: HashMap<String, u64> = HashMap::new();
    let (mut last, mut count, mut itself) = (Vec::new(), 0_u64, 0_u64);
    for turn in &past.history.turns {
        for (step, wake) in turn.steps.iter().flat_map(|step| {
            let of_task = step.wakes.iter().filter(|wake| wake.item.task_id() == task);
            of_task.map(move |wake| (step, wake))
        }) {
            let own = matches!(wake.by, glassloop::By::Item(entry) if entry.task_id() == task);
            let who = if own { "itself".to_owned() } else { past.names.by(wake.by) };
            // It is among the last, and not counted: who spawned it did not wake it.
            let birth = matches!(wake.effect, Effect::Born(_));
            let told = if birth { format!("{who}, which spawned it") } else { who.clone() };
            last.push(json!({ "turn": turn.number, "at_ns": step.at_ns, "who": told }));
            if !birth {
                itself += u64::from(own);
                count += 1;
                *by.entry(who).or_default() += 1;
            }
        }
    }
    let mut by: Vec<_> = by.into_iter().collect();
    by.sort_by(|(one, more), (other, less)| less.cmp(more).then(one.cmp(other)));
    let by: Vec<_> =
        by.into_iter().map(|(who, count)| json!({ "who": who, "count": count })).collect();
    let last: Vec<_> = last.into_iter().rev().take(LAST_WAKES).collect();
    let told = json!({
        "task": task.to_string(), "count": count, "itself": itself, "by": by, "last": last,
    });
    Ok(answer(&past.history, told))
}

/// `GET /trace`: the recording as a file for a trace viewer.
pub(crate) async fn file(facts: Rc<Facts>, request: Request) -> Result<Response, Response> {
    let Past { history, names, looked: (looked, patience), .. } =
        &Past::of(&facts, &query(&request, &[])?).await?;
    let state = state::one_loop(&facts, looked, *patience, Detail::Whole);
    Ok(Response::json(trace_with(history, names, facts.pid, &facts.program, state)))
}

/// The same of one loop, with the names that it had when it was seen last.
pub(crate) fn trace_of(facts: &Facts, watch: &Watch) -> Option<String> {
    let looked = state::seen_last(watch);
    let history = under_way::history(watch, looked.seen.as_ref(), 0, u64::MAX);
    if history.events.is_empty() {
        return None;
    }
    let state = state::one_loop(facts, &looked, Duration::ZERO, Detail::Whole);
    let names = looked.seen.map(|seen| Names::of(&seen.snapshot)).unwrap_or_default();
    Some(trace_with(&history, &names, facts.pid, &facts.program, state))
}
