//! A large page lies in memory once, however many clients are slow to read it. Measured as resident
//! memory of the process.

#![cfg(target_os = "linux")]

mod common;
#[path = "common/process.rs"]
mod process;

use common::{Loop, Raw};
use glassloop_reactor::{Limits, Options, net::duplex};
use glassloop_ws::{Response, Server, ServerHandle};

const PAGE_BYTES: usize = 1 << 20;

fn serve(event_loop: &Loop) -> ServerHandle {
    let page = Response::html(vec![b'x'; PAGE_BYTES]);
    let spawn = event_loop.spawner();
    let server = Server::new().get("/page", move |_| page.clone());
    let served = server.serve([], move |job| spawn(Box::pin(job)));
    let (handle, serving) = served.expect("a good route");
    event_loop.spawn(serving);
    handle
}

/// A client that has asked for the page and reads none of it.
fn ask(event_loop: &mut Loop, server: &ServerHandle) -> Raw {
    let (near, far) = duplex().expect("two ends");
    server.admit(far);
    let mut raw = Raw::new(near);
    raw.write(event_loop, b"GET /page HTTP/1.1\r\nHost: a\r\n\r\n");
    event_loop.settle();
    raw
}

#[test]
fn a_hundred_clients_that_do_not_read_share_one_page() {
    const CLIENTS: usize = 100;
    const BYTES_MAX: usize = 32 * 1_024;
    let limits = Limits { memory_pipe_bytes_max: 4 * 1_024, ..Limits::default() };
    let mut event_loop = Loop::with(Options { limits, ..Options::default() });
    let server = serve(&event_loop);
    // The first ones pay for the pools of the allocator.
    let mut clients: Vec<Raw> = (0..20).map(|_| ask(&mut event_loop, &server)).collect();
    let before = process::resident_bytes();
    clients.extend((0..CLIENTS).map(|_| ask(&mut event_loop, &server)));
    let each = process::resident_bytes().saturating_sub(before) / CLIENTS;
    assert_eq!(server.connections(), 20 + CLIENTS);
    assert!(each <= BYTES_MAX, "expected at most {BYTES_MAX} bytes each, came {each}");
    println!("{each} bytes each");
}
