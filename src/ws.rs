//! WebSockets whose drivers run as tasks of the current loop.
//!
//! `glassloop_ws` gives a connection as a pair, handle and driver; here the driver is spawned,
//! named after its peer, and you get the handle. Everything else is that crate's.

use std::{future::Future, panic::Location};

use glassloop_reactor::net::TcpStream;
pub use glassloop_ws::{
    Bytes, Cause, CloseInfo, Config, Counts, Driver, Error, Limits, Message, Side, Utf8Bytes,
    WebSocket, code,
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
#[track_caller]
pub fn accept_with(
    stream: TcpStream,
    config: Config,
) -> impl Future<Output = Result<WebSocket, Error>> + use<> {
    driven(glassloop_ws::accept_with(stream, config), Location::caller())
}
