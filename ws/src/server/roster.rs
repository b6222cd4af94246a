//! The roster: who is connected to a server.
//!
//! Promises that there are never more than the limits say, and that a place becomes free when the
//! last of its jobs is gone. It wakes nobody and closes nothing itself: it hands out who is to be.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::rc::{Rc, Weak};
use std::task::Waker;

use crate::connection::Connection;
use crate::woken::Woken;

use super::job::Seat;
use super::limits::ServerLimits;
use super::report::{StillOpen, StopReport};

/// All places of a server.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    table: RefCell<Table>,
    state: Cell<State>,
    /// Who is to be woken when the last place becomes free.
    pub(crate) serving: Seat,
}

/// How far a server has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    #[default]
    Open,
    /// Nobody comes in any more. Who is idle may ask once more.
    Stopping,
    /// Who is idle goes.
    Parting,
    /// Who is still there has to go.
    Cut,
}

#[derive(Debug, Default)]
struct Table {
    members: BTreeMap<u64, Member>,
    per_address: BTreeMap<IpAddr, usize>,
    /// Members who are only told that there is no place for them.
    guests: usize,
    born: u64,
    admitted: u64,
    report: StopReport,
}

#[derive(Debug)]
struct Member {
    purpose: Purpose,
    peer: Option<SocketAddr>,
    route: Option<Rc<str>>,
    connection: Weak<Connection>,
    /// True once all that is left is the client's own end.
    ended: bool,
    /// Those of its jobs: one, or two after an upgrade.
    seats: Vec<Weak<Seat>>,
}

/// What a place is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    /// To be served.
    Client,
    /// To be told that it is not.
    Guest,
}

/// Whom a stop concerns.
pub(crate) struct Summons {
    pub(crate) connections: Vec<Rc<Connection>>,
    pub(crate) woken: Woken,
}

impl Roster {
    /// A place for one more, if there is one.
    pub(crate) fn admit(
        self: &Rc<Self>,
        peer: Option<SocketAddr>,
        limits: &ServerLimits,
    ) -> Option<Rc<Place>> {
        let mut table = self.table.borrow_mut();
        let network = peer.map(network_of);
        let of_network = network.and_then(|network| table.per_address.get(&network)).copied();
        if self.state.get() != State::Open
            || table.clients() >= limits.connections_max
            || of_network.unwrap_or(0) >= limits.connections_per_address_max
        {
            return None;
        }
        if let Some(network) = network {
            *table.per_address.entry(network).or_default() += 1;
        }
        table.admitted += 1;
        let key = table.add(Purpose::Client, peer);
        Some(Place::new(self, key, peer))
    }

    /// A place for one who is told that there is none. There are few of these, and not for long.
    pub(crate) fn admit_guest(
        self: &Rc<Self>,
        peer: Option<SocketAddr>,
        limits: &ServerLimits,
    ) -> Option<Rc<Place>> {
        let mut table = self.table.borrow_mut();
        if self.state.get() == State::Cut || table.guests >= limits.turned_away_at_once_max {
            return None;
        }
        table.guests += 1;
        let key = table.add(Purpose::Guest, peer);
        Some(Place::new(self, key, peer))
    }

    pub(crate) fn state(&self) -> State {
        self.state.get()
    }

    /// How many are served.
    pub(crate) fn clients(&self) -> usize {
        self.table.borrow().clients()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.table.borrow().members.is_empty()
    }

    pub(crate) fn admitted(&self) -> u64 {
        self.table.borrow().admitted
    }

    /// Nobody comes in any more. Who is there is to be told.
    pub(crate) fn stop(&self) -> Summons {
        self.advance(State::Stopping)
    }

    /// Who is idle goes. Who is there is to be told.
    pub(crate) fn part(&self) -> Summons {
        self.advance(State::Parting)
    }

    fn advance(&self, to: State) -> Summons {
        self.state.set(self.state.get().max(to));
        self.summons()
    }

    /// Who is still there is listed, and has to go.
    pub(crate) fn cut(&self, limits: &ServerLimits) -> Summons {
        if self.state.replace(State::Cut) < State::Cut {
            let mut table = self.table.borrow_mut();
            let is_client = |member: &&Member| member.purpose == Purpose::Client;
            let clients = table.members.values().filter(is_client);
            // Who was ended needs nothing more of us.
            let (ended, dropped): (Vec<_>, Vec<_>) = clients.partition(|member| member.ended);
            let open = |member: &Member| StillOpen {
                peer: member.peer,
                route: member.route.as_ref().map(|route| route.to_string()),
            };
            let still_open = dropped.iter().take(limits.reported_peers_max).map(|one| open(one));
            let still_open = still_open.collect();
            let (closed, dropped) = (ended.len(), dropped.len());
            table.report.closed += closed;
            table.report.dropped = dropped;
            table.report.still_open = still_open;
        }
        self.summons()
    }

    /// The stop is over, and its report is out.
    pub(crate) fn close(&self) -> StopReport {
        self.state.set(State::Cut);
        self.table.borrow().report.clone()
    }

