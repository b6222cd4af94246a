//! Coming back: after the server has hung up, broken the stream, hung, or spoken nonsense.

use std::time::Duration;

use glassloop::{
    sleep,
    ws::socketio::{AckError, Disconnect, NamespaceState},
};
use serde_json::json;

use crate::{
    Case, case,
    member::{Failure, Member, Outcome, Peer, WITHIN, holds, same, until},
};

pub(crate) const CASES: &[Case] = &[
    case!("frequent pings are answered", pings),
    case!("a server that hangs is noticed, and met again", hangs),
    case!("the server hangs up: events of the outage arrive in order", hangs_up),
    case!("the stream breaks: events of the outage arrive in order", breaks),
    case!("all namespaces come back together", together),
    case!("the program wants another connection", wanted),
    case!("what is no JSON ends the connection, and it comes back", no_json),
    case!("what is no packet ends the connection, and it comes back", no_packet),
    case!("JSON of 101 levels ends the connection, and it comes back", too_deep),
    case!("a session is given back, with its rooms and what it missed", given_back),
];

async fn pings(peer: Peer) -> Outcome {
    let mut member = Member::start(peer.quick()?, "/")?;
    let sid = member.sid().await?;
    // Who didn't answer would be out by now: pings every 300 ms, with 1,000 ms of patience.
    sleep(Duration::from_millis(2_500)).await;
    member.echo("still here").await?;
    same((member.client.counts().opened, member.sid().await?), (1, sid))?;
    peer.python("it says an interval of 0")
}

async fn hangs(peer: Peer) -> Outcome {
    let mut member = Member::start(peer.quick()?, "/")?;
    member.namespace.connected().await?;
    let asked = member.namespace.emit_with_ack("freeze", 4_000, WITHIN)?;
    match asked.await {
        Err(AckError::Disconnected(why @ Disconnect::PingTimeout(_))) => {
            same(why.as_str(), "ping timeout")?;
        }
        other => return Err(format!("expected a server that hangs, came {other:?}").into()),
    }
    until(|| member.namespace.state().is_connected()).await;
    member.echo("met again").await?;
    Ok(None)
}

/// The connection ends, and what was emitted meanwhile arrives in order.
async fn an_outage(peer: &Peer, event: &str) -> Result<Member, Failure> {
    let watcher = peer.root().await?;
    let key = &*watcher.sid().await?;
    let member = peer.root().await?;
    member.ask("keep", (key, 0)).await?;
    member.emit(event, ())?;
    until(|| !member.namespace.state().is_connected()).await;
    for number in 1..=1_000 {
        member.emit("keep", (key, number))?;
    }
    member.back(2).await?;
    member.ask("ask", ()).await?;
    same(watcher.kept(key).await?, (0..=1_000).collect::<Vec<u64>>())?;
    Ok(member)
}

async fn hangs_up(peer: Peer) -> Outcome {
    let member = an_outage(&peer, "hang up").await?;
    let states = ["connected", "transport close", "connecting", "connected"];
    same(member.states(), states)?;
    peer.python("it says goodbye, and waits for us to close")
}

async fn breaks(peer: Peer) -> Outcome {
    let member = an_outage(&peer, "break").await?;
    same(&member.states()[1..], ["transport close", "connecting", "connected"])?;
    Ok(None)
}

async fn together(peer: Peer) -> Outcome {
    let mut root = peer.root().await?;
    let mut chat = Member::of(&root.client, "/chat")?;
    let news = Member::of(&root.client, "/news")?;
    news.namespace.connected().await?;
    chat.namespace.connected().await?;
    news.namespace.disconnect();
    root.emit("hang up", ())?;
    until(|| !root.namespace.state().is_connected()).await;
    root.back(2).await?;
    root.echo("back").await?;
    chat.echo("back").await?;
    same(news.states(), ["connected", "io client disconnect"])?;
    Ok(None)
}

async fn wanted(peer: Peer) -> Outcome {
    let mut member = peer.root().await?;
    let sid = member.sid().await?;
    member.client.reconnect_now();
    until(|| member.states().len() > 1).await;
    member.emit("echo", "over the next one")?;
    same(member.hear("echoed").await?.arguments::<(String,)>()?.0, "over the next one")?;
    member.back(2).await?;
    holds(member.sid().await? != sid, "another session")?;
    Ok(None)
}

/// The server says nonsense; it comes back.
async fn nonsense(mut member: Member) -> Result<String, Failure> {
    let why = loop {
        if let NamespaceState::Disconnected(Disconnect::ParseError(why)) = member.namespace.state()
        {
            break why;
        }
        sleep(Duration::from_millis(1)).await;
    };
    member.back(2).await?;
    member.echo("back").await?;
    Ok(why)
}

async fn no_json(peer: Peer) -> Outcome {
    let member = peer.root().await?;
    member.emit("say no JSON", ())?;
    let why = nonsense(member).await?;
    holds(why.contains("NaN"), "what came")?;
    peer.python("it says NaN by itself")
}

async fn no_packet(peer: Peer) -> Outcome {
    for text in ["9", "2[]", "2[null]", "1{}", "51-[\"a\"]x"] {
        let member = peer.root().await?;
        member.emit("raw", text)?;
        nonsense(member).await?;
    }
    Ok(None)
}

async fn too_deep(peer: Peer) -> Outcome {
    let member = peer.root().await?;
    member.emit("raw", format!("2[\"a\",{}{}]", "[".repeat(100), "]".repeat(100)))?;
    nonsense(member).await?;
    Ok(None)
}

async fn given_back(peer: Peer) -> Outcome {
    let mut member = Member::start(peer.quick()?, "/")?;
    let first = member.namespace.connected().await?;
    member.ask("join", "a room").await?;
    member.emit("tell the room", ("a room", "before"))?;
    same(member.hear("news").await?.data().argument::<String>(0)?, "before")?;
    member.emit("hang up and tell", ("a room", json!(["one", "two", "three"])))?;
    until(|| !member.namespace.state().is_connected()).await;
    sleep(Duration::from_millis(200)).await;
    member.back(2).await?;
    let second = member.namespace.connected().await?;
    if peer.is_node() {
        same((second.recovered, &second.sid), (true, &first.sid))?;
        for word in ["one", "two", "three"] {
            same(member.hear("news").await?.data().argument::<String>(0)?, word)?;
        }
        member.emit("tell the room", ("a room", "after"))?;
        same(member.hear("news").await?.data().argument::<String>(0)?, "after")?;
        return Ok(None);
    }
    same((second.recovered, second.sid == first.sid), (false, false))?;
    member.emit("tell the room", ("a room", "after"))?;
    member.echo("nothing but this").await?;
    Ok(Some("it knows no recovery: another session, in no room"))
}
