//! A client that goes while a page makes its answer is noticed through TLS as well, where its end
//! is a record before it is one of the socket.

#![cfg(feature = "tls")]

mod common;
#[path = "common/tls.rs"]
mod tls;

use std::future::pending;
use std::time::Duration;

use common::Loop;
use glassloop_reactor::net::duplex;
use glassloop_ws::{Server, ServerLimits, connect_on_with};
use tls::{Authority, HOST, believing};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn its_place_is_free_when_it_has_lingered() {
    let mut event_loop = Loop::new();
    let authority = Authority::new();
    let spawner = event_loop.spawner();
    let mut limits = ServerLimits::default();
    limits.answer_ms_max = u64::MAX;
    limits.linger_ms_max = 3_000;
    let (handle, serving) = Server::new()
        .get_async("/slow", |_| pending())
        .limits(limits)
        .tls(authority.identity().server())
        .serve([], move |job| spawner(Box::pin(job)))
        .expect("a good server");
    let _serving = event_loop.spawn(serving);
    let (near, far) = duplex().expect("two ends");
    handle.admit(near);
    // One who asks for a WebSocket gives up when no head has come in its time.
    let config = believing(authority.client());
    let client = event_loop.spawn(connect_on_with(far, &format!("wss://{HOST}/slow"), config));
    event_loop.settle();
    for _ in 0..60 {
        if client.borrow().is_some() {
            break;
        }
        assert_eq!((handle.connections(), handle.counts().requests), (1, 1));
        event_loop.pass(SECOND);
    }
    let gone = event_loop.wait_for(&client).expect_err("no answer");
    for _ in 0..2 {
        event_loop.pass(SECOND);
        assert_eq!(handle.connections(), 1, "{gone}");
    }
    event_loop.pass(SECOND);
    assert_eq!(handle.connections(), 0, "{gone}");
    assert_eq!(event_loop.task_count(), 1, "the server alone is left");
}
