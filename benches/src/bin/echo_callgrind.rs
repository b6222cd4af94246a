//! TCP echo on glassloop, to be counted under callgrind: `echo_callgrind MESSAGES`.
//!
//! Client and server are tasks of one loop, on 127.0.0.1; a message of 64 bytes goes there and
//! back before the next. With 0 the connection is still made, so that the difference of two runs is
//! the price of the messages alone. It prints nothing; `callgrind.sh` does the rest.

use std::env;
use std::io;
use std::process::ExitCode;

use glassloop::net::{TcpListener, TcpStream};

const BYTES: usize = 64;

fn main() -> ExitCode {
    let Some(messages) = env::args().nth(1).and_then(|messages| messages.parse::<u64>().ok())
    else {
        eprintln!("usage: echo_callgrind MESSAGES");
        return ExitCode::from(2);
    };
    match glassloop::run(echo(messages)) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        other => {
            eprintln!("the echo failed: {other:?}");
            ExitCode::FAILURE
        }
    }
}

async fn echo(messages: u64) -> io::Result<()> {
    let listener = TcpListener::bind(([127, 0, 0, 1], 0).into())?;
    let address = listener.local_addr()?;
    let server = glassloop::spawn(async move {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let mut buffer = [0; BYTES];
        loop {
            match stream.read(&mut buffer).await? {
                0 => return io::Result::Ok(()),
                count => stream.write_all(&buffer[..count]).await?,
            }
        }
    });
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut buffer = [7; BYTES];
    for _ in 0..messages {
        stream.write_all(&buffer).await?;
        stream.read_exact(&mut buffer).await?;
    }
    drop(stream);
    server.await.map_err(io::Error::other)?
}
