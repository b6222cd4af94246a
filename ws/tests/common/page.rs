//! One page at `/page`, and a client that asks for it.

#![allow(unreachable_pub, reason = "a part of several test files")]

use glassloop_reactor::net::{TcpListener, duplex};
use glassloop_ws::{Bytes, Response, Server, ServerHandle};

use crate::common::{Loop, Raw};

pub const PAGE_BYTES: usize = 1 << 20;
pub const REQUEST: &[u8] = b"GET /page HTTP/1.1\r\nHost: a\r\n\r\n";

/// Bytes that show when some are missing, doubled or out of place.
pub fn page() -> Bytes {
    (0..=250).cycle().take(PAGE_BYTES).collect::<Vec<u8>>().into()
}

/// A server of the page, whose jobs `event_loop` polls.
pub fn serve(event_loop: &Loop, listener: Option<TcpListener>) -> ServerHandle {
    let page = Response::html(page());
    let spawn = event_loop.spawner();
    let server = Server::new().get("/page", move |_| page.clone());
    let served = server.serve(listener, move |job| spawn(Box::pin(job)));
    let (handle, serving) = served.expect("a good route");
    event_loop.spawn(serving);
    handle
}

/// A client that has asked for the page and read none of it.
pub fn ask(event_loop: &mut Loop, server: &ServerHandle) -> Raw {
    let (near, far) = duplex().expect("two ends");
    server.admit(far);
    let mut raw = Raw::new(near);
    raw.write(event_loop, REQUEST);
    event_loop.settle();
    raw
}
