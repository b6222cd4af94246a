//! Clients of a server that write and read HTTP by hand, over memory or the kernel's sockets.

#![cfg(test)]
#![allow(dead_code, reason = "each test file uses the part it needs")]

use std::{cell::RefCell, future::Future, rc::Rc};

use glassloop::{
    Clock, EventLoop, Limits, ManualClock, PollerKind,
    net::{TcpStream, duplex},
    ws::ServerHandle,
};

/// The lines of a good upgrade, without its first one and its empty one.
pub(crate) const UPGRADE: &str = "Host: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

/// Runs a future in a loop without descriptors, whose clock jumps; its memory sockets hold so many
/// bytes. Failures that nobody handles fail the test.
pub(crate) fn in_memory<F: Future<Output = ()> + 'static>(
    pipe_bytes: usize,
    program: impl FnOnce(ManualClock) -> F,
) {
    assert_eq!(unhandled_of(pipe_bytes, program), Vec::<String>::new());
}

/// As `in_memory`; gives the failures.
pub(crate) fn unhandled_of<F: Future<Output = ()> + 'static>(
    pipe_bytes: usize,
    program: impl FnOnce(ManualClock) -> F,
) -> Vec<String> {
    let clock = ManualClock::new();
    let mut limits = Limits::default();
    limits.reactor.memory_pipe_bytes_max = pipe_bytes;
    let unhandled = Rc::new(RefCell::new(Vec::new()));
    let told = Rc::clone(&unhandled);
    let event_loop = EventLoop::builder()
        .clock(Clock::Manual(clock.clone().with_autojump()))
        .poller(PollerKind::TimersOnly)
        .limits(limits)
        .on_unhandled(move |failure| told.borrow_mut().push(failure.what.clone()))
        .build()
        .expect("a loop without descriptors");
    event_loop.block_on(program(clock)).expect("it ends");
    drop(event_loop);
    unhandled.take()
}

/// A client, and what it has read and not looked at.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    pub(crate) bytes: Vec<u8>,
}

/// What a server said.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The head with its empty line.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn has(&self, line: &str) -> bool {
        self.head.contains(&format!("\r\n{line}\r\n"))
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }
}

impl Client {
    /// One end of a memory socket; the server is given the other.
    pub(crate) fn enter(server: &ServerHandle) -> Client {
        let (near, far) = duplex().expect("two ends");
        server.admit(far);
        Client::over(near)
    }

    pub(crate) fn over(stream: TcpStream) -> Client {
        Client { stream, bytes: Vec::new() }
    }

    pub(crate) async fn say(&self, request: impl AsRef<[u8]>) {
        self.stream.write_all(request.as_ref()).await.expect("the server reads");
    }

    /// GET with these further lines.
    pub(crate) async fn get(&mut self, path: &str, lines: &str) -> Answer {
        self.say(format!("GET {path} HTTP/1.1\r\nHost: a\r\n{lines}\r\n")).await;
        self.answer().await
    }

    /// Asks for a WebSocket, with these further lines.
    pub(crate) async fn upgrade(&mut self, path: &str, lines: &str) -> Answer {
        self.say(format!("GET {path} HTTP/1.1\r\n{UPGRADE}{lines}\r\n")).await;
        self.answer().await
    }

    /// The next answer.
    pub(crate) async fn answer(&mut self) -> Answer {
        let head = self.head().await;
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
        let length = length.map_or(0, |digits| digits.parse().expect("a number"));
        while self.bytes.len() < length {
            assert!(self.read().await, "expected a body of {length} bytes, came the end");
        }
        let rest = self.bytes.split_off(length);
        let body = std::mem::replace(&mut self.bytes, rest);
        Answer { status: status_of(&head), head, body }
    }

    /// The next answer, of which there is only a head.
    pub(crate) async fn bare_answer(&mut self) -> Answer {
        let head = self.head().await;
        Answer { status: status_of(&head), head, body: Vec::new() }
    }

    async fn head(&mut self) -> String {
        let end = loop {
            if let Some(at) = self.bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            let came = self.bytes.escape_ascii().to_string();
            assert!(self.read().await, "expected a head, came {came:?} and the end");
        };
        let rest = self.bytes.split_off(end);
        let head = std::mem::replace(&mut self.bytes, rest);
        String::from_utf8(head).expect("ASCII")
    }

    /// Reads once; false at the end.
    pub(crate) async fn read(&mut self) -> bool {
        let mut buffer = [0; 4_096];
        // A server that drops a client with unread bytes resets it: an end, too.
        let count = self.stream.read(&mut buffer).await.unwrap_or(0);
        self.bytes.extend_from_slice(&buffer[..count]);
        count > 0
    }

    /// Everything up to the end.
    pub(crate) async fn rest(mut self) -> Vec<u8> {
        while self.read().await {}
        self.bytes
    }
}

fn status_of(head: &str) -> u16 {
    let status = head.split(' ').nth(1).and_then(|digits| digits.parse().ok());
    status.unwrap_or_else(|| panic!("expected a status, came {head:?}"))
}

/// A frame of a client, masked with zeros.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).expect("a short frame");
    assert!(length < 126, "a short frame");
    [&[first, 0x80 | length, 0, 0, 0, 0], payload].concat()
}
