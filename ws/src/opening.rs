//! The opening: from a stream with its handshake done to a handle and a driver.
//!
//! Promises that the bytes which came behind the upgrade's head are the first to be read. It sends
//! nothing.

use std::rc::Rc;

use tungstenite::protocol::Role;

use crate::connection::Connection;
use crate::driver::Driver;
use crate::limits::Limits;
use crate::overflow::Overflow;
use crate::protocol::Protocol;
use crate::socket::WebSocket;
use crate::transport::Transport;
use crate::wire::Wire;

/// The pair that is a connection.
pub(crate) fn open(
    stream: Transport,
    role: Role,
    limits: Rc<Limits>,
    overflow: Overflow,
    tail: Vec<u8>,
) -> (WebSocket, Driver) {
    // A memory socket has no such option, and no delay either.
    if let Err(error) = stream.socket().set_nodelay(true) {
        log::trace!("open: no TCP_NODELAY: {error}");
    }
    let reactor = Rc::clone(stream.socket().reactor());
    let peer = stream.socket().peer_addr().ok();
    let protocol = Protocol::new(role, Rc::clone(&limits));
    let wire = Wire::new(stream, protocol, tail.into());
    let connection = Connection::new(reactor, limits, overflow, wire, peer);
    (WebSocket::new(Rc::clone(&connection)), Driver::new(connection))
}
