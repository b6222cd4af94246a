//! `Alarm`: a timer of the OS in the poller's own set, which ends a wait at its very deadline.
//!
//! It promises never to be early, and to ask the OS only when the deadline has changed. It fires
//! nothing: it ends a wait, and the clock decides what is due. Where the OS has no such timer
//! there is no alarm, and waits have the grain of the poller.

use std::io;

use crate::{clock::Clock, source::SourceId};

pub(crate) use kernel::Alarm;

/// How exactly a wait ends at a deadline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Precision {
    /// As exactly as the poller counts: on epoll up to a millisecond late. A wait costs one call
    /// of the OS, and timers that are due within the same millisecond share it.
    #[default]
    Coarse,
    /// Some tens of microseconds late, for one more call of the OS whenever the next deadline is
    /// another one than at the last wait. On Linux and Android, with descriptors and feature
    /// `os-time`; elsewhere it is `Coarse`, which on Unix is exact as well without
    /// descriptors.
    Precise,
}

/// The alarm that a reactor with this clock needs, watched by its poller.
///
/// The boot clock needs one in any case: the poller's timeout stands still with the machine.
pub(crate) fn alarm(
    registry: Option<&mio::Registry>,
    clock: &Clock,
    precision: Precision,
) -> io::Result<Option<Alarm>> {
    let wanted = match clock {
        Clock::System => precision == Precision::Precise,
        Clock::Boot => true,
        // Nothing comes due there but by a wake.
        Clock::Manual(_) => false,
    };
    let registry = registry.filter(|_| wanted && Alarm::EXISTS);
    registry.map(|registry| Alarm::new(registry, clock, SourceId::ALARM)).transpose()
}

#[cfg(all(feature = "os-time", any(target_os = "linux", target_os = "android")))]
mod kernel {
    use std::{
        io,
        os::fd::{AsRawFd, OwnedFd},
        time::Duration,
    };

    use mio::unix::SourceFd;
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };

    use crate::clock::Clock;

    const OFF: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

    /// A timer descriptor, closed when it is dropped, which takes it out of the poller's set.
    #[derive(Debug)]
    pub(crate) struct Alarm {
        timer: OwnedFd,
        /// The deadline that the OS knows.
        told: Option<u64>,
    }

    impl Alarm {
        pub(super) const EXISTS: bool = true;

        /// An alarm without a deadline.
        pub(super) fn new(
            registry: &mio::Registry,
            clock: &Clock,
            token: mio::Token,
        ) -> io::Result<Alarm> {
            let of = match clock {
                Clock::Boot => TimerfdClockId::Boottime,
                _ => TimerfdClockId::Monotonic,
            };
            let timer = timerfd_create(of, TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK)?;
            // FACT (epoll): each expiry is an edge of its own, whether or not the last was read.
            let (mut source, readable) = (SourceFd(&timer.as_raw_fd()), mio::Interest::READABLE);
            registry.register(&mut source, token, readable)?;
            Ok(Alarm { timer, told: None })
        }

        /// Tells the OS of a deadline, by the time `now`, unless it knows. Whether it was told.
        ///
        /// FACT (Linux): setting a timer takes back what it has told and nobody has heard.
        pub(crate) fn set(&mut self, deadline: Option<u64>, now: u64) -> io::Result<bool> {
            if self.told == deadline {
                return Ok(false);
            }
            // A time of zero would switch it off; the next nanosecond is as good.
            let left = deadline.map(|at| Duration::from_nanos(at.saturating_sub(now).max(1)));
            let it_value = left.map_or(Ok(OFF), Timespec::try_from).unwrap_or(OFF);
            let once = Itimerspec { it_interval: OFF, it_value };
            timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &once)?;
            self.told = deadline;
            Ok(true)
        }
    }
}

#[cfg(not(all(feature = "os-time", any(target_os = "linux", target_os = "android"))))]
mod kernel {
    use std::{convert::Infallible, io};

    use crate::clock::Clock;

    /// There is none here.
    #[derive(Debug)]
    pub(crate) struct Alarm(Infallible);

    impl Alarm {
        pub(super) const EXISTS: bool = false;

        pub(super) fn new(_: &mio::Registry, _: &Clock, _: mio::Token) -> io::Result<Alarm> {
            Err(io::ErrorKind::Unsupported.into())
        }

        pub(crate) fn set(&mut self, _: Option<u64>, _: u64) -> io::Result<bool> {
            match self.0 {}
        }
    }
}
