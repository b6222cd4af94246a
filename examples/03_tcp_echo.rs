//! TCP: a server with a task for each client, and three clients at once.
#![allow(clippy::print_stdout)]

use std::{error::Error, io, net::SocketAddr};

use glassloop::{
    net::{TcpListener, TcpStream},
    spawn,
};

fn main() -> Result<(), Box<dyn Error>> {
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    glassloop::run(async {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let address = listener.local_addr()?;
        spawn(serve(listener)).named("server").detach();

        let clients = ["one", "two", "three"].map(|name| spawn(talk(address, name)).named(name));
        for client in clients {
            println!("{}", client.await??);
        }
        Ok(())
    })?
}

async fn serve(listener: TcpListener) -> io::Result<()> {
    loop {
        let (stream, peer) = listener.accept().await?;
        spawn(echo(stream)).named(format!("echo {peer}")).detach();
    }
}

/// Sends back what comes, until its end.
async fn echo(stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 1024];
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            came => stream.write_all(&buffer[..came]).await?,
        }
    }
}

async fn talk(address: SocketAddr, name: &str) -> io::Result<String> {
    let stream = TcpStream::connect(address).await?;
    stream.write_all(name.as_bytes()).await?;
    let mut came = vec![0; name.len()];
    stream.read_exact(&mut came).await?;
    Ok(format!("client {name} has its bytes back: {}", came == name.as_bytes()))
}

// client one has its bytes back: true
// client two has its bytes back: true
// client three has its bytes back: true
