//! The server: pages and WebSockets on one port.
//!
//! Promises that every request that can be read is answered, that no client can hold a place
//! longer than its deadlines say, and that the server can be stopped with an account of who was
//! left. It spawns nothing itself: the program says how its jobs are spawned.
//!
//! A connection begins as a *conversation*: requests in, answers out, in one job. An upgrade ends
//! that job and begins two: the connection's driver and the program's own future. All of them hold
//! one *place* of the *roster*, which bounds how many there are and knows them by name when the
//! server stops.

mod conversation;
mod counts;
mod door;
mod front;
mod guarded;
mod handle;
mod job;
mod limits;
mod report;
mod roster;
mod routes;
mod secured;
mod serving;
mod shared;
mod upgrade;
mod websocket_route;

use std::future::Future;

use glassloop_reactor::net::TcpListener;

use crate::error::Error;
use crate::http::{Request, Response};
use crate::socket::WebSocket;
#[cfg(feature = "tls")]
use crate::tls::TlsServer;

pub use counts::ServerCounts;
pub use handle::{ServerHandle, Stop};
pub use job::Job;
pub use limits::ServerLimits;
pub use report::{StillOpen, StopReport};
pub use serving::Serving;
pub use websocket_route::WebSocketRoute;

use front::Front;
use routes::{Page, Pattern, Respond, Routes};
use secured::Security;
use shared::Shared;

/// A server to be: its routes and limits.
///
/// A path is exact, or a prefix that ends with `*`: `/files/*`. The exact one wins, then the
/// longest prefix; pages, POST and WebSockets are looked up apart: all may live at one path.
/// Paths are compared as they come: nothing is decoded, and `/a/` is not `/a`.
///
/// ```
/// use glassloop_ws::{Response, Server};
///
/// let server = Server::new()
///     .get("/", |_request| Response::html("<p>hello"))
///     .websocket("/echo", |socket, _request| async move {
///         while let Ok(Some(message)) = socket.recv().await {
///             if socket.send(message).await.is_err() {
///                 break;
///             }
///         }
///     });
/// // `glassloop::ws::serve` spawns it on a loop; without one, the jobs are yours to poll:
/// let jobs = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
/// let queue = std::rc::Rc::clone(&jobs);
/// let (handle, serving) = server.serve([], move |job| queue.borrow_mut().push(job))?;
/// assert_eq!(handle.connections(), 0);
/// # drop(serving);
/// # Ok::<(), glassloop_ws::Error>(())
/// ```
#[derive(Debug, Default)]
#[must_use = "a server serves nothing until `serve` is called"]
pub struct Server {
    routes: Routes,
    front: Front,
    limits: ServerLimits,
    security: Security,
}

impl Server {
    /// A server without routes: it answers 404.
    pub fn new() -> Server {
        Server::default()
    }

    /// Answers GET and HEAD at a path. The closure is called once a request and must be short: the
    /// loop waits for it.
    pub fn get(mut self, path: &str, respond: impl Fn(&Request) -> Response + 'static) -> Server {
        let respond = Respond::Now(Box::new(respond));
        self.routes.pages.push(Page { pattern: Pattern::new(path), respond });
        self
    }

