//! An echo server, and three clients at once.
#![allow(clippy::print_stdout)]

use std::{io, net::SocketAddr};

use glassloop::{
    net::{TcpListener, TcpStream},
    spawn, try_gather,
};

const NAMES: [&str; 3] = ["Ada", "Ben", "Cyd"];

async fn echo(stream: TcpStream) -> io::Result<()> {
    let mut bytes = [0; 1_024];
    loop {
        match stream.read(&mut bytes).await? {
            0 => return Ok(()),
            read => stream.write_all(&bytes[..read]).await?,
        }
    }
}

async fn serve(listener: TcpListener) -> io::Result<()> {
    loop {
        let (stream, _from) = listener.accept().await?;
        spawn(echo(stream)).or_report();
    }
}

async fn ask(name: &str, server: SocketAddr) -> io::Result<String> {
    let stream = TcpStream::connect(server).await?;
    let question = format!("{name} says hello");
    stream.write_all(question.as_bytes()).await?;
    let mut answer = vec![0; question.len()];
    stream.read_exact(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    glassloop::run(async {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let address = listener.local_addr()?;
        spawn(serve(listener)).or_report();
        let answers = try_gather(NAMES.map(|name| ask(name, address))).await?;
        for answer in &answers {
            println!("echoed: {answer}");
        }
        println!("{} clients, one thread", answers.len());
        Ok(())
    })?
}
