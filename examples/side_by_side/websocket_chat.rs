//! A chat room over WebSocket, and three guests who come one after the other and speak in turn.
#![allow(clippy::print_stdout)]

use std::{net::SocketAddr, rc::Rc};

use glassloop::{
    net::TcpListener,
    ws::{self, Hub, Server, WebSocket, WebSocketRoute},
};

const NAMES: [&str; 3] = ["Ada", "Ben", "Cyd"];
const ROOM: &str = "room";

async fn member(socket: WebSocket, room: Rc<Hub>) -> Result<(), ws::Error> {
    let Some(name) = socket.recv().await? else { return Ok(()) };
    let name = name.as_text().unwrap_or_default();
    room.join(ROOM, &socket);
    room.publish(ROOM, format!("{name} has come").into());
    while let Some(words) = socket.recv().await? {
        room.publish(ROOM, format!("{name}: {}", words.as_text().unwrap_or_default()).into());
    }
    Ok(())
}

async fn all_hear(guests: &[(&str, WebSocket)]) -> Result<(), ws::Error> {
    for (name, guest) in guests {
        let heard = guest.recv().await?.expect("nobody has left");
        println!("{name} hears: {}", heard.as_text().unwrap_or_default());
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    glassloop::run(async {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let (address, room) = (format!("ws://{}/", listener.local_addr()?), Rc::default());
        let route = WebSocketRoute::new("/", move |socket, _| {
            let stay = member(socket, Rc::clone(&room));
            async { stay.await.unwrap_or_else(|error| println!("a guest was lost: {error}")) }
        });
        let _server = ws::serve(Server::new().route(route.allow_missing_origin()), [listener])?;
        let mut guests = Vec::new();
        for name in NAMES {
            guests.push((name, ws::connect(&address).await?));
            guests[guests.len() - 1].1.send(name.into()).await?;
            all_hear(&guests).await?;
        }
        for (_, guest) in &guests {
            guest.send("good evening".into()).await?;
            all_hear(&guests).await?;
        }
        for (name, guest) in &guests {
            guest.close(ws::code::NORMAL, "")?;
            println!("{name} leaves: {}", guest.closed().await.code);
        }
        Ok(())
    })?
}
