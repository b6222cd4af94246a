//! One connection of the client: its handshake, and what is in flight on it.
//!
//! It waits for nothing, except in the handshake; it knows no clock but the instants it is given.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::Instant;

use mio::net::TcpStream;

use super::client::{DEPTH_MAX, PATIENCE};
use super::frames::Frames;
use super::latency::Latencies;

/// A connection that has asked for its upgrade.
pub fn ask(server: SocketAddr) -> std::net::TcpStream {
    let mut stream = std::net::TcpStream::connect(server).expect("the server listens");
    stream.set_nodelay(true).expect("a TCP socket has TCP_NODELAY");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket can wait for a limited time");
    let request = format!(
        "GET / HTTP/1.1\r\nHost: {server}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).expect("a fresh connection takes a request");
    stream
}

/// The same connection behind its handshake, ready to be polled.
pub fn upgraded(mut stream: std::net::TcpStream) -> std::net::TcpStream {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut piece = [0; 1_024];
        let length = stream.read(&mut piece).expect("the server answers");
        assert!(length > 0, "the server refused: {}", String::from_utf8_lossy(&head));
        head.extend_from_slice(&piece[..length]);
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
    stream.set_nonblocking(true).expect("a socket has a nonblocking mode");
    stream
}

pub struct Connection {
    pub stream: TcpStream,
    /// Bytes of frames that the socket has not taken yet.
    unsent: usize,
    /// Where within a frame the socket stopped.
    offset: usize,
    /// Bytes of an answer of which the rest has not come yet.
    partial: usize,
    /// Messages without an answer.
    pub unanswered: usize,
    /// When they were sent, and how many at once.
    sent: VecDeque<(Instant, usize)>,
}

impl Connection {
    pub fn new(stream: TcpStream) -> Connection {
        let sent = VecDeque::with_capacity(DEPTH_MAX);
        Connection { stream, unsent: 0, offset: 0, partial: 0, unanswered: 0, sent }
    }

    /// Sends messages that will be answered.
    pub fn send(&mut self, frames: &Frames, count: usize, now: Instant) {
        if count > 0 {
            self.unanswered += count;
            self.sent.push_back((now, count));
            self.say(frames, count);
        }
    }

    pub fn say(&mut self, frames: &Frames, count: usize) {
        self.unsent += count * frames.sent_bytes;
        self.write(frames);
    }

    /// Writes until all is sent or the socket is full; then an event tells when to go on.
    pub fn write(&mut self, frames: &Frames) {
        while self.unsent > 0 {
            match self.stream.write(frames.from(self.offset, self.unsent)) {
                Ok(length) => {
                    self.unsent -= length;
                    self.offset = (self.offset + length) % frames.sent_bytes;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => panic!("the connection broke: {error}"),
            }
        }
    }

    /// Reads once, and writes what is left; tells how many answers became whole.
    pub fn turn(&mut self, frames: &Frames, buffer: &mut [u8]) -> usize {
        self.write(frames);
        match self.stream.read(buffer) {
            Ok(0) => panic!("the server closed a connection"),
            Ok(length) => {
                // The edge would not come again for what is left behind.
                assert!(length < buffer.len(), "one read takes all that is in flight");
                self.partial += length;
                let whole = self.partial / frames.answer.len();
                self.partial %= frames.answer.len();
                whole
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(error) => panic!("the connection broke: {error}"),
        }
    }

    /// The oldest `count` messages have their answers.
    pub fn answered(&mut self, count: usize, now: Instant, latencies: &mut Latencies) {
        self.unanswered = self.unanswered.checked_sub(count).expect("no more comes than was sent");
        let mut left = count;
        while left > 0 {
            let (at, waiting) = self.sent.front_mut().expect("each message is noted");
            let taken = left.min(*waiting);
            latencies.add(now - *at, taken as u64);
            *waiting -= taken;
            left -= taken;
            if *waiting == 0 {
                self.sent.pop_front();
            }
        }
    }
}
