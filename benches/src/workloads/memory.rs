//! Memory: what a million tasks that wait for ever add to the resident size.
//!
//! Each sample is a process of its own, so that no peer finds memory another one has freed.

use std::future::pending;
use std::process;

use crate::child::Child;
use crate::contest::Contestant;
use crate::effort::Effort;
use crate::machine::resident_bytes;
use crate::peer::Tasks;
#[cfg(feature = "ours")]
use crate::peers::ours::Ours;
use crate::peers::{monoio::Monoio, smol::Smol, tokio::Tokio, tokio::TokioLocalSet};
use crate::raw::Raw;

/// Prints the bytes a task, as the child process of that peer.
pub type Weigh = fn(u64);

const PEERS: &[(&str, Weigh)] = &[
    #[cfg(feature = "ours")]
    (<Ours as Tasks>::NAME, weigh::<Ours>),
    (<Tokio as Tasks>::NAME, weigh::<Tokio>),
    (TokioLocalSet::NAME, weigh::<TokioLocalSet>),
    (<Smol as Tasks>::NAME, weigh::<Smol>),
    (<Monoio as Tasks>::NAME, weigh::<Monoio>),
    (<Raw as Tasks>::NAME, weigh::<Raw>),
];

pub fn contestants(effort: Effort) -> Vec<Contestant> {
    let tasks = if effort == Effort::Smoke { 10_000 } else { 1_000_000 };
    let contestant = |&(peer, _): &(&'static str, Weigh)| {
        Contestant::new(peer, move || {
            let mut child = Child::start(&["memory", peer, &tasks.to_string()]);
            vec![child.read_line().parse().expect("the child prints a number")]
        })
    };
    PEERS.iter().map(contestant).collect()
}

/// What the child process runs.
pub fn child(peer: &str, tasks: u64) {
    let (_, weigh) = PEERS.iter().find(|(name, _)| *name == peer).expect("the parent knows it");
    weigh(tasks);
}

fn weigh<P: Tasks>(tasks: u64) {
    P::block_on(async move {
        P::spawn(async { 0 }).await;
        let before = resident_bytes();
        for number in 0..tasks {
            P::detach(async move {
                pending::<()>().await;
                number
            });
        }
        // Joined after all of them were polled once, as every peer runs its tasks in order.
        P::spawn(async { 0 }).await;
        let grown = resident_bytes() - before;
        println!("{:.1}", grown as f64 / tasks as f64);
        // The million is left to the system: to drop it properly is not what is measured here.
        process::exit(0)
    })
}
