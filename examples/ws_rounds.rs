//! Is a broadcast right at the wrong moment? To each reader in turn a server sends a mebibyte and,
//! while that is under way, a word through a hub; a hundred rounds, then a Close, and a word after
//! it, which must not leave. `tools/rounds.sh` has Python `websockets` read it.
//!
//! cargo run --release --example ws_rounds -- --readers 10
#![allow(clippy::print_stdout)]

use std::error::Error;

use glassloop::{net::TcpListener, ws, yield_now};

const ROUNDS_A_READER: usize = 100;
const LONG_BYTES: usize = 1 << 20;

fn main() -> Result<(), Box<dyn Error>> {
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    let mut arguments = std::env::args().skip_while(|argument| argument != "--readers").skip(1);
    let readers: usize = arguments.next().map_or(Ok(0), |number| number.parse())?;
    glassloop::run(async move {
        let listener = TcpListener::bind(([127, 0, 0, 1], 0).into())?;
        println!("ws://{}/", listener.local_addr()?);
        let hub = ws::Hub::new();
        let mut under_way = 0;
        for _ in 0..readers {
            let (stream, _) = listener.accept().await?;
            let socket = ws::accept(stream).await?;
            hub.join("news", &socket);
            for round in 0..ROUNDS_A_READER {
                under_way += usize::from(talk(&hub, &socket, round).await?);
            }
            socket.close(ws::code::NORMAL, "done")?;
            let after = hub.publish("news", "after the close".into());
            assert_eq!((after.closed, after.sent, after.buffered), (1, 0, 0));
            assert!(socket.closed().await.is_clean());
        }
        println!("rounds={} under_way={under_way}", readers * ROUNDS_A_READER);
        Ok(())
    })?
}

/// One round; whether the long message was still under way when the broadcast came.
async fn talk(hub: &ws::Hub, socket: &ws::WebSocket, round: usize) -> Result<bool, ws::Error> {
    socket.send(vec![7; LONG_BYTES].into()).await?;
    // Not always at the same frame.
    for _ in 0..=round % 3 {
        yield_now().await;
    }
    let under_way = socket.buffered_amount() > 0;
    let published = hub.publish("news", format!("round {round}").into());
    assert_eq!(published.sent + published.buffered, 1, "{published:?}");
    socket.drained().await?;
    Ok(under_way)
}
