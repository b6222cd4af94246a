//! The server: namespaces on a path of a [`ws::Server`](crate::Server), over WebSockets alone.
//!
//! A connection is one future, a `guest`: it speaks Engine.IO with its client, lets it into
//! namespaces, and polls what the program does for it there. What a namespace of a connection
//! keeps, and how its events leave, is in `namespaces`. `namespace_route` says
//! what a namespace does and whom it admits, a `hall` who is in it; `socket` and `audience` are
//! what the program holds; `door` is what is answered over HTTP.

mod audience;
mod door;
mod guest;
mod hall;
mod limits;
mod namespace_route;
mod publishing;
mod socket;

use std::{fmt, future::Future, rc::Rc};

use serde_json::Value;

use self::guest::Guest;
pub use self::{
    audience::Audience, limits::ServerLimits, namespace_route::NamespaceRoute, socket::Socket,
};
use super::namespaces::{Events, NamespaceError, check_name};
use crate::{Config, Overflow, Server as HttpServer, WebSocketRoute};

/// A server of Socket.IO to be: its namespaces and limits. It is attached to a
/// [`ws::Server`](crate::Server), whose pages and other WebSockets share its port.
///
/// Clients must come by WebSocket: those in JavaScript with `transports: ["websocket"]`. Who begins
/// with polling, as they do without that, is told at once that there is none.
///
/// ```
/// use glassloop_ws::{Response, Server, socketio};
///
/// let io = socketio::Server::new().namespace("/", |socket, mut events, auth| async move {
///     socket.join("everybody");
///     drop(socket.emit("welcome", (socket.id(), auth)));
///     while let Some(event) = events.recv().await {
///         match event.name() {
///             "say" => drop(socket.to("everybody").emit("said", event.data().json())),
///             _ => drop(event.ack("what?")),
///         }
///     }
/// });
/// let server = io.attach(Server::new().get("/", |_| Response::html("<p>hello")))?;
/// # drop(server);
/// # Ok::<(), socketio::NamespaceError>(())
/// ```
#[must_use = "nobody is served before it is attached to a server of HTTP"]
pub struct Server {
    path: String,
    limits: ServerLimits,
    config: Config,
    routes: Vec<NamespaceRoute>,
    origins: Option<Vec<String>>,
    takes_missing_origin: bool,
}

/// What the connections of a server share.
pub(super) struct Lobby {
    pub(super) limits: ServerLimits,
    pub(super) routes: Vec<Rc<NamespaceRoute>>,
}

impl Server {
    /// A server without namespaces: it lets nobody in.
    pub fn new() -> Server {
        Server {
            path: "/socket.io/".to_owned(),
            limits: ServerLimits::default(),
            config: Config::default(),
            routes: Vec::new(),
            origins: None,
            takes_missing_origin: false,
        }
    }

    /// Lets everybody into a namespace, `/` or `/name`, and does this for each who enters: `serve`
    /// is called with the client's [`Socket`], its [`Events`], and what it has shown. The future is
    /// polled by the connection's job, also when the client has gone: one that never ends keeps the
    /// place of its connection ([`Socket::closed`] says when to end). When the last handle of the
    /// socket and the events are dropped, the client is shown out.
    pub fn namespace<F>(
        self,
        name: &str,
        serve: impl Fn(Socket, Events, Option<Value>) -> F + 'static,
    ) -> Server
    where
        F: Future<Output = ()> + 'static,
    {
        self.route(NamespaceRoute::new(name, serve))
    }

    /// Lets clients into a namespace as the route says.
    pub fn route(mut self, route: NamespaceRoute) -> Server {
        self.routes.push(route);
        self
    }

    /// The path that clients ask for, in the place of `/socket.io/`.
    pub fn path(mut self, path: &str) -> Server {
        path.clone_into(&mut self.path);
        self
    }

    /// How much is kept of everything, and for how long.
    pub fn limits(mut self, limits: ServerLimits) -> Server {
        self.limits = limits.sane();
        self
    }

    /// The limits of the WebSockets. The longest message is `payload_bytes_max` of
    /// [`ServerLimits`], whatever stands here; nothing is dropped for a slow reader, since that
    /// would cut packets apart; and its own heartbeat rests.
    pub fn config(mut self, config: Config) -> Server {
        self.config = config;
        self
    }

    /// The origins whose pages may connect: [`WebSocketRoute::origins`].
    pub fn origins(mut self, known: impl IntoIterator<Item = impl Into<String>>) -> Server {
        self.origins = Some(known.into_iter().map(Into::into).collect());
        self
    }

    /// Beside those, clients may connect that send none: [`WebSocketRoute::allow_missing_origin`].
    pub fn allow_missing_origin(mut self) -> Server {
        self.takes_missing_origin = true;
        self
    }

    /// Everybody in a namespace, now and later; `None` if there is no such namespace. To be had
    /// before [`attach`](Self::attach).
    pub fn of(&self, namespace: &str) -> Option<Audience> {
        let route = self.routes.iter().find(|route| *route.hall().name == *namespace)?;
        Some(Audience::new(route.hall()))
    }

    /// Serves Socket.IO on the path of this server of HTTP.
    ///
    /// # Errors
    /// If a namespace has no such name, or one that is another's. A bad path is found when the
    /// server of HTTP begins to serve.
    pub fn attach(self, server: HttpServer) -> Result<HttpServer, NamespaceError> {
        let Server { path, limits, mut config, routes, origins, takes_missing_origin } = self;
        for (at, route) in routes.iter().enumerate() {
            let name = &*route.hall().name;
            check_name(name)?;
            if routes[..at].iter().any(|before| *before.hall().name == *name) {
                return Err(NamespaceError::InUse(name.to_owned()));
            }
        }
        config.overflow = Overflow::Wait;
        config.limits.message_bytes_max = limits.payload_bytes_max;
        config.limits.frame_bytes_max = limits.payload_bytes_max;
        let routes = routes.into_iter().map(Rc::new).collect();
        let lobby = Rc::new(Lobby { limits, routes });
        let begin = move |socket, request| Guest::new(Rc::clone(&lobby), socket, request);
        let mut route = WebSocketRoute::new(&path, begin).auth(door::judge).config(config);
        if let Some(origins) = origins {
            route = route.origins(origins);
        }
        if takes_missing_origin {
            route = route.allow_missing_origin();
        }
        Ok(server.get(&path, door::get).post(&path, door::post).route(route))
    }
}

impl Default for Server {
    fn default() -> Server {
        Server::new()
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.routes.iter().map(|route| &route.hall().name);
        f.debug_struct("Server")
            .field("path", &self.path)
            .field("namespaces", &Vec::from_iter(names))
            .finish_non_exhaustive()
    }
}
