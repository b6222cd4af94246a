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
use crate::socket::WebSocket;

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
        match within(&limits, upgrade(&stream, &limits)).await? {
            Ok(tail) => Ok(open(stream, Role::Server, limits, config.overflow, tail)),
            Err(refusal) => {
                let answer = Response::refusal(&refusal).write(Body::Sent, Then::Close);
                let patience = Patience::in_all(limits.close_ms_max);
                // Who doesn't take it is refused all the same.
                drop(deliver_last(&stream, &answer, patience).await);
                let Refusal { status, expected, came } = refusal;
                Err(Error::BadUpgrade { status, expected, came })
            }
        }
    })
}

/// Reads the request and answers a good one. Gives what came behind it.
async fn upgrade(stream: &TcpStream, limits: &Limits) -> Result<Result<Vec<u8>, Refusal>, Error> {
    let Ok(head) = read_head(stream, limits).await? else {
        return Ok(Err(Refusal::head_too_long()));
    };
    match parse_request(&head.head, limits.head_lines_max) {
        Ok(request) => {
            stream.write_all(&write_response(&request.key, None)).await?;
            Ok(Ok(head.tail))
        }
        Err(refusal) => Ok(Err(refusal)),
    }
}
