//! Sources that look forgotten: with something to read that nobody ever asked for, or given up as
//! not ready though the operating system never said so.
//!
//! For who looks for faults. It changes nothing, and of the system it asks only about those that
//! are in doubt.

#[cfg(unix)]
use crate::source_table::Doubt;
use crate::{reactor::Reactor, source::SourceId};

impl Reactor {
    /// The sources that have something to read, or have failed, and that nobody ever asked.
    // COST: O(sources).
    #[must_use]
    pub fn unheard(&self) -> Vec<SourceId> {
        self.sources.borrow().unheard()
    }

    /// The sources that somebody waits for, that were given up by a WouldBlock which the operating
    /// system had not said, and that it says are ready. It may have said so just now, and be about
    /// to tell: certain is what is still here, with the same number, after it was asked for events.
    // COST: O(sources); five system calls, and one for each source in doubt, if any is.
    #[cfg(unix)]
    #[must_use]
    pub fn doubted(&self) -> Vec<(SourceId, u32)> {
        let doubts = self.sources.borrow().doubts();
        if doubts.is_empty() {
            return Vec::new();
        }
        // Where the system refuses, nothing is known.
        ready_by_system(&doubts).unwrap_or_default()
    }

    /// Nothing is ever in doubt there: WouldBlock has no number of the system's.
    #[cfg(not(unix))]
    #[must_use]
    pub fn doubted(&self) -> Vec<(SourceId, u32)> {
        Vec::new()
    }
}

/// Those of them that are ready, as another poller finds. FACT (epoll, kqueue): to register a
/// descriptor that is ready is an edge, in each poller by itself.
#[cfg(unix)]
fn ready_by_system(doubts: &[Doubt]) -> std::io::Result<Vec<(SourceId, u32)>> {
    use mio::{Events, Interest, Poll, Token, unix::SourceFd};
    use std::time::Duration;

    let mut poll = Poll::new()?;
    for (number, doubt) in doubts.iter().enumerate() {
        let interest = if doubt.reads { Interest::READABLE } else { Interest::WRITABLE };
        poll.registry().register(&mut SourceFd(&doubt.descriptor), Token(number), interest)?;
    }
    let mut events = Events::with_capacity(doubts.len());
    poll.poll(&mut events, Some(Duration::ZERO))?;
    let is_meant = |event: &&mio::event::Event| match doubts[event.token().0].reads {
        true => event.is_readable(),
        false => event.is_writable(),
    };
    let doubt = |event: &mio::event::Event| doubts[event.token().0];
    let ready = events.iter().filter(is_meant).map(doubt);
    Ok(ready.map(|doubt| (doubt.source, doubt.number)).collect())
}
