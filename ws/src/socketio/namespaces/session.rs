//! `Session`: the connection that stands, and what is on its way over it.
//!
//! Promises that the messages of one packet leave one behind the other, with those of no other
//! packet between them, and that it is known which packets have left whole. It sends nothing
//! itself: `shared` does, with nothing borrowed.

use std::{collections::VecDeque, rc::Rc};

use tungstenite::protocol::Role;

use super::{
    limits::Limits,
    outbound::{Fate, Outbound},
    space::Space,
    state::Disconnect,
};
use crate::{
    Message, WebSocket,
    connection::Connection,
    socketio::{Body, Decoder, Handshake},
};

/// A connection that has said hello.
pub(in crate::socketio) struct Session {
    /// Those before it have lower ones.
    pub(in crate::socketio) number: u64,
    pub(in crate::socketio) socket: WebSocket,
    /// The longest message that the server takes.
    payload_bytes_max: u64,
    pub(in crate::socketio) decoder: Decoder,
    /// Messages of packets that were handed over, for which there was no room yet.
    queue: VecDeque<Message>,
    /// Messages that were handed over, all in all.
    handed: u64,
    /// Packets that were handed over and have not left whole.
    in_flight: VecDeque<InFlight>,
    /// Whose turn it is to send.
    pub(in crate::socketio) turn: usize,
    /// Why it is to end, if that is known before it has.
    pub(in crate::socketio) fault: Option<Disconnect>,
    /// A packet leaves another way at this moment: nothing may come between its messages.
    pub(in crate::socketio) is_busy: bool,
    /// Nothing begins on it any more.
    pub(in crate::socketio) parting: bool,
    /// The goodbyes of namespaces that the server may not have heard yet.
    farewells: Vec<Farewell>,
    /// Namespaces that were left after they had asked, and before the answer.
    pub(in crate::socketio) unwanted: Vec<Rc<Space>>,
}

/// A namespace that was left. A server that finds its goodbye in one read with the events before it
/// may drop those, and with its next greeting takes that for a fault (node's does both).
struct Farewell {
    space: Rc<Space>,
    /// The goodbye was handed over; else it waits until what stands before it has arrived.
    is_said: bool,
    /// It, or what stands before it, has left when so many messages have.
    last: u64,
}

/// What stands before the JSON of a packet, but for the namespace.
const HEAD_BYTES_MAX: usize = 64;

struct InFlight {
    space: Rc<Space>,
    outbound: Outbound,
    /// It has left when so many messages have.
    last: u64,
}

/// A packet, and whose it is.
pub(in crate::socketio) type Owned = (Rc<Space>, Outbound);

/// Packets and namespaces with which a connection is done: to be dropped.
pub(in crate::socketio) type Done = (Vec<Owned>, Vec<Rc<Space>>);

impl Session {
    pub(in crate::socketio) fn new(
        number: u64,
        socket: WebSocket,
        hello: &Handshake,
        limits: &Limits,
    ) -> Session {
        Session {
            number,
            socket,
            payload_bytes_max: match hello.payload_bytes_max {
                0 => u64::MAX,
                bytes => bytes,
            },
            decoder: Decoder::new(limits.packet),
            queue: VecDeque::new(),
            handed: 0,
            in_flight: VecDeque::new(),
            turn: 0,
            fault: None,
            is_busy: false,
            parting: false,
            farewells: Vec::new(),
            unwanted: Vec::new(),
        }
    }

    pub(in crate::socketio) fn connection(&self) -> &Rc<Connection> {
        self.socket.connection()
    }

    /// Whether messages can be sent.
    pub(in crate::socketio) fn is_open(&self) -> bool {
        self.fault.is_none() && self.connection().is_open()
    }

    /// Whether packets can be handed over.
    pub(in crate::socketio) fn is_usable(&self) -> bool {
        self.is_open() && !self.parting
    }

    /// Whether messages may be sent now: not if the peer has been silent for so long that it may be
    /// gone, before the driver has looked; nor if others would come between them.
    pub(in crate::socketio) fn may_send(&self, now: u64) -> bool {
        let overdue = || self.connection().with(|mailbox, _| mailbox.heartbeat.is_overdue(now));
        self.is_open() && !self.is_busy && !overdue()
    }

    /// Whether a message that is sent now leaves with this turn.
    pub(in crate::socketio) fn is_idle(&self) -> bool {
        let limits = self.connection().limits();
        let is_choked = || self.connection().with(|mailbox, _| mailbox.outbox.is_choked(limits));
        !self.is_behind() && !is_choked()
    }

    /// Whether a namespace of this name has just been left, and the server may not know yet.
    pub(in crate::socketio) fn is_leaving(&self, name: &str) -> bool {
        let is_it = |farewell: &Farewell| *farewell.space.name == *name;
        self.farewells.iter().any(is_it) || self.unwanted.iter().any(|space| *space.name == *name)
    }

    /// The goodbye of a namespace is to be handed over, behind all that was: at once to a client,
    /// which takes its own as it comes.
    pub(in crate::socketio) fn say_goodbye(&mut self, space: &Rc<Space>) {
        if self.connection().role() == Role::Server {
            let goodbye = Outbound::new(Body::Disconnect, Fate::Once);
            // It is never too long.
            drop(self.hand_over(space, goodbye));
            return;
        }
        let (space, last) = (Rc::clone(space), self.handed);
        self.farewells.push(Farewell { space, is_said: false, last });
    }

