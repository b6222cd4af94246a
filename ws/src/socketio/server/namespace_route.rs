//! `NamespaceRoute`: who is let into a namespace, and what the program then does.

use std::{fmt, future::Future, pin::Pin, rc::Rc};

use serde_json::Value;

use super::{hall::Hall, socket::Socket};
use crate::{
    Request,
    socketio::{ConnectError, Events},
};

pub(super) type Served = Pin<Box<dyn Future<Output = ()>>>;
type Serve = Box<dyn Fn(Socket, Events, Option<Value>) -> Served>;
type Admit = Box<dyn Fn(&Request, Option<&Value>) -> Result<(), ConnectError>>;

/// A namespace of a server, and its conditions.
///
/// ```
/// use glassloop_ws::socketio::{ConnectError, NamespaceRoute, Server};
/// use serde_json::json;
///
/// let admin = NamespaceRoute::new("/admin", |socket, _events, _auth| async move {
///     socket.closed().await;
/// });
/// let admin = admin.admit(|request, auth| match auth.and_then(|auth| auth.get("token")) {
///     Some(token) if token == "secret" && request.query().is_some() => Ok(()),
///     _ => Err(ConnectError::new("who are you?").with_data(json!({"code": 401}))),
/// });
/// let io = Server::new().route(admin);
/// # drop(io);
/// ```
pub struct NamespaceRoute {
    hall: Rc<Hall>,
    serve: Serve,
    admit: Option<Admit>,
}

impl NamespaceRoute {
    /// A namespace that lets everybody in: see [`Server::namespace`](super::Server::namespace).
    pub fn new<F>(
        name: &str,
        serve: impl Fn(Socket, Events, Option<Value>) -> F + 'static,
    ) -> NamespaceRoute
    where
        F: Future<Output = ()> + 'static,
    {
        NamespaceRoute {
            hall: Hall::new(name),
            serve: Box::new(move |socket, events, auth| Box::pin(serve(socket, events, auth))),
            admit: None,
        }
    }

    /// Asked for each client that wants to enter, with the request of its connection and with what
    /// it shows. It must be short: the loop waits for it. What has to be waited for is the
    /// namespace's own future, which can show a client out
    /// ([`Socket::disconnect`](super::Socket::disconnect)).
    #[must_use]
    pub fn admit(
        mut self,
        admit: impl Fn(&Request, Option<&Value>) -> Result<(), ConnectError> + 'static,
    ) -> NamespaceRoute {
        self.admit = Some(Box::new(admit));
        self
    }

    pub(super) fn hall(&self) -> &Rc<Hall> {
        &self.hall
    }

    /// Asks the program whether a client may enter.
    pub(super) fn judge(
        &self,
        request: &Request,
        shown: Option<&Value>,
    ) -> Result<(), ConnectError> {
        self.admit.as_ref().map_or(Ok(()), |admit| admit(request, shown))
    }

    /// The program's future for a client.
    pub(super) fn begin(&self, socket: Socket, events: Events, shown: Option<Value>) -> Served {
        (self.serve)(socket, events, shown)
    }
}

impl fmt::Debug for NamespaceRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NamespaceRoute").field("name", &self.hall.name).finish_non_exhaustive()
    }
}
