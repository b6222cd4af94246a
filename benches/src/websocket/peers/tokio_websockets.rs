//! tokio-websockets, as its own benchmark of an echo has it.

use std::net::TcpListener;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_websockets::{Error, Message, ServerBuilder};
use tungstenite::Bytes;

use super::on_tokio::{self, Room};
use crate::websocket::server::Duty;

pub const NAME: &str = "tokio-websockets";

pub fn serve(listener: TcpListener, duty: Duty) -> ! {
    on_tokio::serve(listener, duty, echo, broadcast)
}

/// One connection, until its end or its first error.
async fn echo(stream: TcpStream) -> Result<(), Error> {
    let (_, mut socket) = ServerBuilder::new().accept(stream).await?;
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_binary() || message.is_text() {
            socket.send(message).await?;
        }
    }
    Ok(())
}

async fn broadcast(stream: TcpStream, room: Room) -> Result<(), Error> {
    let (_, socket) = ServerBuilder::new().accept(stream).await?;
    let (mut sink, mut messages) = socket.split();
    let mut said = room.join();
    tokio::spawn(async move {
        while let Some(bytes) = said.recv().await {
            sink.send(Message::binary(bytes)).await?;
        }
        Ok::<_, Error>(())
    });
    while let Some(message) = messages.next().await {
        let message = message?;
        if message.is_binary() {
            room.say(&Bytes::from(message.into_payload()));
        }
    }
    Ok(())
}
