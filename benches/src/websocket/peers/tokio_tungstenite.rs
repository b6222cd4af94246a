//! tokio-tungstenite, in two forms: as its examples have it, and as well as its options allow.
//!
//! The tuned form reads through 4 KiB a connection instead of zeroing 128 KiB for every read, and
//! flushes when nothing more can be read instead of after each message.

use std::future::ready;
use std::net::TcpListener;

use futures_util::{SinkExt, StreamExt, TryStreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::{accept_async, accept_async_with_config};
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Error, Message};

use super::on_tokio::{self, Room};
use crate::peer::READ_BYTES;
use crate::websocket::server::Duty;

pub const NAME: &str = "tokio-tungstenite";

pub const TUNED: &str = "tokio-tungstenite tuned";

pub fn serve(listener: TcpListener, duty: Duty) -> ! {
    on_tokio::serve(listener, duty, echo, broadcast)
}

pub fn serve_tuned(listener: TcpListener, duty: Duty) -> ! {
    on_tokio::serve(listener, duty, echo_tuned, broadcast_tuned)
}

/// One connection, until its end or its first error.
async fn echo(stream: TcpStream) -> Result<(), Error> {
    let mut socket = accept_async(stream).await?;
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_binary() || message.is_text() {
            socket.send(message).await?;
        }
    }
    Ok(())
}

async fn echo_tuned(stream: TcpStream) -> Result<(), Error> {
    let (sink, messages) = accept_async_with_config(stream, Some(tuned())).await?.split();
    let messages = messages.try_filter(|message| ready(message.is_binary() || message.is_text()));
    messages.forward(sink).await
}

fn tuned() -> WebSocketConfig {
    WebSocketConfig::default().read_buffer_size(READ_BYTES)
}

async fn broadcast(stream: TcpStream, room: Room) -> Result<(), Error> {
    let (mut sink, mut messages) = accept_async(stream).await?.split();
    let mut said = room.join();
    tokio::spawn(async move {
        while let Some(bytes) = said.recv().await {
            sink.send(Message::Binary(bytes)).await?;
        }
        Ok::<_, Error>(())
    });
    while let Some(message) = messages.next().await {
        if let Message::Binary(bytes) = message? {
            room.say(&bytes);
        }
    }
    Ok(())
}

async fn broadcast_tuned(stream: TcpStream, room: Room) -> Result<(), Error> {
    let (mut sink, mut messages) = accept_async_with_config(stream, Some(tuned())).await?.split();
    let mut said = room.join();
    tokio::spawn(async move {
        while let Some(bytes) = said.recv().await {
            sink.feed(Message::Binary(bytes)).await?;
            while let Ok(bytes) = said.try_recv() {
                sink.feed(Message::Binary(bytes)).await?;
            }
            sink.flush().await?;
        }
        Ok::<_, Error>(())
    });
    while let Some(message) = messages.next().await {
        if let Message::Binary(bytes) = message? {
            room.say(&bytes);
        }
    }
    Ok(())
}
