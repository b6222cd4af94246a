//! The endpoint: where a client connects, and what it asks for there.
//!
//! Promises that what it has taken makes a good request, and that neither `Debug` nor an error
//! shows the credentials in it. It is data: whoever connects is `client`.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use glassloop_reactor::net::TcpStream;

use crate::client::{self, Opening};
use crate::credentials;
use crate::driver::Driver;
use crate::error::Error;
use crate::http::{is_token, judge_line};
use crate::limits::Config;
use crate::progress::ConnectStage;
use crate::socket::WebSocket;
use crate::target::Target;

/// Where a client connects, and what it asks for: a URL, header lines, subprotocols and limits.
///
/// It is cheap to clone, may go to another thread, and connects as often as you like.
///
/// ```no_run
/// # async fn greet() -> Result<(), glassloop_ws::Error> {
/// use glassloop_ws::Endpoint;
///
/// let chat = Endpoint::new("ws://127.0.0.1:9000/chat")?
///     .bearer("secret")?
///     .header("X-Client", "glassloop")?
///     .subprotocols(["chat.v2", "chat.v1"])?;
/// let (socket, driver) = chat.connect().await?;
/// println!("{:?}", socket.subprotocol());
/// # drop(driver);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Endpoint {
    asked: Arc<Request>,
}

/// What all clones of an endpoint share.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) target: Target,
    /// Without those of the handshake.
    pub(crate) lines: Vec<(String, String)>,
    pub(crate) subprotocols: Vec<String>,
    pub(crate) needs_subprotocol: bool,
    pub(crate) config: Config,
}

const AUTHORIZATION: &str = "Authorization";

/// The lines of which there is one: the last one given.
const SINGLE: [&str; 2] = [AUTHORIZATION, "Origin"];

impl Endpoint {
    /// The endpoint of a URL: `ws://host:port/path?query`.
    ///
    /// A user and a password in it, `ws://user:password@host/` with percent signs decoded, are for
    /// Basic authentication, as [`basic`](Self::basic) has it.
    ///
    /// # Errors
    /// [`Error::InvalidUrl`].
    pub fn new(url: &str) -> Result<Endpoint, Error> {
        let (target, authorization) = Target::parse(url)?;
        let request = Request {
            target,
            lines: Vec::new(),
            subprotocols: Vec::new(),
            needs_subprotocol: false,
            config: Config::default(),
        };
        let endpoint = Endpoint { asked: Arc::new(request) };
        Ok(match authorization {
            Some(value) => endpoint.with_line(AUTHORIZATION, value),
            None => endpoint,
        })
    }

    /// With one more header line behind those before it. There is one `Authorization` and one
    /// `Origin`: that given last.
    ///
    /// # Errors
    /// [`Error::InvalidHeader`] if the name is not a token, if the value holds a control character
    /// such as CR or LF, or if the line is one of the handshake's own: those are ours.
    pub fn header(self, name: &str, value: &str) -> Result<Endpoint, Error> {
        const OURS: [&str; 5] =
            ["host", "connection", "upgrade", "content-length", "transfer-encoding"];
        judge_line(name, value)?;
        let small = name.to_ascii_lowercase();
        if OURS.contains(&small.as_str()) || small.starts_with("sec-websocket-") {
            let expected = "a header that the handshake leaves to you";
            return Err(Error::InvalidHeader { expected, came: name.to_owned() });
        }
        Ok(self.with_line(name, value.to_owned()))
    }

    /// With a token of the kind that OAuth gives: `Authorization: Bearer ..`, in place of any
    /// other.
    ///
    /// Over `ws://` everybody on the way can read it.
    ///
    /// # Errors
    /// [`Error::InvalidHeader`] if it is not made of visible characters of ASCII.
    pub fn bearer(self, token: &str) -> Result<Endpoint, Error> {
        let value = credentials::bearer(token)?;
        Ok(self.with_line(AUTHORIZATION, value))
    }

