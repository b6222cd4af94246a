//! What the servers on tokio share: the loop that accepts, and the room of a broadcast.

use std::net;
use std::sync::{Arc, Mutex};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tungstenite::Bytes;

use crate::peers::tokio::runtime;
use crate::websocket::server::Duty;

/// Accepts for ever, and spawns a task a connection.
pub fn serve<E, B>(
    listener: net::TcpListener,
    duty: Duty,
    echo: impl Fn(TcpStream) -> E,
    broadcast: impl Fn(TcpStream, Room) -> B,
) -> !
where
    E: Future<Output: Send> + Send + 'static,
    B: Future<Output: Send> + Send + 'static,
{
    runtime().block_on(async {
        listener.set_nonblocking(true).expect("a socket has a nonblocking mode");
        let listener = TcpListener::from_std(listener).expect("tokio takes it");
        let room = Room::default();
        loop {
            let (stream, _) = listener.accept().await.expect("a connection comes");
            stream.set_nodelay(true).expect("a TCP socket has TCP_NODELAY");
            match duty {
                Duty::Echo => drop(tokio::spawn(echo(stream))),
                Duty::Broadcast => drop(tokio::spawn(broadcast(stream, room.clone()))),
            }
        }
    })
}

/// A channel to each member, as the libraries' chat examples have it.
#[derive(Clone, Default)]
pub struct Room {
    members: Arc<Mutex<Vec<UnboundedSender<Bytes>>>>,
}

impl Room {
    /// What is said from now on comes out of the channel.
    pub fn join(&self) -> UnboundedReceiver<Bytes> {
        let (sender, said) = unbounded_channel();
        self.members.lock().expect("no member panics").push(sender);
        said
    }

    pub fn say(&self, message: &Bytes) {
        for member in &*self.members.lock().expect("no member panics") {
            // A member may have left: it hears nothing any more.
            member.send(message.clone()).ok();
        }
    }
}
