//! The floors: what glassloop must reach against its peers, measured in the same run.
//!
//! A floor judges a measure, or the worst of several: a ratio or difference of medians, the value
//! itself, or the largest of its samples. A floor whose workload or peers did not run says so and claims nothing.

use crate::table::Group;
use crate::websocket::server::{BARE, DEFAULT, FAST, TOKIO_WEBSOCKETS, TUNED};
use crate::workloads::ws_echo::ALL_ROWS;

/// The name of our own rows.
pub const OURS: &str = "glassloop";

/// The names of our rows where we are our own peers.
#[cfg(feature = "observe")]
pub const OBSERVE_OFF: &str = "observe off";
pub const NOT_RECORDED: &str = "not recorded";
pub const RECORDED: &str = "recorded";
pub const INSPECTED: &str = "inspected, recorded";
pub const UNREAD: &str = "and a viewer that never reads";
pub const WATCHED: &str = "and a watcher that reads";

struct Floor {
    /// Whose rows are judged.
    of: &'static str,
    workload: &'static str,
    /// Which of the workload's measures; the worst of them is judged.
    measures: &'static [usize],
    name: &'static str,
    against: Option<&'static str>,
    bound: Bound,
}

#[derive(Clone, Copy)]
enum Bound {
    AtMost(f64),
    Below(f64),
    AtLeast(f64),
    /// At most so much more than the other.
    AtMostAbove(f64),
    /// No sample above it.
    NeverAbove(f64),
}

const fn at_most(
    bound: f64,
    against: Option<&'static str>,
    workload: &'static str,
    measures: &'static [usize],
    name: &'static str,
) -> Floor {
    Floor { of: OURS, workload, measures, name, against, bound: Bound::AtMost(bound) }
}

const fn at_least_tokio(bound: f64, workload: &'static str, name: &'static str) -> Floor {
    let (measures, bound) = (&[0], Bound::AtLeast(bound));
    Floor { of: OURS, workload, measures, name, against: Some(TOKIO), bound }
}

/// Less processor time than a WebSocket server in every row.
const fn ahead_of(peer: &'static str, workload: &'static str, name: &'static str) -> Floor {
    let (measures, bound) = (ALL_ROWS, Bound::Below(1.0));
    Floor { of: OURS, workload, measures, name, against: Some(peer), bound }
}

/// What a poll costs more while it is recorded.
const fn recording(bound: f64, name: &'static str) -> Floor {
    let (workload, measures, bound) = ("recording", &[0], Bound::AtMostAbove(bound));
    Floor { of: RECORDED, workload, measures, name, against: Some(NOT_RECORDED), bound }
}

/// What a server with such a viewer does.
const fn unread(
    measures: &'static [usize],
    against: Option<&'static str>,
    bound: Bound,
    name: &'static str,
) -> Floor {
    Floor { of: UNREAD, workload: "inspected", measures, name, against, bound }
}

/// The names of the peers that other workloads' ratios are taken to.
pub const TOKIO: &str = "tokio";
pub const MONOIO: &str = "monoio";
pub const SPAWN_BLOCKING: &str = "tokio spawn_blocking";
pub const BLOCKING: &str = "smol blocking";

