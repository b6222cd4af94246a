//! A pump with nothing to do: what a host pays for a loop that it turns once a frame.

use super::Workload;
use crate::contest::{Contestant, Reading};
use crate::floors::TOKIO;
#[cfg(feature = "glib")]
use crate::hosts::glib;
#[cfg(feature = "ours")]
use crate::hosts::ours;
use crate::hosts::{Pumped, calloop, poll, tokio};
use crate::machine::cpu_time;
use crate::measure::{Measure, Unit};

pub const WORKLOAD: Workload = Workload {
    name: "pump-idle",
    title: "a pump with nothing to do",
    measures: &[Measure { name: "a pump", unit: Unit::Nanos }],
    rounds: 11,
    ratios_to: [TOKIO, poll::NAME],
    enter: |effort, _| {
        let pumps = effort.operations(200_000);
        vec![
            #[cfg(feature = "ours")]
            contestant::<ours::OneTurn>(pumps),
            #[cfg(feature = "ours")]
            contestant::<ours::WithBudget>(pumps),
            contestant::<tokio::OneYield>(pumps),
            #[cfg(feature = "glib")]
            contestant::<glib::Iteration>(pumps),
            contestant::<calloop::Dispatch>(pumps),
            contestant::<poll::Poll>(pumps),
        ]
    },
};

fn contestant<P: Pumped>(pumps: u64) -> Contestant {
    Contestant::new(P::NAME, move || sample::<P>(pumps))
}

fn sample<P: Pumped>(pumps: u64) -> Reading {
    let mut host = P::start();
    // The first pump may set up what later ones find.
    host.pump();
    let cpu_before = cpu_time();
    for _ in 0..pumps {
        host.pump();
    }
    vec![(cpu_time() - cpu_before).as_nanos() as f64 / pumps as f64]
}
