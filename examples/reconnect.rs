//! A client that comes back: it sends numbered messages to a server that may go away at any time,
//! and each of them arrives once. The server says how many it has, when a connection opens and
//! after each message; `tools/reconnect.sh` has one in Python, which it kills five times.
//!
//! cargo run --release --example reconnect -- ws://127.0.0.1:9000/ --messages 2000
#![allow(clippy::print_stdout)]

use std::{error::Error, io, time::Duration};

use glassloop::{
    sleep, spawn,
    ws::{self, Endpoint, Message, Opened, Reconnect, ReconnectLimits, Reconnecting},
};

/// How often a message is sent.
const PAUSE: Duration = Duration::from_millis(5);

fn main() -> Result<(), Box<dyn Error>> {
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    env_logger::init();
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().ok_or("expected the ws:// address of a server, came none")?;
    let messages: u64 = match (arguments.next().as_deref(), arguments.next()) {
        (Some("--messages"), Some(number)) => number.parse()?,
        _ => 2_000,
    };
    glassloop::run(async move {
        let mut limits = ReconnectLimits::default();
        limits.delay_ms_max = 2_000; // somebody watches
        let client = ws::reconnect(
            Reconnect::to(Endpoint::new(&url)?)
                .limits(limits)
                .acknowledged()
                .resubscribe(ask_what_it_has)
                .on_state(|state| println!("{state}")),
        )?;
        spawn(acknowledge(client.clone())).detach();
        for number in 1..=messages {
            client.send(number.to_string().into()).await?;
            sleep(PAUSE).await;
        }
        while client.buffered_amount() > 0 {
            sleep(PAUSE).await;
        }
        client.disconnect();
        client.finished().await;
        let counts = client.counts();
        println!("messages={} connections={}", counts.accepted, counts.opened);
        Ok(())
    })?
}

/// Before anything is sent again: what the server has need not be.
async fn ask_what_it_has(opened: Opened) -> Result<(), ws::Error> {
    if let Some(message) = opened.socket().recv().await? {
        opened.acknowledge(number_in(&message)?);
    }
    Ok(())
}

/// What the server has is done with.
async fn acknowledge(client: Reconnecting) -> Result<(), ws::Error> {
    while let Some(message) = client.recv().await? {
        client.acknowledge(number_in(&message)?);
    }
    Ok(())
}

fn number_in(message: &Message) -> io::Result<u64> {
    let number = message.as_text().and_then(|text| text.parse().ok());
    number.ok_or_else(|| io::Error::other(format!("expected a number, came {message:?}")))
}
