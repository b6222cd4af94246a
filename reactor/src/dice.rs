//! `Dice`: numbers that look random and are the same for the same seed.
//!
//! SplitMix64: one add, two multiplications, no state but 64 bits. Good enough to pick an order,
//! and no secret.

use std::cell::Cell;

/// A generator that all of one run share, so that one seed decides the whole of it.
///
/// ```
/// use glassloop_reactor::Dice;
///
/// let (dice, twin) = (Dice::new(7), Dice::new(7));
/// assert_eq!(dice.roll(), twin.roll());
/// assert!((1..=6).contains(&dice.up_to(6)) && dice.below(6) < 6);
/// assert!(dice.hits(1) && dice.cut(6) > 0);
/// let mut list = [1, 2, 3];
/// dice.shuffle(&mut list);
/// assert_eq!(list.iter().sum::<i32>(), 6);
/// assert_eq!(dice.seed(), 7);
/// ```
#[derive(Debug)]
pub struct Dice {
    seed: u64,
    state: Cell<u64>,
}

impl Dice {
    /// Dice that fall as this seed says.
    #[must_use]
    pub fn new(seed: u64) -> Dice {
        Dice { seed, state: Cell::new(seed) }
    }

    /// What they were made with.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Any number.
    #[must_use]
    pub fn roll(&self) -> u64 {
        let state = self.state.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.state.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is 1 at least.
    #[must_use]
    pub fn below(&self, end: usize) -> usize {
        let below = self.roll() % end.max(1) as u64;
        usize::try_from(below).expect("it is below a usize")
    }

    /// A number from 1 to `max`, which is 1 at least.
    #[must_use]
    pub fn up_to(&self, max: usize) -> usize {
        1 + self.below(max)
    }

    /// True once in `one_in` times, on the whole.
    #[must_use]
    pub fn hits(&self, one_in: u32) -> bool {
        self.roll().is_multiple_of(u64::from(one_in.max(1)))
    }

    /// How many of so many things are taken: half the time all of them, else from one to all.
    /// Where there is nothing to decide they don't fall.
    #[must_use]
    pub fn cut(&self, count: usize) -> usize {
        if count < 2 || self.hits(2) { usize::MAX } else { self.up_to(count) }
    }

    /// Puts a list into any order.
    pub fn shuffle<T>(&self, list: &mut [T]) {
        for left in (2..=list.len()).rev() {
            list.swap(left - 1, self.below(left));
        }
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
    fn each_order_of_a_list_comes_as_often_as_any_other() {
        let dice = Dice::new(3);
        let mut orders = std::collections::BTreeMap::new();
        for _ in 0..6_000 {
            let mut list = [1, 2, 3];
            dice.shuffle(&mut list);
            *orders.entry(list).or_insert(0) += 1;
        }
        assert_eq!(orders.len(), 6);
        assert!(orders.values().all(|times| (900..1_100).contains(times)), "{orders:?}");
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
