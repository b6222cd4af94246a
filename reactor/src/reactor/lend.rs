//! A wait that another thread makes for the loop, as a guest's helper does.
//!
//! The poller goes along by ownership, so never two threads wait at once; everything else stays
//! where it is, and sources may be registered meanwhile.

use std::{io, mem, rc::Rc, sync::Arc, time::Duration};

use crate::{events::Events, notifier::Notifier, poller::Poller, reactor::Reactor};

/// A wait that has begun, on its way to the thread that makes it and back.
///
/// Dropped, the poller goes with it, and its loop waits no more.
#[derive(Debug)]
#[must_use = "who has it has the poller: give it back by `end_wait`"]
pub struct LentWait {
    /// None if there is nothing to wait for.
    poller: Option<Poller>,
    timeout: Option<Duration>,
    notifier: Arc<Notifier>,
    events: Events,
    waited: io::Result<()>,
    /// It is of no turn.
    stands: bool,
}

impl LentWait {
    /// Whether it has anything to wait for: else it is over, and can be ended at once.
    #[must_use]
    pub fn blocks(&self) -> bool {
        self.poller.is_some()
    }

    /// Whether it is of no turn: see [`Reactor::begin_stand`].
    #[must_use]
    pub fn stands(&self) -> bool {
        self.stands
    }

    /// Blocks this thread until the wait is over. The wake word is at RUNNING afterwards: the loop
    /// is on its way.
    pub fn block(&mut self) {
        if let Some(poller) = &mut self.poller {
            self.waited = poller.wait(self.timeout, &mut self.events);
            self.notifier.after_wait();
        }
    }
}

impl Reactor {
    /// The first half of phase 1, for a wait that another thread may make. As [`Reactor::wait`],
    /// but for the blocking; it looks whether that is needed. From here on the wake word is armed
    /// if the wait [blocks](LentWait::blocks), and the poller is away.
    pub fn begin_wait(self: &Rc<Self>, timeout: Option<Duration>, events: Events) -> LentWait {
        self.play();
        self.count(|counts| counts.waits += 1);
        let idle = timeout != Some(Duration::ZERO) && !self.has_pending_events();
        self.lend_wait(idle, timeout, events, false)
    }

    /// The same of a wait that is of no turn, as [`Reactor::stand`].
    pub fn begin_stand(&self, timeout: Option<Duration>, events: Events) -> LentWait {
        self.lend_wait(timeout != Some(Duration::ZERO), timeout, events, true)
    }

    fn lend_wait(
        &self,
        idle: bool,
        timeout: Option<Duration>,
        mut events: Events,
        stands: bool,
    ) -> LentWait {
        events.clear();
        let mut waited = self.look(&mut events);
        // The look may have taken the one event that the alarm gives.
        let idle = idle && (stands || !self.alarm_is_due());
        let mut poller = None;
        if waited.is_ok() && idle && events.is_empty() && self.notifier.arm_wait() {
            self.count(|counts| counts.blocked += 1);
            waited = if stands { self.unset_alarm() } else { self.set_alarm() };
            if waited.is_ok() {
                poller = Some(mem::replace(&mut *self.poller.borrow_mut(), Poller::Lent));
            } else {
                self.notifier.after_wait();
            }
        }
        let (timeout, notifier) = (self.trusted(timeout), Arc::clone(&self.notifier));
        LentWait { poller, timeout, notifier, events, waited, stands }
    }

