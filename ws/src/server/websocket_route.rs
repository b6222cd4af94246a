//! The WebSocket route: who may open a WebSocket at a path, and what then happens.
//!
//! Promises that a client which the route refuses never reaches the program's own future. It
//! judges no handshake: `upgrade` does.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use crate::error::Error;
use crate::http::{Request, Response, is_token};
use crate::limits::{Config, Limits};
use crate::overflow::Overflow;
use crate::socket::WebSocket;

use super::routes::Pattern;

type Serve = Box<dyn Fn(WebSocket, Request) -> Pin<Box<dyn Future<Output = ()>>>>;
type Auth = Box<dyn Fn(&Request) -> Result<(), Response>>;

/// A path at which a server takes WebSockets, and its conditions.
///
/// ```
/// use glassloop_ws::{Response, Server, WebSocketRoute};
///
/// let chat = WebSocketRoute::new("/chat", |socket, request| async move {
///     if request.subprotocol() == Some("chat.v2") {
///         drop(socket.send("welcome".into()).await);
///     }
/// });
/// let chat = chat
///     .subprotocols(["chat.v2", "chat.v1"])
///     .origins(["https://example.org"])
///     .allow_missing_origin()
///     .auth(|request| match request.query() {
///         Some("token=secret") => Ok(()),
///         _ => Err(Response::status(401)),
///     });
/// let server = Server::new().route(chat);
/// # drop(server);
/// ```
pub struct WebSocketRoute {
    pattern: Pattern,
    serve: Serve,
    subprotocols: Vec<String>,
    needs_subprotocol: bool,
    origins: Option<Vec<String>>,
    takes_missing_origin: bool,
    auth: Option<Auth>,
    /// One for all connections.
    limits: Rc<Limits>,
    overflow: Overflow,
}

impl WebSocketRoute {
    /// A route that takes every client and chooses no subprotocol.
    pub fn new<F>(path: &str, serve: impl Fn(WebSocket, Request) -> F + 'static) -> WebSocketRoute
    where
        F: Future<Output = ()> + 'static,
    {
        WebSocketRoute {
            pattern: Pattern::new(path),
            serve: Box::new(move |socket, request| Box::pin(serve(socket, request))),
            subprotocols: Vec::new(),
            needs_subprotocol: false,
            origins: None,
            takes_missing_origin: false,
            auth: None,
            limits: Rc::new(Limits::default().sane()),
            overflow: Overflow::default(),
        }
    }

    /// The subprotocols that are spoken here. The client lists its own by preference, and the
    /// first of them that is spoken here is chosen; `Request::subprotocol` says which. Without a
    /// common one the connection opens without.
    #[must_use]
    pub fn subprotocols(mut self, known: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.subprotocols = known.into_iter().map(Into::into).collect();
        self
    }

    /// A client without a common subprotocol gets 400.
    #[must_use]
    pub fn require_subprotocol(mut self) -> Self {
        self.needs_subprotocol = true;
        self
    }

    /// The origins whose pages may connect, compared whole: `https://example.org`. Any other, and
    /// none, gets 403. A browser lets every page connect everywhere, and sends the cookies of the
    /// server along: without this list, or a check of your own, any page may speak for your users.
    #[must_use]
    pub fn origins(mut self, known: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.origins = Some(known.into_iter().map(Into::into).collect());
        self
    }

    /// Beside [`origins`](Self::origins), clients may connect that send none: all but browsers.
    #[must_use]
    pub fn allow_missing_origin(mut self) -> Self {
        self.takes_missing_origin = true;
        self
    }

    /// Asked for each upgrade that is otherwise good; its response is sent instead of the upgrade.
    #[must_use]
    pub fn auth(mut self, auth: impl Fn(&Request) -> Result<(), Response> + 'static) -> Self {
        self.auth = Some(Box::new(auth));
        self
    }

    /// The limits of the WebSockets opened here.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.limits = Rc::new(config.limits.sane());
        self.overflow = config.overflow;
        self
    }

    pub(crate) fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    pub(crate) fn limits(&self) -> &Rc<Limits> {
        &self.limits
    }

    pub(crate) fn overflow(&self) -> Overflow {
        self.overflow
    }

    /// The program's future for a connection.
    pub(crate) fn begin(
        &self,
        socket: WebSocket,
        request: Request,
    ) -> Pin<Box<dyn Future<Output = ()>>> {
        (self.serve)(socket, request)
    }

    /// Whether a request with these Origin lines may connect.
    pub(crate) fn takes_origin(&self, origins: &[&[u8]]) -> bool {
        match (&self.origins, origins) {
            (None, _) => true,
            (Some(_), []) => self.takes_missing_origin,
            (Some(known), [origin]) => known.iter().any(|known| known.as_bytes() == *origin),
            (Some(_), _) => false,
        }
    }

    /// The first of the client's subprotocols that is spoken here. `Err` if there must be one.
    pub(crate) fn choose_subprotocol<'a>(
        &self,
        mut offered: impl Iterator<Item = &'a [u8]>,
    ) -> Result<Option<String>, ()> {
        let chosen = offered
            .find_map(|offer| self.subprotocols.iter().find(|known| known.as_bytes() == offer));
        if chosen.is_none() && self.needs_subprotocol { Err(()) } else { Ok(chosen.cloned()) }
    }

    pub(crate) fn authorize(&self, request: &Request) -> Result<(), Response> {
        self.auth.as_ref().map_or(Ok(()), |auth| auth(request))
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        match self.subprotocols.iter().find(|name| !is_token(name)) {
            Some(name) => {
                let expected = "subprotocols of letters, digits and !#$%&'*+-.^_`|~";
                Err(Error::InvalidRoute { expected, came: name.clone() })
            }
            None => Ok(()),
        }
    }
}

impl fmt::Debug for WebSocketRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketRoute")
            .field("pattern", &self.pattern)
            .field("subprotocols", &self.subprotocols)
            .field("origins", &self.origins)
            .finish_non_exhaustive()
    }
}

// Shared by the connections of a server; never changed once it serves.
pub(crate) type SharedRoute = Rc<WebSocketRoute>;
