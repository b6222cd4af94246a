//! `Decoder`: from messages to packets. It waits for the attachments of a packet, takes nothing
//! that is longer, deeper or more than its limits, and knows no connection and no clock.
//!
//! The rules are those of the JavaScript decoder (`socket.io-parser` 4): who breaks one is not
//! understood any more, and the connection ends.

use std::borrow::Cow;

use serde_json::Value;
use tungstenite::Bytes;

use super::{
    CodecError, PacketLimits,
    binary::number,
    data::{Array, Data, First},
    packet::{
        BINARY_ACK, BINARY_EVENT, Body, CONNECT, CONNECT_ERROR, DISCONNECT, EVENT, Packet,
        RESERVED, ROOT,
    },
};

/// Reads packets, one message after the other.
///
/// ```
/// use glassloop_ws::socketio::{Body, Decoder, PacketLimits};
///
/// let mut decoder = Decoder::new(PacketLimits::default());
/// let packet = decoder.text(r#"2/admin,12["hey",1,"two"]"#)?.expect("it has no attachments");
/// assert_eq!(packet.namespace, "/admin");
/// let Body::Event(data, Some(12)) = packet.body else { panic!("it is an event") };
/// assert_eq!(data.name(), "hey");
/// assert_eq!(data.arguments::<(u64, String)>()?, (1, "two".to_owned()));
///
/// // One with an attachment is there when that is.
/// let text = r#"51-["baz",{"_placeholder":true,"num":0}]"#;
/// assert!(decoder.text(text)?.is_none() && decoder.is_waiting());
/// let packet = decoder.binary(vec![1, 2, 3].into())?.expect("that was all of it");
/// assert_eq!(packet.to_string(), text);
/// # Ok::<(), glassloop_ws::socketio::CodecError>(())
/// ```
#[derive(Debug)]
pub struct Decoder {
    limits: PacketLimits,
    waiting: Option<Waiting>,
}

/// A packet whose attachments are on their way.
#[derive(Debug)]
struct Waiting {
    packet: Packet,
    attachments: Vec<Bytes>,
    expected: usize,
    bytes: usize,
}

impl Decoder {
    /// A decoder with these bounds.
    pub fn new(limits: PacketLimits) -> Decoder {
        Decoder { limits, waiting: None }
    }

    /// Whether attachments of a packet are on their way.
    pub fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// A text message, behind the digit of Engine.IO. `None` if attachments are to follow.
    ///
    /// # Errors
    /// What was expected, and what came. Nothing that comes afterwards can be trusted.
    pub fn text(&mut self, text: &str) -> Result<Option<Packet>, CodecError> {
        if let Some(Waiting { attachments, expected, .. }) = &self.waiting {
            let (number, of) = (attachments.len() + 1, expected);
            return Err(CodecError::quoting(format!("attachment {number} of {of}"), text));
        }
        if text.len() > self.limits.packet_bytes_max {
            return Err(self.too_long(text.len()));
        }
        let (packet, expected) = self.packet(text)?;
        if expected == 0 {
            return Ok(Some(packet));
        }
        let attachments = Vec::with_capacity(expected);
        self.waiting = Some(Waiting { packet, attachments, expected, bytes: text.len() });
        Ok(None)
    }

    /// A binary message. The packet, if it was the last attachment of one.
    ///
    /// # Errors
    /// As [`text`](Decoder::text).
    pub fn binary(&mut self, bytes: Bytes) -> Result<Option<Packet>, CodecError> {
        let Some(mut waiting) = self.waiting.take() else {
            let came = format_args!("a binary message of {} bytes", bytes.len());
            return Err(CodecError::new("a packet before its attachments", came));
        };
        waiting.bytes = waiting.bytes.saturating_add(bytes.len());
        if waiting.bytes > self.limits.packet_bytes_max {
            return Err(self.too_long(waiting.bytes));
        }
        waiting.attachments.push(bytes);
        if waiting.attachments.len() < waiting.expected {
            self.waiting = Some(waiting);
            return Ok(None);
        }
        let Waiting { mut packet, attachments, .. } = waiting;
        if let Body::Event(data, _) | Body::Ack(data, _) = &mut packet.body {
            data.attach(attachments);
        }
        Ok(Some(packet))
    }

    fn too_long(&self, came: usize) -> CodecError {
        let most = self.limits.packet_bytes_max;
        CodecError::new(format!("a packet of at most {most} bytes"), format_args!("{came} or more"))
    }

