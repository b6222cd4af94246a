//! `Readings`: what the clock said, kept to be said again.
//!
//! A loop whose readings are given lives in the time of the run that they come from. When they have
//! run out time goes on from the last one, as fast as the clock does.

/// What is done with the readings of a reactor's clock.
#[derive(Debug, Default)]
pub(crate) enum Readings {
    /// They are nobody's.
    #[default]
    Free,
    /// Each is kept.
    Kept(Vec<u64>),
    /// They were kept in another run: `at` is the next one.
    Given { list: Vec<u64>, at: usize },
    /// They have run out: the clock is behind, or ahead, by a constant.
    Over { last: u64, clock: u64 },
}

impl Readings {
    /// The next reading, where the clock says `now`.
    pub(crate) fn next(&mut self, now: u64) -> u64 {
        match self {
            Readings::Free => now,
            Readings::Kept(list) => {
                list.push(now);
                now
            }
            Readings::Given { list, at } => {
                let reading = list.get(*at).copied();
                *at += 1;
                let last = list.last().copied().unwrap_or(now);
                reading.unwrap_or_else(|| {
                    *self = Readings::Over { last, clock: now };
                    last
                })
            }
            Readings::Over { last, clock } => last.saturating_add(now.saturating_sub(*clock)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_said_again_and_then_time_goes_on() {
        let mut kept = Readings::Kept(Vec::new());
        assert_eq!([7, 9, 9].map(|now| kept.next(now)), [7, 9, 9]);
        let Readings::Kept(list) = kept else { panic!("{kept:?}") };
        let mut given = Readings::Given { list, at: 0 };
        // Another clock, with another origin.
        assert_eq!([1_000, 1_001, 1_005].map(|now| given.next(now)), [7, 9, 9]);
        assert_eq!([1_010, 1_013].map(|now| given.next(now)), [9, 12]);
    }
}
