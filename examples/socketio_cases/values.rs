//! Values both ways, as they are in JSON; and how long an event may be.

use glassloop::ws::socketio::EmitError;
use serde_json::{Value, json};

use crate::{
    Case, case,
    member::{Failure, Member, Outcome, Peer, holds, same},
};

pub(crate) const CASES: &[Case] = &[
    case!("no argument, one, and eight", how_many),
    case!("every kind of JSON", kinds),
    case!("text of all scripts", texts),
    case!("JSON of 98 levels", deep),
    case!("integers beyond 2 to the 53rd", integers),
    case!("numbers with a fraction, very small and very large", fractions),
    case!("a key and an event of letters beyond ASCII", names),
    case!("an event whose name is a number", a_number_as_a_name),
    case!("a text that is none to Rust", half_a_letter),
    case!("arguments of other types say what was expected", other_types),
    case!("names that are reserved are refused", reserved),
    case!("an event of the last byte that the server takes", the_last_byte),
    case!("one byte more is refused, and the connection lives", one_byte_more),
    case!("credentials and events against a lower limit", a_lower_limit),
    case!("an event of a million bytes from the server", from_the_server),
];

/// What the server takes by default.
const PAYLOAD_BYTES_MAX: usize = 1_000_000;

async fn how_many(peer: Peer) -> Outcome {
    let mut member = peer.root().await?;
    same(member.echo(()).await?.arguments::<Vec<Value>>()?, Vec::<Value>::new())?;
    same(member.echo(7).await?.arguments::<(u8,)>()?, (7,))?;
    let eight = (1, "two", 3.5, true, (), json!([6]), json!({"seven": 7}), "8");
    let echoed: Vec<Value> = member.echo(eight).await?.arguments()?;
    same(Value::from(echoed), json!([1, "two", 3.5, true, null, [6], {"seven": 7}, "8"]))?;
    Ok(None)
}

async fn kinds(peer: Peer) -> Outcome {
    let mut member = peer.root().await?;
    let all = json!([null, true, false, 0, -1, 1.5, "", "a", [], {}, [[]], {"": null, "a": [{}]}]);
    for value in all.as_array().into_iter().flatten() {
        same(&member.echo(value.clone()).await?.data().argument::<Value>(0)?, value)?;
    }
    same(member.ask("ask", (all.clone(),)).await?.argument::<Value>(0)?, all)?;
    Ok(None)
}

async fn texts(peer: Peer) -> Outcome {
    let mut member = peer.root().await?;
    let texts = [
        "Grüße, 日本語, שלום, हिन्दी",
        "🎉👩‍👩‍👧 \u{10FFFF} e\u{301}",
        "\u{0} \u{1b} \u{7f} \u{2028} \u{feff} \u{fffd}",
        "\" \\ / \n \r \t </script>",
        "42[\"not a packet\"]",
    ];
    for text in texts {
        same(member.echo(text).await?.arguments::<(String,)>()?.0, text)?;
        same(member.ask("ask", text).await?.argument::<String>(0)?, text)?;
    }
    Ok(None)
}

async fn deep(peer: Peer) -> Outcome {
    let mut member = peer.root().await?;
    let nested = (0..98).fold(json!("bottom"), |inner, level| match level % 2 {
        0 => json!([inner]),
        _ => json!({ "in": inner }),
    });
    same(member.echo(nested.clone()).await?.data().argument::<Value>(0)?, nested)?;
    Ok(None)
}

async fn integers(peer: Peer) -> Outcome {
    let mut member = peer.root().await?;
    for exact in [0, 1, (1 << 53) - 1, 1 << 53] {
        same(member.echo(exact).await?.arguments::<(u64,)>()?, (exact,))?;
    }
    let beyond = [(1 << 53) + 1, (1 << 60) - 1, u64::MAX];
    for exact in beyond {
        let echoed: Value = member.echo(exact).await?.data().argument(0)?;
        match peer.is_node() {
            true => same(echoed.as_f64(), Some(exact as f64))?,
            false => same(echoed.as_u64(), Some(exact))?,
        }
    }
    same(member.echo(i64::from(i32::MIN)).await?.arguments::<(i64,)>()?.0, i64::from(i32::MIN))?;
    peer.node("rounds those beyond to what a double holds")
}

async fn fractions(peer: Peer) -> Outcome {
    let mut member = peer.root().await?;
    let numbers = [0.1, -0.5, 1.0, 1e-7, 5e-324, 1e21, 1.797_693_134_862_315_7e308, 0.1 + 0.2];
    for number in numbers {
        same(member.echo(number).await?.arguments::<(f64,)>()?.0.to_bits(), number.to_bits())?;
    }
    let zero: f64 = member.echo(-0.0).await?.data().argument(0)?;
    same(zero.is_sign_negative(), !peer.is_node())?;
    peer.node("says 0 for -0.0")
}

