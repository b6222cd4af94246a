//! The client: from a URL to a connection.
//!
//! Promises that each stage has its deadline, and that one covers everything from the first look-up
//! to the last line of the answer. It speaks `ws://`, and with the feature `tls` also `wss://`; it
//! follows no redirects and does not come back by itself.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use glassloop_reactor::net::{TcpStream, lookup};
use tungstenite::handshake::client::generate_key;
use tungstenite::protocol::Role;

use crate::driver::Driver;
use crate::endpoint::{Endpoint, Request};
use crate::error::Error;
use crate::exchange::{Answered, read_answer, read_refusal};
use crate::handshake::{Answer, Asked, RefusedHead, write_request};
use crate::limits::{Config, Limits};
use crate::opening::open;
use crate::progress::{ConnectStage, Progress};
use crate::socket::WebSocket;
use crate::target::Target;
#[cfg(feature = "tls")]
use crate::tls::TlsClient;
use crate::transport::Transport;

/// Connects to a server: `ws://host:port/path`, or `wss://` with the feature `tls`. An [`Endpoint`]
/// may ask for more: header lines, subprotocols, who we are.
///
/// The host is an IP address, `localhost`, or a name, which is looked up on another thread or by
/// the loop's own resolver. Several addresses are tried as in [`TcpStream::connect_any`]. A user
/// and a password before the host are for Basic authentication. The stages and their deadlines:
///
/// | stage | until | at most |
/// |---|---|---|
/// | resolve | the name has addresses | `Limits::resolve_ms_max` (6 s) |
/// | connect | one of them answers | `connect_ms_max` (6 s) |
/// | TLS, with `wss://` | both sides have shaken hands | `tls_ms_max` (6 s) |
/// | upgrade | the head of the answer was read | `upgrade_ms_max` (8 s) |
/// | all | | `handshake_ms_max` (10 s) |
/// | a refusal's body | its end, or 4 KiB of it | `refusal_ms_max` (1 s), within those above |
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
/// another status than 101; [`Error::BadUpgrade`] if its 101 proves nothing, or if what came is no
/// answer; [`Error::HandshakeTimeout`]; `Error::Tls` over `wss://`; [`Error::Io`].
/// [`Error::is_fatal`] says whether another try may be worth it.
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
    let endpoint = Endpoint::new(url).map(|endpoint| endpoint.config(config));
    Box::pin(async move { endpoint?.connect().await })
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
    let endpoint = Endpoint::new(url).map(|endpoint| endpoint.config(config));
    Box::pin(async move { endpoint?.connect_on(stream).await })
}

/// A connection on its way. Boxed, as in `accept_with`.
pub(crate) type Opening = Pin<Box<dyn Future<Output = Result<(WebSocket, Driver), Error>>>>;

/// The future of an endpoint: from a URL, or from a socket that is connected already.
pub(crate) fn opening(
    request: Arc<Request>,
    socket: Option<TcpStream>,
    tell: Box<dyn Fn(ConnectStage)>,
) -> Opening {
    Box::pin(async move {
        let limits = Rc::new(request.config.limits.sane());
        let progress = Progress::begin(&limits, tell)?;
        let opened = progress.whole(async {
            let socket = match socket {
                Some(socket) => socket,
                None => dial(&request.target, &progress).await?,
            };
            ask(socket, &request, &progress).await
        });
        let (stream, answered) = opened.await?;
        let left_ms = progress.left_ms();
        outcome(stream, answered, &request, &limits, left_ms).await
    })
}

/// Connects to the first address of the target that answers.
async fn dial(target: &Target, progress: &Progress<'_>) -> Result<TcpStream, Error> {
    let addresses = match target.literal_addresses() {
        Some(ips) => ips.into_iter().map(|ip| SocketAddr::new(ip, target.port)).collect(),
        None => progress.through(ConnectStage::Resolve, resolve(target)).await?,
    };
    let connecting = async { Ok(TcpStream::connect_any(addresses).await?) };
    progress.through(ConnectStage::Connect, connecting).await
}

async fn resolve(target: &Target) -> Result<Vec<SocketAddr>, Error> {
    let found = lookup(target.host.as_str(), target.port).await;
    found.map_err(|why| Error::Unresolvable { host: target.host.clone(), why })
}

