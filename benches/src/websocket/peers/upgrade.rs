//! A server's part of the handshake, for a library that leaves it to a web server.
//!
//! It believes whatever a client of ours says. Not for strangers.

use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tungstenite::handshake::derive_accept_key;

const KEY: &str = "Sec-WebSocket-Key: ";

/// Reads a request and accepts it. Nothing comes behind the request before the answer.
pub async fn upgrade(stream: &mut TcpStream) -> Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut head).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
    }
    let head = String::from_utf8(head).map_err(Error::other)?;
    let key = head.lines().find_map(|line| line.strip_prefix(KEY)).ok_or(ErrorKind::InvalidData)?;
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\n\r\n",
        derive_accept_key(key.as_bytes())
    );
    stream.write_all(answer.as_bytes()).await
}
