//! The heartbeat: is the peer still there?
//!
//! Promises a verdict from three instants alone, so that it is the same on a virtual clock. It
//! sends nothing and arms no timer: the driver does both.

use crate::limits::Limits;
use crate::time::deadline;

/// When the peer was last heard, and the ping that is under way. Instants are nanoseconds of the
/// reactor's clock.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    /// When the last sign of life came.
    heard_at: u64,
    /// When one came before that, in an earlier turn.
    heard_before: u64,
    ping: Ping,
    /// The number of the last ping.
    sequence: u64,
    /// The number of the last ping that was answered.
    answered: u64,
    /// How long that answer took, in nanoseconds.
    round_trip: u64,
    /// The number of the last ping whose answer is waited for no more.
    missed: u64,
    /// So many milliseconds of silence are the end, without a ping of ours; `u64::MAX` where we
    /// ping.
    silence_ms_max: u64,
}

/// The newest ping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ping {
    /// Answered, or given up.
    Done,
    /// Behind other bytes: the peer can't know of it yet.
    Queued,
    /// The socket has taken it, at this instant.
    Left(u64),
}

/// What the driver is to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Judge again at this instant, and when a ping has left.
    Wait(u64),
    /// The peer has been silent: ping it.
    Ping,
    /// The peer lives and doesn't answer the ping: whoever waits for the answer is told.
    Unanswered,
    /// The peer was silent after the ping, too, or for longer than it said it would be.
    Lost,
}

impl Heartbeat {
    pub(crate) fn new(now: u64) -> Heartbeat {
        Heartbeat {
            heard_at: now,
            heard_before: now,
            ping: Ping::Done,
            sequence: 0,
            answered: 0,
            round_trip: 0,
            missed: 0,
            silence_ms_max: u64::MAX,
        }
    }

    /// The peer says something that often, by a protocol above this one: it is not pinged any more.
    #[cfg(feature = "socketio")]
    pub(crate) fn expect_a_sign_within(&mut self, millis: u64) {
        self.silence_ms_max = millis;
    }

    /// True if the peer has been silent for so long that it may be gone.
    pub(crate) fn is_overdue(&self, now: u64) -> bool {
        now >= deadline(self.heard_at, self.silence_ms_max)
    }

    /// A byte came, or a full socket took bytes again: there is a peer, in the turn of `now`.
    pub(crate) fn heard(&mut self, now: u64) {
        if now != self.heard_at {
            self.heard_before = std::mem::replace(&mut self.heard_at, now);
        }
    }

    /// When the silence began that this turn found: what the turn itself heard ends it.
    pub(crate) fn silent_since(&self, now: u64) -> u64 {
        if self.heard_at == now { self.heard_before } else { self.heard_at }
    }

    /// A ping is to be sent: the number of a new one, unless one is under way already. That one is
    /// shared, so that no one can fill the wire with them.
    pub(crate) fn ping(&mut self) -> Option<u64> {
        if self.ping != Ping::Done {
            return None;
        }
        self.sequence += 1;
        self.ping = Ping::Queued;
        Some(self.sequence)
    }

    /// The socket has taken the ping: from now on the peer can answer.
    pub(crate) fn ping_left(&mut self, now: u64) {
        if self.ping == Ping::Queued {
            self.ping = Ping::Left(now);
        }
    }

    /// The number of the newest ping.
    pub(crate) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// A pong came. Those of older pings count as a sign of life and no more. True if it is the
    /// answer to the ping under way: then the next one may be due before the patience for this one
    /// would have been over.
    pub(crate) fn pong(&mut self, sequence: u64, now: u64) -> bool {
        let left_at = match self.ping {
            Ping::Left(left_at) if sequence == self.sequence => left_at,
            _ => return false,
        };
        self.ping = Ping::Done;
        self.answered = sequence;
        self.round_trip = now.saturating_sub(left_at);
        true
    }

    /// The answer to the newest ping is waited for no more.
    pub(crate) fn give_up_ping(&mut self) {
        self.ping = Ping::Done;
        self.missed = self.sequence;
    }

