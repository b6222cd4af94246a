//! The timer queue against a sorted map, operation by operation.
//!
//! What the queue promises is read off the map: nothing early, nothing late, equal deadlines in the
//! order of arming, however near or far they are.
//! Memory is the matter of `timers_leave_no_growth.rs`, the number of waits that of
//! `timers_seldom_wake_the_loop_for_nothing.rs`.
//! `GLASSLOOP_SEED` chooses another sequence of operations.
#![cfg(test)]

#[path = "common/spans.rs"]
mod spans;

use std::collections::BTreeMap;

use glassloop_reactor::{NEVER, TimerId, Timers};
use spans::{MS, SECOND, TICK, YEAR, shrunk};

/// A xorshift generator.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn pick(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).expect("less than a usize")
    }
}

fn seed() -> u64 {
    let chosen = std::env::var("GLASSLOOP_SEED").ok();
    let chosen = chosen.map(|text| text.parse().expect("GLASSLOOP_SEED is a decimal number"));
    chosen.unwrap_or(0x5EED_0F71_3E25).max(1)
}

/// The queue and the map it must agree with. A payload is the timer's position in the order of
/// arming.
struct Pair {
    seed: u64,
    random: Random,
    now: u64,
    armed: u64,
    timers: Timers<u64>,
    model: BTreeMap<(u64, u64), TimerId>,
    never: BTreeMap<u64, TimerId>,
    /// Some of those armed of late, most of which have gone since.
    recent: Vec<(u64, u64, TimerId)>,
}

impl Pair {
    fn new(seed: u64, random: Random, now: u64) -> Self {
        Pair {
            seed,
            random,
            now,
            armed: 0,
            timers: Timers::new(now),
            model: BTreeMap::new(),
            never: BTreeMap::new(),
            recent: Vec::new(),
        }
    }

    fn earliest(&self) -> Option<u64> {
        self.model.keys().next().map(|key| key.0)
    }

    fn some_recent(&mut self) -> Option<(u64, u64, TimerId)> {
        let count = self.recent.len();
        (count > 0).then(|| self.recent[self.random.pick(count)])
    }

    /// A deadline of one of the kinds that could be mistaken.
    fn some_deadline(&mut self) -> u64 {
        let now = self.now;
        match self.random.below(12) {
            0 => now,
            1 => now.saturating_sub(self.random.below(3 * TICK)),
            2 => self.some_recent().map_or(now, |(at, ..)| at),
            3 => now.saturating_add(self.random.below(64)),
            4 => now.saturating_add(self.random.below(2 * TICK)),
            5 | 6 => now.saturating_add(self.random.below(100 * MS)),
            7 | 8 => now.saturating_add(self.random.below(20 * SECOND)),
            9 => now.saturating_add(self.random.below(48 * 3600 * SECOND)),
            10 => now.saturating_add(self.random.below(580 * YEAR)),
            _ => match self.random.below(4) {
                0 => NEVER,
                1 => NEVER - 1,
                2 => self.random.next(),
                _ => (now / TICK).saturating_add(self.random.below(5000)).saturating_mul(TICK),
            },
        }
    }

    fn arm(&mut self) {
        let at = self.some_deadline();
        let sequence = self.armed;
        self.armed += 1;
        let id = self.timers.arm(at, sequence);
        if at == NEVER {
            self.never.insert(sequence, id);
        } else {
            self.model.insert((at, sequence), id);
        }
        if self.recent.len() < 512 {
            self.recent.push((at, sequence, id));
        } else {
            let slot = self.random.pick(512);
            self.recent[slot] = (at, sequence, id);
        }
    }

    fn cancel(&mut self) {
        let Some((at, sequence, id)) = self.some_recent() else { return };
        let armed = self.model.remove(&(at, sequence)).or_else(|| self.never.remove(&sequence));
        let cancelled = self.timers.cancel(id);
        assert_eq!(cancelled, armed.map(|_| sequence), "seed {}", self.seed);
        assert_eq!(self.timers.cancel(id), None, "cancelled twice, seed {}", self.seed);
    }

    fn read(&mut self) {
        let Some((at, sequence, id)) = self.some_recent() else { return };
        let armed = self.model.contains_key(&(at, sequence)) || self.never.contains_key(&sequence);
        let seed = self.seed;
        assert_eq!(self.timers.get(id).copied(), armed.then_some(sequence), "seed {seed}");
        assert_eq!(self.timers.get_mut(id).copied(), armed.then_some(sequence), "seed {seed}");
        assert_eq!(self.timers.deadline(id), armed.then_some(at), "seed {seed}");
    }

