//! How a loop goes by its tape: what it waits for, and what it takes.

use std::{
    ptr,
    time::{Duration, Instant},
};

use glassloop_executor::Input;
use glassloop_reactor::Events;

use super::Tape;
use crate::{
    RunError,
    core::Core,
    deadlock::{self, Outlook},
};

/// How often it is looked whether a run can end by now, as it did.
const LOOK: Duration = Duration::from_millis(5);

impl Core {
    /// Whether this run is kept, or run again: each turn then asks.
    #[inline]
    pub(crate) fn is_taped(&self) -> bool {
        self.tape.get().is_some()
    }

    /// The time, for what is done only because somebody looks on. That is no part of a run that is
    /// kept: there it is what the clock said last.
    #[inline]
    pub(crate) fn read_aside(&self) -> u64 {
        if self.is_taped() { self.stride.read_at() } else { self.reactor.read_clock() }
    }

    /// Whether the next turn is one of a recording.
    #[inline]
    pub(crate) fn has_turn_again(&self) -> bool {
        self.tape.get().is_some_and(|tape| tape.next_turn().is_some())
    }

    /// Whether the turn under way is one of a recording: it takes what that took, notified or not.
    #[inline]
    pub(crate) fn is_turn_again(&self) -> bool {
        self.tape.get().is_some_and(|tape| tape.turn().is_some())
    }

    /// Before a wait: if the turn that follows is one of a recording, until what that took is
    /// there; whether the loop had blocked.
    #[inline]
    pub(crate) fn wait_again(&self) -> Result<Option<bool>, RunError> {
        self.tape.get().map_or(Ok(None), |tape| self.wait_by(tape))
    }

    #[cold]
    fn wait_by(&self, tape: &Tape) -> Result<Option<bool>, RunError> {
        let Some(turn) = tape.next_turn() else {
            if tape.ends() || tape.fills(self.reactor.readings_kept()) {
                self.reactor.end_readings();
                // What was held back is there for everybody.
                self.shared.notifier.notify();
            }
            return Ok(None);
        };
        let (mut began, mut waited_for) = (Instant::now(), None);
        while let Some(missing) = self.executor.missing(&turn.inputs) {
            // Each is waited for by itself: a wake may come long after a call.
            if waited_for.replace(ptr::from_ref(missing)) != Some(ptr::from_ref(missing)) {
                began = Instant::now();
            }
            let whole = Duration::from_millis(self.limits.replay_wait_ms_max);
            let patience = match missing {
                Input::Call { .. } => whole,
                // Two may have become one: so long for each, and not for many of them.
                Input::Wake(_) => tape.patience().min(whole / 10),
            };
            let left = patience.saturating_sub(began.elapsed());
            if left.is_zero() {
                tape.spend_patience(began.elapsed());
                break;
            }
            self.stand_by(left)?;
        }
        Ok(Some(turn.blocked))
    }

    /// Waits for whatever comes, so long at most, in no turn.
    fn stand_by(&self, at_most: Duration) -> Result<(), RunError> {
        self.reactor.stand(Some(at_most), &mut Events::new())?;
        // Whoever notified has left something, which is looked for next.
        let _notified = self.shared.notifier.disarm();
        Ok(())
    }

    /// Something that other threads decide: it is so now; in a run again, as it was.
    #[inline]
    pub(crate) fn again(&self, now: bool) -> bool {
        self.tape.get().map_or(now, |tape| tape.decided(u64::from(now)) != 0)
    }

    /// The same of the time for which the machine was suspended.
    pub(crate) fn suspended_again(&self, now: u64) -> u64 {
        self.tape.get().map_or(now, |tape| tape.decided(now))
    }

    /// What a loop that has nothing to do can hope for: where a run was kept that ended here, so
    /// does this one, as soon as it can.
    #[cold]
    pub(crate) fn outlook_again(&self) -> Result<Outlook, RunError> {
        let outlook = || if self.has_work() { Outlook::Open } else { deadlock::outlook(self) };
        let now = outlook();
        let Some(tape) = self.tape.get() else { return Ok(now) };
        let ends = |now: &Outlook| matches!(now, Outlook::Over | Outlook::Deadlock(_));
        let ended = tape.decided(u64::from(ends(&now))) != 0;
        if ended == ends(&now) || !self.is_replayed() {
            return Ok(now);
        }
        if !ended {
            // It heard of something yet.
            return Ok(Outlook::Open);
        }
        let (began, whole) = (Instant::now(), self.limits.replay_wait_ms_max);
        loop {
            let left = Duration::from_millis(whole).saturating_sub(began.elapsed());
            match outlook() {
                now if ends(&now) => return Ok(now),
                now if left.is_zero() => {
                    tape.differs("the end of the run".to_owned(), "something to wait for");
                    return Ok(now);
                }
                // Nobody notifies when the last handle to a job goes.
                _ => self.stand_by(left.min(LOOK))?,
            }
        }
    }

    fn is_replayed(&self) -> bool {
        self.tape.get().is_some_and(|tape| tape.player().is_some())
    }

    /// A wait of a turn is over.
    #[inline]
    pub(crate) fn tape_wait(&self, blocked: bool, events: usize) {
        if let Some(tape) = self.tape.get() {
            tape.waited(blocked, events);
        }
    }

    /// Phase `deferred`: takes what other threads left. Whether more may be there.
    #[inline]
    pub(crate) fn take_deferred(&self) -> bool {
        match self.tape.get() {
            None => self.take_left(|_, _| {}),
            Some(tape) => self.take_taped(tape),
        }
    }

    #[cold]
    fn take_taped(&self, tape: &Tape) -> bool {
        let Some(turn) = tape.turn() else {
            return self.take_left(|left, sender| tape.took(|| Input::of(left, sender)));
        };
        let missing = self.executor.take_again(&turn.inputs);
        if !missing.is_empty() {
            tape.lacks(&missing);
        }
        false
    }
}
