//! glassloop, as its users get it: default limits, one task a connection, beside its driver.

use std::cell::RefCell;
use std::net;
use std::rc::Rc;

use glassloop::net::{TcpListener, TcpStream};
use glassloop::ws::{self, WebSocket};

use crate::websocket::server::Duty;

pub fn serve(listener: net::TcpListener, duty: Duty) -> ! {
    glassloop::run(async move {
        let listener = TcpListener::from_std(listener).expect("glassloop takes it");
        let room = Room::default();
        loop {
            let (stream, _) = listener.accept().await.expect("a connection comes");
            match duty {
                Duty::Echo => glassloop::spawn(echo(stream)).detach(),
                Duty::Broadcast => glassloop::spawn(broadcast(stream, Rc::clone(&room))).detach(),
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

/// Everybody who is here.
///
/// A hub that encodes a message once for all of them would stand here; this is the loop that a
/// program writes without one.
type Room = Rc<RefCell<Vec<WebSocket>>>;

async fn broadcast(stream: TcpStream, room: Room) -> Result<(), ws::Error> {
    stream.set_nodelay(true)?;
    let socket = ws::accept(stream).await?;
    room.borrow_mut().push(socket.clone());
    while let Some(message) = socket.recv().await? {
        for member in room.borrow().iter() {
            member.try_send(message.clone())?;
        }
    }
    Ok(())
}
