//! WebSocket memory: what an idle connection adds to the resident size of its server.
//!
//! Idle, not fresh: each connection has echoed one small message. Each sample is a process of its
//! own. What the kernel holds for a socket is not counted.

use std::thread;
use std::time::Duration;

use super::{WEBSOCKETS, Workload};
use crate::contest::Contestant;
use crate::effort::Effort;
use crate::machine::{descriptors_max, resident_bytes_of};
use crate::measure::{Measure, Unit};
use crate::websocket::client::{Client, Stop};
use crate::websocket::frames::Frames;
use crate::websocket::server::{Duty, available, start};

const MESSAGE_BYTES: usize = 16;

/// Descriptors that server and client need beside the connections.
const SPARE_DESCRIPTORS: usize = 200;

pub const WORKLOAD: Workload = Workload {
    name: "ws-memory",
    title: "WebSocket, 5,000 idle connections",
    measures: &[Measure { name: "resident memory a connection", unit: Unit::Bytes }],
    rounds: 3,
    ratios_to: WEBSOCKETS,
    enter: |effort, _| {
        let connections = connections(effort);
        let contestant = |peer| Contestant::new(peer, move || vec![weigh(peer, connections)]);
        available(effort).map(|server| contestant(server.name)).collect()
    },
};

fn connections(effort: Effort) -> usize {
    let wanted = if effort == Effort::Smoke { 100 } else { 5_000 };
    let possible = descriptors_max().saturating_sub(SPARE_DESCRIPTORS);
    if possible < wanted {
        eprintln!("[ws-memory: {possible} connections, more descriptors are not allowed here]");
    }
    wanted.min(possible)
}

fn weigh(peer: &str, connections: usize) -> f64 {
    let (child, address) = start(&[], peer, Duty::Echo);
    let frames = Frames::new(MESSAGE_BYTES, 2);
    let speak = |connections| {
        let mut client = Client::connect(address, connections);
        client.echo(&frames, 1, Stop::Count(connections as u64));
        // What is left to be freed is freed by then.
        thread::sleep(Duration::from_millis(20));
        client
    };
    // What the first connection costs once is not what a connection costs.
    let first = speak(1);
    let before = resident_bytes_of(child.id());
    let rest = speak(connections);
    let grown = resident_bytes_of(child.id()).saturating_sub(before);
    drop((first, rest));
    grown as f64 / connections as f64
}