/// Puts TLS over the socket if the target asks for it, writes the request and reads the head of the
/// answer.
async fn ask(
    socket: TcpStream,
    request: &Request,
    progress: &Progress<'_>,
) -> Result<(Transport, Answered), Error> {
    let mut stream = secure(socket, request, progress).await?;
    let answered = upgrade(&mut stream, request, progress).await?;
    Ok((stream, answered))
}

#[cfg(feature = "tls")]
async fn secure(
    socket: TcpStream,
    request: &Request,
    progress: &Progress<'_>,
) -> Result<Transport, Error> {
    if !request.target.is_secure {
        return Ok(socket.into());
    }
    let tls = match &request.config.tls {
        Some(tls) => tls.clone(),
        None => TlsClient::system_roots()?,
    };
    let shaking = tls.shake(socket, &request.target.host);
    Ok(Transport::Tls(progress.through(ConnectStage::Tls, shaking).await?))
}

#[cfg(not(feature = "tls"))]
async fn secure(
    socket: TcpStream,
    request: &Request,
    _: &Progress<'_>,
) -> Result<Transport, Error> {
    debug_assert!(!request.target.is_secure, "refused with its URL");
    Ok(socket.into())
}

/// Writes the request and reads the head of the answer.
async fn upgrade(
    stream: &mut Transport,
    request: &Request,
    progress: &Progress<'_>,
) -> Result<Answered, Error> {
    let key = generate_key();
    let asked = Asked {
        key: &key,
        subprotocols: &request.subprotocols,
        needs_subprotocol: request.needs_subprotocol,
    };
    let head = write_request(&request.target, asked, &request.lines);
    let asking = async {
        stream.write_all(&head).await?;
        read_answer(stream, &request.config.limits, asked).await
    };
    progress.through(ConnectStage::Upgrade, asking).await
}

/// What becomes of an answer: a connection, or an error with what the server said further.
async fn outcome(
    mut stream: Transport,
    answered: Answered,
    request: &Request,
    limits: &Rc<Limits>,
    left_ms: u64,
) -> Result<(WebSocket, Driver), Error> {
    let Answered { answer, tail } = answered;
    match answer {
        Answer::Granted { subprotocol } => {
            let (limits, overflow) = (Rc::clone(limits), request.config.overflow);
            let (socket, driver) = open(stream, Role::Client, limits, overflow, tail);
            socket.connection().note_subprotocol(subprotocol.as_deref());
            Ok((socket, driver))
        }
        Answer::Refused(RefusedHead { status, reason, retry_after, body_end }) => {
            let body = read_refusal(&mut stream, limits, body_end, tail, left_ms).await.into();
            Err(Error::Refused { status, reason, body, retry_after })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::future::ready;
    use std::task::{Context, Waker};
    use std::time::Duration;

    use glassloop_reactor::{Events, Options, PollerKind, Reactor, Resolver, Script, Step, Woken};

    use super::*;

    /// The stages of a connection to a server that never answers.
    fn stages(url: &str) -> Vec<ConnectStage> {
        let at = SocketAddr::from(([10, 0, 0, 1], 7));
        let script = Script::new(0).listens(at, [Step::ReadToEnd]);
        let options = Options { poller: PollerKind::Scripted, script, ..Options::default() };
        let reactor = Reactor::new(options).expect("it needs no descriptor");
        let _entered = reactor.enter();
        reactor.set_resolver(Resolver::new(move |_, _| Box::pin(ready(Ok(vec![at])))));
        let told = Rc::new(RefCell::new(Vec::new()));
        let teller = Rc::clone(&told);
        let endpoint = Endpoint::new(url).expect("good");
        let mut opening = endpoint.connect_telling(move |stage| teller.borrow_mut().push(stage));
        let mut events = Events::new();
        for _ in 0..10 {
            let polled = opening.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(polled.is_pending(), "nobody answers");
            reactor.wait(Some(Duration::ZERO), &mut events).expect("a wait");
            reactor.io(&events, &mut Woken::default());
        }
        drop(opening);
        told.take()
    }

    #[test]
    fn each_stage_is_told_once_as_it_begins() {
        use ConnectStage::{Connect, Resolve, Upgrade};
        assert_eq!(stages("ws://example.test:7/"), [Resolve, Connect, Upgrade]);
        assert_eq!(stages("ws://10.0.0.1:7/"), [Connect, Upgrade]);
    }
}
