//! How many writes do many small messages cost? A server sends a hundred in each of a thousand
//! turns, over a socket of the kernel, and counts its writes. `tools/cork.sh` has the kernel count
//! the same.
//!
//! cargo run --release --example cork
#![allow(clippy::print_stdout)]

use std::{
    error::Error,
    io::{self, Write},
    net::TcpStream,
    thread,
};

use glassloop::{net::TcpListener, ws, yield_now};

const TURNS: u64 = 1_000;
const MESSAGES_A_TURN: u64 = 100;
const MESSAGE: &str = "sixteen bytes...";
/// The head of such a frame.
const HEAD_BYTES: u64 = 2;

/// The request of RFC 6455, section 1.3.
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

fn main() -> Result<(), Box<dyn Error>> {
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    glassloop::run(async {
        let listener = TcpListener::bind(([127, 0, 0, 1], 0).into())?;
        let address = listener.local_addr()?;
        // A plain reader that takes what comes, on a thread of its own.
        let reader = thread::spawn(move || {
            let mut stream = TcpStream::connect(address)?;
            stream.write_all(REQUEST)?;
            io::copy(&mut stream, &mut io::sink())
        });
        let (stream, _) = listener.accept().await?;
        let socket = ws::accept(stream).await?;
        for _ in 0..TURNS {
            for _ in 0..MESSAGES_A_TURN {
                socket.send(MESSAGE.into()).await?;
            }
            yield_now().await; // the turn ends, and all of them leave
        }
        socket.drained().await?;
        let counts = socket.counts();
        let expected = TURNS * MESSAGES_A_TURN * (HEAD_BYTES + MESSAGE.len() as u64);
        assert_eq!(counts.bytes_written, expected, "each message once");
        println!("turns={TURNS} messages_a_turn={MESSAGES_A_TURN} writes={}", counts.writes);
        socket.close(ws::code::NORMAL, "")?;
        drop(socket);
        // The reader answers no Close; five seconds of politeness are not for us.
        drop(reader);
        Ok(())
    })?
}
