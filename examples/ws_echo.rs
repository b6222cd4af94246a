//! A WebSocket server that sends back what it is sent, text as text and bytes as bytes, up to
//! 16 MiB a message. Its first line says where it listens.
//!
//! cargo run --release --example ws_echo -- [--port N] [--seconds N]
#![allow(clippy::print_stdout)]

use std::{convert::Infallible, env, error::Error, net::SocketAddr, time::Duration};

use glassloop::{
    net::{TcpListener, TcpStream},
    sleep, spawn, timeout, ws,
};

const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How long an accept waits after one that failed, for want of descriptors most likely.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(100);

fn main() -> Result<(), Box<dyn Error>> {
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    let (mut port, mut seconds) = (0, None);
    let mut words = env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().unwrap_or_default();
        match &word[..] {
            "--port" => port = value.parse()?,
            "--seconds" => seconds = Some(Duration::from_secs(value.parse()?)),
            _ => return Err(format!("expected --port N or --seconds N, came {word}").into()),
        }
    }
    glassloop::run(async move {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port)))?;
        println!("ws://{} echoes what it is sent", listener.local_addr()?);
        match seconds {
            Some(seconds) => {
                timeout(seconds, serve(listener)).await.map_or(Ok(()), |never| match never {})
            }
            None => match serve(listener).await {},
        }
    })?
}

/// Gives each client a task of its own. One that misbehaves ends nothing but its own connection.
async fn serve(listener: TcpListener) -> Infallible {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                spawn(async move {
                    if let Err(error) = echo(stream).await {
                        log::debug!("{peer}: {error}");
                    }
                })
                .detach();
            }
            Err(error) => {
                log::warn!("accept: {error}");
                sleep(ACCEPT_AGAIN_AFTER).await;
            }
        }
    }
}

async fn echo(stream: TcpStream) -> Result<(), ws::Error> {
    let mut config = ws::Config::default();
    config.limits.frame_bytes_max = MESSAGE_BYTES_MAX;
    config.limits.message_bytes_max = MESSAGE_BYTES_MAX;
    let socket = ws::accept_with(stream, config).await?;
    while let Some(message) = socket.recv().await? {
        socket.send(message).await?;
    }
    Ok(())
}
