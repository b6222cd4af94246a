//! WebSockets whose drivers run as tasks of the current loop.
//!
//! `glassloop_ws` gives a connection as a pair, handle and driver; here the driver is spawned,
//! named after its peer, and you get the handle. Everything else is that crate's.
//!
//! ```
//! use glassloop::{net::TcpListener, spawn, ws};
//!
//! # glassloop::run(async {
//! let listener = TcpListener::bind(([127, 0, 0, 1], 0).into())?;
//! let address = listener.local_addr()?;
//! let server = spawn(async move {
//!     let (stream, from) = listener.accept().await?;
//!     stream.set_nodelay(true)?;
//!     let mut config = ws::Config::default();
//!     config.limits.message_bytes_max = 64 * 1_024;
//!     let socket = ws::accept_with(stream, config).await?;
//!     assert_eq!(socket.peer_addr(), Some(from));
//!     while let Some(message) = socket.recv().await? {
//!         socket.send(message).await?;
//!     }
//!     Ok::<_, ws::Error>(socket.closed().await)
//! });
//! let url = format!("ws://{address}/");
//! let socket = ws::connect_with(&url, ws::Config::default()).await?;
//! assert_eq!(socket.try_send("hello".into()), ws::TrySend::Sent);
//! assert!(socket.buffered_amount() > 0, "it leaves at the end of the turn");
//! let echoed = socket.recv().await?.expect("the server has not closed");
//! assert_eq!((echoed.as_text(), echoed.as_bytes()), (Some("hello"), &b"hello"[..]));
//! assert!(echoed.len() == 5 && !echoed.is_empty());
//! let round_trip = socket.ping().await?;
//! assert!(round_trip < std::time::Duration::from_secs(10));
//! assert_eq!(socket.close_info(), None);
//! socket.close(ws::code::NORMAL, "done")?;
//! assert!(socket.closed().await.is_clean());
//! assert_eq!(server.await.expect("it doesn't panic")?.code, ws::code::NORMAL);
//! assert_eq!(socket.counts().messages_received, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap().unwrap();
//! ```
//!
//! A program that sends more than its peer reads is told so, and chooses what is to happen then
//! ([`Overflow`]). A [`Hub`] sends one message to many:
//!
//! ```
//! use glassloop::{net::duplex, spawn, ws};
//!
//! # glassloop::run(async {
//! let hub = ws::Hub::new();
//! let mut readers = Vec::new();
//! for _ in 0..3 {
//!     let (here, there) = duplex()?;
//!     let mut config = ws::Config::default();
//!     config.overflow = ws::Overflow::DropOldest; // what is old is of no use to a slow reader
//!     let member = spawn(ws::accept_with(here, config));
//!     let (reader, driver) = glassloop_ws::connect_on(there, "ws://news/").await?;
//!     spawn(driver).detach();
//!     let member = member.await.expect("it doesn't panic")?;
//!     assert!(hub.join("news", &member));
//!     readers.push((reader, member));
//! }
//! assert_eq!((hub.members("news"), hub.topics()), (3, 1));
//! let published = hub.publish("news", "encoded once".into());
//! assert_eq!((published.sent, published.encodings), (3, 1));
//! for (reader, member) in &readers {
//!     assert_eq!(reader.recv().await?, Some("encoded once".into()));
//!     assert!(hub.leave("news", member));
//! }
//!
//! let (reader, member) = &readers[0];
//! reader.pause(); // the socket is not read, and the sender feels it
//! while member.try_send(vec![7; 10_000].into()) == ws::TrySend::Sent {
//!     member.flush_now(); // not at the end of the turn
//! }
//! assert!(member.buffered_amount() > 0 && member.try_send("more".into()).is_taken());
//! reader.resume();
//! member.drained().await?;
//! assert_eq!(member.buffered_amount(), 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap().unwrap();
//! ```
//!
//! Over a stream that is there already, here one in memory, the crate below opens the connection,
//! and its driver is yours to spawn:
//!
//! ```
//! use glassloop::{net::duplex, spawn, ws};
//!
//! # glassloop::run(async {
//! let (here, there) = duplex()?;
//! let server = spawn(async move { ws::accept(there).await?.recv().await });
//! let (socket, driver) = glassloop_ws::connect_on(here, "ws://device/").await?;
//! spawn(driver).detach();
//! socket.send("hello".into()).await?;
//! let received = server.await?.expect("it is open").expect("nothing has closed it");
//! assert_eq!(received.as_text(), Some("hello"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap().unwrap();
//! ```

use std::{future::Future, panic::Location};

use glassloop_reactor::net::TcpStream;
pub use glassloop_ws::{
    Bytes, Cause, CloseInfo, Config, Counts, Driver, Error, Hub, Limits, Message, Overflow,
    Published, Side, TrySend, Utf8Bytes, WebSocket, code,
};

use crate::current;

type Place = &'static Location<'static>;

/// Spawns the driver of a connection once it is open.
async fn driven(
    opening: impl Future<Output = Result<(WebSocket, Driver), Error>>,
    place: Place,
) -> Result<WebSocket, Error> {
    let (socket, driver) = opening.await?;
    let name = match driver.peer_addr() {
        Some(peer) => format!("ws {peer}"),
        None => "ws".to_owned(),
    };
    current::executor("ws").spawn(driver, place).named(name).detach();
    Ok(socket)
}

/// Connects to a `ws://` address and opens a WebSocket.
///
/// # Errors
/// As `glassloop_ws::connect`.
///
/// # Panics
/// Outside of a loop.
///
/// # Cancel safety
/// Dropping it closes what was opened so far.
#[track_caller]
pub fn connect(url: &str) -> impl Future<Output = Result<WebSocket, Error>> + use<> {
    driven(glassloop_ws::connect(url), Location::caller())
}

/// As [`connect`], with other limits.
///
/// # Cancel safety
/// As [`connect`].
#[track_caller]
pub fn connect_with(
    url: &str,
    config: Config,
) -> impl Future<Output = Result<WebSocket, Error>> + use<> {
    driven(glassloop_ws::connect_with(url, config), Location::caller())
}

/// Answers the upgrade on an accepted stream and opens a WebSocket.
///
/// # Errors
/// As `glassloop_ws::accept`.
///
/// # Panics
/// Outside of a loop.
///
/// # Cancel safety
/// Dropping it closes the stream.
#[track_caller]
pub fn accept(stream: TcpStream) -> impl Future<Output = Result<WebSocket, Error>> + use<> {
    driven(glassloop_ws::accept(stream), Location::caller())
}

/// As [`accept`], with other limits.
///
/// # Cancel safety
/// As [`accept`].
#[track_caller]
pub fn accept_with(
    stream: TcpStream,
    config: Config,
) -> impl Future<Output = Result<WebSocket, Error>> + use<> {
    driven(glassloop_ws::accept_with(stream, config), Location::caller())
}
