//! `Client`: what a program holds of a client.
//!
//! Promises that every call is short and works whether or not a connection stands.

use std::{fmt, future::Future, rc::Rc, sync::Arc};

use super::builder::{ClientBuilder, NamespaceBuilder};
use crate::{
    Error, ReconnectCounts, ReconnectState, Reconnecting, socketio::namespaces::shared::Shared,
};

/// A client of a Socket.IO server, which comes back by itself. Clones are handles of the same
/// client; its [`ClientDriver`](super::ClientDriver) must be polled.
///
/// One connection carries all of its namespaces. It is made when there is one, and closed when the
/// last one has left.
///
/// # Drop
/// With the last handle, of the client, its namespaces and their events, it ends.
pub struct Client {
    shared: Rc<Shared>,
    transport: Reconnecting,
}

impl Client {
    /// The first handle; it was counted.
    pub(in crate::socketio) fn new(shared: Rc<Shared>, transport: Reconnecting) -> Client {
        Client { shared, transport }
    }

    /// A client of the server at this address, `http://host:port` or `ws://host:port`; with TLS,
    /// `https` or `wss`.
    ///
    /// # Errors
    /// [`Error::InvalidUrl`].
    pub fn to(url: &str) -> Result<ClientBuilder, Error> {
        ClientBuilder::new(url)
    }

    /// A namespace of this name, which begins with `/`; `/` is the one that has no other.
    pub fn namespace(&self, name: &str) -> NamespaceBuilder {
        NamespaceBuilder::new(&self.shared, name)
    }

    /// How its connection stands.
    pub fn state(&self) -> ReconnectState {
        self.transport.state()
    }

    /// Attempts and connections so far.
    pub fn counts(&self) -> ReconnectCounts {
        self.transport.counts()
    }

    /// Tries now: ends a delay, or the connection that stands. For a program that knows better,
    /// since the machine has woken up or the network has changed.
    pub fn reconnect_now(&self) {
        self.shared.renew();
        self.transport.reconnect_now();
    }

    /// Ends it: what was accepted for namespaces that are let in leaves within `close_ms_max`, then
    /// the connection is closed, and nothing comes back.
    pub fn disconnect(&self) {
        self.shared.disconnect();
    }

    /// Ready when the client is over, with what made it give up; `None` if the program wanted it.
    ///
    /// # Cancel safety
    /// Dropping it changes nothing.
    #[track_caller]
    pub fn finished(&self) -> impl Future<Output = Option<Arc<Error>>> + use<> {
        self.transport.finished()
    }
}

impl Clone for Client {
    fn clone(&self) -> Client {
        self.shared.add_handle();
        Client { shared: Rc::clone(&self.shared), transport: self.transport.clone() }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.shared.remove_handle();
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("state", &self.state()).finish_non_exhaustive()
    }
}
