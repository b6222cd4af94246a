//! TCP echo: a server alone in its process and on its processor, one client for all of them.
//!
//! Messages of 64 bytes, one and sixteen in flight a connection. The servers run all the time, but
//! only the one that is asked works; the connections are made once. What counts is the processor
//! time of the server for a message: it does not depend on how fast the client is.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread;
use std::time::{Duration, Instant};

use super::{RUNTIMES, Workload};
use crate::child::Child;
use crate::contest::{Contestant, Reading};
use crate::echo_client::EchoClient;
use crate::machine::{Place, Processors, SETTLE, cpu_time_of};
use crate::measure::{Measure, Unit};
use crate::peer::Echo;
#[cfg(feature = "ours")]
use crate::peers::ours::Ours;
use crate::peers::{calloop::Calloop, monoio::Monoio, smol::Smol, tokio::Tokio};
use crate::raw::Raw;

type Serve = fn(TcpListener) -> !;

const PEERS: &[(&str, Serve)] = &[
    #[cfg(feature = "ours")]
    (<Ours as Echo>::NAME, <Ours as Echo>::serve),
    (<Tokio as Echo>::NAME, <Tokio as Echo>::serve),
    (<Smol as Echo>::NAME, <Smol as Echo>::serve),
    (<Monoio as Echo>::NAME, <Monoio as Echo>::serve),
    (<Calloop as Echo>::NAME, <Calloop as Echo>::serve),
    (<Raw as Echo>::NAME, <Raw as Echo>::serve),
];

/// Messages in flight on each connection.
pub const DEPTHS: [usize; 2] = [1, 16];

/// The workload with that many connections.
pub const fn workload<const CONNECTIONS: usize>(
    name: &'static str,
    title: &'static str,
) -> Workload {
    Workload {
        name,
        title,
        measures: &[
            Measure { name: "depth 1: server's processor time a message", unit: Unit::Nanos },
            Measure { name: "depth 1: messages", unit: Unit::PerSecond },
            Measure { name: "depth 16: server's processor time a message", unit: Unit::Nanos },
            Measure { name: "depth 16: messages", unit: Unit::PerSecond },
        ],
        rounds: 9,
        ratios_to: RUNTIMES,
        enter: |effort, processors| {
            let time = effort.time(Duration::from_millis(200));
            PEERS.iter().map(|(peer, _)| contestant(peer, CONNECTIONS, time, processors)).collect()
        },
    }
}

/// Connections that wait to be accepted: all of them at worst.
const BACKLOG: i32 = 1_024;

/// What the child process runs: says its port and serves.
pub fn child(peer: &str) -> ! {
    let (_, serve) = PEERS.iter().find(|(name, _)| *name == peer).expect("the parent knows it");
    serve(listen())
}

/// The listener of a child process, whose port it tells its parent.
pub fn listen() -> TcpListener {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    // A server that loses its processor for a moment must not cost the client a retry, a second.
    rustix::net::listen(&listener, BACKLOG).expect("a listener may listen again");
    let address = listener.local_addr().expect("a bound listener has an address");
    println!("{address}");
    listener
}

fn contestant(
    peer: &'static str,
    connections: usize,
    time: Duration,
    processors: Processors,
) -> Contestant {
    // Started by a thread that is pinned to the loop's place, the child inherits it.
    let mut child = Child::start(&["echo", peer]);
    let address: SocketAddr = child.read_line().parse().expect("the child says its address");
    let mut client = EchoClient::connect(address, connections);
    Contestant::new(peer, move || {
        processors.pin(Place::Feeder);
        let reading =
            DEPTHS.iter().flat_map(|&depth| sample(&mut client, child.id(), depth, time)).collect();
        processors.pin(Place::Loop);
        reading
    })
}

/// Processor time a message, and messages a second, of one depth.
pub fn sample(client: &mut EchoClient, server: u32, depth: usize, time: Duration) -> Reading {
    thread::sleep(SETTLE);
    let (begun, cpu_before) = (Instant::now(), cpu_time_of(server));
    let messages = client.run(depth, time);
    let took = begun.elapsed();
    thread::sleep(SETTLE);
    let cpu = cpu_time_of(server) - cpu_before;
    vec![cpu.as_nanos() as f64 / messages as f64, messages as f64 / took.as_secs_f64()]
}
