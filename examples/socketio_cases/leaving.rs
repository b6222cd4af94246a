//! Leaving: by the program, by the server, one namespace or all.

use glassloop::ws::socketio::{AckError, EmitError};
use serde_json::Value;

use crate::{
    Case, case,
    member::{Failure, Member, Outcome, Peer, WITHIN, holds, same, until},
};

pub(crate) const CASES: &[Case] = &[
    case!("the server shows a namespace out: it stays out until it asks again", shown_out),
    case!("the program leaves a namespace, and the others go on", left),
    case!("an event right before the namespace is left", right_before),
    case!("the last namespace that leaves closes the connection", the_last),
    case!("the server hears of a namespace whose handles are dropped", dropped),
    case!("what was accepted leaves before the end", the_end),
    case!("events that wait are taken back", taken_back),
];

/// Why the server says that this member has left, once it does.
async fn departure(watcher: &Member, sid: &str) -> Result<String, Failure> {
    loop {
        let all: Vec<(String, String)> = watcher.ask("departures", ()).await?.argument(0)?;
        if let Some((_, why)) = all.into_iter().find(|(left, _)| left == sid) {
            return Ok(why);
        }
    }
}

async fn shown_out(peer: Peer) -> Outcome {
    let mut root = peer.root().await?;
    let mut chat = Member::of(&root.client, "/chat")?;
    let sid = chat.namespace.connected().await?.sid;
    let asked = chat.namespace.emit_with_ack("silence", (), WITHIN)?;
    chat.emit("show out", ())?;
    match asked.await {
        Err(AckError::Disconnected(why)) => same(why.as_str(), "io server disconnect")?,
        other => return Err(format!("expected that nobody answers, came {other:?}").into()),
    }
    holds(!chat.namespace.state().is_connected(), "that it is out")?;
    let why = if peer.is_node() { "server namespace disconnect" } else { "server disconnect" };
    same(departure(&root, &sid).await?, why)?;
    chat.emit("echo", "it waits")?;
    root.echo("the others go on").await?;
    same(chat.states(), ["connected", "io server disconnect"])?;
    chat.namespace.connect();
    same(chat.hear("echoed").await?.arguments::<(String,)>()?.0, "it waits")?;
    holds(chat.namespace.connected().await?.sid != sid, "another session")?;
    same(root.client.counts().opened, 1)?;
    peer.python("it has other words for the reason")
}

/// How the server calls it when the client leaves a namespace.
fn by_client(peer: &Peer) -> &'static str {
    if peer.is_node() { "client namespace disconnect" } else { "client disconnect" }
}

async fn left(peer: Peer) -> Outcome {
    let mut root = peer.root().await?;
    let mut chat = Member::of(&root.client, "/chat")?;
    let sid = chat.namespace.connected().await?.sid;
    let key = &*root.sid().await?;
    chat.ask("keep", (key, 1)).await?;
    chat.namespace.disconnect();
    chat.emit("keep", (key, 2))?;
    same(departure(&root, &sid).await?, by_client(&peer))?;
    same(root.kept(key).await?, [1])?;
    root.echo("the others go on").await?;
    chat.namespace.connect();
    chat.echo("and it is back").await?;
    same(root.kept(key).await?, [1, 2])?;
    let states = ["connected", "io client disconnect", "connecting", "connected"];
    same(chat.states(), states)?;
    same(root.client.counts().opened, 1)?;
    peer.python("it has other words for the reason")
}

/// Node's server looks at an event a tick after it has read it, and drops it if the goodbye was
/// there, too.
async fn right_before(peer: Peer) -> Outcome {
    let root = peer.root().await?;
    let chat = Member::of(&root.client, "/chat")?;
    let sid = chat.sid().await?;
    chat.emit("keep", (&*sid, 1))?;
    chat.namespace.disconnect();
    departure(&root, &sid).await?;
    same(root.kept(&sid).await?, [1])?;
    Ok(None)
}

async fn the_last(peer: Peer) -> Outcome {
    let watcher = peer.root().await?;
    let connections = || async {
        watcher.ask("connections", ()).await?.argument::<u32>(0).map_err(Failure::from)
    };
    // Those of the cases before go.
    while connections().await? > 1 {}
    let mut member = peer.root().await?;
    let chat = Member::of(&member.client, "/chat")?;
    let sid = member.sid().await?;
    chat.namespace.connected().await?;
    same(connections().await?, 2)?;
    chat.namespace.disconnect();
    member.echo("one is left").await?;
    member.namespace.disconnect();
    until(|| member.client.state().to_string() == "idle").await;
    while connections().await? > 1 {}
    holds(!departure(&watcher, &sid).await?.is_empty(), "a reason")?;
    member.namespace.connect();
    member.echo("back").await?;
    same(member.client.counts().opened, 2)?;
    Ok(None)
}

async fn dropped(peer: Peer) -> Outcome {
    let watcher = peer.root().await?;
    let client = peer.root().await?;
    let chat = Member::of(&client.client, "/chat")?;
    let (first, second) = (chat.sid().await?, client.sid().await?);
    drop(chat);
    same(departure(&watcher, &first).await?, by_client(&peer))?;
    drop(client);
    holds(!departure(&watcher, &second).await?.is_empty(), "a reason")?;
    peer.python("it has other words for the reason")
}

async fn the_end(peer: Peer) -> Outcome {
    let watcher = peer.root().await?;
    let key = watcher.sid().await?;
    let member = peer.root().await?;
    let sid = member.sid().await?;
    for number in 0..5_000 {
        member.emit("keep", (&*key, number))?;
    }
    member.client.disconnect();
    holds(member.client.finished().await.is_none(), "that the program wanted it")?;
    holds(matches!(member.namespace.emit("keep", ()), Err(EmitError::Over(None))), "the end")?;
    departure(&watcher, &sid).await?;
    same(watcher.kept(&key).await?, (0..5_000).collect::<Vec<u64>>())?;
    Ok(None)
}

async fn taken_back(peer: Peer) -> Outcome {
    let root = peer.root().await?;
    let key = &*root.sid().await?;
    let slow = Member::of(&root.client, "/slow")?;
    slow.emit("keep", (key, 1))?;
    let asked = slow.namespace.emit_with_ack("keep", (key, 2), WITHIN)?;
    let taken = slow.namespace.take_buffered();
    let numbers: Vec<Value> = taken.iter().map(|it| it.argument(1)).collect::<Result<_, _>>()?;
    same(numbers, [1, 2])?;
    holds(matches!(asked.await, Err(AckError::TakenBack)), "that it never left")?;
    slow.emit("keep", (key, 3))?;
    slow.ask("ask", ()).await?;
    same(root.kept(key).await?, [3])?;
    Ok(None)
}
