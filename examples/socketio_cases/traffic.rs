//! Traffic: many events, several clients, rooms, and what is worth nothing later.

use std::cell::Cell;

use serde_json::json;

use crate::{
    Case, case,
    member::{Member, Outcome, Peer, holds, same, start},
};

pub(crate) const CASES: &[Case] = &[
    case!("10,000 events to the server, in order", to_the_server),
    case!("10,000 events from the server, in order", from_the_server),
    case!("10,000 events over three namespaces, each in its order", over_three),
    case!("a room is heard by who is in it", a_room),
    case!("two clients hear each other", two_clients),
    case!("20 clients at once", many_clients),
    case!("what is worth nothing later arrives now, or never", volatile),
    case!("who was let in speaks before what had waited", speaks_first),
    case!("a client that takes nothing slows the server down, and loses nothing", slow),
];

async fn to_the_server(peer: Peer) -> Outcome {
    let member = peer.root().await?;
    let key = &*member.sid().await?;
    for number in 0..10_000 {
        member.namespace.room().await?;
        member.emit("keep", (key, number))?;
    }
    same(member.kept(key).await?, (0..10_000).collect::<Vec<u64>>())?;
    Ok(None)
}

async fn from_the_server(peer: Peer) -> Outcome {
    let mut member = peer.root().await?;
    member.emit("count", 10_000)?;
    for number in 0..10_000 {
        same(member.hear("number").await?.arguments::<(u32,)>()?, (number,))?;
    }
    same(member.client.counts().opened, 1)?;
    Ok(None)
}

async fn over_three(peer: Peer) -> Outcome {
    let client = start(peer.builder()?)?;
    let mut members = Vec::new();
    for name in ["/", "/chat", "/news"] {
        members.push(Member::of(&client, name)?);
    }
    for number in 0..3_333 {
        for member in &members {
            member.emit("echo", (number, member.namespace.name()))?;
        }
    }
    for mut member in members {
        for number in 0..3_333 {
            let came: (u32, String) = member.hear("echoed").await?.arguments()?;
            same(came, (number, member.namespace.name().to_owned()))?;
        }
    }
    Ok(None)
}

async fn a_room(peer: Peer) -> Outcome {
    let (mut inside, mut outside) = (peer.root().await?, peer.root().await?);
    let room = &*inside.sid().await?.to_uppercase();
    inside.ask("join", room).await?;
    outside.emit("tell the room", (room, "come in"))?;
    same(inside.hear("news").await?.arguments::<(String,)>()?.0, "come in")?;
    outside.echo("nothing but this").await?;
    Ok(None)
}

async fn two_clients(peer: Peer) -> Outcome {
    let (mut one, mut other) = (peer.member("/news").await?, peer.member("/news").await?);
    for round in 0..100 {
        one.emit("tell the others", (format!("{round}"),))?;
        same(other.hear("news").await?.arguments::<(String,)>()?.0, format!("{round}"))?;
        other.emit("tell the others", (format!("and {round}"),))?;
        same(one.hear("news").await?.arguments::<(String,)>()?.0, format!("and {round}"))?;
    }
    Ok(None)
}

async fn many_clients(peer: Peer) -> Outcome {
    let mut members = Vec::new();
    for _ in 0..20 {
        members.push(Member::start(peer.builder()?, "/chat")?);
    }
    for member in &members {
        member.namespace.connected().await?;
    }
    members[0].emit("tell the others", ("hello",))?;
    for member in &mut members[1..] {
        same(member.hear("news").await?.arguments::<(String,)>()?.0, "hello")?;
    }
    Ok(None)
}

async fn volatile(peer: Peer) -> Outcome {
    let member = peer.root().await?;
    let key = &*member.sid().await?;
    let slow = Member::of(&member.client, "/slow")?;
    holds(!slow.namespace.emit_volatile("keep", (key, 1))?, "that it is dropped")?;
    holds(member.namespace.emit_volatile("keep", (key, 2))?, "that it leaves")?;
    slow.namespace.connected().await?;
    holds(slow.namespace.emit_volatile("keep", (key, 3))?, "that it leaves")?;
    slow.ask("ask", ()).await?;
    same(member.kept(key).await?, [2, 3])?;
    Ok(None)
}

async fn speaks_first(peer: Peer) -> Outcome {
    let member = peer.root().await?;
    let key = member.sid().await?;
    let chat = Member::of(&member.client, "/chat")?;
    let (speaks, count) = (chat.namespace.clone(), Cell::new(0));
    let of = key.clone();
    chat.namespace.on_state(move |state| {
        if state.is_connected() {
            count.set(count.get() + 100);
            speaks.emit("keep", (&*of, count.get())).ok();
        }
    });
    chat.emit("keep", (&*key, 1))?;
    chat.emit("keep", (&*key, 2))?;
    chat.ask("ask", ()).await?;
    chat.namespace.disconnect();
    chat.emit("keep", (&*key, 3))?;
    chat.namespace.connect();
    chat.ask("ask", ()).await?;
    same(member.kept(&key).await?, [100, 1, 2, 200, 3])?;
    member.client.disconnect();
    Ok(None)
}

async fn slow(peer: Peer) -> Outcome {
    let mut member = peer.root().await?;
    member.ask("ask", json!(null)).await?;
    member.emit("count", 20_000)?;
    glassloop::sleep(std::time::Duration::from_millis(500)).await;
    for number in 0..20_000 {
        same(member.hear("number").await?.arguments::<(u32,)>()?, (number,))?;
    }
    member.echo("still here").await?;
    same(member.client.counts().opened, 1)?;
    Ok(None)
}
