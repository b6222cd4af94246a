//! `Race`: attempts to reach one of several addresses, the next one begun a while after the last.
//!
//! As RFC 8305 has it ("happy eyeballs"), without its look at half of the answer to a name. It
//! promises that an address that says nothing delays the others by one stagger, that one that
//! refuses delays them not at all, and that no failure is forgotten. What an attempt is, it doesn't
//! know.

use std::{
    fmt,
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
    vec,
};

use crate::{reactor::Reactor, sleep::Sleep, waiter::Place};

/// What has become of addresses that could not be reached.
pub(crate) type Failures = Vec<(SocketAddr, io::Error)>;

/// Begins an attempt on behalf of a place.
pub(crate) type Begin<F> = fn(SocketAddr, Place) -> F;

/// A race of attempts. Dropping it drops those that are under way.
pub(crate) struct Race<F> {
    begin: Begin<F>,
    born: Place,
    waiting: vec::IntoIter<SocketAddr>,
    under_way: Vec<(SocketAddr, F)>,
    /// Until the next one begins.
    stagger: Option<Sleep>,
    failures: Failures,
}

impl<F, T> Race<F>
where
    F: Future<Output = io::Result<T>> + Unpin,
{
    /// A race to the first so many addresses, families in turns.
    pub(crate) fn new(
        addresses: Vec<SocketAddr>,
        addresses_max: usize,
        born: Place,
        begin: Begin<F>,
    ) -> Race<F> {
        let mut addresses = in_turns(addresses);
        addresses.truncate(addresses_max.max(1));
        Race {
            begin,
            born,
            waiting: addresses.into_iter(),
            under_way: Vec::new(),
            stagger: None,
            failures: Vec::new(),
        }
    }

    /// The first to arrive, or what became of them all.
    #[track_caller]
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Result<T, Failures>>> {
        loop {
            let failed_before = self.failures.len();
            if let Some(winner) = self.poll_attempts(cx) {
                return Poll::Ready(Ok(Ok(winner)));
            }
            let one_failed = self.failures.len() > failed_before;
            let is_due = one_failed || self.under_way.is_empty() || self.is_next_due(cx);
            if !is_due {
                return Poll::Pending;
            }
            if !self.begin_next()? {
                if self.under_way.is_empty() {
                    return Poll::Ready(Ok(Err(std::mem::take(&mut self.failures))));
                }
                return Poll::Pending;
            }
        }
    }

    /// Asks each attempt that is under way.
    #[track_caller]
    fn poll_attempts(&mut self, cx: &mut Context<'_>) -> Option<T> {
        let mut index = 0;
        while let Some((address, attempt)) = self.under_way.get_mut(index) {
            match Pin::new(attempt).poll(cx) {
                Poll::Ready(Ok(winner)) => return Some(winner),
                Poll::Ready(Err(error)) => {
                    self.failures.push((*address, error));
                    drop(self.under_way.remove(index));
                }
                Poll::Pending => index += 1,
            }
        }
        None
    }

    #[track_caller]
    fn is_next_due(&mut self, cx: &mut Context<'_>) -> bool {
        match &mut self.stagger {
            Some(stagger) => stagger.poll_as(cx, "connect").is_ready(),
            None => false,
        }
    }

    /// Begins the next attempt. False if there is none left.
    fn begin_next(&mut self) -> io::Result<bool> {
        let Some(address) = self.waiting.next() else {
            self.stagger = None;
            return Ok(false);
        };
        self.under_way.push((address, (self.begin)(address, self.born)));
        self.stagger = None;
        if !self.waiting.as_slice().is_empty() {
            let reactor = Reactor::expect_current("connect")?;
            let stagger = Duration::from_millis(reactor.limits().connect_stagger_ms);
            let deadline = reactor.deadline_after(stagger);
            self.stagger = Some(Sleep::born_at(reactor, deadline, self.born));
        }
        Ok(true)
    }
}

/// The addresses with their families in turns, beginning with that of the first; within a family
/// in the order given, which is that of the resolver's preference.
fn in_turns(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (like, other): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first);
    let (mut like, mut other) = (like.into_iter(), other.into_iter());
    let mut turns = Vec::with_capacity(like.len() + other.len());
    while like.len() + other.len() > 0 {
        turns.extend(like.next());
        turns.extend(other.next());
    }
    turns
}

impl<F> fmt::Debug for Race<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Race")
            .field("waiting", &self.waiting.as_slice())
            .field("under_way", &self.under_way.len())
            .field("failures", &self.failures)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
