//! Answers: the server's to events of ours, and ours to events of the server's.

use std::time::Duration;

use glassloop::{
    sleep,
    ws::socketio::{AckError, EmitError},
};
use serde_json::{Value, json};

use crate::{
    Case, case,
    member::{Member, Outcome, Peer, WITHIN, holds, same, until},
};

pub(crate) const CASES: &[Case] = &[
    case!("answers of no value, one, and many", of_many_values),
    case!("answers come in an order of their own", out_of_order),
    case!("1,000 answers, each to its own question", a_thousand),
    case!("an answer that never comes", never),
    case!("who has left gets no answer", left),
    case!("an event whose time is over before it is let in never leaves", too_late),
    case!("the server is answered at once", at_once),
    case!("the server is answered later", later),
    case!("the server is never answered", never_answered),
    case!("an answer to who has asked on a connection that is gone", gone),
];

async fn of_many_values(peer: Peer) -> Outcome {
    let member = peer.root().await?;
    same(member.ask("ask", ()).await?.json(), "[]")?;
    same(member.ask("ask", ((),)).await?.arguments::<(Value,)>()?, (Value::Null,))?;
    let many = json!([1, "two", [3], {"four": 4}]);
    let came = member.ask("ask", (1, "two", [3], json!({"four": 4}))).await?;
    same(Value::from(came.arguments::<Vec<Value>>()?), many)?;
    Ok(None)
}

async fn out_of_order(peer: Peer) -> Outcome {
    let member = peer.root().await?;
    let ask = |ms: u32| member.namespace.emit_with_ack("late", ms, WITHIN);
    let (slow, fast) = (ask(200)?, ask(1)?);
    same(fast.await?.argument::<u32>(0)?, 1)?;
    same(slow.await?.argument::<u32>(0)?, 200)?;
    Ok(None)
}

async fn a_thousand(peer: Peer) -> Outcome {
    let member = peer.root().await?;
    let ask = |number: u32| member.namespace.emit_with_ack("ask", number, WITHIN);
    let answers = (0..1_000).map(ask).collect::<Result<Vec<_>, _>>()?;
    for (number, answer) in answers.into_iter().enumerate() {
        same(answer.await?.argument::<usize>(0)?, number)?;
    }
    Ok(None)
}

async fn never(peer: Peer) -> Outcome {
    let mut member = peer.root().await?;
    let within = Duration::from_millis(200);
    let answer = member.namespace.emit_with_ack("silence", (), within)?.await;
    holds(matches!(answer, Err(AckError::TimedOut(after)) if after == within), "no answer")?;
    member.echo("still here").await?;
    same(member.client.counts().opened, 1)?;
    Ok(None)
}

async fn left(peer: Peer) -> Outcome {
    let member = peer.root().await?;
    let answer = member.namespace.emit_with_ack("silence", (), WITHIN)?;
    member.emit("hang up", ())?;
    match answer.await {
        Err(AckError::Disconnected(why)) => same(why.as_str(), "transport close")?,
        other => return Err(format!("expected that nobody answers, came {other:?}").into()),
    }
    member.back(2).await?;
    same(member.ask("ask", 7).await?.argument::<u8>(0)?, 7)?;
    Ok(None)
}

async fn too_late(peer: Peer) -> Outcome {
    let root = peer.root().await?;
    let key = root.sid().await?;
    let slow = Member::of(&root.client, "/slow")?;
    let late = slow.namespace.emit_with_ack("keep", (&*key, 1), Duration::from_millis(20))?;
    let dropped = slow.namespace.emit_with_ack("keep", (&*key, 2), WITHIN)?;
    drop(dropped);
    slow.emit("keep", (&*key, 3))?;
    holds(matches!(late.await, Err(AckError::TimedOut(_))), "that its time is over")?;
    slow.ask("ask", ()).await?;
    same(root.kept(&key).await?, [3])?;
    Ok(None)
}

async fn at_once(peer: Peer) -> Outcome {
    let mut member = peer.root().await?;
    for values in [json!([]), json!([null]), json!([1, "two"])] {
        member.emit("question", (10_000, "how many?"))?;
        let question = member.hear("question").await?;
        same(question.arguments::<(String,)>()?.0, "how many?")?;
        match values.as_array().map_or(0, Vec::len) {
            0 => question.ack(())?,
            1 => question.ack(((),))?,
            _ => question.ack((1, "two"))?,
        }
        let answer: Vec<Value> = member.hear("answer").await?.arguments()?;
        same(Value::from(answer), values)?;
    }
    Ok(None)
}

async fn later(peer: Peer) -> Outcome {
    let mut member = peer.root().await?;
    member.emit("question", (10_000, 1))?;
    member.emit("question", (10_000, 2))?;
    let first =
        member.hear("question").await?.responder().ok_or("expected who waits, came none")?;
    let second = member.hear("question").await?;
    second.ack("second")?;
    same(member.hear("answer").await?.arguments::<(String,)>()?.0, "second")?;
    sleep(Duration::from_millis(100)).await;
    member.echo("between").await?;
    first.ack("first")?;
    same(member.hear("answer").await?.arguments::<(String,)>()?.0, "first")?;
    Ok(None)
}

async fn never_answered(peer: Peer) -> Outcome {
    let mut member = peer.root().await?;
    member.emit("question", (100, 1))?;
    let question = member.hear("question").await?;
    drop(question);
    member.hear("no answer").await?;
    same(member.client.counts().opened, 1)?;
    Ok(None)
}

async fn gone(peer: Peer) -> Outcome {
    let mut member = peer.root().await?;
    member.emit("question", (10_000, 1))?;
    let responder = member.hear("question").await?.responder();
    let responder = responder.ok_or("expected who waits, came none")?;
    member.emit("hang up", ())?;
    until(|| !member.namespace.state().is_connected()).await;
    member.back(2).await?;
    holds(matches!(responder.ack("late"), Err(EmitError::Gone)), "that nobody waits")?;
    member.echo("still here").await?;
    Ok(None)
}
