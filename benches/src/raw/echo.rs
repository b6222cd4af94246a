//! The floor's TCP server: epoll, one shared buffer, one read and one write a readable batch.
//!
//! No executor, no task, no cached readiness. Safe code throughout.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};

use rustix::event::epoll::{self, EventData, EventFlags};

use super::{NO_DATA, Poller, Raw};
use crate::peer::{Echo, READ_BYTES};

impl Echo for Raw {
    const NAME: &'static str = "raw floor";

    fn serve(listener: TcpListener) -> ! {
        let poller = Poller::new();
        let mut streams: Vec<TcpStream> = Vec::new();
        let mut buffer = vec![0; READ_BYTES];
        let mut events = vec![epoll::Event { flags: EventFlags::empty(), data: NO_DATA }; 1024];
        listener.set_nonblocking(true).expect("a socket has a nonblocking mode");
        epoll::add(&poller.epoll, &listener, EventData::new_u64(LISTENER), EventFlags::IN)
            .expect("a listener can be polled");
        loop {
            let count = epoll::wait(&poller.epoll, &mut events[..], None).unwrap_or(0);
            for event in &events[..count] {
                match event.data.u64() {
                    LISTENER => accept(&poller, &listener, &mut streams),
                    index => echo(&poller, &streams[index as usize], &mut buffer),
                }
            }
        }
    }
}

/// The token of the listener; a stream's is its index.
const LISTENER: u64 = u64::MAX;

fn accept(poller: &Poller, listener: &TcpListener, streams: &mut Vec<TcpStream>) {
    while let Ok((stream, _)) = listener.accept() {
        stream.set_nonblocking(true).expect("a socket has a nonblocking mode");
        stream.set_nodelay(true).expect("a TCP socket has TCP_NODELAY");
        let token = EventData::new_u64(streams.len() as u64);
        epoll::add(&poller.epoll, &stream, token, EventFlags::IN).expect("a stream can be polled");
        streams.push(stream);
    }
}

fn echo(poller: &Poller, mut stream: &TcpStream, buffer: &mut [u8]) {
    match stream.read(buffer) {
        // Gone: it stays in the table, as connections come once and leave together.
        Ok(0) => epoll::delete(&poller.epoll, stream).expect("it was added in accept"),
        Ok(length) => stream.write_all(&buffer[..length]).expect("the client reads what it sent"),
        Err(error) if error.kind() == ErrorKind::WouldBlock => {}
        Err(_) => epoll::delete(&poller.epoll, stream).expect("it was added in accept"),
    }
}
