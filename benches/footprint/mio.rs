//! The program whose footprint is taken, on mio by hand: a TCP echo and a line every second.

use std::collections::HashMap;
use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

const LISTENER: Token = Token(0);
const SECOND: Duration = Duration::from_secs(1);

fn main() -> std::io::Result<()> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(1024);
    let mut listener = TcpListener::bind(([127, 0, 0, 1], 7007).into())?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut streams = HashMap::new();
    let mut token = LISTENER;
    let mut echoed = 0;
    let mut deadline = Instant::now() + SECOND;
    loop {
        poll.poll(&mut events, Some(deadline.saturating_duration_since(Instant::now())))?;
        for event in &events {
            if event.token() != LISTENER {
                echoed += match echo(&mut streams, event.token()) {
                    Ok(length) => length,
                    Err(_) => streams.remove(&event.token()).map_or(0, |_| 0),
                };
                continue;
            }
            while let Ok((mut stream, _)) = listener.accept() {
                token = Token(token.0 + 1);
                poll.registry().register(&mut stream, token, Interest::READABLE)?;
                streams.insert(token, stream);
            }
        }
        if Instant::now() >= deadline {
            deadline += SECOND;
            println!("{echoed} bytes");
        }
    }
}

fn echo(streams: &mut HashMap<Token, TcpStream>, token: Token) -> std::io::Result<usize> {
    let Some(stream) = streams.get_mut(&token) else { return Ok(0) };
    let mut buffer = [0; 4096];
    let mut echoed = 0;
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(length) => {
                stream.write_all(&buffer[..length])?;
                echoed += length;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(echoed),
            Err(error) => return Err(error),
        }
    }
}
