//! `NamespaceState`: how a namespace stands to its server, as data that a UI can show.

use std::{fmt, sync::Arc};

use serde_json::{Map, Value};

use crate::{Cause, CloseInfo, Error, Side};

/// How a namespace stands to its server.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum NamespaceState {
    /// It is to be let in, as soon as there is a connection and the server says so.
    #[default]
    Connecting,
    /// It was let in: events go both ways.
    Connected(Session),
    /// The server has refused it. It doesn't ask again before
    /// [`connect`](crate::socketio::Namespace::connect).
    Refused(ConnectError),
    /// It is let in no more. Whether it comes back by itself is said by
    /// [`Disconnect::comes_back`].
    Disconnected(Disconnect),
    /// It is over, since its last handle was dropped or the client is over; this is what made that
    /// give up, `None` if the program wanted it.
    Over(Option<Arc<Error>>),
}

/// A namespace's membership, from being let in to leaving.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Session {
    /// Its name with the server.
    pub sid: Arc<str>,
    /// Whether this is the session of before an outage: the server has kept its rooms, and sends
    /// the events that it missed. Else whatever it had subscribed to is to be asked for again.
    pub recovered: bool,
}

/// Why a server lets nobody in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectError {
    /// In words.
    pub message: String,
    /// What it said beside the words.
    pub data: Option<Value>,
}

/// Why a namespace is let in no more.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Disconnect {
    /// The server has shown it out. It doesn't come back before
    /// [`connect`](crate::socketio::Namespace::connect).
    ByServer,
    /// The client's program has left.
    ByClient,
    /// The server was silent for longer than it had promised.
    PingTimeout(Box<CloseInfo>),
    /// The connection was closed.
    TransportClose(Box<CloseInfo>),
    /// The connection broke.
    TransportError(Box<CloseInfo>),
    /// The server said what can't be understood, and this is what.
    ParseError(String),
}

impl NamespaceState {
    /// Whether events go both ways.
    pub fn is_connected(&self) -> bool {
        matches!(self, NamespaceState::Connected(_))
    }
}

impl Disconnect {
    /// Whether it comes back by itself: where nobody wanted it to go.
    pub fn comes_back(&self) -> bool {
        !matches!(self, Disconnect::ByServer | Disconnect::ByClient)
    }

    /// What clients in JavaScript call it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Disconnect::ByServer => "io server disconnect",
            Disconnect::ByClient => "io client disconnect",
            Disconnect::PingTimeout(_) => "ping timeout",
            Disconnect::TransportClose(_) => "transport close",
            Disconnect::TransportError(_) => "transport error",
            Disconnect::ParseError(_) => "parse error",
        }
    }

    /// What the end of a connection means for its namespaces.
    pub(in crate::socketio) fn of(info: CloseInfo) -> Disconnect {
        let info = Box::new(info);
        match (&info.cause, info.side) {
            (Cause::HeartbeatLost, _) => Disconnect::PingTimeout(info),
            (Cause::Handshake | Cause::Closing | Cause::Reset | Cause::CloseTimeout, _)
            | (Cause::DriverDropped, Side::Us) => Disconnect::TransportClose(info),
            _ => Disconnect::TransportError(info),
        }
    }
}

impl ConnectError {
    /// What a server said: an object with a `message`, or a text, or anything.
    pub(in crate::socketio) fn of(said: Value) -> ConnectError {
        match said {
            Value::String(message) => ConnectError { message, data: None },
            Value::Object(mut fields) => match fields.remove("message") {
                Some(Value::String(message)) => {
                    ConnectError { message, data: fields.remove("data") }
                }
                Some(other) => ConnectError { message: other.to_string(), data: None },
                None => ConnectError { message: Value::from(fields).to_string(), data: None },
            },
            other => ConnectError { message: other.to_string(), data: None },
        }
    }

    /// In these words.
    ///
    /// ```
    /// use glassloop_ws::socketio::ConnectError;
    ///
    /// let why = ConnectError::new("not you").with_data(7.into());
    /// assert_eq!(why.to_string(), "expected to be let in, came \"not you\" and 7");
    /// ```
    pub fn new(message: impl Into<String>) -> ConnectError {
        ConnectError { message: message.into(), data: None }
    }

    /// With something for the client's program to read.
    #[must_use]
    pub fn with_data(mut self, data: Value) -> ConnectError {
        self.data = Some(data);
        self
    }

    /// As it is said.
    pub(in crate::socketio) fn into_value(self) -> Value {
        let mut said = Map::from_iter([("message".to_owned(), Value::from(self.message))]);
        said.extend(self.data.map(|data| ("data".to_owned(), data)));
        said.into()
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected to be let in, came {:?}", self.message)?;
        self.data.as_ref().map_or(Ok(()), |data| write!(f, " and {data}"))
    }
}

impl std::error::Error for ConnectError {}

impl fmt::Display for Disconnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())?;
        match self {
            Disconnect::ByServer | Disconnect::ByClient => Ok(()),
            Disconnect::PingTimeout(info)
            | Disconnect::TransportClose(info)
            | Disconnect::TransportError(info) => write!(f, ": {info}"),
            Disconnect::ParseError(what) => write!(f, ": {what}"),
        }
    }
}

impl fmt::Display for NamespaceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NamespaceState::Connecting => f.write_str("connecting"),
            NamespaceState::Connected(Session { sid, recovered: false }) => {
                write!(f, "connected as {sid}")
            }
            NamespaceState::Connected(Session { sid, recovered: true }) => {
                write!(f, "connected as {sid} again")
            }
            NamespaceState::Refused(why) => write!(f, "refused: {why}"),
            NamespaceState::Disconnected(why) => write!(f, "disconnected: {why}"),
            NamespaceState::Over(Some(why)) => write!(f, "over: {why}"),
            NamespaceState::Over(None) => f.write_str("over"),
        }
    }
}
