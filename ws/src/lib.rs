//! A nonblocking WebSocket, client and server, on the reactor of glassloop.
//!
//! # Why a WebSocket is a state machine
//!
//! A WebSocket looks like a stream of messages, and the obvious program reads one, thinks, and
//! writes one. That program works until the other side does something at the wrong moment. It
//! pings while we write. It sends half a frame and goes for lunch. It closes while our last answer
//! is on its way. It sends faster than we think, or reads slower than we talk. Each of these is a
//! second thing to wait for, and a program that waits by standing still can wait for one.
//!
//! So we turn it around. Nothing in here stands still. A connection is a value that holds
//! everything it knows: the frame of which three bytes have come, the message of which two
//! fragments have come, the bytes that have not left, the ping that was not answered, how far the
//! closing has gone. Something happens: bytes came, the socket takes more, a deadline passed,
//! somebody asked for a message to be sent. The value changes, some bytes or messages come out, and
//! the call returns. That is all a state machine is: *what I know* and *what just happened* give
//! *what I know now* and *what to tell others*.
//!
//! The machine is [tungstenite]'s, and it is a good one. But it was made to be handed a socket, and
//! a socket would let two strangers into our loop: a peer who never stops sending could keep one
//! `read` busy for ever, and a peer who never reads could make our memory grow. We hand it an
//! *adapter* instead. Its `read` gives bytes that were read before, and after 64 KiB it says "would
//! block", though more may lie there: the rest is for the next turn. Its `write` appends to a
//! buffer of ours, the *ring*, and always succeeds. No system call happens inside the machine, so
//! the same machine runs over a socket, over memory in a test, and over a recording.
//!
//! Around the machine lie two queues and a future:
//!
//! ```text
//!   WebSocket (handle)          Driver (future)                  the peer
//!   ------------------          ---------------                  --------
//!   recv  <-- received queue <-- machine <-- adapter <-- shared buffer <-- socket
//!   send  --> outbox ----------> machine --> adapter --> ring ---------> socket
//!                                                         (phase `flush`)
//! ```
//!
//! Both queues are short. A full received queue stops the reading, and TCP slows the peer down; a
//! full outbox makes `send` wait. Neither loses anything, unless the program chose to
//! ([`Overflow`]). A message stays whole in the outbox until the socket takes bytes, and then turns
//! into them frame by frame: the slowest reader of the longest message costs no more than a short
//! ring, and a pong goes between two of its frames. What is sent during one turn of
//! the loop gathers and leaves in a single write in the phase `flush`: a hundred small answers cost
//! one system call, not a hundred. Only what reaches 64 KiB is worth a write before.
//!
//! Who reads? Whoever waits for a message: the socket wakes it, it reads, and answers while the
//! bytes are at hand. The driver stands in: it reads when nobody waits, and when somebody waited
//! and didn't come before the turn was over. So a program that receives nothing for a minute still
//! answers pings.
//!
//! The last part of the machine is time. A link that dies without a word looks exactly like a peer
//! with nothing to say. So every wait has a deadline: the handshake, the peer's silence, the answer
//! to a ping, the close. Time is the reactor's clock, so a test passes twenty seconds of silence
//! without waiting for them.
//!
//! # Map
//!
//! * [`connect`], [`Endpoint`], [`accept`] (`client`, `accept`, with `target`, `credentials`,
//!   `progress`, `exchange`, `handshake` and `opening`): from a URL or a stream to a pair of
//!   [`WebSocket`] and [`Driver`].
//! * [`Server`] (`server`, with `http`): pages and WebSockets on one port.
//! * [`Reconnecting`] (`reconnect`): a client that comes back by itself, made by [`Reconnect`].
//! * [`WebSocket`] (`socket`, with `receiving`, `waiting`, `waits`, `woken`): the handle;
//!   [`Driver`] (`driver`, with `heartbeat`): the future. Both of them read (`reading`).
//! * `connection` is what they share: a `mailbox` (both queues; what goes out lies in its `outbox`)
//!   and a `wire` (socket and machine). `sending` is how a message goes from one to the other.
//! * `protocol` is the machine, with `adapter`, `walker` (counts fragments), `quick` (messages that
//!   lie whole in one frame and need no machine), `frames` and `ring`.
//! * [`Hub`]: one message for many connections, encoded once.
//! * `transport` is the socket, in the clear or with TLS over it (`tls`, which is a feature).
//! * [`Limits`], [`Overflow`], [`Error`], [`Message`], [`CloseInfo`], [`Counts`]: plain data.
//!
//! What is not here: compression.
//!
//! [tungstenite]: https://docs.rs/tungstenite

#![forbid(unsafe_code)]

mod accept;
mod adapter;
mod client;
mod close;
mod connection;
mod counts;
mod credentials;
mod driver;
mod endpoint;
mod error;
mod exchange;
mod frames;
mod handshake;
mod heartbeat;
mod http;
mod hub;
mod limits;
mod mailbox;
mod message;
mod opening;
mod outbox;
mod overflow;
mod progress;
mod protocol;
mod quick;
mod reading;
mod receiving;
mod reconnect;
mod ring;
mod sending;
mod server;
mod share;
mod socket;
mod target;
mod time;
#[cfg(feature = "tls")]
mod tls;
mod transport;
mod waiting;
mod waits;
mod walker;
mod wire;
mod woken;

pub use accept::{accept, accept_with};
#[cfg(feature = "tls")]
pub use accept::{accept_tls, accept_tls_with};
pub use client::{connect, connect_on, connect_on_with, connect_with};
pub use close::{Cause, CloseInfo, Side, StallNote, code};
pub use counts::Counts;
pub use driver::Driver;
pub use endpoint::Endpoint;
pub use error::Error;
pub use http::{Request, Response};
pub use hub::{Hub, Published};
pub use limits::{Config, Limits};
pub use message::Message;
pub use overflow::{Overflow, TrySend};
pub use progress::ConnectStage;
pub use reconnect::{
    Attempt, Opened, Reconnect, ReconnectCounts, ReconnectDriver, ReconnectLimits, ReconnectState,
    Reconnecting,
};
pub use server::{
    Job, Server, ServerCounts, ServerHandle, ServerLimits, Serving, StillOpen, Stop, StopReport,
    WebSocketRoute,
};
pub use socket::WebSocket;
#[cfg(feature = "tls")]
pub use tls::{TlsClient, TlsFault, TlsServer};
pub use waits::{WaitView, WaitsFor};

/// The shared buffers that messages are made of.
pub use tungstenite::{Bytes, Utf8Bytes};
