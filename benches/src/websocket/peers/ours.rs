//! glassloop, as its users get it: default limits, one task a connection, beside its driver.

use std::net;

use glassloop::net::{TcpListener, TcpStream};
use glassloop::ws::{self, Hub};

use crate::websocket::server::Duty;

pub fn serve(listener: net::TcpListener, duty: Duty) -> ! {
    glassloop::run(async move {
        let listener = TcpListener::from_std(listener).expect("glassloop takes it");
        let room = Hub::new();
        loop {
            let (stream, _) = listener.accept().await.expect("a connection comes");
            match duty {
                Duty::Echo => glassloop::spawn(echo(stream)).detach(),
                Duty::Broadcast => glassloop::spawn(broadcast(stream, room.clone())).detach(),
            }
        }
    })
    .expect("the loop runs")
}

/// One connection, until its end or its first error.
async fn echo(stream: TcpStream) -> Result<(), ws::Error> {
    stream.set_nodelay(true)?;
    let socket = ws::accept(stream).await?;
    while let Some(message) = socket.recv().await? {
        socket.send(message).await?;
    }
    Ok(())
}

async fn broadcast(stream: TcpStream, room: Hub) -> Result<(), ws::Error> {
    stream.set_nodelay(true)?;
    let socket = ws::accept(stream).await?;
    room.join("", &socket);
    while let Some(message) = socket.recv().await? {
        room.publish("", message);
    }
    Ok(())
}
