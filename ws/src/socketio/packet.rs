//! A packet of Socket.IO, version 5: for which namespace it is, and what it says.

use std::fmt;

use serde_json::Value;
use tungstenite::Bytes;

use super::Data;

/// A packet of Socket.IO.
#[derive(Clone, Debug, PartialEq)]
pub struct Packet {
    /// For whom it is: `/` is the namespace that has no other name.
    pub namespace: String,
    /// What it says.
    pub body: Body,
}

/// What a packet says.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// The client enters the namespace, with what it has to show; or is let in.
    Connect(Option<Value>),
    /// Either side leaves it.
    Disconnect,
    /// Something happened. With a number: to be acknowledged.
    Event(Data, Option<u64>),
    /// The event of this number was heard, and this is the answer.
    Ack(Data, u64),
    /// The client is not let in, and why: an object with a `message`, or a text.
    ConnectError(Value),
}

/// The digits of the wire.
pub(super) const CONNECT: u8 = b'0';
pub(super) const DISCONNECT: u8 = b'1';
pub(super) const EVENT: u8 = b'2';
pub(super) const ACK: u8 = b'3';
pub(super) const CONNECT_ERROR: u8 = b'4';
pub(super) const BINARY_EVENT: u8 = b'5';
pub(super) const BINARY_ACK: u8 = b'6';

/// The namespace that has no other name.
pub const ROOT: &str = "/";

/// Names that mean something to the library: no event has them.
pub(super) const RESERVED: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

impl Packet {
    /// A packet for a namespace.
    pub fn new(namespace: impl Into<String>, body: Body) -> Packet {
        Packet { namespace: namespace.into(), body }
    }

    /// The attachments, each of which follows the text as a binary message.
    pub fn attachments(&self) -> &[Bytes] {
        self.body.attachments()
    }
}

impl Body {
    pub(super) fn attachments(&self) -> &[Bytes] {
        match self {
            Body::Event(data, _) | Body::Ack(data, _) => data.attachments(),
            Body::Connect(_) | Body::Disconnect | Body::ConnectError(_) => &[],
        }
    }

    /// The text of a packet that says this.
    fn write(&self, namespace: &str, f: &mut impl fmt::Write) -> fmt::Result {
        let attachments = self.attachments().len();
        let kind = match (self, attachments) {
            (Body::Connect(_), _) => CONNECT,
            (Body::Disconnect, _) => DISCONNECT,
            (Body::Event(..), 0) => EVENT,
            (Body::Event(..), _) => BINARY_EVENT,
            (Body::Ack(..), 0) => ACK,
            (Body::Ack(..), _) => BINARY_ACK,
            (Body::ConnectError(_), _) => CONNECT_ERROR,
        };
        f.write_char(char::from(kind))?;
        if attachments > 0 {
            write!(f, "{attachments}-")?;
        }
        if namespace != ROOT {
            write!(f, "{namespace},")?;
        }
        match self {
            Body::Disconnect | Body::Connect(None) => Ok(()),
            Body::Connect(Some(value)) | Body::ConnectError(value) => write!(f, "{value}"),
            Body::Event(data, Some(number)) | Body::Ack(data, number) => {
                write!(f, "{number}{}", data.json())
            }
            Body::Event(data, None) => f.write_str(data.json()),
        }
    }
}

/// The text message that carries a packet: Engine.IO's digit, and the packet's text.
pub(super) fn message(namespace: &str, body: &Body) -> String {
    const HEAD_BYTES: usize = 32;
    let json = match body {
        Body::Event(data, _) | Body::Ack(data, _) => data.json().len(),
        Body::Connect(_) | Body::Disconnect | Body::ConnectError(_) => 0,
    };
    let mut text = String::with_capacity(HEAD_BYTES + namespace.len() + json);
    text.push('4');
    body.write(namespace, &mut text).expect("a string takes everything");
    text
}

/// The text of it, as it stands behind the digit of Engine.IO. A namespace of which it would not be
/// known where it ends is the caller's fault: it begins with `/` and has no comma.
impl fmt::Display for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.body.write(&self.namespace, f)
    }
}