    /// With a name and a password: `Authorization: Basic ..`, in place of any other.
    ///
    /// Over `ws://` everybody on the way can read them.
    ///
    /// # Errors
    /// [`Error::InvalidHeader`] for control characters, and for a colon in the name.
    pub fn basic(self, user: &str, password: &str) -> Result<Endpoint, Error> {
        let value = credentials::basic(user.as_bytes(), password.as_bytes())?;
        Ok(self.with_line(AUTHORIZATION, value))
    }

    /// With the origin that a page of a browser would have, `https://example.org`. Without it no
    /// such line is sent, which servers with a list of origins may refuse.
    ///
    /// # Errors
    /// [`Error::InvalidHeader`] for control characters.
    pub fn origin(self, origin: &str) -> Result<Endpoint, Error> {
        self.header("Origin", origin)
    }

    /// The subprotocols that are spoken here, by preference. The server chooses one or none;
    /// [`WebSocket::subprotocol`] says which.
    ///
    /// # Errors
    /// [`Error::InvalidHeader`] if one is not a token, or stands there twice.
    pub fn subprotocols(
        mut self,
        known: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Endpoint, Error> {
        let known: Vec<String> = known.into_iter().map(Into::into).collect();
        for (index, name) in known.iter().enumerate() {
            let expected = match () {
                () if !is_token(name) => "subprotocols of letters, digits and !#$%&'*+-.^_`|~",
                () if known[..index].contains(name) => "each subprotocol once",
                () => continue,
            };
            return Err(Error::InvalidHeader { expected, came: name.clone() });
        }
        self.request().subprotocols = known;
        Ok(self)
    }

    /// A server that chooses none of our subprotocols is left: [`Error::BadUpgrade`]. Without this
    /// the connection opens without. It means nothing as long as none is offered.
    #[must_use]
    pub fn require_subprotocol(mut self) -> Endpoint {
        self.request().needs_subprotocol = true;
        self
    }

    /// With limits of your own.
    #[must_use]
    pub fn config(mut self, config: Config) -> Endpoint {
        self.request().config = config;
        self
    }

    /// Connects and asks for the upgrade. Addresses, stages and deadlines are as
    /// [`connect`](crate::connect) has them.
    ///
    /// # Errors
    /// As [`connect`](crate::connect), but for the URL.
    ///
    /// # Cancel safety
    /// Dropping the future drops the connection.
    #[track_caller]
    pub fn connect(&self) -> impl Future<Output = Result<(WebSocket, Driver), Error>> + use<> {
        self.connect_telling(|_| ())
    }

    /// Asks for the upgrade on a stream that is connected already, in memory or by ways of your
    /// own.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    ///
    /// # Cancel safety
    /// Dropping the future drops the stream.
    #[track_caller]
    pub fn connect_on(
        &self,
        stream: TcpStream,
    ) -> impl Future<Output = Result<(WebSocket, Driver), Error>> + use<> {
        client::opening(Arc::clone(&self.asked), Some(stream), Box::new(|_| ()))
    }

    /// As `connect`; `tell` is called with each stage as it begins, while it is polled.
    #[track_caller]
    pub(crate) fn connect_telling(&self, tell: impl Fn(ConnectStage) + 'static) -> Opening {
        client::opening(Arc::clone(&self.asked), None, Box::new(tell))
    }

    /// With a line that was found good.
    fn with_line(mut self, name: &str, value: String) -> Endpoint {
        let lines = &mut self.request().lines;
        if SINGLE.iter().any(|single| single.eq_ignore_ascii_case(name)) {
            lines.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        }
        lines.push((name.to_owned(), value));
        self
    }

    fn request(&mut self) -> &mut Request {
        Arc::make_mut(&mut self.asked)
    }
}

/// Shows names alone: values, the query and what stood before the host may be secrets.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Request { target, lines, subprotocols, .. } = &*self.asked;
        let path = target.path.split('?').next().unwrap_or_default();
        let scheme = if target.is_secure { "wss" } else { "ws" };
        let headers: Vec<&str> = lines.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Endpoint")
            .field("url", &format_args!("{scheme}://{}{path}", target.authority))
            .field("headers", &headers)
            .field("subprotocols", subprotocols)
            .finish_non_exhaustive()
    }
}
