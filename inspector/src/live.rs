//! The live socket: pushes the state to whoever watches.
//!
//! Promises at most twenty pushes a second, and none while the last one has not left: who reads
//! slowly costs one push of memory, and is told how many it has missed. It takes no messages.

use std::{rc::Rc, time::Duration};

use glassloop::{
    sleep, timeout,
    ws::{Config, Overflow, Request, Response, TrySend, WebSocket, WebSocketRoute, code},
};

use crate::{
    facts::Facts,
    query::Query,
    routes::LIVE,
    state::{self, Wanted},
};

/// The subprotocol that is spoken; the token beside it is never chosen, and so never repeated.
const SUBPROTOCOL: &str = "glassloop.v1";

/// From one push to the next, if the query doesn't say.
const EVERY_MS: u64 = 250;
/// Twenty a second at most; and a minute at least, so that a watcher sees whether it is connected.
const EVERY_MS_LEAST: u64 = 50;
const EVERY_MS_MOST: u64 = 60_000;

/// So long the loops have to answer. Nobody waits for them meanwhile but this push.
const ANSWER_IN: Duration = Duration::from_millis(5);

/// A watcher has nothing to say but Close and Pong.
const MESSAGE_BYTES_MAX: usize = 1_024;

/// What a watcher asked for.
struct Wish {
    every: Duration,
    wanted: Wanted,
}

impl Wish {
    fn of(request: &Request) -> Result<Wish, Response> {
        let query = Query::of(request, &["every_ms", "fresh_ms", "internal", "loop"])?;
        let every_ms = query.number("every_ms", EVERY_MS_LEAST..=EVERY_MS_MOST, EVERY_MS)?;
        Ok(Wish { every: Duration::from_millis(every_ms), wanted: Wanted::of(&query)? })
    }
}

/// The route, for pages of these origins and whoever is no page.
pub(crate) fn route(facts: Rc<Facts>, origins: &[String]) -> WebSocketRoute {
    let mut config = Config::default();
    config.limits.message_bytes_max = MESSAGE_BYTES_MAX;
    config.overflow = Overflow::DropNewest;
    let route = WebSocketRoute::new(LIVE, move |socket, request| {
        let facts = Rc::clone(&facts);
        async move {
            if let Ok(wish) = Wish::of(&request) {
                drop(request);
                push(socket, &facts, &wish).await;
            }
        }
    });
    route
        .subprotocols([SUBPROTOCOL])
        .require_subprotocol()
        .origins(origins)
        .allow_missing_origin()
        .auth(|request| Wish::of(request).map(drop))
        .config(config)
}

/// Pushes until the watcher goes.
async fn push(socket: WebSocket, facts: &Facts, wish: &Wish) {
    let (mut pushed, mut missed) = (0_u64, 0_u64);
    loop {
        let mut rest = wish.every;
        // What has not left is in the way of the next one.
        if socket.buffered_amount() > 0 {
            missed += 1;
        } else {
            let asked = state::ask(&wish.wanted.loops());
            sleep(ANSWER_IN).await;
            rest -= ANSWER_IN;
            let state = state::of(facts, state::answered(asked), ANSWER_IN);
            let text = format!(r#"{{"missed":{missed},"push":{pushed},"state":{state}}}"#);
            drop(state);
            match socket.try_send(text.into()) {
                TrySend::Sent | TrySend::Buffered(_) => pushed += 1,
                TrySend::Full(_) => missed += 1,
                _ => return,
            }
        }
        match timeout(rest, socket.recv()).await {
            Err(_) => {}
            Ok(Ok(Some(_))) => {
                let why = "expected no message: this socket only tells";
                if let Err(error) = socket.close(code::POLICY, why) {
                    log::debug!("inspector: a watcher that speaks was not told: {error}");
                }
                return;
            }
            Ok(_) => return,
        }
    }
}
