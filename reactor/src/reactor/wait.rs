//! Phase `wait`: looking, arming, blocking, and the one reading of the clock after it.
//!
//! It promises that what comes in at any moment ends the wait, and that the OS is told of a
//! deadline no more often than it changes. It decides nothing about how long: its caller does.

use std::{
    io,
    rc::Rc,
    time::{Duration, Instant},
};

use crate::{events::Events, reactor::Reactor};

/// Looks at the wake word for each look at the sockets while the loop spins. A look costs about
/// 40 ns, most of it the pause, and asking the OS some 250.
const LOOKS: u32 = 8;

/// What is left of a wait.
enum Rest {
    /// Something has come, or the time is over.
    None,
    /// So long, or for ever.
    Some(Option<Duration>),
}

impl Reactor {
    /// Phase 1: blocks for at most `timeout` (`None`: for ever), fills `events`, then reads the
    /// clock: that is the turn's `now`.
    ///
    /// It arms the wake word by itself. It doesn't block if something has come in already, or if
    /// an event of a memory socket waits; an early return with no event is ordinary.
    ///
    /// # Errors
    /// The OS's, except that a signal only ends the wait.
    pub fn wait(self: &Rc<Self>, timeout: Option<Duration>, events: &mut Events) -> io::Result<()> {
        events.clear();
        self.play();
        self.count(|counts| counts.waits += 1);
        let idle = timeout != Some(Duration::ZERO) && !self.has_pending_events();
        let waited = if !idle {
            self.look(events)
        } else if self.spins() {
            self.spin_then_block(timeout, events)
        } else {
            self.block(timeout, events)
        };
        self.after_wait();
        waited
    }

    /// A wait that is of no turn, for a loop that was stopped: blocks for at most `timeout` and
    /// fills `events`. The turn's `now` stays what it was, the peers of a script do nothing, and
    /// what memory sockets have told waits.
    ///
    /// # Errors
    /// As [`Reactor::wait`].
    pub fn stand(&self, timeout: Option<Duration>, events: &mut Events) -> io::Result<()> {
        events.clear();
        if timeout == Some(Duration::ZERO) || !self.notifier.arm_wait() {
            return self.look(events);
        }
        self.count(|counts| counts.blocked += 1);
        let waited = self.unset_alarm().and_then(|()| {
            let timeout = self.trusted(timeout);
            self.poller.borrow_mut().wait(timeout, events)
        });
        self.notifier.after_wait();
        waited
    }

    /// The end of every wait: the turn's `now`.
    pub(super) fn after_wait(self: &Rc<Self>) {
        self.now.set(self.read_clock());
        self.play_if_due();
        self.operations_left.set(self.limits.operations_per_poll_max);
    }

    /// The descriptor that the OS's poller is. It is readable while an event waits.
    ///
    /// # Errors
    /// `Unsupported` without a poller of the OS.
    #[cfg(unix)]
    pub fn descriptor(&self) -> io::Result<std::os::fd::BorrowedFd<'_>> {
        self.registry.as_ref().map(std::os::fd::AsFd::as_fd).ok_or_else(|| {
            let what = "a loop without a poller of the operating system has no descriptor";
            io::Error::new(io::ErrorKind::Unsupported, what)
        })
    }

    /// Asks the OS what it has, without blocking.
    pub(super) fn look(&self, events: &mut Events) -> io::Result<()> {
        self.poller.borrow_mut().wait(Some(Duration::ZERO), events)
    }

    /// Not while the loop is with its host: who notifies then calls the host in any case.
    fn spins(&self) -> bool {
        !self.spin.is_zero() && !self.notifier.is_armed()
    }

    #[cold]
    fn spin_then_block(&self, timeout: Option<Duration>, events: &mut Events) -> io::Result<()> {
        match self.spin(timeout, events)? {
            Rest::None => Ok(()),
            Rest::Some(timeout) => self.block(timeout, events),
        }
    }

    /// Looks for work while the word stays RUNNING: nobody needs a system call to be heard. What is
    /// left of the timeout then.
    ///
    /// It counts in the OS's time: on a clock that stands still it would never end.
    fn spin(&self, timeout: Option<Duration>, events: &mut Events) -> io::Result<Rest> {
        self.count(|counts| counts.spun += 1);
        let began = Instant::now();
        loop {
            let notified = self.notifier.spin(LOOKS);
            // The sockets are asked all the same, as by every wait.
            self.look(events)?;
            let spun = began.elapsed();
            let over = timeout.is_some_and(|timeout| timeout <= spun);
            if notified || over || !events.is_empty() {
                return Ok(Rest::None);
            }
            if spun >= self.spin {
                return Ok(Rest::Some(timeout.map(|timeout| timeout - spun)));
            }
        }
    }

    /// Blocks for so long, or for ever, unless something has come in already.
    fn block(&self, timeout: Option<Duration>, events: &mut Events) -> io::Result<()> {
        if !self.notifier.arm_wait() {
            return self.look(events);
        }
        self.count(|counts| counts.blocked += 1);
        let waited = self.set_alarm().and_then(|()| {
            let timeout = self.trusted(timeout);
            self.poller.borrow_mut().wait(timeout, events)
        });
        self.notifier.after_wait();
        waited
    }

    /// Where there is an alarm: has it set for the next deadline. The timeout stays what it was,
    /// and is the later of the two.
    pub(super) fn set_alarm(&self) -> io::Result<()> {
        let mut alarm = self.alarm.borrow_mut();
        let Some(alarm) = &mut *alarm else { return Ok(()) };
        if alarm.set(self.alarm_deadline(), self.clock.now())? {
            self.count(|counts| counts.alarms_set += 1);
        }
        Ok(())
    }

    /// Where there is an alarm: what is due is nobody's. The next wait of a turn sets it again.
    pub(super) fn unset_alarm(&self) -> io::Result<()> {
        let mut alarm = self.alarm.borrow_mut();
        let Some(alarm) = &mut *alarm else { return Ok(()) };
        alarm.set(None, self.clock.now()).map(drop)
    }

    fn alarm_deadline(&self) -> Option<u64> {
        let timers = self.timers.borrow().next_deadline();
        let deadline = timers.into_iter().chain(self.deadline_noted.get()).min();
        deadline.map(|at| self.by_clock(at))
    }

    /// Whether there is an alarm that has gone off, or would at once.
    pub(super) fn alarm_is_due(&self) -> bool {
        self.alarm.borrow().is_some()
            && self.alarm_deadline().is_some_and(|at| at <= self.clock.now())
    }

    /// A timeout that loses nothing even where the OS has refused to wake us.
    pub(super) fn trusted(&self, timeout: Option<Duration>) -> Option<Duration> {
        if !self.notifier.wake_failed() {
            return timeout;
        }
        let most = Duration::from_millis(self.limits.wait_after_failed_wake_ms_max);
        Some(timeout.map_or(most, |timeout| timeout.min(most)))
    }
}
