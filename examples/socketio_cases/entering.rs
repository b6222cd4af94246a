//! Being let in, or refused: namespaces, credentials, paths.

use std::{cell::Cell, rc::Rc, time::Duration};

use glassloop::{
    sleep,
    ws::{
        ReconnectState,
        socketio::{ConnectError, NamespaceState, NotConnected},
    },
};
use serde_json::{Value, json};

use crate::{
    Case, case,
    member::{Failure, Member, Outcome, Peer, WITHIN, holds, same, start, until},
};

pub(crate) const CASES: &[Case] = &[
    case!("the root lets in", the_root),
    case!("a namespace with a name", a_name),
    case!("three namespaces over one connection", three_namespaces),
    case!("a namespace that the server makes when asked", made_when_asked),
    case!("an unknown namespace refuses, and the others go on", unknown),
    case!("credentials arrive", credentials),
    case!("credentials are refused, with data", refused_with_data),
    case!("a refusal without data", refused_without_data),
    case!("refused, then let in when it asks again", asks_again),
    case!("credentials are computed anew for each connection", computed_anew),
    case!("credentials that can't be computed", not_computed),
    case!("refused after it was let in", refused_late),
    case!("what the server says first", says_first),
    case!("an event waits until it is let in", waits),
    case!("another path", another_path),
    case!("a path that nobody serves", no_path),
    case!("a query and a header reach the server", query_and_header),
];

async fn the_root(peer: Peer) -> Outcome {
    let member = peer.root().await?;
    let who = member.who().await?;
    same(who["sid"].as_str(), Some(&*member.sid().await?))?;
    holds(who["connection"] != who["sid"], "a name of the connection that is another one")?;
    same(member.states(), ["connected"])?;
    Ok(None)
}

async fn a_name(peer: Peer) -> Outcome {
    let mut member = peer.member("/chat").await?;
    same(member.echo("hello").await?.arguments::<(String,)>()?.0, "hello")?;
    Ok(None)
}

async fn three_namespaces(peer: Peer) -> Outcome {
    let client = start(peer.builder()?)?;
    let mut connections = Vec::new();
    let mut members = Vec::new();
    for name in ["/", "/chat", "/news"] {
        members.push(Member::of(&client, name)?);
    }
    for (number, member) in members.iter().enumerate() {
        member.emit("echo", (number,))?;
    }
    for (number, member) in members.iter_mut().enumerate() {
        same(member.hear("echoed").await?.arguments::<(usize,)>()?, (number,))?;
        let who = member.who().await?;
        same(who["sid"].as_str(), Some(&*member.sid().await?))?;
        connections.push(who["connection"].clone());
    }
    connections.dedup();
    same((connections.len(), client.counts().opened), (1, 1))?;
    Ok(None)
}

async fn made_when_asked(peer: Peer) -> Outcome {
    let member = Member::start(peer.quick()?, "/made-für dich")?;
    same(member.ask("ask", (7,)).await?.arguments::<(u8,)>()?, (7,))?;
    Ok(None)
}

/// Why a namespace was refused.
async fn refusal(member: &Member) -> Result<ConnectError, Failure> {
    match member.namespace.connected().await {
        Err(NotConnected::Refused(why)) => Ok(why),
        other => Err(format!("expected a refusal, came {other:?}").into()),
    }
}

async fn unknown(peer: Peer) -> Outcome {
    let mut root = peer.root().await?;
    let nobody = Member::of(&root.client, "/nobody")?;
    let why = refusal(&nobody).await?;
    let words = if peer.is_node() { "Invalid namespace" } else { "Unable to connect" };
    same((&*why.message, why.data), (words, None))?;
    nobody.emit("echo", ())?;
    same(nobody.namespace.buffered(), 1)?;
    root.echo("still here").await?;
    same(root.client.counts().opened, 1)?;
    peer.python("the refusal is a text, in other words")
}

async fn credentials(peer: Peer) -> Outcome {
    let shown = json!({"token": "right", "für": ["dich", 1, null, {"tief": true}]});
    let client = start(peer.builder()?)?;
    let (namespace, _events) = client.namespace("/guarded").auth(shown.clone()).start()?;
    let answer = namespace.emit_with_ack("who", (), WITHIN)?.await?;
    same(&answer.argument::<Value>(0)?["auth"], &shown)?;
    Ok(None)
}

async fn refused_with_data(peer: Peer) -> Outcome {
    let client = start(peer.builder()?)?;
    let (namespace, _events) = client.namespace("/guarded").auth(json!({"token": 9})).start()?;
    match namespace.connected().await {
        Err(NotConnected::Refused(ConnectError { message, data, .. })) => {
            same(message, "not you")?;
            same(data, Some(json!({"code": 3, "token": 9})))?;
        }
        other => return Err(format!("expected a refusal, came {other:?}").into()),
    }
    until(|| client.state().to_string() == "idle").await;
    Ok(None)
}

async fn refused_without_data(peer: Peer) -> Outcome {
    let member = Member::start(peer.builder()?, "/closed")?;
    let why = refusal(&member).await?;
    let words = if peer.is_node() { "closed" } else { "Connection rejected by server" };
    same((&*why.message, why.data), (words, None))?;
    same(member.states(), ["refused"])?;
    peer.python("`return False` has words of its own")
}

