//! fastwebsockets on tokio. Its upgrade needs hyper; here a few lines of ours do the same.

use std::future::ready;
use std::net::TcpListener;

use fastwebsockets::{Frame, OpCode, Payload, Role, WebSocket, WebSocketError};
use tokio::net::TcpStream;
use tungstenite::Bytes;

use super::on_tokio::{self, Room};
use super::upgrade::upgrade;
use crate::websocket::server::Duty;

pub const NAME: &str = "fastwebsockets";

pub fn serve(listener: TcpListener, duty: Duty) -> ! {
    on_tokio::serve(listener, duty, echo, broadcast)
}

/// One connection, until its end or its first error.
async fn echo(mut stream: TcpStream) -> Result<(), WebSocketError> {
    upgrade(&mut stream).await?;
    let mut socket = WebSocket::after_handshake(stream, Role::Server);
    loop {
        let frame = socket.read_frame().await?;
        match frame.opcode {
            // A new frame: the one that was read still carries the client's mask.
            OpCode::Binary | OpCode::Text => {
                socket.write_frame(Frame::new(true, frame.opcode, None, frame.payload)).await?;
            }
            OpCode::Close => return Ok(()),
            _ => {}
        }
    }
}

async fn broadcast(mut stream: TcpStream, room: Room) -> Result<(), WebSocketError> {
    upgrade(&mut stream).await?;
    let socket = WebSocket::after_handshake(stream, Role::Server);
    let (mut reader, mut writer) = socket.split(tokio::io::split);
    let mut said = room.join();
    tokio::spawn(async move {
        while let Some(bytes) = said.recv().await {
            writer.write_frame(Frame::binary(Payload::Borrowed(&bytes))).await?;
        }
        Ok::<_, WebSocketError>(())
    });
    // Nobody pings here, so there is nothing to answer.
    let mut answer = |_: Frame<'_>| ready(Ok::<_, WebSocketError>(()));
    loop {
        let frame = reader.read_frame(&mut answer).await?;
        match frame.opcode {
            OpCode::Binary => room.say(&Bytes::copy_from_slice(&frame.payload)),
            OpCode::Close => return Ok(()),
            _ => {}
        }
    }
}
