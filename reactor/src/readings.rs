//! `Readings`: what the clock said, kept to be said again.
//!
//! A loop whose readings are given lives in the time of the run that they come from. When they are
//! over time goes on from the last one, as fast as the clock does.

/// What is done with the readings of a reactor's clock.
#[derive(Debug, Default)]
pub(crate) enum Readings {
    /// They are nobody's.
    #[default]
    Free,
    /// Each is kept.
    Kept(Vec<u64>),
    /// They were kept until a moment ago.
    Done(Vec<u64>),
    /// They were kept in another run: `at` is the next one.
    Given { list: Vec<u64>, at: usize },
    /// They are over: the clock said `clock` when the last of them was due.
    Over { last: u64, clock: u64 },
}

impl Readings {
    /// The next reading, where the clock says `now`.
    pub(crate) fn next(&mut self, now: u64) -> u64 {
        match self {
            Readings::Free | Readings::Done(_) => now,
            Readings::Kept(list) => {
                list.push(now);
                now
            }
            Readings::Given { list, at } => match list.get(*at) {
                Some(reading) => {
                    *at += 1;
                    *reading
                }
                None => {
                    self.end(now);
                    self.next(now)
                }
            },
            Readings::Over { last, clock } => last.saturating_add(now.saturating_sub(*clock)),
        }
    }

    /// No more of them is kept, or given; the clock says `now`.
    pub(crate) fn end(&mut self, now: u64) {
        *self = match std::mem::take(self) {
            Readings::Kept(list) => Readings::Done(list),
            Readings::Given { list, at } => {
                let last = at.checked_sub(1).and_then(|at| list.get(at).copied());
                Readings::Over { last: last.unwrap_or(now), clock: now }
            }
            other => other,
        }
    }

    /// What the clock says when it is this late by the readings.
    pub(crate) fn by_clock(&self, reading: u64) -> u64 {
        match self {
            Readings::Over { last, clock } if reading >= *last => {
                clock.saturating_add(reading - last)
            }
            Readings::Over { last, clock } => clock.saturating_sub(last - reading),
            _ => reading,
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
        kept.end(9);
        assert_eq!(kept.next(10), 10);
        let Readings::Done(list) = kept else { panic!("{kept:?}") };
        assert_eq!(list, [7, 9, 9]);
        // Another clock, with another origin.
        let mut given = Readings::Given { list, at: 0 };
        assert_eq!([1_000, 1_001, 1_005].map(|now| given.next(now)), [7, 9, 9]);
        assert_eq!(given.by_clock(9), 9);
        assert_eq!([1_010, 1_013].map(|now| given.next(now)), [9, 12]);
        assert_eq!(
            [9, 12, 4, u64::MAX].map(|at| given.by_clock(at)),
            [1_010, 1_013, 1_005, u64::MAX]
        );
    }

    #[test]
    fn those_that_are_ended_early_go_on_from_where_they_were() {
        let mut given = Readings::Given { list: vec![7, 9, 50], at: 0 };
        given.next(100);
        given.end(103);
        assert_eq!(given.next(104), 8);
        let mut none = Readings::Given { list: Vec::new(), at: 0 };
        assert_eq!([3, 5].map(|now| none.next(now)), [3, 5]);
    }
}
