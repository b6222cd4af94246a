//! The raw end of a socket: what a test reads and writes by hand, byte by byte.

use std::time::Duration;

use glassloop_reactor::net::TcpStream;

use super::Loop;

/// The end of a socket that the test reads and writes by hand.
pub struct Raw {
    pub stream: TcpStream,
    pub bytes: Vec<u8>,
}

impl Raw {
    pub fn new(stream: TcpStream) -> Raw {
        Raw { stream, bytes: Vec::new() }
    }

    /// Writes all of it, turning the loop whenever the socket is full.
    pub fn write(&mut self, event_loop: &mut Loop, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match self.stream.try_write(bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    event_loop.turn(Duration::ZERO);
                }
                Err(error) => panic!("the raw end: {error}"),
            }
        }
    }

    /// Reads what is there; true at the end of the stream.
    pub fn read(&mut self) -> bool {
        let mut buffer = [0; 4096];
        loop {
            match self.stream.try_read(&mut buffer) {
                Ok(0) => return true,
                Ok(count) => self.bytes.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return false,
                Err(error) => panic!("the raw end: {error}"),
            }
        }
    }

    /// Reads until the bytes end with `end`, and takes them.
    pub fn read_until(&mut self, event_loop: &mut Loop, end: &[u8]) -> Vec<u8> {
        for _ in 0..10_000 {
            self.read();
            if self.bytes.ends_with(end) {
                return std::mem::take(&mut self.bytes);
            }
            event_loop.turn(Duration::ZERO);
        }
        panic!("expected bytes up to {}, came {}", end.escape_ascii(), self.bytes.escape_ascii());
    }

    /// Lets the loop come to rest and takes what it sent; false if the stream goes on.
    pub fn take(&mut self, event_loop: &mut Loop) -> (Vec<u8>, bool) {
        let mut ended = false;
        loop {
            event_loop.settle();
            let before = self.bytes.len();
            ended |= self.read();
            if self.bytes.len() == before && !event_loop.has_work() {
                return (std::mem::take(&mut self.bytes), ended);
            }
        }
    }
}