    /// The packet, and how many attachments it has.
    fn packet(&self, text: &str) -> Result<(Packet, usize), CodecError> {
        let bad = |expected: &'static str| CodecError::quoting(expected, text);
        let (&kind, _) = text.as_bytes().split_first().ok_or_else(|| bad("a packet"))?;
        if !(CONNECT..=BINARY_ACK).contains(&kind) {
            return Err(bad("a packet of Socket.IO, which begins with 0 to 6"));
        }
        let rest = &text[1..];
        let (attachments, rest) = match kind {
            BINARY_EVENT | BINARY_ACK => self.attachments(rest).map_err(bad)?,
            _ => (0, rest),
        };
        let (namespace, rest) = self.namespace(rest).map_err(bad)?;
        let (number, json) = digits(rest);
        let number = match number {
            "" => None,
            digits => Some(digits.parse().map_err(|_| bad("a number below 2 to the 64th"))?),
        };
        if nests_deeper(json, self.limits.depth_max) {
            return Err(bad("JSON that nests less deep"));
        }
        let data = |is_event| {
            let name = check(json, is_event, attachments)?;
            Ok::<_, CodecError>(Data::read(json, name.as_deref()))
        };
        let value = || {
            let value = serde_json::from_str::<Value>(json);
            value.map_err(|error| bad("a payload that is JSON").because(error))
        };
        let body = match kind {
            CONNECT if json.is_empty() => Body::Connect(None),
            CONNECT => match value()? {
                value @ Value::Object(_) => Body::Connect(Some(value)),
                _ => return Err(bad("an object to connect with")),
            },
            DISCONNECT if json.is_empty() => Body::Disconnect,
            DISCONNECT => return Err(bad("a disconnect without a payload")),
            CONNECT_ERROR => match value()? {
                value @ (Value::Object(_) | Value::String(_)) => Body::ConnectError(value),
                _ => return Err(bad("an object or a text that says why not")),
            },
            EVENT | BINARY_EVENT => Body::Event(data(true)?, number),
            _ => {
                let number = number.ok_or_else(|| bad("an acknowledgement with its number"))?;
                Body::Ack(data(false)?, number)
            }
        };
        Ok((Packet::new(namespace, body), attachments))
    }

    /// How many there are: `2-`.
    fn attachments<'a>(&self, text: &'a str) -> Result<(usize, &'a str), &'static str> {
        let (count, rest) = digits(text);
        let rest = rest.strip_prefix('-').ok_or("the number of its attachments, and `-`")?;
        let count = count.parse().unwrap_or(0);
        match count {
            1.. if count <= self.limits.attachments_max => Ok((count, rest)),
            _ => Err("a packet of at least one attachment, and no more than allowed"),
        }
    }

    /// The namespace, if one is named: `/admin,`, or `/admin` and nothing else.
    fn namespace<'a>(&self, text: &'a str) -> Result<(&'a str, &'a str), &'static str> {
        if !text.starts_with('/') {
            return Ok((ROOT, text));
        }
        let (namespace, rest) = text.split_once(',').unwrap_or((text, ""));
        match namespace.len() <= self.limits.namespace_bytes_max {
            true => Ok((namespace, rest)),
            false => Err("a namespace of a shorter name"),
        }
    }
}

/// The name of an event, if this is an array that begins with it; none if it is an array, and no
/// event's. Either has places for so many attachments.
fn check(
    json: &str,
    is_event: bool,
    attachments: usize,
) -> Result<Option<Cow<'_, str>>, CodecError> {
    let expected =
        if is_event { "an event, an array that begins with its name" } else { "an array" };
    let bad = |error: serde_json::Error| CodecError::quoting(expected, json).because(error);
    let mut name = None;
    if is_event {
        let First(first) = serde_json::from_str(json).map_err(bad)?;
        if RESERVED.contains(&&*first) {
            return Err(CodecError::quoting("an event whose name is not reserved", &first));
        }
        name = Some(first);
    } else {
        let Array = serde_json::from_str(json).map_err(bad)?;
    }
    if attachments > 0 {
        places(&serde_json::from_str(json).map_err(bad)?, attachments)?;
    }
    Ok(name)
}

/// Whether each place of an attachment has one.
fn places(value: &Value, attachments: usize) -> Result<(), CodecError> {
    if is_place(value) && number(value).is_none_or(|number| number >= attachments) {
        let expected = format!("the place of one of {attachments} attachments");
        return Err(CodecError::quoting(expected, &value.to_string()));
    }
    match value {
        Value::Array(values) => values.iter().try_for_each(|value| places(value, attachments)),
        Value::Object(fields) => fields.values().try_for_each(|value| places(value, attachments)),
        _ => Ok(()),
    }
}

fn is_place(value: &Value) -> bool {
    value.get("_placeholder") == Some(&Value::Bool(true))
}

/// The digits at the beginning, and what follows them.
fn digits(text: &str) -> (&str, &str) {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

/// Whether a text nests deeper than this, if it is JSON.
fn nests_deeper(json: &str, most: usize) -> bool {
    // COST: what opens no more than that can't; to follow a short event took 700 instructions, this
    // takes 60.
    json.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count() > most && depth(json) > most
}

/// How deep a text nests, if it is JSON.
fn depth(json: &str) -> usize {
    let (mut depth, mut most, mut in_text) = (0_usize, 0, false);
    let mut bytes = json.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => in_text = !in_text,
            b'\\' if in_text => drop(bytes.next()),
            b'[' | b'{' if !in_text => {
                depth += 1;
                most = most.max(depth);
            }
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    most
}
