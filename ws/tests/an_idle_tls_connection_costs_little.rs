//! Connections over TLS that have nothing to say are cheap, too: what TLS keeps beside the rest is
//! the session's own state. Measured as resident memory of the process, both ends of each
//! connection in it, after a message has gone both ways.

#![cfg(all(feature = "tls", target_os = "linux"))]

mod common;
#[path = "common/process.rs"]
mod process;
#[path = "common/tls.rs"]
mod tls;

use std::rc::Rc;

use common::{End, Loop, echo};
use glassloop_reactor::net::TcpListener;
use glassloop_ws::{Config, TlsServer, accept_tls, connect_with};
use process::{descriptors_max, resident_bytes};
use tls::{Authority, believing};

const PAIRS: usize = 400;
/// Opened before the first measurement: they pay for tables, pools and the cache of sessions.
const WARM_UP: usize = 300;
/// One end.
const BYTES_MAX: usize = 16 * 1024;

struct Place {
    listener: Rc<TcpListener>,
    identity: TlsServer,
    config: Config,
}

impl Place {
    /// A client on which a message went both ways; its server echoes.
    fn open(&self, event_loop: &mut Loop, length: usize) -> End {
        let port = self.listener.local_addr().expect("an address").port();
        let (listener, identity) = (Rc::clone(&self.listener), self.identity.clone());
        let server = event_loop.spawn(async move {
            let (stream, _) = listener.accept().await.expect("a stream");
            accept_tls(stream, &identity).await
        });
        let url = format!("wss://127.0.0.1:{port}/");
        let client = event_loop.spawn(connect_with(&url, self.config.clone()));
        let client = event_loop.wait_for(&client).expect("a client");
        let server = event_loop.wait_for(&server).expect("a server");
        let (client, server) = (event_loop.drive(client), event_loop.drive(server));
        event_loop.spawn(echo(server.socket));
        let socket = client.socket.clone();
        let back = event_loop.block_on(async move {
            socket.send(vec![b'm'; length].into()).await?;
            socket.recv().await
        });
        assert_eq!(back.expect("open").expect("a message").len(), length);
        client
    }
}

#[test]
fn an_idle_end_over_tls_costs_at_most_sixteen_kibibytes() {
    let mut event_loop = Loop::new();
    let authority = Authority::new();
    let place = Place {
        listener: Rc::new(TcpListener::bind(([127, 0, 0, 1], 0).into()).expect("a port")),
        identity: authority.sign("127.0.0.1", (2000, 4000)).server(),
        config: believing(authority.client()),
    };
    // Two descriptors a pair, and some for everything else.
    let affordable = (descriptors_max() - 64) / 2;
    assert!(affordable > WARM_UP, "more descriptors");
    let pairs = PAIRS.min(affordable - WARM_UP);
    let mut clients = Vec::with_capacity(WARM_UP + pairs);
    for number in 0..WARM_UP {
        clients.push(place.open(&mut event_loop, [100, 1_000, 60_000][number % 3]));
    }
    let before = resident_bytes();
    for number in 0..pairs {
        clients.push(place.open(&mut event_loop, [100, 1_000, 60_000][number % 3]));
    }
    let each = (resident_bytes() - before) / pairs / 2;
    assert!(each <= BYTES_MAX, "expected at most {BYTES_MAX} bytes each, came {each}");
}
