//! A chat room with its page: one port serves both. Open the address it prints in two windows.
//!
//! `--port N` chooses the port, `--seconds N` ends it by itself.
#![allow(clippy::print_stdout)]

use std::{cell::Cell, error::Error, net::SocketAddr, rc::Rc, time::Duration};

use glassloop::{
    net::TcpListener,
    ws::{self, Hub, Request, Response, Server, WebSocket, WebSocketRoute},
};

const PAGE: &str = include_str!("ws_chat.html");
/// Messages of a chat are short.
const MESSAGE_BYTES_MAX: usize = 4 * 1_024;
const TOPIC: &str = "room";
const PATIENCE: Duration = Duration::from_secs(2);

fn main() -> Result<(), Box<dyn Error>> {
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    let (port, seconds) = options(std::env::args().skip(1))?;
    glassloop::run(async move {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port)))?;
        let address = listener.local_addr()?;
        let handle = ws::serve(chat(address), [listener])?;
        println!("http://{address}/");
        match seconds {
            Some(seconds) => glassloop::sleep(Duration::from_secs(seconds.into())).await,
            None => std::future::pending().await,
        }
        println!("{}", handle.stop(PATIENCE).await);
        Ok(())
    })?
}

/// The page, how many are there, and the room. Pages of other sites may not speak for our users.
fn chat(address: SocketAddr) -> Server {
    let room = Rc::new(Room::default());
    let seen = Rc::clone(&room);
    let mut config = ws::Config::default();
    config.limits.message_bytes_max = MESSAGE_BYTES_MAX;
    let route = WebSocketRoute::new("/chat", move |socket, request| {
        let room = Rc::clone(&room);
        async move { room.join(socket, request).await }
    });
    let port = address.port();
    let origins = [format!("http://{address}"), format!("http://localhost:{port}")];
    Server::new()
        .get("/", |_| Response::html(PAGE))
        .get("/count", move |_| Response::json(seen.hub.members(TOPIC).to_string()))
        .route(route.origins(origins).allow_missing_origin().config(config))
}

/// Who is in the room.
#[derive(Default)]
struct Room {
    hub: Hub,
    joined: Cell<u32>,
}

impl Room {
    /// A member's stay: what it says is said to everybody.
    async fn join(&self, socket: WebSocket, request: Request) {
        let number = self.joined.get() + 1;
        self.joined.set(number);
        let name = format!("guest {number}");
        log::info!("{name} is {:?}", request.peer_addr());
        self.hub.join(TOPIC, &socket);
        // Who comes learns its own name, the others that it came.
        if socket.send(format!("you are {name}").into()).await.is_err() {
            return;
        }
        self.hub.publish_except(TOPIC, format!("{name} has come").into(), &socket);
        while let Ok(Some(message)) = socket.recv().await {
            if let Some(text) = message.as_text() {
                self.say(&format!("{name}: {text}"));
            }
        }
        self.hub.leave(TOPIC, &socket);
        self.say(&format!("{name} has gone"));
    }

    /// Says something to everybody. Who reads too slowly misses it; nobody waits for him.
    fn say(&self, words: &str) {
        self.hub.publish(TOPIC, words.into());
    }
}

/// The port, and the seconds if it is to end.
fn options(mut arguments: impl Iterator<Item = String>) -> Result<(u16, Option<u16>), String> {
    let (mut port, mut seconds) = (0, None);
    while let Some(name) = arguments.next() {
        let came = arguments.next().unwrap_or_default();
        let value =
            came.parse().map_err(|_| format!("expected a number after {name}, came {came}"));
        match name.as_str() {
            "--port" => port = value?,
            "--seconds" => seconds = Some(value?),
            _ => return Err(format!("expected --port N or --seconds N, came `{name}`")),
        }
    }
    Ok((port, seconds))
}
