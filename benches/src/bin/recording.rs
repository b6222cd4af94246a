//! What recording costs a poll: the same million yields with the ring on and off, interleaved.
//!
//! Prints the medians of 16 rounds each and their difference. It judges nothing.

use std::time::Instant;

use glassloop::EventLoop;

const TASKS: usize = 1_000;
const YIELDS: usize = 1_000;
const ROUNDS: usize = 16;

async fn yields() {
    for _ in 0..YIELDS {
        glassloop::yield_now().await;
    }
}

/// Nanoseconds a poll, with recording on or off.
fn round(event_loop: &EventLoop, record: bool) -> f64 {
    event_loop.record(record);
    let began = Instant::now();
    let all = async {
        let tasks: Vec<_> = (0..TASKS).map(|_| glassloop::spawn(yields())).collect();
        for task in tasks {
            task.await.expect("a task that only yields ends well");
        }
    };
    event_loop.block_on(all).expect("a loop with work runs");
    began.elapsed().as_nanos() as f64 / (TASKS * YIELDS) as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let event_loop = EventLoop::new().expect("a loop needs three descriptors");
    let (mut off, mut on) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        off.push(round(&event_loop, false));
        on.push(round(&event_loop, true));
    }
    let (off, on) = (median(off), median(on));
    println!(
        "a poll, not recorded: {off:.1} ns; recorded: {on:.1} ns; difference {:.1} ns",
        on - off
    );
}
