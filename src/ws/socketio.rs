//! `ws::socketio`: Socket.IO, with the driver of a client spawned.

use std::panic::Location;

pub use glassloop_ws::socketio::*;

use crate::{current, ws::Error};

/// Starts a client of Socket.IO: its driver is a task of the current loop.
///
/// What is on the wire, told by a server that is played by hand, in memory:
///
/// ```
/// use glassloop::{EventLoop, net, spawn, ws::{self, Error, socketio::{self, Client}}};
/// use serde_json::json;
///
/// async fn play(stream: net::TcpStream) -> Result<(), Error> {
///     let socket = ws::accept(stream).await?;
///     let hello = r#"0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#;
///     socket.send(hello.into()).await?;
///     assert_eq!(socket.recv().await?, Some(r#"40/chat,{"token":1}"#.into()));
///     socket.send(r#"40/chat,{"sid":"b"}"#.into()).await?;
///     assert_eq!(socket.recv().await?, Some(r#"42/chat,["hello","world"]"#.into()));
///     socket.send(r#"42/chat,["welcome",7]"#.into()).await?;
///     socket.send("2".into()).await?; // a ping
///     assert_eq!(socket.recv().await?, Some("3".into()));
///     Ok(())
/// }
///
/// # EventLoop::test().block_on(async {
/// let client = Client::to("ws://memory")?.streams(|| async {
///     let (here, there) = net::duplex()?;
///     spawn(play(there)).or_report();
///     Ok(here)
/// });
/// let client = socketio::connect(client)?;
/// let chat = client.namespace("/chat").auth_with(async || Ok(json!({ "token": 1 })));
/// let (chat, mut events) = chat.start()?;
/// chat.emit("on second thought", ())?; // there is no connection yet
/// assert_eq!(chat.take_buffered().len(), 1);
/// chat.emit("hello", "world")?;
/// let welcome = events.recv().await.expect("the client is not over");
/// assert_eq!((welcome.name(), welcome.arguments()?), ("welcome", (7,)));
/// # client.disconnect();
/// # client.finished().await;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap().unwrap();
/// ```
///
/// # Errors
/// As [`ClientBuilder::start`].
///
/// # Panics
/// Outside of a loop.
#[track_caller]
pub fn connect(client: ClientBuilder) -> Result<Client, Error> {
    let place = Location::caller();
    let executor = current::executor("ws::socketio::connect");
    let (client, driver) = client.start()?;
    executor.spawn(driver, place).named("socket.io").detach();
    Ok(client)
}

/// The programs of the guide are tested as they stand there.
#[cfg(doctest)]
#[doc = include_str!("../../docs/socketio.md")]
mod guide {}
