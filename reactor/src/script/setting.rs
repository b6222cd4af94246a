//! `Setting`: what all peers of a script share: the dice, the transcript, and our listeners.

use std::{
    collections::BTreeMap,
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    rc::Rc,
};

use super::{
    backlog::Backlog,
    line::{Line, Opening},
    transcript::Transcript,
};
use crate::dice::Dice;

/// The first port of those who connect; each has one of its own.
const CALLER_PORT: u16 = 40_000;
const CALLER_PORTS: u16 = 20_000;

/// The surroundings in which peers act.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) dice: Rc<Dice>,
    pub(crate) transcript: Transcript,
    /// Our listeners, by address.
    pub(crate) backlogs: BTreeMap<SocketAddr, Rc<Backlog>>,
}

impl Setting {
    /// Our listener to which a connection to this address goes.
    pub(crate) fn backlog(&self, to: SocketAddr) -> Option<&Rc<Backlog>> {
        let anywhere = match to.ip() {
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        let at = |address| self.backlogs.get(&address).filter(|backlog| !backlog.is_closed());
        at(to).or_else(|| at(SocketAddr::new(anywhere, to.port())))
    }

    /// The address of somebody who connects to `to`.
    pub(crate) fn caller_address(to: SocketAddr, number: usize) -> SocketAddr {
        let own = u16::try_from(number % usize::from(CALLER_PORTS)).unwrap_or_default();
        SocketAddr::new(to.ip(), CALLER_PORT + own)
    }

    pub(crate) fn line(
        &self,
        name: String,
        addresses: (SocketAddr, SocketAddr),
        opening: Opening,
    ) -> Rc<Line> {
        Line::new(name, addresses, opening, &self.dice, &self.transcript)
    }

    /// Writes what a peer does.
    pub(crate) fn note(&self, at: u64, peer: usize, what: fmt::Arguments<'_>) {
        self.transcript.note(at, &format!("peer {peer}"), what);
    }
}