    /// Lets time pass, by a step of one of the kinds that could be mistaken, and compares.
    fn expire(&mut self) {
        let earliest = self.earliest().unwrap_or(self.now);
        let now = match self.random.below(16) {
            0 => self.now,
            1..=3 => earliest,
            4 => earliest.saturating_sub(1),
            5 => self.timers.next_deadline().unwrap_or(self.now),
            6 => (self.now / TICK + 1) * TICK - self.random.below(2),
            7 | 8 => self.now + self.random.below(TICK),
            9..=12 => self.now + self.random.below(20 * MS),
            13 | 14 => self.now + self.random.below(SECOND),
            _ => match self.random.below(400) {
                0..=9 => self.now + self.random.below(40 * YEAR),
                10..=19 => self.now + self.random.below(3600 * SECOND),
                _ => self.now + self.random.below(10 * SECOND),
            },
        };
        // Leaps over years are rare, lest the years run out.
        let leap = now.saturating_sub(self.now) > YEAR;
        if now < self.now || leap && self.random.below(4) > 0 {
            return;
        }
        self.now = now;
        let later = self.model.split_off(&(now + 1, 0));
        let due = std::mem::replace(&mut self.model, later);
        let mut fired = vec![u64::MAX];
        let count = self.timers.expire(now, |_, payload| fired.push(payload));
        assert_eq!(count, due.len(), "at {now}, seed {}", self.seed);
        assert!(
            due.keys().map(|key| key.1).eq(fired.into_iter().skip(1)),
            "the order at {now}, seed {}",
            self.seed
        );
        assert_eq!(self.timers.expire(now, |_, _| ()), 0, "twice, seed {}", self.seed);
    }

    fn compare(&self) {
        let seed = self.seed;
        assert_eq!(self.timers.len(), self.model.len() + self.never.len(), "seed {seed}");
        assert_eq!(self.timers.is_empty(), self.model.len() + self.never.len() == 0, "seed {seed}");
        assert_eq!(self.timers.earliest(), self.earliest(), "seed {seed}");
        let next = self.timers.next_deadline();
        assert_eq!(next.is_some(), self.earliest().is_some(), "seed {seed}");
        assert!(next <= self.earliest(), "{next:?} is too late, seed {seed}");
        if self.earliest() > Some(self.now) {
            assert!(next > Some(self.now), "{next:?} makes no progress, seed {seed}");
        }
    }

    fn compare_all(&self) {
        let mut shown = BTreeMap::new();
        self.timers.for_each(|id, at, &sequence| {
            let again = shown.insert((at, sequence), id);
            assert_eq!(again, None, "shown twice, seed {}", self.seed);
        });
        let never = self.never.iter().map(|(&sequence, &id)| ((NEVER, sequence), id));
        let expected = self.model.iter().map(|(&key, &id)| (key, id)).chain(never);
        assert!(expected.eq(shown), "seed {}", self.seed);
    }
}

#[test]
fn a_million_random_operations_agree_with_a_sorted_map() {
    let mut origins = Random(seed());
    let mut left = shrunk(1_000_000);
    while left > 0 {
        // A new pair for each origin, and when the years have run out.
        let random = Random(origins.next().wrapping_mul(0x9E37_79B9_7F4A_7C15).max(1));
        let now = origins.next() >> (1 + origins.below(63));
        let mut pair = Pair::new(seed(), random, now);
        let mut operations = left.min(shrunk(200_000));
        while operations > 0 && pair.now < 500 * YEAR {
            match pair.random.below(16) {
                0..=6 => pair.arm(),
                7..=11 => pair.cancel(),
                12 | 13 => pair.read(),
                _ => pair.expire(),
            }
            pair.compare();
            if operations % 20_000 == 1 {
                pair.compare_all();
            }
            operations -= 1;
            left -= 1;
        }
        pair.compare_all();
    }
}

#[test]
fn no_deadline_is_too_far() {
    let days = [YEAR, 100 * YEAR, 146 * YEAR, 292 * YEAR, 500 * YEAR, 584 * YEAR, NEVER - 1];
    for now in [0, 1, TICK - 1, TICK, 17 * SECOND, 300 * YEAR] {
        let mut timers = Timers::new(now);
        for &at in days.iter().rev() {
            timers.arm(at, at);
        }
        let mut fired = Vec::new();
        for &at in &days {
            assert_eq!(timers.earliest(), Some(at));
            assert_eq!(
                timers.expire(at - 1, |_, payload| fired.push(payload)),
                0,
                "{at} is early from {now}"
            );
            assert_eq!(
                timers.expire(at, |_, payload| fired.push(payload)),
                1,
                "{at} is late from {now}"
            );
        }
        assert_eq!(fired, days);
    }
}

