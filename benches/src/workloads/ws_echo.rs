//! WebSocket echo: a server alone in its process and on its processor, one client for all of them.
//!
//! Messages of three sizes, one and sixteen in flight a connection. What counts is the processor
//! time of the server for a message: it does not depend on how fast the client is.

use std::thread;
use std::time::{Duration, Instant};

use super::{WEBSOCKETS, Workload};
use crate::child::Child;
use crate::contest::{Contestant, Reading};
use crate::effort::Effort;
use crate::machine::{Place, Processors, SETTLE, cpu_time_of};
use crate::measure::{Measure, Unit};
use crate::websocket::client::{Client, DEPTH_MAX, Stop};
use crate::websocket::frames::Frames;
use crate::websocket::server::{Duty, available, start};

/// The bytes of a message, and how many are in flight on each connection.
const ROWS: [(usize, usize); 6] =
    [(16, 1), (16, DEPTH_MAX), (125, 1), (125, DEPTH_MAX), (16_384, 1), (16_384, DEPTH_MAX)];

/// A row is three measures.
macro_rules! measures {
    ($($row:literal)*) => {
        &[$(
            Measure {
                name: concat!($row, ": server's processor time a message"),
                unit: Unit::Nanos,
            },
            Measure { name: concat!($row, ": messages"), unit: Unit::PerSecond },
            Measure { name: concat!($row, ": answered, p99"), unit: Unit::Micros },
        )*]
    };
}

const MEASURES: &[Measure] = measures!(
    "16 B, depth 1" "16 B, depth 16"
    "125 B, depth 1" "125 B, depth 16"
    "16 KiB, depth 1" "16 KiB, depth 16"
);

/// The indices of the processor times, row by row.
pub const ALL_ROWS: &[usize] = &[0, 3, 6, 9, 12, 15];

/// The workload with that many connections.
pub const fn workload<const CONNECTIONS: usize>(
    name: &'static str,
    title: &'static str,
) -> Workload {
    Workload {
        name,
        title,
        measures: MEASURES,
        rounds: 7,
        ratios_to: WEBSOCKETS,
        enter: |effort, processors| {
            let connections = effort.connections(CONNECTIONS);
            let enter = |name| Server::start(name, connections).contestant(effort, processors);
            available(effort).map(|server| enter(server.name)).collect()
        },
    }
}

/// A server with its connections, open from the first sample to the last.
struct Server {
    name: &'static str,
    child: Child,
    client: Client,
}

impl Server {
    fn start(name: &'static str, connections: usize) -> Server {
        let (child, address) = start(&[], name, Duty::Echo);
        let mut client = Client::connect(address, connections);
        ROWS.iter().for_each(|&(bytes, _)| client.check(&Frames::new(bytes, 1)));
        Server { name, child, client }
    }

    fn contestant(mut self, effort: Effort, processors: Processors) -> Contestant {
        let time = effort.time(Duration::from_millis(150));
        Contestant::new(self.name, move || {
            processors.pin(Place::Feeder);
            let rows = ROWS.iter().flat_map(|&(bytes, depth)| self.sample(bytes, depth, time));
            let reading = rows.collect();
            processors.pin(Place::Loop);
            reading
        })
    }

    fn sample(&mut self, bytes: usize, depth: usize, time: Duration) -> Reading {
        let frames = Frames::new(bytes, DEPTH_MAX + 1);
        thread::sleep(SETTLE);
        let (begun, cpu_before) = (Instant::now(), cpu_time_of(self.child.id()));
        let played = self.client.echo(&frames, depth, Stop::After(time));
        let took = begun.elapsed();
        thread::sleep(SETTLE);
        let cpu = cpu_time_of(self.child.id()) - cpu_before;
        let messages = played.messages as f64;
        let p99 = played.latencies.quantile_us(0.99);
        vec![cpu.as_nanos() as f64 / messages, messages / took.as_secs_f64(), p99]
    }
}
