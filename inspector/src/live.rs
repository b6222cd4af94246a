//! The live socket: pushes the state to whoever watches, and the events of a loop.
//!
//! Promises at most twenty pushes a second, and none while the last one has not left: who reads
//! slowly costs one push of memory, and is told how many it has missed, or how many events. It
//! takes no messages.

use std::{rc::Rc, time::Duration};

use glassloop::{
    Elapsed, timeout,
    ws::{
        Config, Error, Message, Overflow, Request, Response, TrySend, WebSocket, WebSocketRoute,
        code,
    },
};
use serde_json::Value;

use crate::{
    attendance::Watcher,
    facts::Facts,
    feed::{ANSWER_IN, EventsOf, Feed},
    query::Query,
    routes::LIVE,
    state::Wanted,
};

/// The subprotocol that is spoken; the token beside it is never chosen, and so never repeated.
const SUBPROTOCOL: &str = "glassloop.v1";

/// From one push to the next, if the query doesn't say.
const EVERY_MS: u64 = 250;
/// Twenty a second at most; and a minute at least, so that a watcher sees whether it is connected.
const EVERY_MS_LEAST: u64 = 50;
const EVERY_MS_MOST: u64 = 60_000;

/// So long a watcher has, once told of the end, to ask for what is still wanted and to go.
const PART_IN: Duration = Duration::from_millis(1_500);

/// So often it is looked whether the program ends, between two pushes that are far apart.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A watcher has nothing to say but Close and Pong.
const MESSAGE_BYTES_MAX: usize = 1_024;

/// What a watcher asked for.
struct Wish {
    every: Duration,
    wanted: Wanted,
    /// Whose events.
    events_of: EventsOf,
}

impl Wish {
    fn of(request: &Request) -> Result<Wish, Response> {
        let query = Query::of(request, &["events", "every_ms", "fresh_ms", "internal", "loop"])?;
        let every_ms = query.number("every_ms", EVERY_MS_LEAST..=EVERY_MS_MOST, EVERY_MS)?;
        let mut wanted = Wanted::of(&query)?;
        let events_of = EventsOf::of(query.flag("events")?, &wanted)?;
        if !matches!(events_of, EventsOf::Nobody) {
            // The others are shown beside it, to be chosen.
            wanted.number = None;
        }
        Ok(Wish { every: Duration::from_millis(every_ms), wanted, events_of })
    }
}

impl EventsOf {
    /// Before a process has a loop, its first one is meant.
    fn of(wants: bool, wanted: &Wanted) -> Result<EventsOf, Response> {
        match wants {
            false => Ok(EventsOf::Nobody),
            true if wanted.number.is_none() && wanted.loops().is_empty() => Ok(EventsOf::First),
            true => wanted.only_loop().map(EventsOf::Loop),
        }
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
                push(socket, &facts, wish).await;
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
async fn push(socket: WebSocket, facts: &Facts, wish: Wish) {
    let watcher = match wish.events_of {
        EventsOf::Nobody => None,
        EventsOf::Loop(_) | EventsOf::First => Watcher::of(facts),
    };
    let (mut pushed, mut missed) = (0_u64, 0_u64);
    let mut feed = Feed::new(wish.wanted, wish.every, wish.events_of);
    loop {
        let is_ending = watcher.as_ref().is_some_and(Watcher::is_ending);
        let mut rest = wish.every;
        // What has not left is in the way of the next one.
        if socket.buffered_amount() > 0 {
            missed += 1;
        } else {
            let (mut fields, batch) = feed.next(facts, is_ending).await;
            // Known now: this push tells of the end.
            let is_last = feed.has_all();
            rest -= ANSWER_IN;
            fields.insert("missed".into(), missed.into());
            fields.insert("push".into(), pushed.into());
            let text = Value::Object(fields).to_string();
            match socket.try_send(text.into()) {
                TrySend::Sent | TrySend::Buffered(_) => pushed += 1,
                TrySend::Full(_) => missed += 1,
                _ => return,
            }
            if let Some(batch) = batch
                && let TrySend::Sent | TrySend::Buffered(_) = socket.try_send(batch.message.clone())
            {
                feed.sent(&batch);
            }
            if is_last {
                return part(&socket).await;
            }
        }
        match rest_of(rest, &socket, watcher.as_ref()).await {
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

/// What comes until the next push, which is soon when the program ends.
async fn rest_of(
    mut rest: Duration,
    socket: &WebSocket,
    watcher: Option<&Watcher>,
) -> Result<Result<Option<Message>, Error>, Elapsed> {
    let Some(watcher) = watcher else { return timeout(rest, socket.recv()).await };
    loop {
        let step = if watcher.is_ending() { ANSWER_IN } else { rest.min(LOOK_EVERY) };
        let came = timeout(step, socket.recv()).await;
        rest = rest.saturating_sub(step);
        if came.is_ok() || rest.is_zero() || watcher.is_ending() {
            return came;
        }
    }
}

/// The program ends, and the watcher has been told everything, and goes soon.
async fn part(socket: &WebSocket) {
    if timeout(PART_IN, socket.recv()).await.is_ok() {
        return;
    }
    if let Err(error) = socket.close(code::AWAY, "the program has ended") {
        log::debug!("inspector: a watcher was not told of the end: {error}");
    }
    // The process ends with this task: the Close is to leave first.
    if timeout(LOOK_EVERY, socket.closed()).await.is_err() {
        log::debug!("inspector: a watcher has not answered the end");
    }
}
