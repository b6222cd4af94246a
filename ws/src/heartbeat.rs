//! The heartbeat: is the peer still there?
//!
//! Promises a verdict from three instants alone, so that it is the same on a virtual clock. It
//! sends nothing and arms no timer: the driver does both.

use crate::limits::Limits;

const NANOS_PER_MILLI: u64 = 1_000_000;

/// When the peer was last heard, and the ping that is under way. Instants are nanoseconds of the
/// reactor's clock.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    /// When the last byte came, whatever it was.
    heard_at: u64,
    /// When a byte came before that, in an earlier turn.
    heard_before: u64,
    /// When the ping left whose pong has not come.
    pinged_at: Option<u64>,
    /// The number of the last ping.
    sequence: u64,
    /// The number of the last ping that was answered.
    answered: u64,
    /// How long that answer took, in nanoseconds.
    round_trip: u64,
}

/// What the driver is to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Judge again at this instant.
    Wait(u64),
    /// The peer has been silent: ping it, and judge again.
    Ping,
    /// The peer was silent after the ping, too.
    Lost,
}

/// `millis` after `start`; `u64::MAX` means never.
pub(crate) fn deadline(start: u64, millis: u64) -> u64 {
    start.saturating_add(millis.saturating_mul(NANOS_PER_MILLI))
}

impl Heartbeat {
    pub(crate) fn new(now: u64) -> Heartbeat {
        Heartbeat {
            heard_at: now,
            heard_before: now,
            pinged_at: None,
            sequence: 0,
            answered: 0,
            round_trip: 0,
        }
    }

    /// A byte came, in the turn whose `now` this is.
    pub(crate) fn heard(&mut self, now: u64) {
        if now != self.heard_at {
            self.heard_before = std::mem::replace(&mut self.heard_at, now);
        }
    }

    /// When the silence began that this turn found: what the turn itself heard ends it.
    pub(crate) fn silent_since(&self, now: u64) -> u64 {
        if self.heard_at == now { self.heard_before } else { self.heard_at }
    }

    /// A user asks for a ping. Some number: send it. A ping under way is shared, so that no one
    /// can fill the wire with them.
    pub(crate) fn ping(&mut self, now: u64) -> Option<u64> {
        if self.pinged_at.is_some() {
            return None;
        }
        Some(self.ping_anew(now))
    }

    /// A ping, whether or not an older one is still unanswered: its pong answers both.
    pub(crate) fn ping_anew(&mut self, now: u64) -> u64 {
        self.sequence += 1;
        self.pinged_at = Some(now);
        self.sequence
    }

    /// The number of the newest ping.
    pub(crate) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// A pong came. Those of older pings count as a sign of life and no more.
    pub(crate) fn pong(&mut self, sequence: u64, now: u64) {
        if sequence == self.sequence
            && let Some(pinged_at) = self.pinged_at.take()
        {
            self.answered = sequence;
            self.round_trip = now.saturating_sub(pinged_at);
        }
    }

    /// The round trip in nanoseconds, once ping number `sequence` or a newer one was answered.
    pub(crate) fn round_trip_of(&self, sequence: u64) -> Option<u64> {
        (self.answered >= sequence).then_some(self.round_trip)
    }

    pub(crate) fn judge(&self, now: u64, limits: &Limits) -> Verdict {
        if let Some(pinged_at) = self.pinged_at
            && self.heard_at < pinged_at
        {
            let lost_at = deadline(pinged_at, limits.heartbeat_patience_ms_max);
            return if now < lost_at { Verdict::Wait(lost_at) } else { Verdict::Lost };
        }
        let ping_at = deadline(self.heard_at, limits.heartbeat_idle_ms_max);
        if now < ping_at { Verdict::Wait(ping_at) } else { Verdict::Ping }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn silence_is_pinged_and_then_lost_and_any_byte_ends_it() {
        let limits = Limits::default();
        let mut heart = Heartbeat::new(0);
        assert_eq!(heart.judge(0, &limits), Verdict::Wait(20 * SECOND));
        heart.heard(5 * SECOND);
        assert_eq!(heart.judge(20 * SECOND, &limits), Verdict::Wait(25 * SECOND));
        assert_eq!(heart.judge(25 * SECOND, &limits), Verdict::Ping);
        let first = heart.ping_anew(25 * SECOND);
        assert_eq!(heart.judge(25 * SECOND, &limits), Verdict::Wait(45 * SECOND));
        heart.heard(44 * SECOND);
        assert_eq!(heart.judge(45 * SECOND, &limits), Verdict::Wait(64 * SECOND));
        assert_eq!(heart.judge(64 * SECOND, &limits), Verdict::Ping);
        let second = heart.ping_anew(64 * SECOND);
        assert_eq!(heart.judge(84 * SECOND, &limits), Verdict::Lost);
        heart.pong(first, 65 * SECOND);
        assert_eq!(heart.round_trip_of(first), None, "an old pong measures nothing");
        heart.pong(second, 66 * SECOND);
        assert_eq!(heart.round_trip_of(first), Some(2 * SECOND), "the newer answers the older");
    }

    #[test]
    fn a_heartbeat_of_never_stays_silent_for_ever() {
        let limits = Limits { heartbeat_idle_ms_max: u64::MAX, ..Limits::default() };
        assert_eq!(Heartbeat::new(7).judge(u64::MAX - 1, &limits), Verdict::Wait(u64::MAX));
    }
}
