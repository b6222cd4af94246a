//! The client of all WebSocket servers: one epoll loop by hand, written for none of them.
//!
//! It reads once and writes once for each event, and looks at no byte that comes back: the answers
//! all have one length, so bytes are messages. One answer of each size is compared whole before
//! the first sample.

use std::io::{ErrorKind, Read};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use super::connection::{Connection, ask, upgraded};
use super::frames::Frames;
use super::latency::Latencies;

/// Messages in flight on a connection, at most.
pub const DEPTH_MAX: usize = 16;

/// A server that says nothing for so long is broken.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// More than is in flight on one connection, so that one read takes all of it.
const INCOMING_BYTES: usize = 1024 * 1024;

/// Handshakes under way at the same time.
const HANDSHAKES: usize = 64;

pub struct Client {
    poll: Poll,
    events: Events,
    connections: Vec<Connection>,
    incoming: Vec<u8>,
}

/// When to stop sending.
#[derive(Clone, Copy)]
pub enum Stop {
    After(Duration),
    /// So many messages, on all connections together.
    Count(u64),
}

/// What a sample gave.
pub struct Played {
    /// How many messages came back.
    pub messages: u64,
    pub latencies: Latencies,
}

impl Client {
    /// Opens all connections, once.
    pub fn connect(server: SocketAddr, connections: usize) -> Client {
        let poll = Poll::new().expect("the kernel has epoll");
        let mut open = Vec::with_capacity(connections);
        while open.len() < connections {
            let together = HANDSHAKES.min(connections - open.len());
            let asked: Vec<_> = (0..together).map(|_| ask(server)).collect();
            for stream in asked {
                let mut stream = TcpStream::from_std(upgraded(stream));
                let (token, both) = (Token(open.len()), Interest::READABLE | Interest::WRITABLE);
                poll.registry().register(&mut stream, token, both).expect("it can be polled");
                open.push(Connection::new(stream));
            }
        }
        Client {
            connections: open,
            poll,
            events: Events::with_capacity(1_024),
            incoming: vec![0; INCOMING_BYTES],
        }
    }

    /// Keeps `depth` messages in flight on every connection until `stop`, then waits for the last.
    pub fn echo(&mut self, frames: &Frames, depth: usize, stop: Stop) -> Played {
        let begun = Instant::now();
        let mut left = stop.count();
        let mut waiting = 0;
        for connection in &mut self.connections {
            let count = take(&mut left, depth);
            connection.send(frames, count, begun);
            waiting += usize::from(count > 0);
        }
        let mut played = Played { messages: 0, latencies: Latencies::default() };
        while waiting > 0 {
            poll(&mut self.poll, &mut self.events);
            if stop.is_over(begun) {
                left = 0;
            }
            for event in &self.events {
                let connection = &mut self.connections[event.token().0];
                let whole = connection.turn(frames, &mut self.incoming);
                if whole == 0 {
                    continue;
                }
                let now = Instant::now();
                connection.answered(whole, now, &mut played.latencies);
                played.messages += whole as u64;
                connection.send(frames, take(&mut left, whole), now);
                waiting -= usize::from(connection.unanswered == 0);
            }
        }
        played
    }

    /// The first connection says `depth` messages, and says the next when every connection has got
    /// them all. Latencies are those of the slowest connection, messages those of all.
    pub fn broadcast(&mut self, frames: &Frames, depth: usize, time: Duration) -> Played {
        let begun = Instant::now();
        let mut played = Played { messages: 0, latencies: Latencies::default() };
        let everybody = (self.connections.len() * depth) as u64;
        while begun.elapsed() < time {
            let said = Instant::now();
            self.connections[0].say(frames, depth);
            let mut delivered = 0;
            while delivered < everybody {
                poll(&mut self.poll, &mut self.events);
                for event in &self.events {
                    let connection = &mut self.connections[event.token().0];
                    delivered += connection.turn(frames, &mut self.incoming) as u64;
                }
            }
            assert_eq!(delivered, everybody, "nobody gets a message twice");
            played.latencies.add(said.elapsed(), 1);
            played.messages += delivered;
        }
        played
    }

    /// One message to and fro on the first connection, compared byte by byte.
    pub fn check(&mut self, frames: &Frames) {
        let connection = &mut self.connections[0];
        connection.say(frames, 1);
        let mut answer = Vec::new();
        while answer.len() < frames.answer.len() {
            poll(&mut self.poll, &mut self.events);
            connection.write(frames);
            match connection.stream.read(&mut self.incoming) {
                Ok(length) => answer.extend_from_slice(&self.incoming[..length]),
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}"),
            }
        }
        assert!(answer == frames.answer, "the answer is another message than was sent");
    }
}

impl Stop {
    fn count(self) -> u64 {
        match self {
            Stop::After(_) => u64::MAX,
            Stop::Count(count) => count,
        }
    }

    fn is_over(self, begun: Instant) -> bool {
        matches!(self, Stop::After(time) if begun.elapsed() >= time)
    }
}

/// Up to `wanted` of what is left.
fn take(left: &mut u64, wanted: usize) -> usize {
    let taken = (*left).min(wanted as u64);
    *left -= taken;
    taken as usize
}

fn poll(poll: &mut Poll, events: &mut Events) {
    poll.poll(events, Some(PATIENCE)).expect("epoll works");
    assert!(!events.is_empty(), "the server no longer answers");
}
