//! Glassloop's client: default limits, feature `observe` on, nobody recording. With an argument
//! more it does only what that names, to be counted under callgrind.

mod report;

use std::{
    error::Error,
    time::{Duration, Instant},
};

use glassloop::{
    spawn,
    ws::socketio::{self, Client, EmitError, Events, Namespace},
};
use report::{AT_ONCE, LONG, Plan, Report, SHORT, WARM_UP, Watch, sum};

const PATIENCE: Duration = Duration::from_secs(30);

type Done<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> Done {
    let plan = Plan::of_arguments();
    glassloop::run(measure(plan))??.print();
    Ok(())
}

async fn measure(plan: Plan) -> Done<Report> {
    let client = socketio::connect(Client::to(&plan.url)?)?;
    let (space, mut events) = client.namespace("/").start()?;
    space.connected().await?;
    let mut report = Report::default();
    let does = |name: &str| plan.rest.first().is_none_or(|only| only == name);
    for (name, count, length) in [("put", plan.events, SHORT), ("put-1k", plan.long_events, LONG)] {
        if !does(name) {
            continue;
        }
        put(&space, count / WARM_UP, length).await?;
        let watch = Watch::begin();
        put(&space, count, length).await?;
        report.add(name, count, &watch);
    }
    for (name, count, length) in [("get", plan.events, SHORT), ("get-1k", plan.long_events, LONG)] {
        if !does(name) {
            continue;
        }
        get(&space, &mut events, count / WARM_UP, length).await?;
        let watch = Watch::begin();
        get(&space, &mut events, count, length).await?;
        report.add(name, count, &watch);
    }
    if does("ask") {
        ask(&space, plan.asks / WARM_UP).await?;
        let watch = Watch::begin();
        let took = ask(&space, plan.asks).await?;
        report.add_each("ask", took, &watch);
    }
    if does("ask-64") {
        ask_at_once(&space, plan.asks_at_once / WARM_UP).await?;
        let watch = Watch::begin();
        ask_at_once(&space, plan.asks_at_once).await?;
        report.add("ask-64", plan.asks_at_once, &watch);
    }
    client.disconnect();
    client.finished().await;
    Ok(report)
}

/// Events to the server, and then the question how many have come.
async fn put(space: &Namespace, count: u64, length: usize) -> Done {
    let text = "x".repeat(length);
    for number in 0..count {
        while let Err(error) = space.emit("put", (number, &text)) {
            let EmitError::Full { .. } = error else { return Err(error.into()) };
            space.room().await?;
        }
    }
    let came: (u64, u64) = space.emit_with_ack("count", (), PATIENCE)?.await?.arguments()?;
    assert_eq!(came, sum(count), "the server has heard all");
    Ok(())
}

/// Events from the server, which is asked for them.
async fn get(space: &Namespace, events: &mut Events, count: u64, length: usize) -> Done {
    space.emit("get", (count, length as u64))?;
    for expected in 0..count {
        let event = events.recv().await.ok_or("it goes on")?;
        assert_eq!(event.name(), "tick");
        let (number, text): (u64, String) = event.arguments()?;
        assert_eq!((number, text.len()), (expected, length), "they come in their order");
    }
    Ok(())
}

/// One question.
async fn echo(space: &Namespace, number: u64, text: &str) -> Done {
    let answer = space.emit_with_ack("echo", (number, text), PATIENCE)?.await?;
    assert_eq!(answer.arguments::<(u64,)>()?, (number,), "it is the answer to this");
    Ok(())
}

/// One after the other, and how long each took.
async fn ask(space: &Namespace, count: u64) -> Done<Vec<Duration>> {
    let text = "x".repeat(SHORT);
    let mut took = Vec::new();
    for number in 0..count {
        let begun = Instant::now();
        echo(space, number, &text).await?;
        took.push(begun.elapsed());
    }
    Ok(took)
}

/// By several tasks, each of which asks one after the other.
async fn ask_at_once(space: &Namespace, count: u64) -> Done {
    let tasks = Vec::from_iter((0..AT_ONCE).map(|first| {
        let space = space.clone();
        spawn(async move {
            let text = "x".repeat(SHORT);
            for number in (first..count).step_by(AT_ONCE as usize) {
                echo(&space, number, &text).await.expect("each is answered");
            }
        })
    }));
    for task in tasks {
        task.await?;
    }
    Ok(())
}
