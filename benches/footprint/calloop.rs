//! The program whose footprint is taken, on calloop: a TCP echo and a line every second.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use calloop::generic::{Generic, NoIoDrop};
use calloop::timer::{TimeoutAction, Timer};
use calloop::{EventLoop, Interest, LoopHandle, Mode, PostAction};

const SECOND: Duration = Duration::from_secs(1);

struct Server<'l> {
    sources: LoopHandle<'l, Server<'l>>,
    buffer: Vec<u8>,
    echoed: usize,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut event_loop = EventLoop::<'_, Server<'_>>::try_new()?;
    let sources = event_loop.handle();
    let listener = TcpListener::bind("127.0.0.1:7007")?;
    listener.set_nonblocking(true)?;
    sources
        .insert_source(Generic::new(listener, Interest::READ, Mode::Level), accept)
        .map_err(|error| error.error)?;
    sources
        .insert_source(Timer::from_duration(SECOND), |_, _, server| {
            println!("{} bytes", server.echoed);
            TimeoutAction::ToDuration(SECOND)
        })
        .map_err(|error| error.error)?;
    let mut server = Server { sources, buffer: vec![0; 4096], echoed: 0 };
    loop {
        event_loop.dispatch(None, &mut server)?;
    }
}

fn accept(
    _: calloop::Readiness,
    listener: &mut NoIoDrop<TcpListener>,
    server: &mut Server<'_>,
) -> std::io::Result<PostAction> {
    while let Ok((stream, _)) = listener.accept() {
        stream.set_nonblocking(true)?;
        let source = Generic::new(stream, Interest::READ, Mode::Level);
        server.sources.insert_source(source, echo).map_err(|error| error.error)?;
    }
    Ok(PostAction::Continue)
}

fn echo(
    _: calloop::Readiness,
    stream: &mut NoIoDrop<TcpStream>,
    server: &mut Server<'_>,
) -> std::io::Result<PostAction> {
    let mut stream: &TcpStream = stream;
    match stream.read(&mut server.buffer) {
        Ok(0) => Ok(PostAction::Remove),
        Ok(length) => {
            stream.write_all(&server.buffer[..length])?;
            server.echoed += length;
            Ok(PostAction::Continue)
        }
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(PostAction::Continue),
        Err(_) => Ok(PostAction::Remove),
    }
}
