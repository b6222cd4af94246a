//! `Stage`: a script being played: its peers, our listeners, and who acts when.
//!
//! It promises that all it does follows from the seed, the steps, the clock and what the program
//! did. It has no thread and no clock of its own; the reactor has it play in its waits.

use std::{collections::BTreeMap, io, net::SocketAddr, rc::Rc, sync::Arc};

use super::{
    Lives, Role, Script, Step,
    backlog::Backlog,
    line::Opening,
    player::{Act, Player},
    setting::Setting,
};
use crate::{
    dice::Dice,
    limits::Limits,
    net::{PipeEnd, ScriptedListener, ScriptedStream},
    reactor::Reactor,
};

/// The first port given to a listener that asks for any.
const ANY_PORT: u16 = 61_000;

/// A script being played.
#[derive(Debug)]
pub(crate) struct Stage {
    setting: Setting,
    players: Vec<Player>,
    /// Where peers listen, and what each connection there will play.
    listens: BTreeMap<SocketAddr, Listening>,
    /// The number of the next peer, and of the next connection between two sockets of ours.
    next_peer: usize,
    next_own: usize,
    backlog_connections_max: usize,
}

/// Somebody who listens: the lives of those we connect to there, and how many there were.
#[derive(Debug)]
struct Listening {
    lives: Lives,
    connections: usize,
}

impl Listening {
    /// The life of the next one.
    fn next(&mut self) -> Arc<[Step]> {
        let last = self.lives.len() - 1;
        let next = self.connections.min(last);
        self.connections += 1;
        Arc::clone(&self.lives[next])
    }
}

/// A connection that is to be put before a listener of ours.
type Arrival = (Rc<Backlog>, ScriptedStream, SocketAddr);

impl Stage {
    pub(crate) fn new(script: &Script, limits: &Limits) -> Stage {
        script.transcript.limit_to(limits.transcript_bytes_max);
        let mut stage = Stage {
            setting: Setting {
                dice: Rc::new(Dice::new(script.seed)),
                transcript: script.transcript.clone(),
                backlogs: BTreeMap::new(),
            },
            players: Vec::new(),
            listens: BTreeMap::new(),
            next_peer: 0,
            next_own: 0,
            backlog_connections_max: limits.backlog_connections_max,
        };
        for part in &script.parts {
            let mut listening = Listening { lives: Arc::clone(&part.lives), connections: 0 };
            match part.role {
                Role::Listens => drop(stage.listens.insert(part.address, listening)),
                Role::Connects => {
                    let number = stage.number_of_next_peer();
                    let player = Player::calling(number, part.address, listening.next());
                    stage.players.push(player);
                }
            }
        }
        stage
    }

    /// Has the peers act, until none can go on without waiting. Whose turn it is the dice say.
    /// True if one has more to do in the next wait.
    pub(crate) fn play(&mut self, reactor: &Rc<Reactor>, now: u64) -> bool {
        let mut able: Vec<usize> = (0..self.players.len()).collect();
        let mut goes_on = false;
        while !able.is_empty() {
            let picked = self.setting.dice.below(able.len());
            let act = self.players[able[picked]].act(&self.setting, reactor, now);
            goes_on |= act == Act::Rests;
            if act != Act::Done {
                able.remove(picked);
            }
        }
        self.players.retain(|player| !player.is_over());
        goes_on
    }

    /// When a peer goes on that lets time pass.
    pub(crate) fn due(&self) -> Option<u64> {
        self.players.iter().filter_map(Player::due).min()
    }

    /// Our side connects. The connection may have to be put before a listener of ours.
    pub(crate) fn connect(
        &mut self,
        reactor: &Rc<Reactor>,
        to: SocketAddr,
    ) -> (ScriptedStream, Option<Arrival>) {
        let (here, there) = PipeEnd::pair(reactor);
        let stream = |end, line| ScriptedStream::new(end, line, Rc::downgrade(reactor));
        if let Some(backlog) = self.setting.backlog(to).filter(|backlog| backlog.has_room()) {
            let from = Setting::caller_address(to, self.next_own);
            let name = |side: &str| format!("own {} ({side})", self.next_own);
            let client = self.setting.line(name("client"), (from, to), Opening::Open);
            let server = self.setting.line(name("server"), (to, from), Opening::Open);
            let arrival = (Rc::clone(backlog), stream(there, server), from);
            self.next_own += 1;
            return (stream(here, client), Some(arrival));
        }
        let number = self.number_of_next_peer();
        let from = Setting::caller_address(to, number);
        let steps = self.listens.get_mut(&to).map(Listening::next);
        let opening = match steps {
            Some(_) => Opening::Pending,
            None => Opening::Failed(io::ErrorKind::ConnectionRefused),
        };
        let line = self.setting.line(format!("peer {number}"), (from, to), opening);
        if let Some(steps) = steps {
            let player = Player::called(number, steps, there, Rc::clone(&line));
            self.players.push(player);
        }
        (stream(here, line), None)
    }

    /// Our side listens.
    pub(crate) fn bind(
        &mut self,
        reactor: &Rc<Reactor>,
        mut address: SocketAddr,
    ) -> io::Result<ScriptedListener> {
        self.setting.backlogs.retain(|_, backlog| !backlog.is_closed());
        let is_taken = |address: &SocketAddr| {
            self.setting.backlogs.contains_key(address) || self.listens.contains_key(address)
        };
        if address.port() == 0 {
            let mut ports = ANY_PORT..=u16::MAX;
            let free = ports.find(|port| !is_taken(&SocketAddr::new(address.ip(), *port)));
            address.set_port(free.ok_or(io::ErrorKind::AddrInUse)?);
        } else if is_taken(&address) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        let transcript = &self.setting.transcript;
        let backlog = Backlog::new(address, self.backlog_connections_max, transcript);
        self.setting.backlogs.insert(address, Rc::clone(&backlog));
        Ok(ScriptedListener::new(backlog, Rc::downgrade(reactor)))
    }

    fn number_of_next_peer(&mut self) -> usize {
        self.next_peer += 1;
        self.next_peer - 1
    }
}
