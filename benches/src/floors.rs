//! The floors: what glassloop must reach against its peers, measured in the same run.
//!
//! A floor judges one measure: a ratio of medians, or the value itself. A floor whose workload or
//! peers did not run says so and claims nothing.

use crate::table::Group;

/// The name of our own rows.
pub const OURS: &str = "glassloop";

struct Floor {
    workload: &'static str,
    /// Which of the workload's measures.
    measure: usize,
    name: &'static str,
    against: Option<&'static str>,
    bound: Bound,
}

#[derive(Clone, Copy)]
enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

const fn at_most(
    bound: f64,
    against: Option<&'static str>,
    workload: &'static str,
    measure: usize,
    name: &'static str,
) -> Floor {
    Floor { workload, measure, name, against, bound: Bound::AtMost(bound) }
}

const fn at_least_tokio(bound: f64, workload: &'static str, name: &'static str) -> Floor {
    Floor { workload, measure: 0, name, against: TOKIO, bound: Bound::AtLeast(bound) }
}

const TOKIO: Option<&str> = Some("tokio");
const MONOIO: Option<&str> = Some("monoio");

const FLOORS: &[Floor] = &[
    at_most(0.30, TOKIO, "spawn-join", 0, "spawn and join"),
    at_most(1.25, MONOIO, "spawn-join", 0, "spawn and join"),
    at_most(0.35, TOKIO, "million", 0, "a million at once"),
    at_most(0.40, TOKIO, "yield", 0, "yield"),
    at_most(0.70, TOKIO, "ping-pong", 0, "ping-pong"),
    at_most(0.15, TOKIO, "arm-cancel", 0, "arm and cancel"),
    at_least_tokio(1.4, "defer-1", "calls from 1 thread"),
    at_least_tokio(2.0, "defer-2", "calls from 2 threads"),
    at_least_tokio(2.0, "defer-4", "calls from 4 threads"),
    at_most(1.03, TOKIO, "tcp-64", 0, "TCP server, 64 connections, depth 1"),
    at_most(1.03, TOKIO, "tcp-64", 2, "TCP server, 64 connections, depth 16"),
    at_most(1.03, TOKIO, "tcp-1000", 0, "TCP server, 1,000 connections, depth 1"),
    at_most(1.03, TOKIO, "tcp-1000", 2, "TCP server, 1,000 connections, depth 16"),
    at_most(112.0, None, "memory", 0, "bytes a pending task"),
];

/// Prints each floor with its verdict.
pub fn print(groups: &[Group]) {
    println!("FLOORS");
    for floor in FLOORS {
        let unit = floor.against.map_or(String::new(), |peer| format!("x {peer}"));
        let bound = match floor.bound {
            Bound::AtMost(bound) => format!("<= {bound}{unit}"),
            Bound::AtLeast(bound) => format!(">= {bound}{unit}"),
        };
        let (value, verdict) = match floor.value(groups) {
            Some(value) => {
                (format!("{value:.3}"), if floor.holds(value) { "PASS" } else { "FAIL" })
            }
            None => ("-".to_owned(), "not run"),
        };
        println!("  {:<40} {value:>8} {bound:<14} {verdict}", floor.name);
    }
}

impl Floor {
    fn value(&self, groups: &[Group]) -> Option<f64> {
        let group = groups
            .iter()
            .find(|group| group.workload == self.workload && group.index == self.measure)?;
        let ours = group.median_of(OURS)?;
        match self.against {
            Some(peer) => Some(ours / group.median_of(peer)?),
            None => Some(ours),
        }
    }

    fn holds(&self, value: f64) -> bool {
        match self.bound {
            Bound::AtMost(bound) => value <= bound,
            Bound::AtLeast(bound) => value >= bound,
        }
    }
}
