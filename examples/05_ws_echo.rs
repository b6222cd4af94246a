//! WebSocket: a server that echoes, a client that talks to it, and a close that both agree on.
#![allow(clippy::print_stdout)]

use std::{error::Error, net::SocketAddr};

use glassloop::{
    net::{TcpListener, TcpStream},
    spawn, ws,
};

fn main() -> Result<(), Box<dyn Error>> {
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    glassloop::run(async {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let url = format!("ws://{}/", listener.local_addr()?);
        let server = spawn(async move {
            let (stream, _) = listener.accept().await?;
            echo(stream).await
        });

        let socket = ws::connect(&url).await?;
        for message in [ws::Message::from("some text"), ws::Message::from(vec![1, 2, 3])] {
            socket.send(message).await?;
            match socket.recv().await? {
                Some(ws::Message::Text(text)) => println!("text: {text}"),
                Some(ws::Message::Binary(bytes)) => println!("binary: {bytes:?}"),
                None => println!("closed"),
            }
        }
        socket.close(ws::code::NORMAL, "enough")?;
        println!("the client was {}", socket.closed().await);
        println!("the server was {}", server.await??);
        Ok(())
    })?
}

/// Echoes until the end, and says how it ended.
async fn echo(stream: TcpStream) -> Result<ws::CloseInfo, ws::Error> {
    let socket = ws::accept(stream).await?;
    while let Some(message) = socket.recv().await? {
        socket.send(message).await?;
    }
    Ok(socket.closed().await)
}

// text: some text
// binary: b"\x01\x02\x03"
// the client was closed by us with 1000 (enough): both sides agreed
// the server was closed by the peer with 1000 (enough): both sides agreed
