//! A nonblocking WebSocket, client and server, on the reactor of glassloop.
//!
//! # Why a WebSocket is a state machine
//!
//! A WebSocket looks like a stream of messages, and the obvious program reads one, thinks, and
//! writes one. It works until the other side does something at the wrong moment. Some facts:
//!
//! 1. **Either side may speak at any time.** The peer pings while we write, and closes while our
//!    last answer is on its way. Each of that is a second thing to wait for, and a program that
//!    waits by standing still can wait for one.
//! 2. **A message is not a frame.** It may come in any number of fragments, also empty ones, and
//!    its length is known when the last one is here. Control frames (ping, pong, Close) may come
//!    between two fragments, never inside a frame.
//! 3. **Bytes come cut anywhere.** Three bytes of a head today, the rest after lunch.
//! 4. **Some things are to be answered whether or not the program listens**: a ping by a pong, a
//!    Close by a Close.
//! 5. **An end has two halves.** Each side sends a Close, and only then the socket goes. What was
//!    sent before a Close still counts. And a link that dies says nothing: it looks like a peer
//!    with nothing to say.
//! 6. **A peer may be slow, or mean.** One sends faster than we think, without end. Another never
//!    reads what we send.
//!
//! So we turn it around. Nothing in here stands still. A connection is a value that holds all it
//! knows: the frame of which three bytes have come, the message of which two fragments have come,
//! the bytes that have not left, the ping that was not answered, how far the closing has gone.
//! Something happens: bytes came, the socket takes more, a deadline passed, somebody asked. The
//! value changes, some bytes or messages come out, and the call returns. That is all a state
//! machine is: *what I know* and *what just happened* give *what I know now* and *what to tell
//! others*.
//!
//! # What follows for us
//!
//! **The machine does no I/O.** It is [tungstenite]'s, and wrapped in `protocol.rs` (`Protocol`):
//! bytes in, events out; messages in, bytes out. Of tungstenite we use the `WebSocketContext`,
//! which owns no stream but is given one with each call. What we give it is an *adapter* that lives
//! as long as the call, `adapter.rs` (`Adapter`). Its `read` gives bytes that were read before,
//! then "would block"; its `write` appends to a buffer of ours, the *ring*. So no call of the
//! system happens inside the machine, and it is the same over a socket, TLS, memory or a script; a
//! peer that never stops sending is cut off by a budget of ours; and a context may be exchanged for
//! a new one: between two messages, to give back the buffers of a large frame; and behind the
//! peer's Close, so that our answer comes after what was still to be said.
//!
//! **One handle, one driver.** [`WebSocket`] is what a program holds, and its clones are handles of
//! the same connection. [`Driver`] is a future that somebody must poll. They share a connection,
//! `connection.rs` (`Connection`): a mailbox, and a wire (socket and machine) that whoever works on
//! it takes out and owns meanwhile, `wire.rs` (`Wire`).
//!
//! ```text
//!   WebSocket (handle)          Driver (future)                  the peer
//!   ------------------          ---------------                  --------
//!   recv  <-- received queue <-- machine <-- adapter <-- shared buffer <-- socket
//!   send  --> outbox ----------> machine --> adapter --> ring ---------> socket
//!                                                         (phase `flush`)
//! ```
//!
//! Who reads? Whoever waits for a message: the socket wakes it, it reads, and answers while the
//! bytes are at hand. The driver stands in: it reads when nobody waits, and when somebody waited
//! and didn't come before the turn was over. So a program that receives nothing for a minute still
//! answers pings.
//!
//! **What is sent stays a message until the socket takes bytes**, and then becomes bytes frame by
//! frame: `sending.rs` (`Connection::encode`). A ping goes between any two frames, the Close behind
//! all of them: `outbox.rs` (`Outbox::next_part`). A pong goes where the machine puts it, at the
//! end of the ring. What is sent in one turn leaves in one write in the phase `flush`; only what
//! reaches 64 KiB is worth a write before.
//!
//! **The end is four stages**, and leads one way: `mailbox.rs` (`Stage`).
//!
//! | stage | what may come | what the program may do |
//! |---|---|---|
//! | `Open` | everything | everything |
//! | `Closing`: our Close is on its way | messages, pings, the peer's Close | receive |
//! | `Ended`: no message will come | bytes, read and thrown away | receive what came before |
//! | `Over`: the socket is gone | nothing | the same; [`CloseInfo`] is final |
//!
//! A stage may be passed over. The peer's Close and a broken rule lead from `Open` to `Ended`, in
//! the turn after they were read, so that what came before can be answered; behind a Close, what
//! was sent before still leaves. The end of the stream leads there at once.
//!
//! **Every wait has a deadline**, of the reactor's clock: the handshake, the silence of the peer,
//! the answer to a ping, a socket that takes nothing, the close: `heartbeat.rs`
//! (`Heartbeat::judge`), `driver.rs` (`Driver::judge_writing`).
//!
//! **Every buffer has a bound**, a field of [`Limits`] or a constant beside it:
//!
//! | where bytes lie | at most |
//! |---|---|
//! | just read: `reading.rs` (`SHARED_BUFFER`), one a thread | 64 KiB, 20 more of a message begun |
//! | read and not taken: `wire.rs` (`Wire`) | the same |
//! | a frame, a message in the machine | 1 MiB, 4 MiB; at rest 1 KiB |
//! | messages received | 1,024, or 256 KiB and one message |
//! | to be sent, in outbox and ring | 4 MiB, or one message; `send` waits above 256 KiB |
//! | of them encoded: the ring | 256 KiB and a frame; at rest nothing |
//! | under TLS, what comes; what leaves | a read, a record, 16 KiB; 512 KiB ahead of the socket |
//!
//! A full received queue stops the reading, and TCP slows the peer down. Neither queue loses
//! anything unless the program chose that ([`Overflow`]). Empty fragments have no size that any of
//! these could catch, so they are counted before the machine sees them: `walker.rs` (`Walker`).
//!
//! # What it costs
//!
//! - A driver that nobody polls sends no heartbeat and ends nothing.
//! - A message is there when all of it is: none is given out in parts, and each is copied at least
//!   once on its way from the shared buffer.
//! - What is read in one turn is bounded, so a fast peer of a busy loop takes several. A message
//!   that lies whole in one frame passes the machine by, `quick.rs` (`front`): two ways in, which
//!   must mean the same.
//! - There is no compression.
//!
//! # The files
//!
//! * [`connect`], [`Endpoint`], [`accept`] (`client`, `accept`, with `target`, `credentials`,
//!   `progress`, `exchange`, `handshake` and `opening`): from a URL or a stream to a [`WebSocket`]
//!   and its [`Driver`].
//! * [`Server`] (`server`, with `http`): pages and WebSockets on one port.
//! * [`Reconnecting`] (`reconnect`): a client that comes back by itself, made by [`Reconnect`].
//! * [`WebSocket`] (`socket`, with `receiving`, `waiting`, `waits`, `woken`): the handle;
//!   [`Driver`] (`driver`, with `heartbeat`): the future. Both of them read (`reading`, by the
//!   turn's `share`).
//! * `connection` is what they share: a `mailbox` (both queues; what goes out lies in its `outbox`)
//!   and a `wire` (socket and machine). `sending` is how a message goes from one to the other.
//! * `protocol` is the machine, with `adapter`, `walker` (counts fragments), `quick`, `frames` and
//!   `ring`.
//! * [`Hub`]: one message for many connections, encoded once.
//! * `transport` is the socket, in the clear or with TLS over it (`tls`, which is a feature).
//! * [`Limits`], [`Overflow`], [`Error`], [`Message`], [`CloseInfo`], [`Counts`]: plain data.
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
mod sinks;
mod socket;
#[cfg(feature = "socketio")]
pub mod socketio;
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