async fn asks_again(peer: Peer) -> Outcome {
    let client = start(peer.builder()?)?;
    let token = Rc::new(Cell::new("wrong"));
    let shown = Rc::clone(&token);
    let auth = move || std::future::ready(Ok(json!({"token": shown.get()})));
    let (namespace, mut events) = client.namespace("/guarded").auth_with(auth).start()?;
    namespace.emit("echo", (1,))?;
    holds(namespace.connected().await.is_err(), "a refusal")?;
    token.set("right");
    namespace.emit("echo", (2,))?;
    namespace.connect();
    namespace.connected().await?;
    for number in [1, 2] {
        let event = events.recv().await.ok_or("expected an event, came the end")?;
        same(event.arguments::<(u32,)>()?, (number,))?;
    }
    Ok(None)
}

async fn computed_anew(peer: Peer) -> Outcome {
    let client = start(peer.builder()?)?;
    let count = Cell::new(0);
    let auth = move || {
        count.set(count.get() + 1);
        std::future::ready(Ok(json!({"token": "right", "count": count.get()})))
    };
    let (namespace, _events) = client.namespace("/guarded").auth_with(auth).start()?;
    for round in 1..4 {
        let answer = namespace.emit_with_ack("who", (), WITHIN)?.await?;
        same(&answer.argument::<Value>(0)?["auth"]["count"], round)?;
        namespace.emit("hang up", ())?;
        until(|| !namespace.state().is_connected()).await;
    }
    Ok(None)
}

async fn not_computed(peer: Peer) -> Outcome {
    let root = peer.root().await?;
    let auth = || std::future::ready(Err("no token today".to_owned()));
    let (namespace, _events) = root.client.namespace("/guarded").auth_with(auth).start()?;
    match namespace.connected().await {
        Err(NotConnected::Refused(why)) => same(why.message, "no token today")?,
        other => return Err(format!("expected a refusal, came {other:?}").into()),
    }
    let who = root.who().await?;
    same(who["sid"].as_str(), Some(&*root.sid().await?))?;
    Ok(None)
}

async fn refused_late(peer: Peer) -> Outcome {
    let member = Member::start(peer.quick()?, "/guarded")?;
    if peer.is_node() {
        refusal(&member).await?;
        return Ok(None);
    }
    // The packet that shows it out has a payload, which no client in JavaScript understands.
    until(|| member.states().len() >= 4).await;
    same(&member.states()[..4], ["connected", "parse error", "connecting", "connected"])?;
    Ok(Some("with `always_connect` it is let in, and shown out by what is no packet"))
}

async fn says_first(peer: Peer) -> Outcome {
    let mut member = Member::start(peer.builder()?, "/greeting")?;
    for word in ["one", "two"] {
        same(member.hear("welcome").await?.arguments::<(String,)>()?.0, word)?;
        same(member.states(), ["connected"])?;
    }
    peer.python("it comes before the namespace is let in")
}

async fn waits(peer: Peer) -> Outcome {
    let root = peer.root().await?;
    let mut slow = Member::of(&root.client, "/slow")?;
    // Ours has asked when the server's answer to what came later is here.
    root.ask("ask", ()).await?;
    slow.emit("echo", ("first",))?;
    slow.emit("echo", ("second",))?;
    holds(matches!(slow.namespace.state(), NamespaceState::Connecting), "that it waits")?;
    same(slow.namespace.buffered(), 2)?;
    for word in ["first", "second"] {
        same(slow.hear("echoed").await?.arguments::<(String,)>()?.0, word)?;
    }
    same((slow.namespace.buffered(), root.client.counts().opened), (0, 1))?;
    Ok(None)
}

async fn another_path(peer: Peer) -> Outcome {
    let mut member = Member::start(peer.quick()?, "/chat")?;
    same(member.echo(true).await?.arguments::<(bool,)>()?, (true,))?;
    Ok(None)
}

async fn no_path(peer: Peer) -> Outcome {
    let member = Member::start(peer.builder()?.path("/nobody/"), "/")?;
    let why = loop {
        if let ReconnectState::Waiting { why, .. } = member.client.state() {
            break why.to_string();
        }
        sleep(Duration::from_millis(2)).await;
    };
    same(member.states(), ["connected"; 0])?;
    if peer.is_node() {
        let expected = "expected the head of an upgrade, came the end of the stream";
        holds(why.ends_with(expected), expected)?;
        return Ok(Some("ends the stream after a second, without a word"));
    }
    same(&*why, "expected status 101, came 500 Internal Server Error")?;
    Ok(Some("stumbles over its own 404"))
}

async fn query_and_header(peer: Peer) -> Outcome {
    let builder = peer.builder()?.query("room=a%20b").header("x-case", "a header");
    let member = Member::start(builder, "/")?;
    let who = member.who().await?;
    let room = if peer.is_node() { "a b" } else { "a%20b" };
    same((&who["room"], &who["header"]), (&json!(room), &json!("a header")))?;
    Ok(None)
}
