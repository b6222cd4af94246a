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

//! A server with pages beside its WebSockets, each connection a task named after its peer:
//!
//! ```
//! use std::time::Duration;
//! use glassloop::net::{TcpListener, TcpStream};
//! use glassloop::ws::{self, Response, Server, ServerLimits, WebSocketRoute};
//!
//! # glassloop::run(async {
//! let echo = WebSocketRoute::new("/echo/*", |socket, request| async move {
//!     assert_eq!((request.method(), request.path()), ("GET", "/echo/a"));
//!     while let Ok(Some(message)) = socket.recv().await {
//!         drop(socket.send(message).await);
//!     }
//! });
//! let server = Server::new()
//!     .get("/", |request| match request.header("cookie") {
//!         Some(_) => Response::json("{\"known\":true}"),
//!         None => Response::text(format!("{} headers\n", request.headers().count())),
//!     })
//!     .route(echo.config(ws::Config::default()).require_subprotocol().subprotocols(["v1"]))
//!     .limits(ServerLimits::default())
//!     .websocket("/", |socket, request| async move {
//!         assert!(request.peer_addr().is_some() && request.body().is_empty());
//!         drop(socket.send("hello".into()).await);
//!     });
//! let listener = TcpListener::bind(([127, 0, 0, 1], 0).into())?;
//! let address = listener.local_addr()?;
//! let handle = ws::serve(server, [listener])?;
//!
//! let page = TcpStream::connect(address).await?;
//! page.write_all(b"GET / HTTP/1.0\r\n\r\n").await?;
//! let mut head = [0; 17];
//! page.read_exact(&mut head).await?;
//! assert_eq!(&head, b"HTTP/1.1 200 OK\r\n");
//! drop(page);
//!
//! let socket = ws::connect(&format!("ws://{address}/")).await?;
//! assert_eq!(socket.recv().await?, Some("hello".into()));
//! let report = handle.stop(Duration::from_secs(1)).await;
//! assert_eq!((report.dropped, handle.connections()), (0, 0));
//! assert_eq!(handle.counts().upgrades, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap().unwrap();
//! ```

use std::{future::Future, panic::Location};

use glassloop_reactor::net::{TcpListener, TcpStream};
pub use glassloop_ws::{
    Attempt, Bytes, Cause, CloseInfo, Config, ConnectStage, Counts, Driver, Endpoint, Error, Hub,
    Limits, Message, Opened, Overflow, Published, Reconnect, ReconnectCounts, ReconnectLimits,
    ReconnectState, Reconnecting, Request, Response, Server, ServerCounts, ServerHandle,
    ServerLimits, Side, StallNote, StillOpen, Stop, StopReport, TrySend, Utf8Bytes, WaitView,
    WaitsFor, WebSocket, WebSocketRoute, code,
};

#[cfg(feature = "tls")]
pub use glassloop_ws::{TlsClient, TlsFault, TlsServer};

mod reconnecting;
#[cfg(feature = "tls")]
mod secure;
#[cfg(feature = "socketio")]
pub mod socketio;

pub use self::reconnecting::reconnect;
#[cfg(feature = "tls")]
pub use self::secure::{accept_tls, accept_tls_with};
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

/// Connects to a `ws://` address, or with the feature `tls` to a `wss://` one, and opens a
/// WebSocket.
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

/// Connects to an [`Endpoint`] and opens a WebSocket. It may be connected to again.
///
/// ```
/// use glassloop::net::TcpListener;
/// use glassloop::ws::{self, Endpoint, Response, Server, WebSocketRoute};
///
/// # glassloop::run(async {
/// let route = WebSocketRoute::new("/chat", |socket, request| async move {
///     assert_eq!(request.header("x-room"), Some("7"));
///     assert_eq!(request.header("origin"), Some("https://example.org"));
///     drop(socket.send("welcome".into()).await);
/// });
/// let route = route.subprotocols(["chat.v1"]).auth(|it| match it.header("authorization") {
///     Some("Bearer secret" | "Basic dXNlcjpwYXNz") => Ok(()),
///     _ => Err(Response::text("who are you?").with_status(401)),
/// });
/// let listener = TcpListener::bind(([127, 0, 0, 1], 0).into())?;
/// let url = format!("ws://{}/chat", listener.local_addr()?);
/// let server = ws::serve(Server::new().route(route), [listener])?;
///
/// let chat = Endpoint::new(&url)?
///     .header("X-Room", "7")?
///     .origin("https://example.org")?
///     .subprotocols(["chat.v2", "chat.v1"])?
///     .require_subprotocol()
///     .config(ws::Config::default());
/// for known in [chat.clone().bearer("secret")?, chat.clone().basic("user", "pass")?] {
///     let socket = ws::connect_to(&known).await?;
///     assert_eq!(socket.subprotocol(), Some("chat.v1"));
///     assert_eq!(socket.recv().await?, Some("welcome".into()));
/// }
///
/// let error = ws::connect_to(&chat).await.expect_err("it has not said who it is");
/// assert_eq!(error.to_string(), "expected status 101, came 401 Unauthorized");
/// assert_eq!(error.body_text().as_deref(), Some("who are you?"));
/// assert!(error.is_fatal() && error.retry_after().is_none(), "to ask again changes nothing");
/// # server.stop(std::time::Duration::ZERO).await;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap().unwrap();
/// ```
///
/// # Errors
/// As `glassloop_ws::Endpoint::connect`.
///
/// # Panics
/// Outside of a loop.
///
/// # Cancel safety
/// As [`connect`].
#[track_caller]
pub fn connect_to(endpoint: &Endpoint) -> impl Future<Output = Result<WebSocket, Error>> + use<> {
    driven(endpoint.connect(), Location::caller())
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

/// Serves connections: the server and each of its connections are tasks of the current loop. Give
/// it no listener, and `ServerHandle::admit` is the only way in:
///
/// ```
/// use glassloop::{net::duplex, ws::{self, Response, Server}};
///
/// # glassloop::run(async {
/// let handle = ws::serve(Server::new().get("/", |_| Response::text("hello")), [])?;
/// let (here, there) = duplex()?; // a connection that was accepted elsewhere
/// handle.admit(there);
/// here.write_all(b"HEAD / HTTP/1.0\r\n\r\n").await?;
/// let mut head = [0; 15];
/// here.read_exact(&mut head).await?;
/// assert_eq!(&head, b"HTTP/1.1 200 OK");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap().unwrap();
/// ```
///
/// # Errors
/// As `glassloop_ws::Server::serve`.
///
/// # Panics
/// Outside of a loop.
#[track_caller]
pub fn serve(
    server: Server,
    listeners: impl IntoIterator<Item = TcpListener>,
) -> Result<ServerHandle, Error> {
    let place = Location::caller();
    let executor = current::executor("ws::serve");
    let listeners: Vec<TcpListener> = listeners.into_iter().collect();
    let address = listeners.first().and_then(|listener| listener.local_addr().ok());
    let (handle, serving) = server.serve(listeners, move |job| {
        let name = job.name().to_owned();
        current::executor("ws::serve").spawn(job, place).named(name).detach();
    })?;
    let name = match address {
        Some(address) => format!("server {address}"),
        None => "server".to_owned(),
    };
    executor.spawn(serving, place).named(name).detach();
    Ok(handle)
}

/// The programs of the guide are tested as they stand there.
#[cfg(doctest)]
#[doc = include_str!("../docs/websocket.md")]
mod guide {}
