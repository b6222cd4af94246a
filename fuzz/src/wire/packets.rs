//! The target `packets`: any bytes are messages of Socket.IO, one after the other.
//!
//! A text is put together of parts that are good more often than not, and now and then has noise in
//! it. A reader written for this alone, which takes the text apart by the words of the protocol and
//! has JSON read by the library, says what it means, or that it means nothing; the decoder must say
//! the same, and write what it has read so that it is read again.

use glassloop_ws::socketio::{Body, Decoder, Packet, PacketLimits};
use serde_json::Value;
use tungstenite::Bytes as Payload;

use crate::bytes::Bytes;

/// Narrow, so that each is met.
const LIMITS: PacketLimits = PacketLimits {
    attachments_max: 3,
    depth_max: 5,
    namespace_bytes_max: 12,
    packet_bytes_max: 200,
};

const RESERVED: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

pub(super) fn check(bytes: &[u8]) -> Result<(), String> {
    let mut bytes = Bytes::new(bytes);
    let mut decoder = Decoder::new(LIMITS);
    // What is waited for: how many attachments, and how many bytes there are.
    let mut waits: Option<(Meaning, usize, usize)> = None;
    for _ in 0..6 {
        if bytes.below(5) == 0 || waits.is_some() && bytes.below(8) > 0 {
            let payload = vec![bytes.next(); usize::from(bytes.next())];
            let came = decoder.binary(Payload::from(payload.clone()));
            let Some((meaning, missing, so_far)) = waits.take() else {
                return expect(came.is_err(), "binary", "an attachment of nothing", &came);
            };
            let so_far = so_far + payload.len();
            if so_far > LIMITS.packet_bytes_max {
                return expect(came.is_err(), "binary", "an attachment too many bytes long", &came);
            }
            match came {
                Ok(None) if missing > 1 => waits = Some((meaning, missing - 1, so_far)),
                Ok(Some(packet)) if missing == 1 => told_alike(&meaning, &packet)?,
                came => return Err(format!("{missing} attachments are missing, came {came:?}")),
            }
            continue;
        }
        let text = text(&mut bytes);
        let came = decoder.text(&text);
        if waits.is_some() {
            return expect(came.is_err(), &text, "a text before its attachments", &came);
        }
        let Some(meaning) = meaning(&text) else {
            // What JSON itself leaves open: numbers and letters that can't be had in Rust.
            let is_open = text.contains('\\') || text.contains(['e', 'E']);
            return expect(is_open || came.is_err(), &text, "what means nothing", &came);
        };
        match came {
            Ok(Some(packet)) if meaning.attachments == 0 => told_alike(&meaning, &packet)?,
            Ok(None) if meaning.attachments > 0 => {
                let missing = meaning.attachments;
                waits = Some((meaning, missing, text.len()));
            }
            came => return Err(format!("{text:?} means {meaning:?}, came {came:?}")),
        }
    }
    Ok(())
}

fn expect(holds: bool, text: &str, what: &str, came: &impl std::fmt::Debug) -> Result<(), String> {
    match holds {
        true => Ok(()),
        false => Err(format!("{text:?}, {what}, came to {came:?}")),
    }
}

/// What a text says.
#[derive(Debug)]
struct Meaning {
    kind: u8,
    attachments: usize,
    namespace: String,
    number: Option<u64>,
    json: Option<Value>,
}

/// Takes a text apart: `<kind>[<attachments>-][<namespace>,][<number>][JSON]`.
fn meaning(text: &str) -> Option<Meaning> {
    let mut left: Vec<char> = text.chars().rev().collect();
    let kind = left.pop()?.to_digit(7)? as u8;
    let digits = |left: &mut Vec<char>| {
        let mut digits = String::new();
        while left.last().is_some_and(char::is_ascii_digit) {
            digits.extend(left.pop());
        }
        digits
    };
    let mut attachments = 0;
    if kind >= 5 {
        attachments = digits(&mut left).parse().ok()?;
        let is_right = (1..=LIMITS.attachments_max).contains(&attachments);
        is_right.then_some(())?;
        (left.pop()? == '-').then_some(())?;
    }
    let mut namespace = String::new();
    if left.last() == Some(&'/') {
        while let Some(letter) = left.pop().filter(|letter| *letter != ',') {
            namespace.push(letter);
        }
        (namespace.len() <= LIMITS.namespace_bytes_max).then_some(())?;
    } else {
        namespace.push('/');
    }
    let digits = digits(&mut left);
    let number = if digits.is_empty() { None } else { Some(digits.parse().ok()?) };
    let json: String = left.into_iter().rev().collect();
    let json: Option<Value> =
        if json.is_empty() { None } else { Some(serde_json::from_str(&json).ok()?) };
    let is_right = text.len() <= LIMITS.packet_bytes_max
        && json.as_ref().is_none_or(|json| depth(json) <= LIMITS.depth_max)
        && match (kind, &json) {
            (0, None | Some(Value::Object(_))) | (1, None) => true,
            (4, Some(Value::Object(_) | Value::String(_))) => true,
            (2 | 5, Some(Value::Array(values))) => values.first().is_some_and(is_name),
            (3 | 6, Some(Value::Array(_))) => number.is_some(),
            _ => false,
        }
        && (attachments == 0 || json.as_ref().is_some_and(|json| places_hold(json, attachments)));
    is_right.then_some(Meaning { kind, attachments, namespace, number, json })
}

