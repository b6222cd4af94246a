//! A crowd: more that are alike than a screen has room for.
//!
//! Promises that the first few of each are told and the others counted, whoever stands between.

use std::collections::BTreeMap;

/// More than so many that are alike are a crowd.
const CROWD: usize = 20;
const TOLD_OF_CROWD: usize = 10;

/// What is said of the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Itself,
    Nothing,
    /// It is the last of a crowd: how many were left out, with itself.
    LeftOut(usize),
}

/// Those among whom there may be crowds, by what makes them alike.
pub(crate) struct Crowds<K> {
    of: BTreeMap<K, Crowd>,
}

#[derive(Default)]
struct Crowd {
    size: usize,
    seen: usize,
}

impl<K: Ord> Crowds<K> {
    pub(crate) fn of(all: impl Iterator<Item = K>) -> Crowds<K> {
        let mut of: BTreeMap<K, Crowd> = BTreeMap::new();
        all.for_each(|key| of.entry(key).or_default().size += 1);
        of.retain(|_, crowd| crowd.size > CROWD);
        Crowds { of }
    }

    /// Asked once for each of them, in their order.
    pub(crate) fn next(&mut self, key: &K) -> Said {
        let Some(crowd) = self.of.get_mut(key) else { return Said::Itself };
        crowd.seen += 1;
        match crowd.seen {
            seen if seen <= TOLD_OF_CROWD => Said::Itself,
            seen if seen == crowd.size => Said::LeftOut(seen - TOLD_OF_CROWD),
            _ => Said::Nothing,
        }
    }

    /// The crowds, and how many of each are left out.
    pub(crate) fn left_out(self) -> impl Iterator<Item = (K, usize)> {
        self.of.into_iter().map(|(key, crowd)| (key, crowd.size - TOLD_OF_CROWD))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_ten_of_a_crowd_are_told_and_the_last_one_counts_the_others() {
        let others = (0..CROWD).map(|_| "other");
        let all: Vec<_> = std::iter::repeat_n("crowd", CROWD + 1).chain(others).collect();
        let mut crowds = Crowds::of(all.iter());
        let said: Vec<Said> = all.iter().map(|it| crowds.next(&it)).collect();
        let mut expected = vec![Said::Itself; TOLD_OF_CROWD];
        expected.extend([Said::Nothing; 10]);
        expected.push(Said::LeftOut(11));
        // Twenty are none.
        expected.extend([Said::Itself; CROWD]);
        assert_eq!(said, expected);
        assert_eq!(crowds.left_out().collect::<Vec<_>>(), [(&"crowd", 11)]);
    }
}
