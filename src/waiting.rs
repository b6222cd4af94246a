//! `Waiting`: phase 1, the choice of how long to wait, and the only place that blocks.
//!
//! The reactor arms the wake word before it blocks and reads the clock afterwards. Nothing runs
//! here but observers. When nothing could ever end the wait it says so instead of hanging.

use std::{rc::Rc, time::Duration};

use glassloop_executor::Entry;
use glassloop_reactor::{Clock, Events, LentWait};

use crate::{
    Phase, RunError,
    core::{Core, earlier},
    deadlock::{self, Outlook},
};

/// A wait that is about to happen. While it lives no turn and no other wait can begin.
pub(crate) struct Waiting<'a> {
    core: &'a Rc<Core>,
}

impl<'a> Waiting<'a> {
    pub(crate) fn begin(core: &'a Rc<Core>) -> Result<Waiting<'a>, RunError> {
        core.begin_busy()?;
        Ok(Waiting { core })
    }

    /// Waits as `wait` does, but not for what can never come: `None` when nothing is left at all,
    /// an error when tasks are left that nothing can wake.
    #[inline]
    pub(crate) fn wait_for_work(self) -> Result<Option<Events>, RunError> {
        if self.goes_on() {
            return Ok(Some(self.go_on()));
        }
        self.ask_for_work()
    }

    fn ask_for_work(self) -> Result<Option<Events>, RunError> {
        // By an order that has come, it may go on now.
        if self.core.heed() && self.goes_on() && !self.core.standing.is_aside() {
            return Ok(Some(self.go_on()));
        }
        let core = self.core;
        if core.standing.is_aside() {
            return self.ask(None).map(Some);
        }
        let outlook = match core.is_taped() {
            true => core.outlook_again()?,
            false if core.has_work() => Outlook::Open,
            false => deadlock::outlook(core),
        };
        match outlook {
            Outlook::Open => self.ask(None).map(Some),
            Outlook::Over => Ok(None),
            Outlook::Deadlock(report) => Err(RunError::Deadlock(report)),
            Outlook::Suspected => {
                deadlock::warn_in_time(self.core);
                self.ask(Some(deadlock::patience(self.core))).map(Some)
            }
        }
    }

    /// Waits until there is something to do, at most `timeout` if one is given.
    #[inline]
    pub(crate) fn wait(self, timeout: Option<Duration>) -> Result<Events, RunError> {
        if self.goes_on() {
            return Ok(self.go_on());
        }
        self.core.heed();
        self.ask(timeout)
    }

    /// Whether work is ready and the system was asked a moment ago. The next turn then goes on with
    /// what it has, and keeps its `now`: a poll and a reading cost 120 ns, an item about 15.
    #[inline]
    fn goes_on(&self) -> bool {
        let core = self.core;
        let items = core.items_since_poll.get();
        // Between two runs, or two calls of a host, the clock has gone on unseen.
        core.running.get()
            && items > 0
            && items < core.limits.items_per_poll_max
            && core.executor.has_ready()
    }

    /// A wait that asks nobody. Whoever watches hears of it all the same.
    #[inline]
    fn go_on(&self) -> Events {
        if self.core.watched.get() {
            let core = self.core;
            self.tell_phase();
            core.record_wait(core.stride.read_at(), 0, false);
            core.tell(Phase::Wait, |observer| observer.wait_began(Some(Duration::ZERO)));
            core.tell(Phase::Wait, |observer| observer.wait_ended(0));
        }
        Events::new()
    }

    /// Asks the system and the clock, and blocks if nothing is ready.
    fn ask(&self, timeout: Option<Duration>) -> Result<Events, RunError> {
        let core = self.core;
        if core.standing.is_aside() {
            return self.stand(timeout);
        }
        let again = core.wait_again()?;
        let choice = self.asking(again.map(|_| Duration::ZERO).or(timeout))?;
        let mut events = core.spare_events.take();
        let before = core.reactor.waits_blocked();
        // The reactor arms the wake word if it blocks, and reads the clock afterwards.
        core.reactor.wait(choice, &mut events)?;
        let blocked = core.reactor.waits_blocked() > before;
        self.asked(events.len(), again.unwrap_or(blocked));
        Ok(events)
    }

    /// The wait of a loop that was stopped, which is of no turn: nobody is told, no time passes
    /// for the turn under way, no peer of a script acts. Only an order ends it, and what must not
    /// be lost.
    #[cold]
    fn stand(&self, timeout: Option<Duration>) -> Result<Events, RunError> {
        let choice = self.stand_for(timeout)?;
        let mut events = self.core.spare_events.take();
        self.core.reactor.stand(choice, &mut events)?;
        Ok(events)
    }

    /// How long to stand: not at all with a turn to go on with, or an order to look at.
    fn stand_for(&self, timeout: Option<Duration>) -> Result<Option<Duration>, RunError> {
        let core = self.core;
        core.shared.now.set(Entry::NOTHING, Phase::Wait);
        if core.has_order() || !core.standing.stands() {
            return Ok(Some(Duration::ZERO));
        }
        if timeout != Some(Duration::ZERO) {
            core.look_for_fork()?;
        }
        Ok(timeout)
    }

    /// The first half of a wait that another thread may make; it is ended by
    /// [`take_back`](Waiting::take_back).
    pub(crate) fn lend(self) -> Result<LentWait, RunError> {
        let (core, events) = (self.core, self.core.spare_events.take());
        core.heed();
        if core.standing.is_aside() {
            return Ok(core.reactor.begin_stand(self.stand_for(None)?, events));
        }
        let again = core.wait_again()?.map(|_| Duration::ZERO);
        Ok(core.reactor.begin_wait(self.asking(again)?, events))
    }

    /// The second half of it.
    pub(crate) fn take_back(self, lent: LentWait) -> Result<Events, RunError> {
        let is_of_turn = !lent.stands();
        let events = self.core.reactor.end_wait(lent)?;
        if is_of_turn {
            self.asked(events.len(), true);
        }
        Ok(events)
    }

    /// How long to wait; whoever watches is told.
    fn asking(&self, timeout: Option<Duration>) -> Result<Option<Duration>, RunError> {
        let core = self.core;
        core.items_since_poll.set(0);
        self.tell_phase();
        let mut choice = self.choose(timeout);
        if core.observers.any() {
            core.tell(Phase::Wait, |observer| observer.wait_began(choice));
            // What they armed counts.
            choice = self.choose(timeout);
        }
        core.shared.now.set(Entry::NOTHING, Phase::Wait);
        if choice != Some(Duration::ZERO) {
            core.look_for_fork()?;
        }
        Ok(choice)
    }

    /// The wait is over: the turn's `now` is there. One that didn't block was no rest, unless time
    /// is what somebody says it is, and that was said here.
    #[inline]
    fn asked(&self, events: usize, blocked: bool) {
        let core = self.core;
        core.resume.look(core);
        core.tape_wait(blocked, events);
        let (began, now) = (core.stride.read_at(), core.reactor.now());
        core.stride.begin(now);
        let rested = blocked || matches!(core.reactor.clock(), Clock::Manual(_));
        core.record_wait(began, events, rested);
        core.tell(Phase::Wait, |observer| observer.wait_ended(events));
    }

    /// How long to wait: not at all if a turn has something to do right now.
    fn choose(&self, at_most: Option<Duration>) -> Option<Duration> {
        let core = self.core;
        if core.has_order() || core.standing.has_kept() || core.has_turn_again() {
            return Some(Duration::ZERO);
        }
        if core.is_busy() || core.resume.is_behind(core.reactor.clock()) {
            return Some(Duration::ZERO);
        }
        if core.frames.idle_len() > 0 {
            // Idle callbacks that ask again must not keep a clock that jumps where it is.
            if core.frames.idled.replace(false) {
                self.jump();
            }
            return Some(Duration::ZERO);
        }
        self.timeout(at_most)
    }

    /// Moves a clock that jumps to the next deadline, if nothing else can come before.
    fn jump(&self) -> bool {
        let core = self.core;
        let (Clock::Manual(clock), Some(deadline)) =
            (core.reactor.clock(), earlier(core.earliest_deadline(), core.standing.until()))
        else {
            return false;
        };
        let jumps = deadlock::jumps(core, clock);
        if jumps {
            clock.jump_to(core.reactor.by_clock(deadline));
        }
        jumps
    }

    /// Until the next deadline, or for ever. A manual clock that jumps does so here.
    fn timeout(&self, at_most: Option<Duration>) -> Option<Duration> {
        let core = self.core;
        let deadline = earlier(core.next_deadline(), core.standing.until());
        let Some(deadline) = deadline else { return at_most };
        let deadline = core.reactor.by_clock(deadline);
        let left = match core.reactor.clock() {
            Clock::Manual(_) if self.jump() => return Some(Duration::ZERO),
            // One that stands still is moved by somebody, and that wakes us.
            Clock::Manual(clock) => clock.time_until(deadline),
            clock => Some(Duration::from_nanos(deadline.saturating_sub(clock.now()))),
        };
        left.into_iter().chain(at_most).min()
    }

    fn tell_phase(&self) {
        let turn = self.core.turns.get() + 1;
        self.core.tell(Phase::Wait, |observer| observer.phase_began(Phase::Wait, turn));
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.core.busy.set(false);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::{EventLoop, RunError, sleep};

    #[test]
    fn a_loop_that_finds_itself_in_another_process_says_so_before_it_blocks() {
        let event_loop = EventLoop::new().unwrap();
        let here = std::process::id();
        event_loop.core.process.set(here + 1);
        let sleeper = event_loop.spawn(async { sleep(Duration::from_secs(3600)).await });
        let told = event_loop.run().unwrap_err();
        match told {
            RunError::Forked { made_in, here: told } => {
                assert_eq!((made_in, told), (here + 1, here))
            }
            other => panic!("{other}"),
        }
        // One turn was made, for the task, and nothing is stuck.
        assert_eq!(event_loop.snapshot().turn, 1);
        assert!(event_loop.pump(Duration::ZERO).is_ok());
        event_loop.core.process.set(here);
        drop(sleeper);
    }

    #[test]
    fn in_debug_mode_each_turn_says_so() {
        let event_loop = EventLoop::builder().debug(true).build().unwrap();
        event_loop.core.process.set(std::process::id() + 1);
        for _ in 0..2 {
            let told = event_loop.pump(Duration::ZERO).unwrap_err();
            assert!(matches!(told, RunError::Forked { .. }), "{told}");
        }
        assert_eq!(event_loop.snapshot().turn, 0);
        event_loop.core.process.set(std::process::id());
        assert!(event_loop.pump(Duration::ZERO).is_ok());
    }
}
