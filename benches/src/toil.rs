//! Work that a workload has done: it takes processor time, and nothing else.

use std::hint::black_box;

/// Steps of five or six cycles, each of which waits for the one before.
const STEPS: u64 = 800;

/// About a microsecond of it.
pub fn a_microsecond_of_work() {
    let mut state = black_box(1_u64);
    for _ in 0..STEPS {
        state = (state ^ (state >> 7)).wrapping_mul(6_364_136_223_846_793_005);
    }
    black_box(state);
}
