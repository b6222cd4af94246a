//! The message: what one side said to the other.
//!
//! Promises that what a user receives is text or bytes and nothing else: pings are answered,
//! pongs counted and Close frames turned into the end of the stream before anyone sees them.

use tungstenite::protocol::frame::coding::Data;
use tungstenite::{Bytes, Utf8Bytes};

use crate::protocol::READ_BUFFER_BYTES;

/// A whole message, however many frames carried it.
///
/// Both payloads are shared buffers: a clone costs a counter, not a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Text, known to be UTF-8.
    Text(Utf8Bytes),
    /// Bytes.
    Binary(Bytes),
}

impl Message {
    /// The bytes of the payload.
    pub fn len(&self) -> usize {
        match self {
            Message::Text(text) => text.len(),
            Message::Binary(bytes) => bytes.len(),
        }
    }

    /// True if the payload is empty, which is a message like any other.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The text, if this is text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Message::Text(text) => Some(text),
            Message::Binary(_) => None,
        }
    }

    /// The payload as bytes, of either kind.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Message::Text(text) => text.as_bytes(),
            Message::Binary(bytes) => bytes,
        }
    }

    /// What its first frame says it is.
    pub(crate) fn opcode(&self) -> Data {
        match self {
            Message::Text(_) => Data::Text,
            Message::Binary(_) => Data::Binary,
        }
    }

    /// The payload alone.
    pub(crate) fn into_bytes(self) -> Bytes {
        match self {
            Message::Text(text) => text.into(),
            Message::Binary(bytes) => bytes,
        }
    }

    /// The same message in a buffer of its own, if it is a small slice of a larger one.
    ///
    /// A slice keeps its whole buffer alive. Without the copy a peer could make a queue of tiny
    /// messages hold a read buffer each, and the byte limit of that queue would mean nothing.
    pub(crate) fn detached(self) -> Message {
        match self {
            Message::Text(text) if text.len() < READ_BUFFER_BYTES => {
                Message::Text(Utf8Bytes::from(text.as_str()))
            }
            Message::Binary(bytes) if bytes.len() < READ_BUFFER_BYTES => {
                Message::Binary(Bytes::copy_from_slice(&bytes))
            }
            large => large,
        }
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Message {
        Message::Text(text.into())
    }
}

impl From<String> for Message {
    fn from(text: String) -> Message {
        Message::Text(text.into())
    }
}

impl From<&[u8]> for Message {
    fn from(bytes: &[u8]) -> Message {
        Message::Binary(Bytes::copy_from_slice(bytes))
    }
}

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Message {
        Message::Binary(bytes.into())
    }
}

impl From<Bytes> for Message {
    fn from(bytes: Bytes) -> Message {
        Message::Binary(bytes)
    }
}