#[test]
fn a_timer_for_never_can_be_read_and_cancelled_but_does_not_fire() {
    let mut timers = Timers::new(7);
    let id = timers.arm(NEVER, "never");
    let last = timers.arm(NEVER - 1, "in the last nanosecond");
    assert_eq!(timers.cancel(last), Some("in the last nanosecond"));
    assert_eq!((timers.next_deadline(), timers.earliest()), (None, None));
    assert_eq!(timers.expire(NEVER, |_, _| ()), 0);
    assert_eq!(
        (timers.len(), timers.get(id), timers.deadline(id)),
        (1, Some(&"never"), Some(NEVER))
    );
    assert_eq!(timers.cancel(id), Some("never"));
    assert!(timers.is_empty());
}

#[test]
fn what_is_armed_for_now_after_an_expiry_fires_in_the_next_one() {
    for now in [0, 5, TICK, 3 * SECOND] {
        let mut timers = Timers::new(0);
        timers.arm(now, "first");
        let mut fired = Vec::new();
        assert_eq!(timers.expire(now, |_, payload| fired.push(payload)), 1);
        timers.arm(now, "second");
        timers.arm(now.saturating_sub(1), "overdue");
        assert_eq!(fired, ["first"]);
        assert_eq!(timers.next_deadline(), Some(now.saturating_sub(1)));
        assert_eq!(timers.expire(now, |_, payload| fired.push(payload)), 2);
        let overdue_first = if now == 0 { ["second", "overdue"] } else { ["overdue", "second"] };
        assert_eq!(fired[1..], overdue_first);
    }
}

#[test]
fn a_clock_that_goes_back_fires_nothing_early() {
    let mut timers = Timers::new(SECOND);
    timers.arm(SECOND + 5, ());
    let mut fired = Vec::new();
    assert_eq!(timers.expire(SECOND + 4, |_, payload| fired.push(payload)), 0);
    assert_eq!(timers.expire(0, |_, payload| fired.push(payload)), 0);
    timers.arm(10, ());
    assert_eq!(timers.expire(9, |_, payload| fired.push(payload)), 0);
    assert_eq!(timers.expire(10, |_, payload| fired.push(payload)), 1);
    assert_eq!(timers.expire(SECOND + 5, |_, payload| fired.push(payload)), 1);
}

/// Arms `count` timers for one instant while time comes nearer to it, so that they wait in every
/// part of the queue, and cancels some.
fn equal_deadlines_fire_in_the_order_of_arming(count: usize) {
    let at = 5000 * SECOND + 123;
    let mut timers = Timers::new(0);
    let mut kept = Vec::new();
    for payload in 0..count {
        // Half of the way that is left, every so often: down through all the levels.
        if payload % (count / 50 + 1) == 0 {
            let left = at >> (payload * 50 / count).min(63);
            assert_eq!(timers.expire(at - left.max(1), |_, _| ()), 0);
        }
        let id = timers.arm(at, payload);
        if payload % 3 == 1 {
            assert_eq!(timers.cancel(id), Some(payload));
        } else {
            kept.push(payload);
        }
    }
    let mut fired = Vec::new();
    timers.expire(at, |_, payload| fired.push(payload));
    assert!(fired == kept, "not in the order of arming");
    assert!(timers.is_empty());
}

#[test]
fn equal_deadlines_fire_first_in_first_out() {
    equal_deadlines_fire_in_the_order_of_arming(shrunk(10_000));
}

#[test]
#[ignore = "a million timers: part of the full run"]
fn full_a_million_equal_deadlines_fire_first_in_first_out() {
    equal_deadlines_fire_in_the_order_of_arming(1_000_000);
}

#[test]
fn what_is_left_of_a_cancelled_crowd_fires_in_order() {
    let mut random = Random(seed());
    let start = 9 * TICK;
    let mut timers = Timers::new(0);
    let (mut kept, mut cancelled) = (Vec::new(), Vec::new());
    for sequence in 0..shrunk(20_000) {
        // Half of them come with the turn of the wheel, half are armed when the tick has begun.
        if sequence == shrunk(10_000) {
            assert_eq!(timers.expire(start, |_, _| ()), 0);
        }
        let at = start + 1 + random.below(TICK - 1);
        let id = timers.arm(at, (at, sequence));
        if random.below(10) == 0 {
            kept.push((at, sequence));
        } else {
            cancelled.push(id);
        }
    }
    for id in cancelled {
        assert!(timers.cancel(id).is_some(), "seed {}", seed());
    }
    kept.sort_unstable();
    let mut fired = Vec::new();
    while let Some(next) = timers.next_deadline() {
        assert_eq!(next, kept[fired.len()].0, "seed {}", seed());
        timers.expire(next, |_, payload| fired.push(payload));
    }
    assert!(fired == kept, "seed {}", seed());
}
