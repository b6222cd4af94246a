//! `ws::accept_tls`: a WebSocket accepted over TLS, with its driver spawned.

use std::{future::Future, panic::Location};

use glassloop_reactor::net::TcpStream;
use glassloop_ws::{Config, Error, TlsServer, WebSocket};

use super::driven;

/// As [`accept`](super::accept), over TLS.
///
/// ```
/// use glassloop::{net::duplex, spawn, ws};
///
/// # glassloop::run(async {
/// // A certificate that signs itself; those of a real server come from files.
/// let signed = rcgen::generate_simple_self_signed(["device.example".to_owned()])?;
/// let (chain, key) = (signed.cert.pem(), signed.signing_key.serialize_pem());
/// let tls = ws::TlsServer::new(chain.as_bytes(), key.as_bytes())?;
/// let mut config = ws::Config::default();
/// config.tls = Some(ws::TlsClient::with_roots(chain.as_bytes())?);
///
/// let (here, there) = duplex()?;
/// let served = tls.clone();
/// let server = spawn(async move { ws::accept_tls(there, &served).await?.recv().await });
/// let url = "wss://device.example/";
/// let (socket, driver) = glassloop_ws::connect_on_with(here, url, config.clone()).await?;
/// spawn(driver).detach();
/// socket.send("hello".into()).await?;
/// assert_eq!(server.await?.expect("it is open"), Some("hello".into()));
///
/// // Another host is another matter, and one that time doesn't heal.
/// let (here, there) = duplex()?;
/// spawn(ws::accept_tls_with(there, &tls, ws::Config::default())).detach();
/// let url = "wss://other.example/";
/// match glassloop_ws::connect_on_with(here, url, config).await {
///     Err(ws::Error::Tls { fault, .. }) => {
///         assert!(fault == ws::TlsFault::WrongHost && fault.is_fatal());
///     }
///     other => panic!("expected a fault, came {other:?}"),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap().unwrap();
/// ```
///
/// # Errors
/// As `glassloop_ws::accept_tls`.
///
/// # Panics
/// Outside of a loop.
///
/// # Cancel safety
/// Dropping it closes the stream.
#[track_caller]
pub fn accept_tls(
    stream: TcpStream,
    tls: &TlsServer,
) -> impl Future<Output = Result<WebSocket, Error>> + use<> {
    driven(glassloop_ws::accept_tls(stream, tls), Location::caller())
}

/// As [`accept_tls`], with other limits.
///
/// # Cancel safety
/// As [`accept_tls`].
#[track_caller]
pub fn accept_tls_with(
    stream: TcpStream,
    tls: &TlsServer,
    config: Config,
) -> impl Future<Output = Result<WebSocket, Error>> + use<> {
    driven(glassloop_ws::accept_tls_with(stream, tls, config), Location::caller())
}
