//! The client of the TCP echo: one epoll loop by hand, the same for every server.
//!
//! It keeps a fixed number of messages in flight on each connection and counts what comes back. It
//! reads once and writes once for each event, so that it costs as little as a client can.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

/// The size of one message.
const MESSAGE_BYTES: usize = 64;

/// A server that says nothing for so long is broken.
const PATIENCE: Duration = Duration::from_secs(10);

pub struct EchoClient {
    poll: Poll,
    events: Events,
    connections: Vec<Connection>,
    outgoing: Vec<u8>,
    incoming: Vec<u8>,
}

struct Connection {
    stream: TcpStream,
    /// Bytes sent and not yet come back.
    unanswered: usize,
    /// Bytes of a message of which the rest has not come back yet.
    partial: usize,
}

impl EchoClient {
    /// Opens all connections, once.
    pub fn connect(server: SocketAddr, connections: usize) -> EchoClient {
        let poll = Poll::new().expect("the kernel has epoll");
        let connect = |index| {
            let stream = std::net::TcpStream::connect(server).expect("the server listens");
            stream.set_nodelay(true).expect("a TCP socket has TCP_NODELAY");
            stream.set_nonblocking(true).expect("a socket has a nonblocking mode");
            let mut stream = TcpStream::from_std(stream);
            poll.registry()
                .register(&mut stream, Token(index), Interest::READABLE)
                .expect("a stream can be polled");
            Connection { stream, unanswered: 0, partial: 0 }
        };
        EchoClient {
            connections: (0..connections).map(connect).collect(),
            poll,
            events: Events::with_capacity(1024),
            outgoing: vec![b'x'; MESSAGE_BYTES * 64],
            incoming: vec![0; MESSAGE_BYTES * 1024],
        }
    }

    /// Plays for `time`, then waits for the last answers; tells how many messages came back.
    pub fn run(&mut self, depth: usize, time: Duration) -> u64 {
        let end = Instant::now() + time;
        for connection in &mut self.connections {
            connection.send(&self.outgoing[..depth * MESSAGE_BYTES]);
        }
        let mut messages = 0;
        let mut waiting = self.connections.len();
        while waiting > 0 {
            self.poll.poll(&mut self.events, Some(PATIENCE)).expect("epoll works");
            assert!(!self.events.is_empty(), "the server no longer answers");
            let is_over = Instant::now() >= end;
            for event in &self.events {
                let connection = &mut self.connections[event.token().0];
                let whole = connection.receive(&mut self.incoming);
                messages += whole as u64;
                if !is_over {
                    connection.send(&self.outgoing[..whole * MESSAGE_BYTES]);
                }
                // With nothing sent after the end, this happens once a connection.
                waiting -= usize::from(whole > 0 && connection.unanswered == 0);
            }
        }
        messages
    }
}

impl Connection {
    fn send(&mut self, messages: &[u8]) {
        if messages.is_empty() {
            return;
        }
        let written = self.stream.write(messages).expect("the server keeps the connection");
        assert_eq!(written, messages.len(), "what is in flight fits into the socket's buffer");
        self.unanswered += written;
    }

    /// Reads once; tells how many messages became whole.
    fn receive(&mut self, buffer: &mut [u8]) -> usize {
        match self.stream.read(buffer) {
            Ok(0) => panic!("the server closed a connection"),
            Ok(length) => {
                // The edge would not come again for what is left behind.
                assert!(length < buffer.len(), "one read takes all that is in flight");
                let left = self.unanswered.checked_sub(length);
                self.unanswered = left.expect("no more comes back than was sent");
                self.partial += length;
                let whole = self.partial / MESSAGE_BYTES;
                self.partial %= MESSAGE_BYTES;
                whole
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(error) => panic!("the connection broke: {error}"),
        }
    }
}
