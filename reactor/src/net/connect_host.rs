//! `ConnectHost`: a connection to whichever address of a host answers first, as a future.
//!
//! It promises a stream that is connected, or an error that names every address and what became of
//! it. It has no deadline; a `timeout` around it has. Dropping it closes the sockets under way.

use std::{
    fmt::Write,
    future::Future,
    io,
    net::SocketAddr,
    panic::Location,
    pin::Pin,
    task::{Context, Poll, ready},
};

use super::{
    connect::Connect,
    lookup::{Lookup, lookup},
    race::{Failures, Race},
    tcp_stream::TcpStream,
};
use crate::{reactor::Reactor, waiter::Place};

/// A connection to a host under way. Made by [`TcpStream::connect_host`] and
/// [`TcpStream::connect_any`].
///
/// # Cancel safety
/// Dropping it gives up every connection that was begun, and the question for the name.
#[derive(Debug)]
#[must_use = "a connection is begun when it is awaited"]
pub struct ConnectHost {
    stage: Stage,
    born: Place,
    /// What it connects to, in words.
    target: String,
}

#[derive(Debug)]
enum Stage {
    Lookup(Lookup),
    Found(Vec<SocketAddr>),
    Race(Race<Connect>),
}

impl ConnectHost {
    #[track_caller]
    pub(crate) fn new(host: String, port: u16) -> ConnectHost {
        let lookup = lookup(host, port);
        let target = format!("{}:{port}", lookup.host());
        ConnectHost { stage: Stage::Lookup(lookup), born: Location::caller(), target }
    }

    #[track_caller]
    pub(crate) fn known(addresses: Vec<SocketAddr>) -> ConnectHost {
        let target = format!("any of {} addresses", addresses.len());
        ConnectHost { stage: Stage::Found(addresses), born: Location::caller(), target }
    }

    fn race(&self, addresses: Vec<SocketAddr>) -> io::Result<Stage> {
        let reactor = Reactor::expect_current("connect")?;
        let addresses_max = reactor.limits().connect_addresses_max;
        Ok(Stage::Race(Race::new(addresses, addresses_max, self.born, Connect::born_at)))
    }
}

impl Future for ConnectHost {
    type Output = io::Result<TcpStream>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let addresses = match &mut self.stage {
                Stage::Lookup(lookup) => ready!(Pin::new(lookup).poll(cx))?,
                Stage::Found(addresses) => std::mem::take(addresses),
                Stage::Race(race) => {
                    let ended = ready!(race.poll(cx))?;
                    return Poll::Ready(ended.map_err(|failures| none_of(&self.target, &failures)));
                }
            };
            self.stage = self.race(addresses)?;
        }
    }
}

/// Why no address could be reached. Its kind is that of the last failure.
fn none_of(target: &str, failures: &Failures) -> io::Error {
    let kind = failures.last().map_or(io::ErrorKind::NotFound, |(_, error)| error.kind());
    let mut text = format!("connect to {target}: expected an address that answers, came none");
    for (index, (address, error)) in failures.iter().enumerate() {
        let separator = if index == 0 { ':' } else { ';' };
        // Writing to a string never fails.
        write!(text, "{separator} {address}: {error}").ok();
    }
    io::Error::new(kind, text)
}
