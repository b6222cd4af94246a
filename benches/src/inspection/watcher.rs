//! `Watcher`: a client of the live socket that reads every push, as the page does.
//!
//! Promises that events and losses add up: a message begins where the one before it ended, behind
//! what it says was lost.

use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tungstenite::protocol::Role;
use tungstenite::{Error, Message, WebSocket};

use super::Door;
use crate::machine::{Place, Processors};

/// What the page asks for.
const QUERY: &str = "?every_ms=50&events=1";

/// A message of events: a head of 32 bytes, then 32 an event.
const MAGIC: &[u8] = b"GLG1";
const ROW_BYTES: usize = 32;

/// So long until it is seen that nobody wants more.
const LOOK_EVERY: Duration = Duration::from_millis(20);

pub struct Watcher {
    is_over: Arc<AtomicBool>,
    reads: JoinHandle<Seen>,
}

/// What a watcher was sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    pub messages: u64,
    pub events: u64,
    pub lost: u64,
    /// The number of the next event.
    pub next: u64,
}

impl Watcher {
    /// Attaches, and reads on a thread of its own.
    pub fn attach(door: &Door, processors: Processors) -> Watcher {
        let mut stream = door.ask_for_live(QUERY);
        skip_head(&mut stream);
        stream.set_read_timeout(Some(LOOK_EVERY)).expect("a socket can wait for a limited time");
        let socket = WebSocket::from_raw_socket(stream, Role::Client, None);
        let is_over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&is_over);
        let reads = thread::spawn(move || {
            processors.pin(Place::Feeder);
            read(socket, &told)
        });
        Watcher { is_over, reads }
    }

    pub fn detach(self) -> Seen {
        self.is_over.store(true, Ordering::Relaxed);
        self.reads.join().expect("what was sent adds up")
    }
}

/// The answer's head, to its empty line.
fn skip_head(stream: &mut TcpStream) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("the inspector answers");
        head.extend(byte);
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "), "the inspector refused");
}

fn read(mut socket: WebSocket<TcpStream>, is_over: &AtomicBool) -> Seen {
    let mut seen = Seen::default();
    while !is_over.load(Ordering::Relaxed) {
        match socket.read() {
            Ok(Message::Binary(bytes)) => seen.take(&bytes),
            Ok(_) => {}
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => panic!("the inspector goes on pushing: {error}"),
        }
    }
    seen
}

impl Seen {
    fn take(&mut self, bytes: &[u8]) {
        assert!(bytes.starts_with(MAGIC) && bytes.len().is_multiple_of(ROW_BYTES));
        let number = |at: usize| {
            let bytes = bytes[at..at + 8].try_into().expect("eight bytes");
            f64::from_le_bytes(bytes) as u64
        };
        let (first, lost, events) = (number(8), number(16), (bytes.len() / ROW_BYTES - 1) as u64);
        assert_eq!(first, self.next + lost, "{lost} events were lost before {first}: {self:?}");
        self.messages += 1;
        self.events += events;
        self.lost += lost;
        self.next = first + events;
    }
}