fn is_name(value: &Value) -> bool {
    match value {
        Value::String(name) => !RESERVED.contains(&&name[..]),
        value => value.is_number(),
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(values) => 1 + values.iter().map(depth).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn places_hold(value: &Value, attachments: usize) -> bool {
    match value {
        Value::Array(values) => values.iter().all(|value| places_hold(value, attachments)),
        Value::Object(fields) => {
            let is_place = fields.get("_placeholder") == Some(&Value::Bool(true));
            let number = fields.get("num").and_then(Value::as_u64);
            let holds = number.is_some_and(|number| number < attachments as u64);
            (!is_place || holds) && fields.values().all(|value| places_hold(value, attachments))
        }
        _ => true,
    }
}

/// The packet says what was meant, and so does the text that it is written as.
fn told_alike(meaning: &Meaning, packet: &Packet) -> Result<(), String> {
    let wrong = || Err(format!("{meaning:?} came to {packet:?}, written {packet}"));
    let json = |text: &str| serde_json::from_str::<Value>(text).ok();
    let (kind, number, said) = match &packet.body {
        Body::Connect(value) => (0, None, value.clone()),
        Body::Disconnect => (1, None, None),
        Body::Event(data, number) => (2, *number, json(data.json())),
        Body::Ack(data, number) => (3, Some(*number), json(data.json())),
        Body::ConnectError(value) => (4, None, Some(value.clone())),
    };
    let meant_kind = if meaning.kind >= 5 { meaning.kind - 3 } else { meaning.kind };
    // A number that nothing stands for is passed over.
    let meant_number = meaning.number.filter(|_| matches!(kind, 2 | 3));
    if (kind, number, &said) != (meant_kind, meant_number, &meaning.json)
        || packet.namespace != meaning.namespace
        || packet.attachments().len() != meaning.attachments
    {
        return wrong();
    }
    let mut decoder = Decoder::new(PacketLimits::default());
    let mut again = decoder.text(&packet.to_string());
    for payload in packet.attachments() {
        again = decoder.binary(payload.clone());
    }
    if again.as_ref() != Ok(&Some(packet.clone())) {
        return wrong();
    }
    Ok(())
}

/// A text, of parts that are good more often than not.
fn text(bytes: &mut Bytes<'_>) -> String {
    let mut pick =
        |parts: [&'static str; 8]| parts[usize::from(bytes.next().leading_zeros() as u8 % 8)];
    let text = [
        pick(["2", "5", "3", "6", "0", "4", "1", "7"]),
        pick(["", "1-", "2-", "3-", "4-", "0-", "01-", "-"]),
        pick(["", "/admin,", "/a?b=c,", "/,", "/admin", "/longer than that,", "//,", ","]),
        pick(["", "7", "0", "18446744073709551615", "18446744073709551616", "007", "-1", "1 "]),
        pick([
            r#"["hey",1]"#,
            r#"["baz",{"_placeholder":true,"num":0}]"#,
            r#"["a",[[{"b":{"_placeholder":true,"num":1}}]]]"#,
            r#"{"sid":"x"}"#,
            "",
            r#"["connect"]"#,
            r#"["a",[[[[[[1]]]]]]]"#,
            r#"[1,"\"[[[[[[",{"_placeholder":true,"num":-1}]"#,
        ]),
    ]
    .concat();
    // Noise: letters that change, come or go.
    let mut letters: Vec<char> = text.chars().collect();
    for _ in 0..bytes.next().saturating_sub(180) / 25 {
        let place = usize::from(bytes.next()) % (letters.len() + 1);
        let letter = char::from(b"0123456789-,/\"[]{}:\\ax "[usize::from(bytes.below(23))]);
        match bytes.below(3) {
            0 => letters.insert(place, letter),
            1 if place < letters.len() => letters[place] = letter,
            2 if place < letters.len() => drop(letters.remove(place)),
            _ => letters.push('ä'),
        }
    }
    letters.into_iter().collect()
}
