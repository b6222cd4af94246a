//! Bytes, beside events and answers.

use glassloop::ws::{
    Bytes,
    socketio::{Binary, ClientLimits, EmitError},
};
use serde_json::{Value, json};

use crate::{
    Case, case,
    member::{Member, Outcome, Peer, WITHIN, holds, same},
};

pub(crate) const CASES: &[Case] = &[
    case!("bytes come back", come_back),
    case!("what the server makes of bytes", measured),
    case!("no bytes at all are bytes, too", empty),
    case!("100 KiB of bytes", long),
    case!("bytes deep in an object, and between other arguments", nested),
    case!("ten attachments", ten),
    case!("eleven attachments", eleven),
    case!("bytes in an answer of the server's", in_its_answer),
    case!("bytes in an answer of ours", in_our_answer),
    case!("an attachment of more bytes than the server takes", too_long),
    case!("what looks like the place of bytes", looks_like_one),
    case!("100 events with bytes and 100 without, in order", mixed),
];

fn bytes(length: usize) -> Binary {
    (0..length).map(|at| u8::try_from(at % 251).unwrap_or(0)).collect::<Vec<u8>>().into()
}

/// What the server says of bytes.
fn measure(binary: &Binary) -> Value {
    let sum: u64 = binary.0.iter().map(|&byte| u64::from(byte)).sum();
    json!({"bytes": binary.0.len(), "sum": sum})
}

async fn come_back(peer: Peer) -> Outcome {
    let mut member = peer.root().await?;
    let event = member.echo((bytes(300), "between", bytes(2))).await?;
    let came: (Binary, String, Binary) = event.arguments()?;
    same(came, (bytes(300), "between".to_owned(), bytes(2)))?;
    Ok(None)
}

async fn measured(peer: Peer) -> Outcome {
    let member = peer.root().await?;
    let sent = bytes(1_000);
    let came = member.ask("measure", (sent.clone(), 7)).await?.arguments::<(Value, u8)>()?;
    same(came, (measure(&sent), 7))?;
    Ok(None)
}

async fn empty(peer: Peer) -> Outcome {
    let mut member = peer.root().await?;
    let event = member.echo((Binary::default(), bytes(1), Binary::default())).await?;
    let (first, second, third): (Binary, Binary, Binary) = event.arguments()?;
    same((first.0.len(), second, third.0.len()), (0, bytes(1), 0))?;
    let came = member.ask("measure", Binary::default()).await?;
    same(came.argument::<Value>(0)?, json!({"bytes": 0, "sum": 0}))?;
    Ok(None)
}

async fn long(peer: Peer) -> Outcome {
    let mut member = peer.root().await?;
    let sent = bytes(100 * 1_024);
    same(member.echo(sent.clone()).await?.arguments::<(Binary,)>()?.0, sent.clone())?;
    let came = member.ask("measure", sent.clone()).await?;
    same(came.argument::<Value>(0)?, measure(&sent))?;
    Ok(None)
}

async fn nested(peer: Peer) -> Outcome {
    let mut member = peer.root().await?;
    // A map of arrays of bytes: whatever serde writes may hold them.
    let object = std::collections::BTreeMap::from([
        ("one", vec![bytes(1), bytes(2)]),
        ("none", vec![]),
        ("two", vec![bytes(3)]),
    ]);
    let event = member.echo((1, (object.clone(), "beside"), bytes(4))).await?;
    type Came = (u8, (std::collections::BTreeMap<String, Vec<Binary>>, String), Binary);
    let (number, (came, beside), last): Came = event.arguments()?;
    same((number, &*beside, last), (1, "beside", bytes(4)))?;
    let came: Vec<_> = came.iter().map(|(name, all)| (&**name, all.clone())).collect();
    same(came, object.into_iter().collect::<Vec<_>>())?;
    Ok(None)
}

async fn ten(peer: Peer) -> Outcome {
    let mut member = peer.root().await?;
    let all: Vec<Binary> = (0..10).map(bytes).collect();
    let (came,): (Vec<Binary>,) = member.echo((all.clone(),)).await?.arguments()?;
    same(came, all)?;
    Ok(None)
}

async fn eleven(peer: Peer) -> Outcome {
    let mut member = peer.root().await?;
    let all: Vec<Binary> = (0..11).map(bytes).collect();
    // Ours refuses it: node would end the connection.
    holds(member.namespace.emit("measure", (all.clone(),)).is_err(), "that it is refused")?;
    member.echo("still here").await?;
    let mut limits = ClientLimits::default();
    limits.packet.attachments_max = 11;
    let generous = Member::start(peer.builder()?.limits(limits), "/")?;
    let answer = generous.namespace.emit_with_ack("measure", (all.clone(),), WITHIN)?.await;
    if peer.is_node() {
        holds(answer.is_err(), "that the server ends the connection")?;
        generous.back(2).await?;
        return Ok(Some("ends the connection where a client lets them leave"));
    }
    let expected: Vec<Value> = all.iter().map(measure).collect();
    same(answer?.argument::<Vec<Value>>(0)?, expected)?;
    Ok(None)
}

async fn in_its_answer(peer: Peer) -> Outcome {
    let member = peer.root().await?;
    let came = member.ask("ask", (bytes(9), "and", bytes(8))).await?;
    let came: (Binary, String, Binary) = came.arguments()?;
    same(came, (bytes(9), "and".to_owned(), bytes(8)))?;
    Ok(None)
}

async fn in_our_answer(peer: Peer) -> Outcome {
    let mut member = peer.root().await?;
    member.emit("question", (10_000, bytes(5)))?;
    let question = member.hear("question").await?;
    same(question.arguments::<(Binary,)>()?.0, bytes(5))?;
    question.ack((bytes(6), 7))?;
    let (first, second): (Value, u8) = member.hear("answer").await?.arguments()?;
    same((first, second), (measure(&bytes(6)), 7))?;
    Ok(None)
}

async fn too_long(peer: Peer) -> Outcome {
    let mut member = peer.root().await?;
    match member.namespace.emit("echo", bytes(1_000_001)) {
        Err(EmitError::TooLong { bytes: 1_000_001, bytes_max: 1_000_000 }) => {}
        other => return Err(format!("expected that it is refused, came {other:?}").into()),
    }
    let most = member.ask("measure", bytes(1_000_000)).await?;
    same(most.argument::<Value>(0)?, measure(&bytes(1_000_000)))?;
    member.echo("still here").await?;
    same(member.client.counts().opened, 1)?;
    Ok(None)
}

async fn looks_like_one(peer: Peer) -> Outcome {
    let mut member = peer.root().await?;
    let place = json!({"_placeholder": true, "num": 0});
    same(member.echo(place.clone()).await?.data().argument::<Value>(0)?, place)?;
    Ok(None)
}

async fn mixed(peer: Peer) -> Outcome {
    let mut member = peer.root().await?;
    for number in 0..100 {
        let bytes: Bytes = vec![number; usize::from(number)].into();
        member.emit("echo", (number, Binary(bytes)))?;
        member.emit("echo", (number,))?;
    }
    for number in 0..100 {
        let came: (u8, Binary) = member.hear("echoed").await?.arguments()?;
        same(came, (number, vec![number; usize::from(number)].into()))?;
        same(member.hear("echoed").await?.arguments::<(u8,)>()?, (number,))?;
    }
    Ok(None)
}
