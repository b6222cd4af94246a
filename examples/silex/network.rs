//! The network: the connection to the service, with its three namespaces, and the actions that the
//! service asks for.

use std::{cell::Cell, fmt, rc::Rc, time::Duration};

use glassloop::{
    HostQueue, gather, spawn,
    ws::socketio::{self, Client, Event, Namespace, NamespaceState},
};
use serde_json::json;

use crate::actions;

type Fault = Box<dyn std::error::Error + Send + Sync>;

/// How an action has gone, by the words of the service.
#[derive(Debug)]
pub(crate) struct Line {
    action: String,
    /// The steps of which it was told, in the order in which it was.
    steps: Vec<u64>,
    /// Told a second time: the first may have arrived or not, when the connection broke.
    again: u64,
    pub(crate) is_good: bool,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Line { action, steps, again, is_good } = self;
        let how = if *is_good { "as it went" } else { "NOT as it went" };
        write!(f, "{action}: {} updates arrived, {again} of them twice, {how}", steps.len())
    }
}

/// Connects, does what the service asks for, and gives the service's report.
pub(crate) async fn scene(service: String, host: HostQueue) -> Result<Vec<Line>, Fault> {
    let client = socketio::connect(Client::to(&service)?)?;

    // Who we are. It goes first on each connection, before anything that waited.
    let (dcc, _) = client.namespace("/dcc").auth(json!({ "name": "fake maya" })).start()?;
    let breaks = Rc::new(Cell::new(0));
    let (tells, breaks_there) = (dcc.clone(), Rc::clone(&breaks));
    dcc.on_state(move |state| told(&tells, state, &breaks_there));
    // What actions say.
    let (updates, _) = client.namespace("/dcc/action").start()?;
    // What the user asks for, in a window of the service's.
    let (front, mut asked) = client.namespace("/front-event").start()?;
    front.connected().await?;

    let mut actions = Vec::new();
    while let Some(mut event) = asked.recv().await {
        match event.name() {
            "launch" => {
                let (name, uuid): (String, u64) = event.arguments()?;
                println!("asked for `{name}`");
                let action = actions::run(name.clone(), uuid, host.clone(), updates.clone());
                actions.push(spawn(action).named(name));
                answer(&mut event);
            }
            "all asked for" => break,
            other => log::warn!("expected `launch`, came `{other}`"),
        }
    }
    for outcome in gather(actions).await {
        outcome??;
    }
    let patience = Duration::from_secs(10);
    let report = front.emit_with_ack("report", (), patience)?.await?;
    let (report,): (Vec<(String, Vec<u64>, u64)>,) = report.arguments()?;
    let line = |(action, steps, again): (String, Vec<u64>, u64)| {
        let is_good = steps.iter().copied().eq(1..=actions::STEPS);
        Line { action, steps, again, is_good }
    };
    println!("the connection broke {} times", breaks.get());
    client.disconnect();
    client.finished().await;
    Ok(report.into_iter().map(line).collect())
}

fn answer(event: &mut Event) {
    if let Some(responder) = event.responder() {
        responder.ack("launched").unwrap_or_else(|error| log::warn!("an answer: {error}"));
    }
}

/// The connection stands, or doesn't: a window would show it.
fn told(dcc: &Namespace, state: &NamespaceState, breaks: &Cell<u32>) {
    println!("{}: {state}", dcc.name());
    match state {
        NamespaceState::Connected(_) => {
            let who = json!({ "name": "fake maya", "pid": std::process::id() });
            dcc.emit("initialization", who).unwrap_or_else(|error| log::error!("{error}"));
        }
        NamespaceState::Disconnected(why) if why.comes_back() => breaks.set(breaks.get() + 1),
        _ => {}
    }
}
