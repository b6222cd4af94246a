//! `Poller`: where the loop blocks, and what tells it of readiness.
//!
//! It promises to return by the timeout or soon after, and that an early return with no event is
//! ordinary. It translates events into plain data; it knows no table and no wake word.

use std::{io, sync::Arc, time::Duration};

use crate::{
    events::{Event, Events},
    notifier::{Notifier, Unblock},
    parker::Parker,
    readiness::{Interest, Readiness},
    source::SourceId,
};

/// The longest time that the OS is asked to wait, as near to mio's own bound as whole days come.
const WAIT_MAX: Duration = Duration::from_secs(24 * 24 * 60 * 60);

/// Which poller a reactor has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PollerKind {
    /// The OS's: epoll, kqueue, or what Windows has.
    #[default]
    Mio,
    /// None: timers, wakes and memory sockets only. Opens no descriptor.
    TimersOnly,
    /// A [`Script`](crate::Script): as `TimersOnly`, and connections are to peers of the script.
    Scripted,
}

/// A poller at work.
#[derive(Debug)]
pub(crate) enum Poller {
    Mio {
        poll: mio::Poll,
        events: mio::Events,
    },
    Parked {
        parker: Arc<Parker>,
    },
    /// It is with another thread, which waits in the loop's place.
    Lent,
}

impl Poller {
    /// A poller, and the notifier that ends its waits.
    pub(crate) fn new(kind: PollerKind, events_max: usize) -> io::Result<(Poller, Notifier)> {
        match kind {
            PollerKind::Mio => {
                let poll = mio::Poll::new()?;
                let waker = mio::Waker::new(poll.registry(), SourceId::WAKE)?;
                let events = mio::Events::with_capacity(events_max);
                Ok((Poller::Mio { poll, events }, Notifier::new(Unblock::Mio(waker))))
            }
            PollerKind::TimersOnly | PollerKind::Scripted => {
                let parker = Arc::new(Parker::new());
                let notifier = Notifier::new(Unblock::Parker(Arc::clone(&parker)));
                Ok((Poller::Parked { parker }, notifier))
            }
        }
    }

    /// Blocks for at most `timeout`, or for ever, and adds what came to `events`.
    ///
    /// FACT (mio): a timeout below a millisecond is rounded up to one for epoll, which counts them
    /// in 31 bits. One past 24 days is cut short here, on every OS alike: whoever waits must look
    /// at the clock again, not trust the timeout.
    pub(crate) fn wait(
        &mut self,
        timeout: Option<Duration>,
        events: &mut Events,
    ) -> io::Result<()> {
        let timeout = timeout.map(|timeout| timeout.min(WAIT_MAX));
        match self {
            // Without a timeout to wait there is nothing to look at either.
            Poller::Parked { .. } if timeout == Some(Duration::ZERO) => {}
            Poller::Parked { parker } => parker.park(timeout),
            Poller::Lent => return Err(io::Error::other("the poller is with another thread")),
            Poller::Mio { poll, events: raw } => {
                match poll.poll(raw, timeout) {
                    // A signal came first: as good as a wait that brought nothing.
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
                    polled => polled?,
                }
                for event in raw.iter() {
                    let source = SourceId::from_token(event.token());
                    // Else it is the loop's own waker or alarm, which has ended the wait by that.
                    if source.is_of_a_source() {
                        events.push(Event { source, readiness: readiness_of(event) });
                    }
                }
            }
        }
        Ok(())
    }

    /// A second handle of what registers sources, so that registering needs no access to the
    /// poller itself. None where there are no descriptors.
    pub(crate) fn registry(&self) -> io::Result<Option<mio::Registry>> {
        match self {
            Poller::Mio { poll, .. } => poll.registry().try_clone().map(Some),
            Poller::Parked { .. } | Poller::Lent => Ok(None),
        }
    }
}

/// What the OS is to watch.
pub(crate) fn interest_of(interest: Interest) -> mio::Interest {
    match interest {
        Interest::Read => READS,
        Interest::Write => mio::Interest::WRITABLE,
        Interest::Both => READS.add(mio::Interest::WRITABLE),
    }
}

/// With what comes in, urgent data: who isn't told of it takes the short read before it for the
/// last. (Miri has no such data, and refuses to watch for it.)
#[cfg(all(any(target_os = "linux", target_os = "android"), not(miri)))]
const READS: mio::Interest = mio::Interest::READABLE.add(mio::Interest::PRIORITY);
#[cfg(not(all(any(target_os = "linux", target_os = "android"), not(miri))))]
const READS: mio::Interest = mio::Interest::READABLE;

fn readiness_of(event: &mio::event::Event) -> Readiness {
    let flags = [
        (event.is_readable(), Readiness::READABLE),
        (event.is_writable(), Readiness::WRITABLE),
        (event.is_read_closed(), Readiness::READ_CLOSED),
        (event.is_write_closed(), Readiness::WRITE_CLOSED),
        (event.is_error(), Readiness::ERROR),
        (event.is_priority(), Readiness::URGENT),
    ];
    let told = flags.into_iter().filter(|(is_told, _)| *is_told);
    told.fold(Readiness::NONE, |all, (_, flag)| all | flag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_of_any_length_is_one_that_the_os_takes() {
        // epoll counts milliseconds in 31 bits, Windows in 32.
        assert!(WAIT_MAX.as_millis() < (1 << 31) - 1);
        let days = |days: u64| Duration::from_secs(days * 86_400);
        for kind in [PollerKind::Mio, PollerKind::TimersOnly] {
            for timeout in [days(24), days(25), days(60), Duration::from_nanos(u64::MAX)] {
                let (mut poller, notifier) = Poller::new(kind, 16).unwrap();
                notifier.wake_os();
                let mut events = Events::new();
                poller.wait(Some(timeout), &mut events).unwrap();
                assert!(events.is_empty(), "a wake is no event");
            }
        }
    }
}