    /// The server has shown it out: nobody is left who could take a goodbye.
    pub(in crate::socketio) fn cancel_goodbye(&mut self, name: &str) -> Vec<Rc<Space>> {
        let is_it = |farewell: &mut Farewell| !farewell.is_said && *farewell.space.name == *name;
        self.farewells.extract_if(.., is_it).map(|farewell| farewell.space).collect()
    }

    /// Whether a goodbye waits for what stands before it.
    pub(in crate::socketio) fn owes_goodbyes(&self) -> bool {
        self.farewells.iter().any(|farewell| !farewell.is_said)
    }

    /// The number of the last goodbye that has left, or of what stands before one, if any has that
    /// wasn't seen to arrive. Who asks is polled when another one has.
    pub(in crate::socketio) fn last_farewell(&self) -> Option<u64> {
        if !self.farewells.is_empty() {
            self.connection().wait_for_kept();
        }
        let left = self.connection().kept_left();
        let lasts = self.farewells.iter().map(|farewell| farewell.last);
        lasts.filter(|last| *last <= left).max()
    }

    /// What was handed over up to this number has arrived. The namespaces whose goodbyes have, too,
    /// are handed out, to be dropped.
    #[must_use]
    pub(in crate::socketio) fn note_farewells(&mut self, last: u64) -> Vec<Rc<Space>> {
        let mut done = Vec::new();
        for farewell in std::mem::take(&mut self.farewells) {
            let Farewell { space, is_said, last: own } = farewell;
            if own > last {
                self.farewells.push(Farewell { space, is_said, last: own });
                continue;
            }
            let goodbye = Outbound::new(Body::Disconnect, Fate::Once);
            if is_said || self.hand_over(&space, goodbye).is_err() {
                done.push(space);
            } else {
                self.farewells.push(Farewell { space, is_said: true, last: self.handed });
            }
        }
        done
    }

    /// Whether a message waits that belongs to a packet which was handed over.
    pub(in crate::socketio) fn is_behind(&self) -> bool {
        !self.queue.is_empty()
    }

    /// So many of them wait.
    pub(in crate::socketio) fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Whether the server doesn't take this packet.
    pub(in crate::socketio) fn judge(
        &self,
        space: &Space,
        outbound: &Outbound,
    ) -> Result<(), TooLong> {
        let bytes_max = self.payload_bytes_max;
        let most = outbound.bytes() + space.name.len() + HEAD_BYTES_MAX;
        if most as u64 <= bytes_max {
            return Ok(());
        }
        let bytes = outbound.messages(&space.name).map(|message| message.len()).max().unwrap_or(0);
        if bytes as u64 <= bytes_max { Ok(()) } else { Err(TooLong { bytes, bytes_max }) }
    }

    /// Takes a packet. It comes back if the server wouldn't take it.
    pub(in crate::socketio) fn hand_over(
        &mut self,
        space: &Rc<Space>,
        outbound: Outbound,
    ) -> Result<(), (Outbound, TooLong)> {
        if let Err(error) = self.judge(space, &outbound) {
            return Err((outbound, error));
        }
        let begun = self.queue.len();
        self.queue.extend(outbound.messages(&space.name));
        self.handed += (self.queue.len() - begun) as u64;
        let (space, last) = (Rc::clone(space), self.handed);
        self.in_flight.push_back(InFlight { space, outbound, last });
        Ok(())
    }

    /// Takes the rest of a packet that has begun to leave another way: before what was handed over
    /// meanwhile.
    pub(in crate::socketio) fn hand_over_rest(&mut self, rest: impl Iterator<Item = Message>) {
        let behind = std::mem::replace(&mut self.queue, rest.collect());
        let (first, more) = (self.handed - behind.len() as u64, self.queue.len() as u64);
        for packet in self.in_flight.iter_mut().filter(|packet| packet.last > first) {
            packet.last += more;
        }
        self.queue.extend(behind);
        self.handed += more;
    }

    /// The next message that is to leave.
    pub(in crate::socketio) fn next_message(&mut self) -> Option<Message> {
        self.queue.pop_front()
    }

    /// There was no room for it.
    pub(in crate::socketio) fn take_back(&mut self, message: Message) {
        self.queue.push_front(message);
    }

    /// Forgets the packets that have left whole. They are handed out, to be dropped.
    pub(in crate::socketio) fn settle(&mut self) -> Vec<Owned> {
        let left = self.connection().kept_left();
        let done = self.in_flight.iter().take_while(|packet| packet.last <= left).count();
        let done = self.in_flight.drain(..done);
        done.map(|packet| (packet.space, packet.outbound)).collect()
    }

    /// The connection is gone: the packets that have not left whole, the newest first; and what is
    /// to be dropped.
    pub(in crate::socketio) fn into_unsent(mut self) -> (Vec<Owned>, Done) {
        let done = self.settle();
        let mut left = self.unwanted;
        left.extend(self.farewells.into_iter().map(|farewell| farewell.space));
        let unsent = self.in_flight.into_iter().rev();
        (unsent.map(|packet| (packet.space, packet.outbound)).collect(), (done, left))
    }
}

/// What is wrong with a packet that the server wouldn't take.
pub(in crate::socketio) struct TooLong {
    pub(in crate::socketio) bytes: usize,
    pub(in crate::socketio) bytes_max: u64,
}
