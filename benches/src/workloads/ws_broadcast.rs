//! WebSocket broadcast: one connection speaks, a thousand hear it, the speaker as well.
//!
//! The next message is said when everybody has the one before. What counts is the processor time
//! of the server for a delivery.

use std::thread;
use std::time::{Duration, Instant};

use super::{WEBSOCKETS, Workload};
use crate::child::Child;
use crate::contest::{Contestant, Reading};
use crate::machine::{Place, Processors, SETTLE, cpu_time_of};
use crate::measure::{Measure, Unit};
use crate::websocket::client::{Client, DEPTH_MAX};
use crate::websocket::frames::Frames;
use crate::websocket::server::{Duty, available, start};

const CONNECTIONS: usize = 1_000;

const MESSAGE_BYTES: usize = 125;

/// Messages said at once.
const DEPTHS: [usize; 2] = [1, DEPTH_MAX];

pub const WORKLOAD: Workload = Workload {
    name: "ws-broadcast",
    title: "WebSocket broadcast to 1,000, 125 B",
    measures: &[
        Measure { name: "1 message: server's processor time a delivery", unit: Unit::Nanos },
        Measure { name: "1 message: deliveries", unit: Unit::PerSecond },
        Measure { name: "1 message: the last one has it, p99", unit: Unit::Micros },
        Measure { name: "16 at once: server's processor time a delivery", unit: Unit::Nanos },
        Measure { name: "16 at once: deliveries", unit: Unit::PerSecond },
        Measure { name: "16 at once: the last one has all, p99", unit: Unit::Micros },
    ],
    rounds: 7,
    ratios_to: WEBSOCKETS,
    enter: |effort, processors| {
        let connections = effort.connections(CONNECTIONS);
        let time = effort.time(Duration::from_millis(300));
        let enter = |peer| contestant(peer, connections, time, processors);
        available(effort).map(|server| enter(server.name)).collect()
    },
};

fn contestant(
    peer: &'static str,
    connections: usize,
    time: Duration,
    processors: Processors,
) -> Contestant {
    let (child, address) = start(&[], peer, Duty::Broadcast);
    let mut client = Client::connect(address, connections);
    Contestant::new(peer, move || {
        processors.pin(Place::Feeder);
        let reading =
            DEPTHS.iter().flat_map(|&depth| sample(&mut client, &child, depth, time)).collect();
        processors.pin(Place::Loop);
        reading
    })
}

fn sample(client: &mut Client, server: &Child, depth: usize, time: Duration) -> Reading {
    let frames = Frames::new(MESSAGE_BYTES, DEPTH_MAX + 1);
    thread::sleep(SETTLE);
    let (begun, cpu_before) = (Instant::now(), cpu_time_of(server.id()));
    let played = client.broadcast(&frames, depth, time);
    let took = begun.elapsed();
    thread::sleep(SETTLE);
    let cpu = cpu_time_of(server.id()) - cpu_before;
    let messages = played.messages as f64;
    let p99 = played.latencies.quantile_us(0.99);
    vec![cpu.as_nanos() as f64 / messages, messages / took.as_secs_f64(), p99]
}
