//! The conversation: the requests of one connection and their answers, up to an upgrade.
//!
//! Promises that requests are answered in the order in which they came, one at a time, and that
//! each wait in it has a deadline. What becomes of an upgraded connection is the program's.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::time::Duration;

use glassloop_reactor::net::TcpStream;
use glassloop_reactor::timeout;
use tungstenite::protocol::Role;

use crate::close::code;
use crate::handshake::see_off;
use crate::http::{Body, Connection, Heard, Incoming, Request, Response};
use crate::opening::open;

use super::job::Job;
use super::roster::Place;
use super::routes::Routes;
use super::shared::{Shared, named};
use super::upgrade::judge;
use super::websocket_route::SharedRoute;

/// What a conversation leads to.
enum Outcome {
    /// The socket goes.
    Over,
    /// As `Over`, but after the client has read our last answer.
    Answered,
    Upgraded {
        route: SharedRoute,
        request: Box<Request>,
        tail: Vec<u8>,
    },
}

/// The client is gone, or doesn't take its answer.
struct Broken;

/// Serves one connection until it is over, or a WebSocket.
pub(crate) async fn converse(shared: Rc<Shared>, stream: TcpStream, place: Rc<Place>) {
    match serve(&shared, &stream, &place).await {
        Ok(Outcome::Over) => {}
        Ok(Outcome::Answered) => {
            let patience = Duration::from_millis(shared.limits.linger_ms_max);
            match timeout(patience, see_off(&stream)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => log::debug!("server: a client went early: {error}"),
                Err(_) => log::debug!("server: a client stayed behind its last answer"),
            }
        }
        Ok(Outcome::Upgraded { route, request, tail }) => {
            upgrade(&shared, stream, &place, &route, *request, tail);
        }
        Err(Broken) => place.note_broken(),
    }
}

async fn serve(
    shared: &Rc<Shared>,
    stream: &TcpStream,
    place: &Rc<Place>,
) -> Result<Outcome, Broken> {
    let limits = &shared.limits;
    let is_stopping = || place.is_stopping();
    let mut incoming = Incoming::new(stream, limits, place.peer(), is_stopping);
    let mut heard = incoming.first().await;
    for left in (0..limits.requests_per_connection_max).rev() {
        let mut request = match heard {
            Heard::Request(request) => request,
            Heard::Refused(refusal) => {
                shared.count(|counts| counts.refused += 1);
                let answer = Response::refusal(&refusal).write(Body::Sent, Connection::Close);
                write(shared, stream, &answer).await?;
                return Ok(Outcome::Answered);
            }
            Heard::Late => {
                shared.count(|counts| counts.late += 1);
                say_late(stream);
                return Ok(Outcome::Over);
            }
            Heard::Silent => {
                shared.count(|counts| counts.late += 1);
                return Ok(Outcome::Over);
            }
            Heard::Nothing => return Ok(Outcome::Over),
            Heard::Broken => return Err(Broken),
        };
        shared.count(|counts| counts.requests += 1);
        // A panic of the program's own code is told to the client, and then goes its way.
        let answered = catch_unwind(AssertUnwindSafe(|| answer(&shared.routes, &mut request)));
        let answered = match answered {
            Ok(answered) => answered,
            Err(panic) => {
                place.note_broken();
                say_failed(shared, stream).await;
                resume_unwind(panic);
            }
        };
        let response = match answered {
            Answer::Response(response) => response,
            Answer::Upgrade { route, head } if !place.is_stopping() => {
                write(shared, stream, &head).await?;
                return Ok(Outcome::Upgraded { route, request, tail: incoming.into_rest() });
            }
            Answer::Upgrade { .. } => Response::status(503),
        };
        // What follows a refused upgrade may be frames.
        let stays = left > 0
            && request.keeps_alive()
            && !request.asks_for_upgrade()
            && !place.is_stopping();
        let connection = if stays { Connection::Stay } else { Connection::Close };
        let body = if request.method() == "HEAD" { Body::Left } else { Body::Sent };
        write(shared, stream, &response.write(body, connection)).await?;
        if !stays {
            return Ok(Outcome::Answered);
        }
        drop(request);
        heard = incoming.next().await;
    }
    Ok(Outcome::Answered)
}

enum Answer {
    Response(Response),
    Upgrade { route: SharedRoute, head: Vec<u8> },
}

/// What a request gets. Here the program's own code runs.
fn answer(routes: &Routes, request: &mut Request) -> Answer {
    let (page, socket) = (routes.page(request.path()), routes.socket(request.path()));
    match (page, socket) {
        // A client may ask for an upgrade in passing; a page may ignore that.
        (Some(page), socket) if socket.is_none() || !request.asks_for_upgrade() => {
            Answer::Response(match request.method() {
                "GET" | "HEAD" => (page.answer)(request),
                _ => Response::status(405).allowing("GET, HEAD"),
            })
        }
        (_, Some(route)) => match judge(request, route) {
            Ok(head) => Answer::Upgrade { route: Rc::clone(route), head },
            Err(response) => Answer::Response(response),
        },
        _ => Answer::Response(Response::status(404)),
    }
}

/// Writes all of it within the time that an answer may take.
async fn write(shared: &Shared, stream: &TcpStream, bytes: &[u8]) -> Result<(), Broken> {
    let patience = Duration::from_millis(shared.limits.answer_ms_max);
    match timeout(patience, stream.write_all(bytes)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => {
            log::debug!("server: an answer did not arrive: {error}");
            Err(Broken)
        }
        Err(_) => {
            log::debug!("server: a client did not take its answer");
            Err(Broken)
        }
    }
}

/// 500, to whoever asked for what panicked.
async fn say_failed(shared: &Shared, stream: &TcpStream) {
    let answer = Response::status(500).write(Body::Sent, Connection::Close);
    if write(shared, stream, &answer).await.is_ok() {
        let patience = Duration::from_millis(shared.limits.linger_ms_max);
        drop(timeout(patience, see_off(stream)).await);
    }
}

/// 408 as well as that can be done at once: the deadline is the end.
fn say_late(stream: &TcpStream) {
    let answer = Response::status(408).write(Body::Sent, Connection::Close);
    let told = stream.try_write(&answer);
    log::debug!("server: a request did not come in time: {told:?}");
}

/// The answer is written: what was a conversation is a WebSocket from now on.
fn upgrade(
    shared: &Rc<Shared>,
    stream: TcpStream,
    place: &Rc<Place>,
    route: &SharedRoute,
    request: Request,
    tail: Vec<u8>,
) {
    shared.count(|counts| counts.upgrades += 1);
    let path = route.pattern().as_given();
    let (limits, overflow) = (Rc::new(route.limits().sane()), route.overflow());
    let (socket, driver) = open(stream, Role::Server, limits, overflow, tail);
    place.note_upgrade(path, socket.connection());
    if place.is_stopping() {
        socket.connection().close(code::AWAY, "the server stops".into());
    }
    let holder = Rc::clone(place);
    let driving = async move {
        if !driver.await.is_clean() {
            holder.note_broken();
        }
    };
    shared.spawn(Job::new(named("ws", None, place.peer()), place, driving));
    let serving = route.begin(socket, request);
    shared.spawn(Job::new(named("ws", Some(path), place.peer()), place, serving));
}
