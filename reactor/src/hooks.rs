//! What layers above leave with the reactor for one another: the last stall, and the resolver.
//!
//! The reactor only keeps them. It is the one thing that a loop and a protocol both know.

use std::{fmt, future::Future, io, net::SocketAddr, pin::Pin, rc::Rc};

/// An item that held the loop for too long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stall {
    /// What held it.
    pub label: String,
    /// For how long, in milliseconds.
    pub millis: u64,
    /// When it ended, in nanoseconds since the clock's origin.
    pub at: u64,
}

/// The addresses of a name, some time later.
pub type Addresses = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>>>>;

/// What a resolver asks: a host and a port.
type Resolve = dyn Fn(&str, u16) -> Addresses;

/// Turns a host name and a port into addresses.
#[derive(Clone)]
pub struct Resolver {
    resolve: Rc<Resolve>,
}

impl Resolver {
    /// A resolver that asks `resolve`.
    pub fn new(resolve: impl Fn(&str, u16) -> Addresses + 'static) -> Resolver {
        Resolver { resolve: Rc::new(resolve) }
    }

    /// Asks for the addresses of a host.
    #[must_use]
    pub fn resolve(&self, host: &str, port: u16) -> Addresses {
        (self.resolve)(host, port)
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver").finish_non_exhaustive()
    }
}