const FLOORS: &[Floor] = &[
    at_most(0.30, Some(TOKIO), "spawn-join", &[0], "spawn and join"),
    at_most(1.25, Some(MONOIO), "spawn-join", &[0], "spawn and join"),
    at_most(0.35, Some(TOKIO), "million", &[0], "a million at once"),
    at_most(0.40, Some(TOKIO), "yield", &[0], "yield"),
    at_most(0.70, Some(TOKIO), "ping-pong", &[0], "ping-pong"),
    at_most(0.15, Some(TOKIO), "arm-cancel", &[0], "arm and cancel"),
    at_least_tokio(1.4, "defer-1", "calls from 1 thread"),
    at_least_tokio(2.0, "defer-2", "calls from 2 threads"),
    at_least_tokio(2.0, "defer-4", "calls from 4 threads"),
    at_most(1.03, Some(TOKIO), "tcp-64", &[0], "TCP server, 64 connections, depth 1"),
    at_most(1.03, Some(TOKIO), "tcp-64", &[2], "TCP server, 64 connections, depth 16"),
    at_most(1.03, Some(TOKIO), "tcp-1000", &[0], "TCP server, 1,000 connections, depth 1"),
    at_most(1.03, Some(TOKIO), "tcp-1000", &[2], "TCP server, 1,000 connections, depth 16"),
    at_most(112.0, None, "memory", &[0], "bytes a pending task"),
    at_most(0.32, Some(DEFAULT), "ws-64", &[0], "WebSocket, 64 connections, 16 B, depth 1"),
    at_most(0.10, Some(DEFAULT), "ws-64", &[3], "WebSocket, 64 connections, 16 B, depth 16"),
    at_most(1.05, Some(BARE), "ws-64", &[0], "WebSocket, 64 connections, 16 B, depth 1"),
    at_most(1.05, Some(BARE), "ws-64", &[3], "WebSocket, 64 connections, 16 B, depth 16"),
    ahead_of(TUNED, "ws-64", "WebSocket, 64 connections, worst row"),
    ahead_of(FAST, "ws-64", "WebSocket, 64 connections, worst row"),
    ahead_of(TOKIO_WEBSOCKETS, "ws-64", "WebSocket, 64 connections, worst row"),
    ahead_of(TUNED, "ws-1000", "WebSocket, 1,000 connections, worst row"),
    ahead_of(FAST, "ws-1000", "WebSocket, 1,000 connections, worst row"),
    ahead_of(TOKIO_WEBSOCKETS, "ws-1000", "WebSocket, 1,000 connections, worst row"),
    at_most(5_120.0, None, "ws-memory", &[0], "bytes an idle WebSocket"),
    at_most(1.1, Some(SPAWN_BLOCKING), "offload", &[0, 1], "100,000 jobs at once, worst row"),
    at_most(1.1, Some(BLOCKING), "offload", &[0, 1], "100,000 jobs at once, worst row"),
    at_most(1.1, Some(SPAWN_BLOCKING), "offload", &[2, 3], "64 jobs in flight, worst row"),
    at_most(1.1, Some(BLOCKING), "offload", &[2, 3], "64 jobs in flight, worst row"),
    recording(50.0, "recording, ns a poll"),
    unread(&[1, 3], Some(INSPECTED), Bound::AtLeast(0.95), "a viewer that never reads: messages"),
    Floor {
        of: WATCHED,
        workload: "crowd",
        measures: &[0],
        name: "10,000 tasks, watched: polls",
        against: Some(INSPECTED),
        bound: Bound::AtLeast(0.95),
    },
    unread(&[4], None, Bound::NeverAbove(1_048_576.0), "a viewer that never reads: bytes grown by"),
];

/// Prints each floor with its verdict.
pub fn print(groups: &[Group]) {
    println!("FLOORS");
    for floor in FLOORS {
        let unit = floor.against.map_or(String::new(), |peer| format!("x {peer}"));
        let against = floor.against.unwrap_or_default();
        let bound = match floor.bound {
            Bound::AtMost(bound) => format!("<= {bound}{unit}"),
            Bound::Below(bound) => format!("< {bound}{unit}"),
            Bound::AtLeast(bound) => format!(">= {bound}{unit}"),
            Bound::AtMostAbove(bound) => format!("<= {bound} above {against}"),
            Bound::NeverAbove(bound) => format!("<= {bound} in every sample"),
        };
        let (value, verdict) = match floor.worst(groups) {
            Some((value, row)) => {
                let verdict = if floor.holds(value) { "PASS" } else { "FAIL" };
                let at =
                    if floor.measures.len() > 1 { format!(" at {row}") } else { String::new() };
                (format!("{value:.3}"), format!("{verdict}{at}"))
            }
            None => ("-".to_owned(), "not run".to_owned()),
        };
        println!("  {:<44} {value:>8} {bound:<32} {verdict}", floor.name);
    }
}

impl Floor {
    /// The worst of its measures and the row it is of, if all of them ran.
    fn worst(&self, groups: &[Group]) -> Option<(f64, &'static str)> {
        let values = self.measures.iter().map(|&measure| self.value_of(measure, groups));
        let values: Vec<_> = values.collect::<Option<_>>()?;
        values.into_iter().max_by(|(left, _), (right, _)| match self.bound {
            Bound::AtLeast(_) => right.total_cmp(left),
            _ => left.total_cmp(right),
        })
    }

    fn value_of(&self, measure: usize, groups: &[Group]) -> Option<(f64, &'static str)> {
        let group = groups
            .iter()
            .find(|group| group.workload == self.workload && group.index == measure)?;
        let ours = group.entry_of(self.of)?;
        let against = match self.against {
            Some(peer) => Some(group.median_of(peer)?),
            None => None,
        };
        let value = match (self.bound, against) {
            (Bound::NeverAbove(_), _) => ours.max,
            (Bound::AtMostAbove(_), Some(against)) => ours.median - against,
            (_, Some(against)) => ours.median / against,
            (_, None) => ours.median,
        };
        let row = group.measure.name.split(':').next()?;
        Some((value, row))
    }

    fn holds(&self, value: f64) -> bool {
        match self.bound {
            Bound::AtMost(bound) | Bound::AtMostAbove(bound) | Bound::NeverAbove(bound) => {
                value <= bound
            }
            Bound::Below(bound) => value < bound,
            Bound::AtLeast(bound) => value >= bound,
        }
    }
}