    /// What came of ping number `sequence`, once it is known: the round trip in nanoseconds, if it
    /// or a newer one was answered.
    pub(crate) fn outcome_of(&self, sequence: u64) -> Option<Result<u64, Missed>> {
        if self.answered >= sequence {
            return Some(Ok(self.round_trip));
        }
        (self.missed >= sequence).then_some(Err(Missed))
    }

    pub(crate) fn judge(&self, now: u64, limits: &Limits) -> Verdict {
        match self.ping {
            // Whether the socket takes anything is judged where it is written.
            Ping::Queued => Verdict::Wait(u64::MAX),
            Ping::Left(left_at) => {
                let end = deadline(left_at, limits.heartbeat_patience_ms_max);
                match (now < end, self.heard_at < left_at) {
                    (true, _) => Verdict::Wait(end),
                    (false, true) => Verdict::Lost,
                    (false, false) => Verdict::Unanswered,
                }
            }
            Ping::Done if self.silence_ms_max < u64::MAX => match self.is_overdue(now) {
                true => Verdict::Lost,
                false => Verdict::Wait(deadline(self.heard_at, self.silence_ms_max)),
            },
            Ping::Done => {
                let ping_at = deadline(self.heard_at, limits.heartbeat_idle_ms_max);
                if now < ping_at { Verdict::Wait(ping_at) } else { Verdict::Ping }
            }
        }
    }
}

/// A ping that was not answered in time, by a peer that lives.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Missed;

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
        let first = heart.ping().expect("a new ping");
        assert_eq!(heart.judge(90 * SECOND, &limits), Verdict::Wait(u64::MAX), "it hasn't left");
        heart.ping_left(91 * SECOND);
        assert_eq!(heart.ping(), None, "it is under way");
        assert_eq!(heart.judge(91 * SECOND, &limits), Verdict::Wait(111 * SECOND));
        heart.heard(110 * SECOND);
        assert_eq!(heart.judge(111 * SECOND, &limits), Verdict::Unanswered);
        assert_eq!(heart.outcome_of(first), None);
        heart.give_up_ping();
        assert_eq!(heart.outcome_of(first), Some(Err(Missed)));
        assert_eq!(heart.judge(111 * SECOND, &limits), Verdict::Wait(130 * SECOND));
        assert_eq!(heart.judge(130 * SECOND, &limits), Verdict::Ping);
        let second = heart.ping().expect("a new ping");
        heart.ping_left(130 * SECOND);
        assert_eq!(heart.judge(150 * SECOND, &limits), Verdict::Lost);
        assert!(!heart.pong(first, 131 * SECOND));
        assert_eq!(heart.outcome_of(second), None, "an old pong measures nothing");
        assert!(heart.pong(second, 132 * SECOND));
        assert_eq!(heart.outcome_of(second), Some(Ok(2 * SECOND)));
        assert_eq!(heart.outcome_of(first), Some(Ok(2 * SECOND)), "the newer answers the older");
    }

    #[test]
    #[cfg(feature = "socketio")]
    fn a_peer_that_is_to_give_signs_is_not_pinged_and_its_silence_is_the_end() {
        let (limits, mut heart) = (Limits::default(), Heartbeat::new(0));
        heart.expect_a_sign_within(45_000);
        assert_eq!(heart.judge(30 * SECOND, &limits), Verdict::Wait(45 * SECOND));
        heart.heard(30 * SECOND);
        assert!(!heart.is_overdue(75 * SECOND - 1) && heart.is_overdue(75 * SECOND));
        assert_eq!(heart.judge(75 * SECOND, &limits), Verdict::Lost);
        heart.heard(75 * SECOND);
        assert_eq!(heart.judge(75 * SECOND, &limits), Verdict::Wait(120 * SECOND));
    }

    #[test]
    fn a_heartbeat_of_never_stays_silent_for_ever() {
        let limits = Limits { heartbeat_idle_ms_max: u64::MAX, ..Limits::default() };
        assert_eq!(Heartbeat::new(7).judge(u64::MAX - 1, &limits), Verdict::Wait(u64::MAX));
    }
}
