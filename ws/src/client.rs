//! The client: from a URL to a connection.
//!
//! Promises that one deadline covers everything from the first address to the last line of the
//! answer. It speaks `ws://` only, follows no redirects and does not come back by itself.

use std::future::Future;
use std::net::SocketAddr;
use std::rc::Rc;

use glassloop_reactor::net::{TcpStream, lookup};
use tungstenite::handshake::client::generate_key;
use tungstenite::protocol::Role;

use crate::driver::Driver;
use crate::error::Error;
use crate::exchange::{read_head, within};
use crate::handshake::{parse_response, write_request};
use crate::limits::{Config, Limits};
use crate::opening::open;
use crate::socket::WebSocket;
use crate::target::Target;

/// Connects to a server: `ws://host:port/path`.
///
/// The host is an IP address, `localhost`, or a name, which is looked up on another thread or by
/// the loop's own resolver. Several addresses are tried as in [`TcpStream::connect_any`].
///
/// ```no_run
/// # async fn greet() -> Result<(), glassloop_ws::Error> {
/// let (socket, driver) = glassloop_ws::connect("ws://127.0.0.1:9000/chat").await?;
/// // Spawn `driver`; then:
/// socket.send("hello".into()).await?;
/// println!("{:?}", socket.recv().await?);
/// socket.close(1000, "done")?;
/// # drop(driver);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Error::InvalidUrl`]; [`Error::Unresolvable`]; [`Error::Refused`] if the server answered with
/// another status than 101; [`Error::BadUpgrade`] if its 101 proves nothing;
/// [`Error::HandshakeTimeout`]; [`Error::Io`].
///
/// # Cancel safety
/// Dropping the future drops the connection.
#[track_caller]
pub fn connect(url: &str) -> impl Future<Output = Result<(WebSocket, Driver), Error>> + use<> {
    connect_with(url, Config::default())
}

/// As [`connect`], with limits of your own.
///
/// # Errors
/// As [`connect`].
///
/// # Cancel safety
/// As [`connect`].
#[track_caller]
pub fn connect_with(
    url: &str,
    config: Config,
) -> impl Future<Output = Result<(WebSocket, Driver), Error>> + use<> {
    let target = Target::parse(url);
    let limits = Rc::new(config.limits.sane());
    // Boxed, as in `accept_with`.
    Box::pin(async move {
        let target = target?;
        let (stream, tail) = within(&limits, async {
            let stream = dial(&target).await?;
            let tail = upgrade(&stream, &target, &limits).await?;
            Ok((stream, tail))
        })
        .await?;
        Ok(open(stream, Role::Client, limits, config.overflow, tail))
    })
}

/// Does the client's part of the handshake on a stream that is connected already, in memory or by
/// ways of your own. The URL says what the request asks for.
///
/// # Errors
/// As [`connect`].
///
/// # Cancel safety
/// As [`connect`].
#[track_caller]
pub fn connect_on(
    stream: TcpStream,
    url: &str,
) -> impl Future<Output = Result<(WebSocket, Driver), Error>> + use<> {
    connect_on_with(stream, url, Config::default())
}

/// As [`connect_on`], with limits of your own.
///
/// # Errors
/// As [`connect`].
///
/// # Cancel safety
/// As [`connect`].
#[track_caller]
pub fn connect_on_with(
    stream: TcpStream,
    url: &str,
    config: Config,
) -> impl Future<Output = Result<(WebSocket, Driver), Error>> + use<> {
    let target = Target::parse(url);
    let limits = Rc::new(config.limits.sane());
    Box::pin(async move {
        let target = target?;
        let tail = within(&limits, upgrade(&stream, &target, &limits)).await?;
        Ok(open(stream, Role::Client, limits, config.overflow, tail))
    })
}

/// Connects to the first address of the target that answers.
async fn dial(target: &Target) -> Result<TcpStream, Error> {
    Ok(TcpStream::connect_any(addresses(target).await?).await?)
}

async fn addresses(target: &Target) -> Result<Vec<SocketAddr>, Error> {
    if let Some(literal) = target.literal_addresses() {
        return Ok(literal.into_iter().map(|ip| SocketAddr::new(ip, target.port)).collect());
    }
    let found = lookup(target.host.as_str(), target.port).await;
    found.map_err(|why| Error::Unresolvable { host: target.host.clone(), why })
}

/// Writes the request and judges the answer. Gives what came behind it.
async fn upgrade(stream: &TcpStream, target: &Target, limits: &Limits) -> Result<Vec<u8>, Error> {
    let key = generate_key();
    stream.write_all(&write_request(target, &key)).await?;
    match read_head(stream, limits).await? {
        Ok(head) => {
            parse_response(&head.head, limits.head_lines_max, &key)?;
            Ok(head.tail)
        }
        Err(_) => Err(Error::BadUpgrade {
            status: 0,
            expected: "a head within its limits",
            came: String::from("a longer one"),
        }),
    }
}