async fn names(peer: Peer) -> Outcome {
    let mut member = peer.root().await?;
    let object = json!({"größe 🎉": 1, "\n": 2});
    same(member.echo(object.clone()).await?.data().argument::<Value>(0)?, object)?;
    same(member.ask("größe 🎉", ()).await?.argument::<String>(0)?, "gehört")?;
    Ok(None)
}

async fn a_number_as_a_name(peer: Peer) -> Outcome {
    let mut member = peer.root().await?;
    member.emit("say a number", ())?;
    same(member.hear("7").await?.arguments::<(String,)>()?.0, "seven")?;
    Ok(None)
}

async fn half_a_letter(peer: Peer) -> Outcome {
    let mut member = peer.root().await?;
    member.emit("say half a letter", ())?;
    let event = member.hear("half").await?;
    holds(event.arguments::<(String,)>().is_err(), "that it can't be read")?;
    same(event.data().json(), "[\"half\",\"\\ud800\"]")?;
    still_connected(&mut member).await
}

async fn other_types(peer: Peer) -> Outcome {
    let mut member = peer.root().await?;
    let event = member.echo(("seven", 8)).await?;
    let error = event.arguments::<(u64, u64)>().expect_err("a text is no number").to_string();
    let expected = "expected arguments of `echoed` as (u64, u64), came \"[\\\"echoed\\\",";
    holds(error.starts_with(expected), expected)?;
    holds(event.arguments::<(String, u64, u64)>().is_err(), "that the third is missing")?;
    holds(event.data().argument::<u64>(2).is_err(), "that the third is missing")?;
    same(event.arguments::<(String,)>()?.0, "seven")?;
    still_connected(&mut member).await
}

async fn reserved(peer: Peer) -> Outcome {
    let mut member = peer.root().await?;
    for name in ["connect", "connect_error", "disconnect", "disconnecting", "newListener"] {
        let refused = matches!(member.namespace.emit(name, ()), Err(EmitError::Reserved(_)));
        holds(refused, "that it is refused")?;
    }
    still_connected(&mut member).await
}

async fn still_connected(member: &mut Member) -> Outcome {
    member.echo("still here").await?;
    same(member.client.counts().opened, 1)?;
    Ok(None)
}

/// The text of `42["measure","xx"]` around the letters, with the number of its answer.
fn around(number: usize) -> usize {
    format!("42{number}[\"ask\",\"\"]").len()
}

async fn the_last_byte(peer: Peer) -> Outcome {
    let mut member = peer.root().await?;
    let text = "x".repeat(PAYLOAD_BYTES_MAX - around(0));
    let length = member.ask("ask", &*text).await?.argument::<String>(0)?.len();
    same(length, text.len())?;
    still_connected(&mut member).await
}

async fn one_byte_more(peer: Peer) -> Outcome {
    let mut member = peer.root().await?;
    let text = "x".repeat(PAYLOAD_BYTES_MAX - around(0) + 1);
    too_long(&member, &text, PAYLOAD_BYTES_MAX)?;
    still_connected(&mut member).await
}

fn too_long(member: &Member, text: &str, most: usize) -> Result<(), Failure> {
    match member.namespace.emit_with_ack("ask", text, crate::member::WITHIN) {
        Err(EmitError::TooLong { bytes, bytes_max }) => {
            same((bytes, bytes_max), (most + 1, most as u64))
        }
        other => Err(format!("expected that it is refused, came {other:?}").into()),
    }
}

async fn a_lower_limit(peer: Peer) -> Outcome {
    let mut member = Member::start(peer.quick()?, "/")?;
    // Nobody knows of the limit yet.
    let early =
        member.namespace.emit_with_ack("ask", "x".repeat(20_000), crate::member::WITHIN)?.await;
    let error = early.expect_err("it is too long").to_string();
    holds(error.starts_with("expected a message of at most 10000 bytes, came one of 200"), &error)?;
    too_long(&member, &"x".repeat(10_000 - around(1) + 1), 10_000)?;
    let text = "x".repeat(10_000 - around(2));
    same(member.ask("ask", &*text).await?.argument::<String>(0)?.len(), text.len())?;
    let (large, _events) =
        member.client.namespace("/chat").auth(json!({ "token": text + "xxxx" })).start()?;
    let why = large.connected().await.expect_err("it is too long").to_string();
    holds(why.contains("credentials of at most 10000 bytes"), "what was refused")?;
    still_connected(&mut member).await
}

async fn from_the_server(peer: Peer) -> Outcome {
    let mut member = peer.root().await?;
    member.emit("say much", 1_000_000)?;
    let (text,): (String,) = member.hear("much").await?.arguments()?;
    same((text.len(), text.bytes().all(|byte| byte == b'x')), (1_000_000, true))?;
    still_connected(&mut member).await
}