    /// Answers GET and HEAD at a path, as [`get`](Self::get) does, where the answer has to be
    /// waited for: other connections are served meanwhile. The future is polled by the job of its
    /// connection. One that takes longer than `answer_ms_max` is dropped, and the client gets 503.
    ///
    /// It is also dropped when its client goes: at once if the connection breaks, or
    /// `linger_ms_max` after the client has ended its half. Most who do that have closed their
    /// socket, and nobody can tell them from those who read on; these get the answer if it comes
    /// that soon, else 503. An end behind 2 KiB and more of further requests is not noticed.
    ///
    /// ```
    /// use glassloop_ws::{Response, Server};
    ///
    /// let server = Server::new().get_async("/slow", |request| async move {
    ///     std::future::ready(()).await; // or whatever there is to wait for
    ///     Response::text(request.path().to_owned())
    /// });
    /// # drop(server);
    /// ```
    pub fn get_async<F>(mut self, path: &str, respond: impl Fn(Request) -> F + 'static) -> Server
    where
        F: Future<Output = Response> + 'static,
    {
        let respond = Respond::Later(Box::new(move |request| Box::pin(respond(request))));
        self.routes.pages.push(Page { pattern: Pattern::new(path), respond });
        self
    }

    /// Answers POST at a path, as [`get`](Self::get) does GET: the body is in
    /// [`Request::body`](crate::Request::body).
    pub fn post(mut self, path: &str, respond: impl Fn(&Request) -> Response + 'static) -> Server {
        let respond = Respond::Now(Box::new(respond));
        self.routes.posts.push(Page { pattern: Pattern::new(path), respond });
        self
    }

    /// Answers POST at a path where the answer has to be waited for, as
    /// [`get_async`](Self::get_async) does GET.
    ///
    /// ```
    /// use glassloop_ws::{Response, Server};
    ///
    /// let server = Server::new().post_async("/echo", |request| async move {
    ///     std::future::ready(()).await; // or whatever there is to wait for
    ///     Response::text(String::from_utf8_lossy(request.body()).into_owned())
    /// });
    /// # drop(server);
    /// ```
    pub fn post_async<F>(mut self, path: &str, respond: impl Fn(Request) -> F + 'static) -> Server
    where
        F: Future<Output = Response> + 'static,
    {
        let respond = Respond::Later(Box::new(move |request| Box::pin(respond(request))));
        self.routes.posts.push(Page { pattern: Pattern::new(path), respond });
        self
    }

    /// Asks `guard` for each whole request, before any route is looked for: pages, POST, WebSockets
    /// and what has no route alike. Its response is sent in place of the route's. A request that
    /// can't be read, or is too long, is refused before and does not come to it.
    ///
    /// Here stands what must hold of a whole server: who may ask at all, by which `Host`, from
    /// which `Origin`. A second guard takes the place of the first.
    ///
    /// ```
    /// use glassloop_ws::{Response, Server};
    ///
    /// let server = Server::new()
    ///     .guard(|request| match request.header("Authorization") {
    ///         // Of a whole address as its target a request has two hosts.
    ///         Some("Bearer secret") if request.target().starts_with('/') => Ok(()),
    ///         _ => Err(Response::status(401)),
    ///     })
    ///     .header("Cache-Control", "no-store")
    ///     .post("/echo", |request| Response::text(request.body().to_vec()));
    /// # drop(server);
    /// ```
    pub fn guard(mut self, guard: impl Fn(&Request) -> Result<(), Response> + 'static) -> Server {
        self.front.guard = Some(Box::new(guard));
        self
    }

    /// A header line for every answer that has none of this name: those of the routes and of the
    /// guard, the server's own refusals, and the 101 of an upgrade.
    pub fn header(mut self, name: &str, value: &str) -> Server {
        self.front.lines.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Takes WebSockets at a path, from whomever asks. Each gets a future of its own, which is
    /// spawned; when it drops the last handle, the connection is closed with 1001, and when it
    /// panics, or the closure does, with 1011, whoever else holds a handle.
    pub fn websocket<F>(
        self,
        path: &str,
        serve: impl Fn(WebSocket, Request) -> F + 'static,
    ) -> Server
    where
        F: Future<Output = ()> + 'static,
    {
        self.route(WebSocketRoute::new(path, serve))
    }

    /// Takes WebSockets as the route says.
    pub fn route(mut self, route: WebSocketRoute) -> Server {
        self.routes.sockets.push(std::rc::Rc::new(route));
        self
    }

    /// With limits of your own.
    pub fn limits(mut self, limits: ServerLimits) -> Server {
        self.limits = limits;
        self
    }

    /// Speaks TLS with every connection: on the listeners' ports are `https://` and `wss://`, and
    /// nothing else. A handshake takes its time out of that of the first request.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: TlsServer) -> Server {
        self.security.tls = Some(tls);
        self
    }

    /// Serves connections: those of the listeners, and those that the handle is given.
    ///
    /// `spawn` is called with each job, in turn or all at once, and must see to it that the job is
    /// polled to its end, like [`Serving`] itself. It is a function, and [`Serving`] does not poll
    /// its connections, because then each of them is a task that the loop can name, measure and
    /// schedule by itself, and no wake of one costs a look at the others.
    ///
    /// # Errors
    /// [`Error::InvalidRoute`] if a path does not begin with `/`, has a `*` before its end, or is
    /// served twice in the same way; or if a subprotocol is not a token. [`Error::InvalidHeader`]
    /// if a header line is one that [`Response::with_header`] refuses, or one of the handshake.
    pub fn serve(
        self,
        listeners: impl IntoIterator<Item = TcpListener>,
        spawn: impl Fn(Job) + 'static,
    ) -> Result<(ServerHandle, Serving), Error> {
        self.routes.check()?;
        self.front.check()?;
        let Server { routes, front, limits, security } = self;
        let shared = Shared::new(routes, front, limits.sane(), security, Box::new(spawn));
        Ok((ServerHandle::new(&shared), Serving::new(shared, listeners.into_iter().collect())))
    }
}
