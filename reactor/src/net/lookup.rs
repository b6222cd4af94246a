//! `Lookup`: the addresses of a name, as a future.
//!
//! It promises never to block the loop: an IP address is its own answer, a name goes to the loop's
//! own [`Resolver`](crate::Resolver) or else to the OS, on another thread. It has no deadline; a
//! `timeout` around it has.

use std::{
    fmt,
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    panic::Location,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, ready},
};

use super::names::{Answer, LookupView, Names};
use crate::{
    hooks::Addresses,
    reactor::Reactor,
    waiter::{Place, place_of},
};

/// Looks up the addresses of a host, each with this port: an IP address or a name.
///
/// Names are looked up one after the other on a thread that starts with the first one, unless the
/// loop has a [`Resolver`](crate::Resolver). At most `Limits::lookups_max` wait.
///
/// # Errors
/// The OS's, or the resolver's, with the name; that there are too many; that there is no current
/// event loop when the future is first polled. There is always one address at least.
///
/// # Cancel safety
/// Dropping the future ends the interest in it. What the OS was asked already it answers to nobody.
///
/// ```
/// # use glassloop_reactor::net;
/// let greet = async {
///     let addresses = net::lookup("example.org", 80).await?;
///     net::TcpStream::connect(addresses[0]).await
/// };
/// # drop(greet);
/// ```
#[track_caller]
pub fn lookup(host: impl Into<String>, port: u16) -> Lookup {
    Lookup { host: host.into(), port, born: Location::caller(), stage: Stage::New }
}

/// The addresses of a name, some time later. Made by [`lookup()`].
///
/// # Cancel safety
/// Dropping it loses the answer and nothing else: the thread that asks goes on to the next name.
#[derive(Debug)]
#[must_use = "a name is looked up when this is awaited"]
pub struct Lookup {
    host: String,
    port: u16,
    born: Place,
    stage: Stage,
}

enum Stage {
    New,
    /// The loop's own resolver was asked.
    Resolver(Addresses),
    /// The thread was asked.
    Thread(Asked),
}

/// A question to the thread. Dropping it leaves nobody waiting.
struct Asked {
    reactor: Rc<Reactor>,
    answer: Arc<Answer>,
    /// Its place in the table of those that wait.
    key: Option<usize>,
}

impl Lookup {
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    fn begin(&self) -> io::Result<Stage> {
        let reactor = Reactor::expect_current("lookup")?;
        if let Some(resolver) = reactor.resolver() {
            return Ok(Stage::Resolver(resolver.resolve(&self.host, self.port)));
        }
        let lookups_max = reactor.limits().lookups_max;
        let notifier = reactor.notifier();
        let ask = |names: &mut Names| names.ask(&self.host, self.port, lookups_max, notifier);
        let answer = reactor.with_names(ask)?;
        Ok(Stage::Thread(Asked { answer, reactor, key: None }))
    }

    fn poll_stage(
        &mut self,
        cx: &mut Context<'_>,
        place: Place,
    ) -> Poll<io::Result<Vec<SocketAddr>>> {
        if let Stage::New = self.stage {
            if let Ok(address) = self.host.parse::<IpAddr>() {
                return Poll::Ready(Ok(vec![SocketAddr::new(address, self.port)]));
            }
            self.stage = self.begin()?;
        }
        match &mut self.stage {
            Stage::Resolver(addresses) => addresses.as_mut().poll(cx),
            Stage::Thread(asked) => asked.poll(cx, &self.host, place),
            Stage::New => unreachable!("it began above"),
        }
    }
}

impl Asked {
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        host: &str,
        place: Place,
    ) -> Poll<io::Result<Vec<SocketAddr>>> {
        if let Some(addresses) = self.answer.take_or_wait(cx.waker()) {
            return Poll::Ready(addresses);
        }
        let owner = self.reactor.owner();
        self.reactor.note_place(place);
        let add = |names: &mut Names| {
            let view = LookupView { host: host.to_owned(), owner, place };
            names.add(view, Arc::clone(&self.answer))
        };
        match self.key {
            Some(key) => self.reactor.with_names(|names| names.note(key, owner, place)),
            None => self.key = Some(self.reactor.with_names(add)),
        }
        Poll::Pending
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.reactor.with_names(|names| names.forget(key));
        }
        self.answer.abandon();
    }
}

impl Future for Lookup {
    type Output = io::Result<Vec<SocketAddr>>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let place = place_of(Location::caller(), self.born);
        let found = ready!(self.poll_stage(cx, place)).and_then(at_least_one);
        // It is over: what it held is let go of, were it polled again it would begin anew.
        self.stage = Stage::New;
        Poll::Ready(found.map_err(|error| {
            io::Error::new(error.kind(), format!("lookup of `{}`: {error}", self.host))
        }))
    }
}

fn at_least_one(addresses: Vec<SocketAddr>) -> io::Result<Vec<SocketAddr>> {
    if addresses.is_empty() {
        let text = "expected an address, came none";
        return Err(io::Error::new(io::ErrorKind::NotFound, text));
    }
    Ok(addresses)
}

impl fmt::Debug for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stage::New => "New",
            Stage::Resolver(_) => "Resolver",
            Stage::Thread(_) => "Thread",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::task::Wake;

    use super::*;
    use crate::{poller::PollerKind, reactor::Options};

    struct Nobody;

    impl Wake for Nobody {
        fn wake(self: Arc<Self>) {}
    }

    #[test]
    fn a_lookup_that_is_dropped_lets_go_of_its_waker_at_once() {
        let options = Options { poller: PollerKind::TimersOnly, ..Options::default() };
        let reactor = Reactor::new(options).unwrap();
        let _entered = reactor.enter();
        let (unheard, _asked) = Names::unheard(4);
        reactor.with_names(|names| *names = unheard);
        let nobody = Arc::new(Nobody);
        let waker = Arc::clone(&nobody).into();
        let mut waiting = Box::pin(lookup("silex.test", 80));
        for _ in 0..3 {
            assert!(waiting.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
            assert_eq!((reactor.counts().lookups, Arc::strong_count(&nobody)), (1, 3));
        }
        drop(waiting);
        assert_eq!((reactor.counts().lookups, Arc::strong_count(&nobody)), (0, 2));
    }
}
