//! Bare mio and tungstenite: what the protocol and the kernel cost without a loop of ours.
//!
//! No task, no queue, no limit, no deadline. One write for everything that one event answers.

use std::io::{self, ErrorKind, Read, Write};
use std::net;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Bytes, Error, Message, WebSocket};

use crate::peer::READ_BYTES;
use crate::websocket::server::Duty;

pub const NAME: &str = "mio + tungstenite";

/// A connection's token is its index.
const LISTENER: Token = Token(usize::MAX);

type Connections = Vec<Option<WebSocket<Wire>>>;

pub fn serve(listener: net::TcpListener, duty: Duty) -> ! {
    let mut poll = Poll::new().expect("the kernel has epoll");
    let mut events = Events::with_capacity(1_024);
    listener.set_nonblocking(true).expect("a socket has a nonblocking mode");
    let polled = listener.try_clone().expect("a descriptor can be doubled");
    poll.registry()
        .register(&mut TcpListener::from_std(polled), LISTENER, Interest::READABLE)
        .expect("a listener can be polled");
    let mut connections = Connections::new();
    loop {
        poll.poll(&mut events, None).expect("epoll works");
        for event in &events {
            match (event.token(), duty) {
                (LISTENER, _) => accept(&poll, &listener, &mut connections),
                (Token(index), Duty::Echo) => echo(&mut connections[index]),
                (Token(index), Duty::Broadcast) => broadcast(&mut connections, index),
            }
        }
    }
}

/// Takes all who wait, their handshakes one after the other: a client of ours doesn't dawdle.
fn accept(poll: &Poll, listener: &net::TcpListener, connections: &mut Connections) {
    let config = Some(WebSocketConfig::default().read_buffer_size(READ_BYTES));
    while let Ok((stream, _)) = listener.accept() {
        stream.set_nodelay(true).expect("a TCP socket has TCP_NODELAY");
        let stream = match tungstenite::accept(stream) {
            Ok(socket) => socket.into_inner(),
            Err(_) => continue,
        };
        stream.set_nonblocking(true).expect("a socket has a nonblocking mode");
        let mut stream = TcpStream::from_std(stream);
        let both = Interest::READABLE | Interest::WRITABLE;
        poll.registry()
            .register(&mut stream, Token(connections.len()), both)
            .expect("a stream can be polled");
        let wire = Wire { stream, dry: true };
        connections.push(Some(WebSocket::from_raw_socket(wire, Role::Server, config)));
    }
}

fn echo(slot: &mut Option<WebSocket<Wire>>) {
    let Some(socket) = slot else { return };
    if serve_event(socket, send).is_err() {
        *slot = None;
    }
}

fn broadcast(connections: &mut Connections, index: usize) {
    let Some(socket) = &mut connections[index] else { return };
    let mut said: Vec<Bytes> = Vec::new();
    let listened = serve_event(socket, |_, message| {
        said.push(message.into_data());
        Ok(())
    });
    if listened.is_err() {
        connections[index] = None;
    }
    if said.is_empty() {
        return;
    }
    for slot in connections {
        let Some(socket) = slot else { continue };
        let mut sent = said.iter().map(|bytes| send(socket, Message::Binary(bytes.clone())));
        if sent.any(|sent| sent.is_err()) || accepted(socket.flush()).is_err() {
            *slot = None;
        }
    }
}

/// Reads all there is, and writes once.
fn serve_event(
    socket: &mut WebSocket<Wire>,
    mut each: impl FnMut(&mut WebSocket<Wire>, Message) -> Result<(), Error>,
) -> Result<(), Error> {
    socket.get_mut().dry = false;
    loop {
        match socket.read() {
            Ok(message) if message.is_binary() || message.is_text() => each(socket, message)?,
            Ok(_) => {}
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        }
    }
    accepted(socket.flush())
}

fn send(socket: &mut WebSocket<Wire>, message: Message) -> Result<(), Error> {
    accepted(socket.write(message))
}

/// A full socket keeps what it was given: the next event goes on with it.
fn accepted(outcome: Result<(), Error>) -> Result<(), Error> {
    match outcome {
        Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => Ok(()),
        outcome => outcome,
    }
}

/// A socket that knows when it is empty, and spares the read that would say so.
struct Wire {
    stream: TcpStream,
    dry: bool,
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.dry {
            return Err(ErrorKind::WouldBlock.into());
        }
        let length = self.stream.read(buffer)?;
        self.dry = length < buffer.len() && length > 0;
        Ok(length)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
