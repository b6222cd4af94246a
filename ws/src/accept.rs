//! Accepting: from a stream that a listener gave to a connection.
//!
//! Promises an answer to every upgrade that can be read, good or bad. It listens on nothing and
//! looks at no path: `server` does both, or the program itself.

use std::future::Future;
use std::rc::Rc;

use glassloop_reactor::net::TcpStream;
use tungstenite::protocol::Role;

use crate::driver::Driver;
use crate::error::Error;
use crate::exchange::{read_head, within};
use crate::handshake::{Refusal, parse_request, write_response};
use crate::http::{Body, Patience, Response, Then, deliver_last};
use crate::limits::{Config, Limits};
use crate::opening::open;
use crate::overflow::Overflow;
#[cfg(feature = "tls")]
use crate::progress::{ConnectStage, Progress};
use crate::socket::WebSocket;
#[cfg(feature = "tls")]
use crate::tls::TlsServer;
use crate::transport::Transport;

/// Does the server's part of the handshake on a stream that a listener accepted.
///
/// ```no_run
/// # async fn serve(stream: glassloop_reactor::net::TcpStream) -> Result<(), glassloop_ws::Error> {
/// let (socket, driver) = glassloop_ws::accept(stream).await?;
/// // Spawn `driver`; `socket` says when it is over.
/// while let Some(message) = socket.recv().await? {
///     socket.send(message).await?;
/// }
/// # drop(driver);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Error::BadUpgrade`] after a request that was answered with 400, 405, 426 or 431;
/// [`Error::HandshakeTimeout`]; [`Error::Io`].
///
/// # Cancel safety
/// Dropping the future drops the stream.
#[track_caller]
pub fn accept(
    stream: TcpStream,
) -> impl Future<Output = Result<(WebSocket, Driver), Error>> + use<> {
    accept_with(stream, Config::default())
}

/// As [`accept`], with limits of your own.
///
/// # Errors
/// As [`accept`].
///
/// # Cancel safety
/// As [`accept`].
#[track_caller]
pub fn accept_with(
    stream: TcpStream,
    config: Config,
) -> impl Future<Output = Result<(WebSocket, Driver), Error>> + use<> {
    let limits = Rc::new(config.limits.sane());
    // COST: boxed, its 700 bytes are given back with the answer; else the future of whoever awaits
    // it would keep room for them as long as the connection lives.
    Box::pin(async move {
        let mut stream = Transport::from(stream);
        let judged = within(&limits, upgrade(&mut stream, &limits)).await?;
        settle(stream, judged, limits, config.overflow).await
    })
}

/// As [`accept`], over TLS.
///
/// # Errors
/// As [`accept`]; [`Error::Tls`].
///
/// # Cancel safety
/// As [`accept`].
#[cfg(feature = "tls")]
#[track_caller]
pub fn accept_tls(
    stream: TcpStream,
    tls: &TlsServer,
) -> impl Future<Output = Result<(WebSocket, Driver), Error>> + use<> {
    accept_tls_with(stream, tls, Config::default())
}

/// As [`accept_tls`], with limits of your own. The TLS handshake and the upgrade have their
/// deadlines, and one is for both.
///
/// # Errors
/// As [`accept_tls`].
///
/// # Cancel safety
/// As [`accept`].
#[cfg(feature = "tls")]
#[track_caller]
pub fn accept_tls_with(
    stream: TcpStream,
    tls: &TlsServer,
    config: Config,
) -> impl Future<Output = Result<(WebSocket, Driver), Error>> + use<> {
    let limits = Rc::new(config.limits.sane());
    let tls = tls.clone();
    Box::pin(async move {
        let (stream, judged) = secured(stream, &tls, &limits).await?;
        settle(stream, judged, limits, config.overflow).await
    })
}

/// Shakes hands, then reads the request and answers a good one.
#[cfg(feature = "tls")]
async fn secured(
    socket: TcpStream,
    tls: &TlsServer,
    limits: &Limits,
) -> Result<(Transport, Result<Vec<u8>, Refusal>), Error> {
    let progress = Progress::begin(limits, |_| ())?;
    let judging = async {
        let shaken = progress.through(ConnectStage::Tls, tls.shake(socket)).await?;
        let mut stream = Transport::Tls(shaken);
        let upgrading = upgrade(&mut stream, limits);
        let judged = progress.through(ConnectStage::Upgrade, upgrading).await?;
        Ok((stream, judged))
    };
    progress.whole(judging).await
}

/// Opens what was judged good, and refuses what was not.
async fn settle(
    mut stream: Transport,
    judged: Result<Vec<u8>, Refusal>,
    limits: Rc<Limits>,
    overflow: Overflow,
) -> Result<(WebSocket, Driver), Error> {
    match judged {
        Ok(tail) => Ok(open(stream, Role::Server, limits, overflow, tail)),
        Err(refusal) => {
            let answer = Response::refusal(&refusal).write(Body::Sent, Then::Close);
            let patience = Patience::in_all(limits.close_ms_max);
            // Who doesn't take it is refused all the same.
            drop(deliver_last(&mut stream, &answer, patience).await);
            let Refusal { status, expected, came } = refusal;
            Err(Error::BadUpgrade { status, expected, came })
        }
    }
}

/// Reads the request and answers a good one. Gives what came behind it.
async fn upgrade(
    stream: &mut Transport,
    limits: &Limits,
) -> Result<Result<Vec<u8>, Refusal>, Error> {
    let Ok(head) = read_head(stream, limits).await? else {
        return Ok(Err(Refusal::head_too_long()));
    };
    match parse_request(&head.head, limits.head_lines_max) {
        Ok(request) => {
            stream.write_all(&write_response(&request.key, None, &[])).await?;
            Ok(Ok(head.tail))
        }
        Err(refusal) => Ok(Err(refusal)),
    }
}