    fn summons(&self) -> Summons {
        let table = self.table.borrow();
        let members = || table.members.values();
        let seats = members().flat_map(|member| &member.seats).filter_map(Weak::upgrade);
        Summons {
            connections: members().filter_map(|member| member.connection.upgrade()).collect(),
            woken: seats.filter_map(|seat| seat.take()).collect(),
        }
    }

    /// A member has left. `Some` is to be woken.
    fn leave(&self, key: u64, broken: bool) -> Option<Waker> {
        let mut table = self.table.borrow_mut();
        let member = table.members.remove(&key)?;
        match member.purpose {
            Purpose::Guest => table.guests -= 1,
            Purpose::Client => {
                table.free_address(member.peer);
                if matches!(self.state.get(), State::Stopping | State::Parting) {
                    let report = &mut table.report;
                    let counter = if broken { &mut report.broken } else { &mut report.closed };
                    *counter += 1;
                }
            }
        }
        let is_last = table.members.is_empty() && self.state.get() != State::Open;
        is_last.then(|| self.serving.take()).flatten()
    }
}

impl Table {
    fn clients(&self) -> usize {
        self.members.len() - self.guests
    }

    fn add(&mut self, purpose: Purpose, peer: Option<SocketAddr>) -> u64 {
        self.born += 1;
        let (connection, seats) = (Weak::new(), Vec::new());
        let member = Member { purpose, peer, route: None, connection, ended: false, seats };
        self.members.insert(self.born, member);
        self.born
    }

    fn free_address(&mut self, peer: Option<SocketAddr>) {
        let Some(network) = peer.map(network_of) else { return };
        if let Some(count) = self.per_address.get_mut(&network) {
            *count -= 1;
            if *count == 0 {
                self.per_address.remove(&network);
            }
        }
    }
}

/// What one client has of the address space: an address of IPv4, 64 bits of IPv6.
fn network_of(peer: SocketAddr) -> IpAddr {
    match peer.ip().to_canonical() {
        IpAddr::V6(address) => {
            Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into()
        }
        address => address,
    }
}

/// One connection's place, held by its jobs.
#[derive(Debug)]
pub(crate) struct Place {
    roster: Rc<Roster>,
    key: u64,
    peer: Option<SocketAddr>,
    broken: Cell<bool>,
}

impl Place {
    fn new(roster: &Rc<Roster>, key: u64, peer: Option<SocketAddr>) -> Rc<Place> {
        Rc::new(Place { roster: Rc::clone(roster), key, peer, broken: Cell::new(false) })
    }

    pub(crate) fn peer(&self) -> Option<SocketAddr> {
        self.peer
    }

    pub(crate) fn is_cut(&self) -> bool {
        self.roster.state() == State::Cut
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.roster.state() != State::Open
    }

    pub(crate) fn is_parting(&self) -> bool {
        self.roster.state() >= State::Parting
    }

    /// The connection did not end as it should.
    pub(crate) fn note_broken(&self) {
        self.broken.set(true);
    }

    /// The connection was idle and is ended: the client's own end is not waited for past a stop.
    pub(crate) fn note_ended(&self) {
        if let Some(member) = self.roster.table.borrow_mut().members.get_mut(&self.key) {
            member.ended = true;
        }
    }

    /// From now on this is a WebSocket.
    pub(crate) fn note_upgrade(&self, route: &Rc<str>, connection: &Rc<Connection>) {
        if let Some(member) = self.roster.table.borrow_mut().members.get_mut(&self.key) {
            member.route = Some(Rc::clone(route));
            member.connection = Rc::downgrade(connection);
        }
    }

    pub(crate) fn new_seat(&self) -> Rc<Seat> {
        let seat = Rc::new(Seat::default());
        if let Some(member) = self.roster.table.borrow_mut().members.get_mut(&self.key) {
            member.seats.retain(|known| known.strong_count() > 0);
            member.seats.push(Rc::downgrade(&seat));
        }
        seat
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let last = self.roster.leave(self.key, self.broken.get());
        if let Some(serving) = last {
            serving.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_of_ipv4_or_a_network_of_ipv6() {
        let network = |peer: &str| network_of(peer.parse().expect("an address")).to_string();
        assert_eq!(network("10.1.2.3:4"), "10.1.2.3");
        assert_eq!(network("[::ffff:10.1.2.3]:4"), "10.1.2.3");
        assert_eq!(network("[2001:db8:1:2:3:4:5:6]:7"), "2001:db8:1:2::");
    }

    #[test]
    fn nothing_is_left_of_who_has_left() {
        let roster = Rc::new(Roster::default());
        let limits = ServerLimits { connections_per_address_max: 1, ..ServerLimits::default() };
        let peer = Some("10.1.2.3:4".parse().expect("an address"));
        for _ in 0..3 {
            let place = roster.admit(peer, &limits).expect("room");
            assert!(roster.admit(peer, &limits).is_none(), "one of each address");
            assert!(roster.admit(None, &limits).is_some(), "another one");
            drop(place);
            assert!(roster.is_empty());
            assert!(roster.table.borrow().per_address.is_empty());
        }
    }
}
