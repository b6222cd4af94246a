//! `Seed`: what a random test is decided by, told when the test fails.
//!
//! `GLASSLOOP_SEED=17 cargo test ..` repeats the run of that seed alone.

#![cfg(test)]
#![allow(dead_code, reason = "each test file uses the part it needs")]

use std::{cell::Cell, env, thread};

/// A seed, and the numbers that follow from it. Dropped while the test fails, it prints itself.
pub(crate) struct Seed {
    seed: u64,
    state: Cell<u64>,
}

impl Seed {
    pub(crate) fn new(seed: u64) -> Seed {
        Seed { seed, state: Cell::new(seed) }
    }

    /// So many seeds from 0; or the one that the environment names.
    pub(crate) fn all(count: u64) -> impl Iterator<Item = Seed> {
        let asked = env::var("GLASSLOOP_SEED").ok();
        let asked = asked.map(|seed| seed.parse().expect("GLASSLOOP_SEED is a number"));
        let seeds = asked.map_or(0..count, |seed: u64| seed..seed + 1);
        seeds.map(Seed::new)
    }

    pub(crate) fn get(&self) -> u64 {
        self.seed
    }

    /// A number below `end`.
    pub(crate) fn below(&self, end: usize) -> usize {
        // Another sequence than the script's own, which begins from the same seed.
        let state = self.state.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        self.state.set(state);
        usize::try_from((state >> 33) % end as u64).expect("it is below a usize")
    }
}

impl Drop for Seed {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("SEED={}", self.seed);
        }
    }
}
