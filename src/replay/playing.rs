//! How a loop goes by its tape: what it waits for, and what it takes.

use std::time::{Duration, Instant};

use glassloop_executor::Input;
use glassloop_reactor::Events;

use super::Tape;
use crate::{RunError, core::Core};

impl Core {
    /// Whether this run is kept, or run again: each turn then asks.
    #[inline]
    pub(crate) fn is_taped(&self) -> bool {
        self.tape.get().is_some()
    }

    /// Whether the next turn is one of a recording.
    pub(crate) fn has_turn_again(&self) -> bool {
        self.tape.get().is_some_and(|tape| tape.next_turn().is_some())
    }

    /// Whether the turn under way is one of a recording: it takes what that took, notified or not.
    pub(crate) fn is_turn_again(&self) -> bool {
        self.tape.get().is_some_and(|tape| tape.turn().is_some())
    }

    /// Before a wait: if the turn that follows is one of a recording, until what that took is
    /// there; whether the loop had blocked.
    pub(crate) fn wait_again(&self) -> Result<Option<bool>, RunError> {
        let Some(tape) = self.tape.get() else { return Ok(None) };
        let Some(turn) = tape.next_turn() else {
            if tape.ends() {
                // What was held back is there for everybody.
                self.shared.notifier.notify();
            }
            return Ok(None);
        };
        let began = Instant::now();
        while let Some(missing) = self.executor.missing(&turn.inputs) {
            let whole = Duration::from_millis(self.limits.replay_wait_ms_max);
            let patience = match missing {
                Input::Call { .. } => whole,
                Input::Wake(_) => whole / 10,
            };
            let left = patience.saturating_sub(began.elapsed());
            if left.is_zero() {
                break;
            }
            self.reactor.stand(Some(left), &mut Events::new())?;
            // Whoever notified has left something, which is looked for next.
            let _notified = self.shared.notifier.disarm();
        }
        Ok(Some(turn.blocked))
    }

    /// A wait of a turn is over.
    pub(crate) fn tape_wait(&self, blocked: bool, events: usize) {
        if let Some(tape) = self.tape.get() {
            tape.waited(blocked, events);
        }
    }

    /// Phase `deferred`: takes what other threads left. Whether more may be there.
    #[inline]
    pub(crate) fn take_deferred(&self) -> bool {
        match self.tape.get() {
            None => self.executor.take_deferred(self.deferred_max()),
            Some(tape) => self.take_taped(tape),
        }
    }

    #[cold]
    fn take_taped(&self, tape: &Tape) -> bool {
        let Some(turn) = tape.turn() else {
            return self.executor.take_inputs(self.deferred_max(), |input| tape.took(input));
        };
        let missing = self.executor.take_again(&turn.inputs);
        if !missing.is_empty() {
            tape.lacks(&missing);
        }
        false
    }
}