    /// The second half of phase 1, on the loop's thread: the poller is back, and the clock is read.
    /// What came is added to `events`.
    ///
    /// # Errors
    /// As [`Reactor::wait`].
    pub fn end_wait(self: &Rc<Self>, lent: LentWait) -> io::Result<Events> {
        let LentWait { poller, events, waited, notifier, stands, .. } = lent;
        if let Some(poller) = poller {
            // In case nobody made it.
            notifier.after_wait();
            *self.poller.borrow_mut() = poller;
        }
        if !stands {
            self.after_wait();
        }
        waited.map(|()| events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, PollerKind, net};

    fn reactors() -> Vec<Rc<Reactor>> {
        let kinds = [PollerKind::Mio, PollerKind::TimersOnly];
        let new = |poller| Reactor::new(Options { poller, ..Options::default() }).unwrap();
        kinds.into_iter().filter(|kind| !cfg!(miri) || *kind != PollerKind::Mio).map(new).collect()
    }

    #[test]
    fn a_wait_is_made_by_another_thread_and_ended_by_this_one() {
        for reactor in reactors() {
            let mut lent = reactor.begin_wait(None, Events::new());
            assert!(lent.blocks() && reactor.notifier().is_armed());
            let waits = std::thread::spawn(move || {
                lent.block();
                lent
            });
            reactor.notifier().notify();
            let lent = waits.join().unwrap();
            assert!(reactor.notifier().is_notified(), "it is seen by the turn, not by the wait");
            assert!(reactor.end_wait(lent).unwrap().is_empty());
            assert!(reactor.notifier().disarm());
            reactor.wait(Some(Duration::ZERO), &mut Events::new()).unwrap();
        }
    }

    #[test]
    fn what_has_come_by_then_is_not_waited_for() {
        for reactor in reactors() {
            reactor.notifier().notify();
            let lent = reactor.begin_wait(None, Events::new());
            assert!(!lent.blocks());
            reactor.end_wait(lent).unwrap();
            assert!(reactor.notifier().disarm());
            let lent = reactor.begin_wait(Some(Duration::ZERO), Events::new());
            assert!(!lent.blocks() && !reactor.notifier().is_armed(), "nor is there time to wait");
            reactor.end_wait(lent).unwrap();
            // There is room in a new pipe of memory, of which no system tells.
            let _entered = reactor.enter();
            let _pipe = net::duplex().unwrap();
            assert!(reactor.has_pending_events() && !reactor.notifier().is_notified());
            let lent = reactor.begin_wait(None, Events::new());
            assert!(!lent.blocks());
            reactor.end_wait(lent).unwrap();
            assert_eq!((reactor.counts().waits, reactor.counts().blocked), (3, 0));
        }
    }

    #[test]
    fn while_it_is_away_the_loop_can_not_wait_and_a_failure_comes_back_with_it() {
        let reactor = Reactor::new(Options::default()).unwrap();
        let mut lent = reactor.begin_wait(None, Events::new());
        if lent.blocks() {
            let refused = reactor.wait(Some(Duration::ZERO), &mut Events::new()).unwrap_err();
            assert!(refused.to_string().contains("another thread"), "{refused}");
        }
        lent.waited = Err(io::Error::other("out of order"));
        assert_eq!(reactor.end_wait(lent).unwrap_err().to_string(), "out of order");
        assert!(!reactor.notifier().is_armed());
        reactor.wait(Some(Duration::ZERO), &mut Events::new()).unwrap();
    }

    #[test]
    fn where_the_os_has_refused_a_wake_it_waits_for_a_moment_at_most() {
        let (second, moment) = (Duration::from_secs(1), Duration::from_millis(1));
        for reactor in reactors() {
            let timeout_of = |asked| {
                let lent = reactor.begin_wait(asked, Events::new());
                assert!(lent.blocks());
                let timeout = lent.timeout;
                reactor.end_wait(lent).unwrap();
                timeout
            };
            assert_eq!((timeout_of(None), timeout_of(Some(second))), (None, Some(second)));
            reactor.notifier().refused();
            let most = Duration::from_millis(reactor.limits.wait_after_failed_wake_ms_max);
            assert_eq!((timeout_of(None), timeout_of(Some(second))), (Some(most), Some(most)));
            assert_eq!(timeout_of(Some(moment)), Some(moment));
        }
    }

    #[test]
    #[cfg(all(feature = "os-time", target_os = "linux", not(miri)))]
    fn an_alarm_that_has_gone_off_by_then_is_not_waited_for() {
        let options = Options { precision: crate::Precision::Precise, ..Options::default() };
        let (reactor, hour) = (Reactor::new(options).unwrap(), Some(Duration::from_secs(3600)));
        let deadline = loop {
            let deadline = reactor.read_clock() + 1_000_000;
            reactor.note_deadline(Some(deadline));
            let first = reactor.begin_wait(hour, Events::new());
            let blocks = first.blocks();
            reactor.end_wait(first).unwrap();
            // Else this thread was held for so long that it is over already.
            if blocks {
                break deadline;
            }
        };
        assert!(reactor.counts().alarms_set > 0, "the OS knows of it");
        // The OS tells of it once: to the look that every wait begins with.
        while reactor.read_clock() < deadline {}
        let second = reactor.begin_wait(hour, Events::new());
        assert!(!second.blocks());
        reactor.end_wait(second).unwrap();
    }
}
