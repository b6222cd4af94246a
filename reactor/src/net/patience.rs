//! `Patience`: how a listener waits out a lack of descriptors or memory.
//!
//! It promises that such a lack makes nobody spin: accepting rests, longer each time, at most
//! `Limits::accept_rest_ms_max`; then it is tried again without waiting for an edge. The log hears
//! of it once an episode, which ends when the backlog was found empty. It frees nothing by itself.

use std::{
    cell::Cell,
    fmt, io,
    task::{Context, Poll, ready},
};

use super::stream_listener::AcceptStreams;
use crate::{
    notifier::caught,
    registered::{Registered, Wait},
    sleep::Sleep,
    source::Source,
};

/// The codes, beside `OutOfMemory`, that say that the process or the system has run out: of
/// descriptors (two kinds) and of buffers. The standard library has no names for them.
const EXHAUSTED: &[i32] = if cfg!(windows) {
    &[10_024, 10_055]
} else if cfg!(any(target_os = "linux", target_os = "android")) {
    &[23, 24, 105]
} else if cfg!(any(target_os = "illumos", target_os = "solaris")) {
    &[23, 24, 132]
} else {
    &[23, 24, 55]
};

const NS_PER_MS: u64 = 1_000_000;

/// The patience of one listener.
#[derive(Default)]
pub(crate) struct Patience {
    /// How long the last rest of this episode was, in milliseconds; 0 outside of one.
    rest_ms: Cell<u64>,
    /// When the rest ends, in nanoseconds since the clock's origin.
    until: Cell<u64>,
    /// The rest of whoever polls the listener itself. A future has its own.
    pause: Cell<Option<Sleep>>,
}

impl Patience {
    /// Accepts, waits for a connection, or rests. `pause` is the caller's own timer.
    ///
    /// FACT (epoll, edge-triggered): when accept fails because the process is out of descriptors,
    /// the connection stays in the backlog and no further edge tells of it. Readiness is cleared
    /// by WouldBlock alone, so the next accept tries again without waiting for an edge.
    pub(crate) fn poll_accept<L: AcceptStreams>(
        &self,
        inner: &Registered<L>,
        cx: &mut Context<'_>,
        wait: Wait,
        pause: &mut Option<Sleep>,
    ) -> Poll<io::Result<(L::Stream, L::Address)>> {
        loop {
            ready!(self.poll_rest(inner, cx, wait, pause));
            let polled = inner.poll_io(cx, wait, |listener| match listener.accept() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.rest_ms.set(0);
                    Err(error)
                }
                // The peer hung up in the backlog: nobody's error, and there may be more behind it.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {
                    Err(io::ErrorKind::Interrupted.into())
                }
                tried => tried,
            });
            match ready!(polled) {
                Err(error) if is_exhausted(&error) => self.begin_rest(inner, &error),
                done => return Poll::Ready(done),
            }
        }
    }

    /// Lends the timer of whoever polls the listener itself.
    pub(crate) fn with_pause<T>(&self, use_it: impl FnOnce(&mut Option<Sleep>) -> T) -> T {
        // Taken out: what is called meanwhile may poll the listener again.
        let mut pause = self.pause.take();
        let used = use_it(&mut pause);
        self.pause.set(pause);
        used
    }

    fn begin_rest<L: Source>(&self, inner: &Registered<L>, error: &io::Error) {
        let reactor = inner.reactor();
        let first = self.rest_ms.get() == 0;
        let most = reactor.limits().accept_rest_ms_max.max(1);
        let rest_ms = self.rest_ms.get().saturating_mul(2).clamp(1, most);
        self.rest_ms.set(rest_ms);
        self.until.set(reactor.read_clock().saturating_add(rest_ms.saturating_mul(NS_PER_MS)));
        reactor.count(|counts| counts.accepts_put_off += 1);
        if first {
            let (kind, id) = (inner.get_ref().kind(), inner.id().index);
            caught(|| {
                log::warn!("accept: {kind} {id} rests, connections wait in its backlog: {error}");
            });
        }
    }

    fn poll_rest<L: Source>(
        &self,
        inner: &Registered<L>,
        cx: &mut Context<'_>,
        wait: Wait,
        pause: &mut Option<Sleep>,
    ) -> Poll<()> {
        let (reactor, until) = (inner.reactor(), self.until.get());
        if reactor.now() >= until {
            // Dropped outside of any borrow: its waker may be anybody's.
            drop(pause.take());
            return Poll::Ready(());
        }
        let sleep = pause.get_or_insert_with(|| Sleep::at(reactor.clone(), until));
        if sleep.deadline_ns() != until {
            sleep.set_deadline(until);
        }
        sleep.poll_at(cx, wait.operation, wait.place)
    }
}

/// Whether an accept failed because there was nothing left to hold the connection with.
fn is_exhausted(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::OutOfMemory
        || error.raw_os_error().is_some_and(|code| EXHAUSTED.contains(&code))
}

impl fmt::Debug for Patience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Patience").field("rest_ms", &self.rest_ms).finish_non_exhaustive()
    }
}
