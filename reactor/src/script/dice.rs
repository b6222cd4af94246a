//! `Dice`: numbers that look random and are the same for the same seed.
//!
//! SplitMix64: one add, two multiplications, no state but 64 bits. Good enough to pick an order,
//! and no secret.

use std::cell::Cell;

/// A generator that all of one script share, so that one seed decides the whole run.
#[derive(Debug)]
pub(crate) struct Dice {
    state: Cell<u64>,
}

impl Dice {
    pub(crate) fn new(seed: u64) -> Dice {
        Dice { state: Cell::new(seed) }
    }

    fn roll(&self) -> u64 {
        let state = self.state.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.state.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is 1 at least.
    pub(crate) fn below(&self, end: usize) -> usize {
        let below = self.roll() % end.max(1) as u64;
        usize::try_from(below).expect("it is below a usize")
    }

    /// A number from 1 to `max`, which is 1 at least.
    pub(crate) fn up_to(&self, max: usize) -> usize {
        1 + self.below(max)
    }

    /// True once in `one_in` times, on the whole.
    pub(crate) fn hits(&self, one_in: u32) -> bool {
        self.roll().is_multiple_of(u64::from(one_in.max(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_numbers_that_the_algorithm_is_known_for() {
        let dice = Dice::new(1_234_567);
        let rolled = [dice.roll(), dice.roll(), dice.roll()];
        let known =
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!(rolled, known);
    }

    #[test]
    fn every_number_of_a_range_comes_and_none_beside_it() {
        let dice = Dice::new(0);
        let mut seen = [0; 6];
        (0..600).for_each(|_| seen[dice.up_to(5)] += 1);
        assert_eq!(seen[0], 0);
        assert!(seen[1..].iter().all(|times| *times > 60), "{seen:?}");
    }
}
