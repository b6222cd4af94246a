//! The server: it echoes what its WebSocket clients send, text as text and bytes as bytes.
//!
//! Each client has a task of its own. One that misbehaves ends its own connection and nothing else.

use std::{convert::Infallible, time::Duration};

use glassloop::{
    net::{TcpListener, TcpStream},
    sleep, spawn, ws,
};

/// How long an accept waits after one that failed, for want of descriptors most likely.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(100);

pub(crate) async fn serve(listener: TcpListener) -> Infallible {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let session = async move {
                    match echo(stream).await {
                        Ok(()) => log::debug!("server: {peer} has closed"),
                        Err(error) => log::debug!("server: {peer}: {error}"),
                    }
                };
                spawn(session).named(format!("session {peer}")).detach();
            }
            Err(error) => {
                log::warn!("server: accept: {error}");
                sleep(ACCEPT_AGAIN_AFTER).await;
            }
        }
    }
}

async fn echo(stream: TcpStream) -> Result<(), ws::Error> {
    let socket = ws::accept(stream).await?;
    while let Some(message) = socket.recv().await? {
        socket.send(message).await?;
    }
    Ok(())
}
