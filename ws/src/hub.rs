//! The hub: topics, and the connections that joined them.
//!
//! Promises that a message is encoded once for all server-side members, that each of them gets its
//! messages whole and in order, and that nobody's slowness delays anybody else. It holds no
//! connection alive and keeps no history: who joins later has missed it.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::rc::{Rc, Weak};

use tungstenite::protocol::Role;

use crate::connection::Connection;
use crate::frames::Frames;
use crate::message::Message;
use crate::outbox::Outgoing;
use crate::sending::{Posted, Sender};
use crate::socket::WebSocket;

/// Topics that connections join, and messages for all who joined one.
///
/// Clones are handles of the same hub. A connection may join any number of topics, of several hubs.
/// When it is over it has left all of them; until then the program decides who stays.
#[derive(Clone, Default)]
pub struct Hub {
    topics: Rc<Topics>,
}

/// The members of a topic, in the order they joined.
type Members = BTreeMap<u64, Weak<Connection>>;

#[derive(Default)]
struct Topics {
    table: RefCell<HashMap<Rc<str>, Members>>,
    joined: Cell<u64>,
}

/// A place in a topic, which ends when this is dropped. The connection holds it.
pub(crate) struct Membership {
    topics: Weak<Topics>,
    topic: Rc<str>,
    number: u64,
}

/// What became of one message of a hub: the members, each counted once.
///
/// Who was [`full`](Self::full) or among [`dropped`](Self::dropped) has missed this message and
/// stays a member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Published {
    /// To these it leaves with this turn's write.
    pub sent: usize,
    /// These are behind; it waits for them, perhaps in the place of older messages.
    pub buffered: usize,
    /// These missed it: too much waits for them already, and their policy is to drop the newest.
    pub dropped: usize,
    /// These missed it: too much waits for them already, and a publish can't wait.
    pub full: usize,
    /// These are closing, some of them because this message was too much.
    pub closed: usize,
    /// How often the message was encoded for the server-side members: once, unless their limits
    /// for a frame differ. A client-side member masks its own copy, and an event of Socket.IO that
    /// waits behind others is encoded again when it leaves: neither is counted.
    pub encodings: usize,
}

impl Hub {
    /// A hub without topics.
    pub fn new() -> Hub {
        Hub::default()
    }

    /// Makes a connection a member of a topic: it gets what is published from now on. False if it
    /// is a member already, or is closing.
    pub fn join(&self, topic: &str, socket: &WebSocket) -> bool {
        let connection = socket.connection();
        if !connection.is_open()
            || connection.with(|it, _| self.position(topic, &it.memberships)).is_some()
        {
            return false;
        }
        let number = self.topics.joined.get();
        self.topics.joined.set(number + 1);
        let topic = {
            let mut table = self.topics.table.borrow_mut();
            let topic = match table.get_key_value(topic) {
                Some((topic, _)) => Rc::clone(topic),
                None => Rc::from(topic),
            };
            let members = table.entry(Rc::clone(&topic)).or_default();
            members.insert(number, Rc::downgrade(connection));
            topic
        };
        let membership = Membership { topics: Rc::downgrade(&self.topics), topic, number };
        connection.with(|mailbox, _| mailbox.memberships.push(membership));
        true
    }

    /// Ends a connection's membership in a topic. False if there was none.
    pub fn leave(&self, topic: &str, socket: &WebSocket) -> bool {
        let membership = socket.connection().with(|mailbox, _| {
            let at = self.position(topic, &mailbox.memberships)?;
            Some(mailbox.memberships.swap_remove(at))
        });
        membership.is_some()
    }

    /// Sends a message to all members of a topic, as if each had been sent it with `try_send`:
    /// behind what was sent to it before, and never inside another message. It leaves when the
    /// turn ends, however long it is, and waits for nobody: see [`Overflow`](crate::Overflow) for
    /// who reads too slowly.
    pub fn publish(&self, topic: &str, message: Message) -> Published {
        self.publish_to(topic, message, |_| true)
    }

    /// As [`publish`](Self::publish), to all members but one: for who passes on what `but` said,
    /// and knows it already. `but` need not be a member.
    pub fn publish_except(&self, topic: &str, message: Message, but: &WebSocket) -> Published {
        self.publish_to(topic, message, |member| !Rc::ptr_eq(member, but.connection()))
    }

    fn publish_to(
        &self,
        topic: &str,
        message: Message,
        hears: impl Fn(&Rc<Connection>) -> bool,
    ) -> Published {
        // Collected first: whatever runs meanwhile finds no borrow of ours.
        let members: Vec<Rc<Connection>> = match self.topics.table.borrow().get(topic) {
            Some(members) => members.values().filter_map(Weak::upgrade).filter(hears).collect(),
            None => Vec::new(),
        };
        let mut letter = Letter::new(message);
        let mut published = Published::default();
        for member in members {
            let outgoing = letter.to(&member);
            *match member.post(outgoing, Sender::Hub) {
                Posted::Sent => &mut published.sent,
                Posted::Buffered(_) => &mut published.buffered,
                Posted::Dropped(_) => &mut published.dropped,
                Posted::Full(_) => &mut published.full,
                Posted::Closed(_) => &mut published.closed,
            } += 1;
        }
        published.encodings = letter.encodings();
        published
    }

    /// How many connections a topic has.
    pub fn members(&self, topic: &str) -> usize {
        self.topics.table.borrow().get(topic).map_or(0, Members::len)
    }

    /// How many topics have members.
    pub fn topics(&self) -> usize {
        self.topics.table.borrow().len()
    }

    /// Where a connection keeps its membership in a topic of this hub.
    fn position(&self, topic: &str, memberships: &[Membership]) -> Option<usize> {
        memberships.iter().position(|it| {
            std::ptr::eq(it.topics.as_ptr(), Rc::as_ptr(&self.topics)) && *it.topic == *topic
        })
    }
}

/// A message on its way to many.
pub(crate) struct Letter {
    pub(crate) message: Message,
    /// For each limit on frames among the members so far: as a rule there is one.
    encoded: Vec<(usize, Frames)>,
}

impl Letter {
    pub(crate) fn new(message: Message) -> Letter {
        Letter { message, encoded: Vec::new() }
    }

    /// How often it was encoded so far.
    pub(crate) fn encodings(&self) -> usize {
        self.encoded.len()
    }

    pub(crate) fn to(&mut self, member: &Connection) -> Outgoing {
        if member.role() == Role::Client {
            return Outgoing::Message(self.message.clone());
        }
        let frame_bytes_max = member.limits().outgoing_frame_bytes_max;
        let known = self.encoded.iter().find(|(bytes_max, _)| *bytes_max == frame_bytes_max);
        let frames = match known {
            Some((_, frames)) => frames.clone(),
            None => {
                let frames = Frames::encode(&self.message, frame_bytes_max);
                self.encoded.push((frame_bytes_max, frames.clone()));
                frames
            }
        };
        Outgoing::Frames(frames)
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        let Some(topics) = self.topics.upgrade() else { return };
        let mut table = topics.table.borrow_mut();
        if let Some(members) = table.get_mut(&self.topic) {
            members.remove(&self.number);
            if members.is_empty() {
                table.remove(&self.topic);
            }
        }
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").field("topics", &self.topics()).finish()
    }
}

impl fmt::Debug for Membership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Membership").field(&self.topic).finish()
    }
}
