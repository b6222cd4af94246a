//! One voice, many listeners: a number ten times a second to everybody who connects, each frame
//! encoded once. Who reads too slowly gets the newest numbers and misses older ones.
//!
//! `--port N` chooses the port, `--seconds N` ends it by itself.
#![allow(clippy::print_stdout)]

use std::{error::Error, net::SocketAddr, time::Duration};

use glassloop::{
    interval,
    net::TcpListener,
    ws::{self, Hub, Overflow, Server, WebSocketRoute},
};

const PERIOD: Duration = Duration::from_millis(100);
const TICKS_A_LINE: u64 = 10;
const PATIENCE: Duration = Duration::from_secs(2);

fn main() -> Result<(), Box<dyn Error>> {
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    let (port, seconds) = options(std::env::args().skip(1))?;
    glassloop::run(async move {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port)))?;
        let address = listener.local_addr()?;
        let hub = Hub::new();
        let handle = ws::serve(server(&hub), [listener])?;
        println!("ws://{address}/");
        tell(&hub, seconds).await;
        println!("{}", handle.stop(PATIENCE).await);
        Ok(())
    })?
}

/// Everybody who connects joins the topic, and stays until it goes.
fn server(hub: &Hub) -> Server {
    let hub = hub.clone();
    let listen = WebSocketRoute::new("/", move |socket, _| {
        hub.join("numbers", &socket);
        async move {
            // Listeners have nothing to say; reading them tells when they go.
            while let Ok(Some(_)) = socket.recv().await {}
        }
    });
    let mut config = ws::Config::default();
    config.overflow = Overflow::DropOldest;
    Server::new().route(listen.config(config))
}

/// Publishes, and prints a line a second.
async fn tell(hub: &Hub, seconds: Option<u64>) {
    let mut ticks = interval(PERIOD);
    let mut number = 0;
    while seconds.is_none_or(|seconds| number < seconds * TICKS_A_LINE) {
        ticks.tick().await;
        number += 1;
        let told = hub.publish("numbers", number.to_string().into());
        if number % TICKS_A_LINE == 0 {
            let (listeners, behind) = (hub.members("numbers"), told.buffered);
            println!("number {number}: {listeners} listeners, {behind} of them behind");
        }
    }
}

/// The port, and the seconds if it is to end.
fn options(
    mut arguments: impl Iterator<Item = String>,
) -> Result<(u16, Option<u64>), Box<dyn Error>> {
    let (mut port, mut seconds) = (0, None);
    while let Some(name) = arguments.next() {
        let value = arguments.next().unwrap_or_default();
        match name.as_str() {
            "--port" => port = value.parse()?,
            "--seconds" => seconds = Some(value.parse()?),
            _ => return Err(format!("expected --port N or --seconds N, came `{name}`").into()),
        }
    }
    Ok((port, seconds))
}
