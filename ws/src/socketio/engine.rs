//! Engine.IO, version 4, over a WebSocket: what each text message is. A binary message is the
//! payload of a message packet, as it is.

use std::{fmt, time::Duration};

use serde_json::{Map, Value, json};

use super::CodecError;

/// A packet of Engine.IO: a digit, and what follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnginePacket<'a> {
    /// The server's first: how this session is to go.
    Open(Handshake),
    /// Goodbye.
    Close,
    /// From the server, to be answered at once. Only a probe of an upgrade brings a text.
    Ping(&'a str),
    /// The answer, with the same text.
    Pong(&'a str),
    /// What the layer above says.
    Message(&'a str),
    /// An upgrade of the transport is done.
    Upgrade,
    /// Nothing.
    Noop,
}

/// What a server says of a session at its beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// The session's name.
    pub sid: String,
    /// The transports that it could change to.
    pub upgrades: Vec<String>,
    /// The server pings so often. Zero where it rounds a short interval down.
    pub ping_interval: Duration,
    /// And waits so long for each answer.
    pub ping_timeout: Duration,
    /// The longest message that it takes, in bytes. 0: it doesn't say.
    pub payload_bytes_max: u64,
}

impl<'a> EnginePacket<'a> {
    /// What a text message says.
    ///
    /// # Errors
    /// What was expected, and what came.
    ///
    /// ```
    /// use glassloop_ws::socketio::EnginePacket;
    ///
    /// assert_eq!(EnginePacket::decode("42[\"hey\"]")?, EnginePacket::Message("2[\"hey\"]"));
    /// assert_eq!(EnginePacket::Pong("").to_string(), "3");
    /// # Ok::<(), glassloop_ws::socketio::CodecError>(())
    /// ```
    pub fn decode(text: &'a str) -> Result<EnginePacket<'a>, CodecError> {
        let mut rest = text.chars();
        let kind = rest.next();
        let rest = rest.as_str();
        let alone = |packet| match rest {
            "" => Ok(packet),
            _ => Err(CodecError::quoting("a packet of Engine.IO without a payload", text)),
        };
        match kind {
            Some('0') => Ok(EnginePacket::Open(Handshake::decode(rest)?)),
            Some('1') => alone(EnginePacket::Close),
            Some('2') => Ok(EnginePacket::Ping(rest)),
            Some('3') => Ok(EnginePacket::Pong(rest)),
            Some('4') => Ok(EnginePacket::Message(rest)),
            Some('5') => alone(EnginePacket::Upgrade),
            Some('6') => alone(EnginePacket::Noop),
            _ => Err(CodecError::quoting("a packet of Engine.IO, which begins with 0 to 6", text)),
        }
    }
}

impl fmt::Display for EnginePacket<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EnginePacket::Open(handshake) => write!(f, "0{handshake}"),
            EnginePacket::Close => f.write_str("1"),
            EnginePacket::Ping(text) => write!(f, "2{text}"),
            EnginePacket::Pong(text) => write!(f, "3{text}"),
            EnginePacket::Message(text) => write!(f, "4{text}"),
            EnginePacket::Upgrade => f.write_str("5"),
            EnginePacket::Noop => f.write_str("6"),
        }
    }
}

impl Handshake {
    fn decode(text: &str) -> Result<Handshake, CodecError> {
        const EXPECTED: &str = "a handshake of Engine.IO";
        let fields: Map<String, Value> =
            serde_json::from_str(text).map_err(|error| CodecError::new(EXPECTED, error))?;
        let field = |name: &'static str, kind: &'static str| {
            let expected = format!("{EXPECTED} with `{name}`, {kind}");
            CodecError::new(expected, fields.get(name).unwrap_or(&Value::Null))
        };
        let milliseconds = |name| {
            let count = fields.get(name).and_then(Value::as_u64);
            count.map(Duration::from_millis).ok_or_else(|| field(name, "milliseconds"))
        };
        let sid = fields.get("sid").and_then(Value::as_str).ok_or_else(|| field("sid", "a text"));
        let upgrades = fields.get("upgrades").and_then(Value::as_array).into_iter().flatten();
        Ok(Handshake {
            sid: sid?.to_owned(),
            upgrades: upgrades.filter_map(Value::as_str).map(str::to_owned).collect(),
            ping_interval: milliseconds("pingInterval")?,
            ping_timeout: milliseconds("pingTimeout")?,
            payload_bytes_max: fields.get("maxPayload").and_then(Value::as_u64).unwrap_or(0),
        })
    }
}

impl fmt::Display for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let mut fields = json!({
            "sid": self.sid,
            "upgrades": self.upgrades,
            "pingInterval": milliseconds(self.ping_interval),
            "pingTimeout": milliseconds(self.ping_timeout),
        });
        if self.payload_bytes_max > 0 {
            fields["maxPayload"] = self.payload_bytes_max.into();
        }
        write!(f, "{fields}")
    }
}
