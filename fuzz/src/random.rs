//! `Random`: numbers from a seed, the same on every machine.

/// A generator: splitmix64.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The numbers of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Random {
        Random { state: seed }
    }

    fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Bytes for a script, 32 to 287 of them.
    pub fn bytes(&mut self) -> Vec<u8> {
        let words = 4 + self.number() % 32;
        (0..words).flat_map(|_| self.number().to_le_bytes()).collect()
    }
}
