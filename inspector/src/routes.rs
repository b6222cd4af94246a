//! The routes: every path that there is beside the page's own files, and what it answers.
//!
//! Promises that the table below is all of it: no file system, no pattern; that no GET changes
//! anything; that what changes something is a POST that a controller asks for; and that what has to
//! wait for a loop holds up no other request. Who may ask is the door's business, what an answer
//! holds that of the files it names.

use std::{future::Future, pin::Pin, rc::Rc};

use glassloop::ws::{Request, Response};
use serde_json::json;

use crate::{clock, control, dump, facts::Facts, past, source, state, stepping};

/// Where the pushes of [`live`](crate::live) are.
pub(crate) const LIVE: &str = "/live";

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Who has the token: the answer changes nothing.
    Reader,
    /// Who has the token, where control is allowed.
    Controller,
}

/// What a path is asked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    /// GET, and the connection becomes a WebSocket.
    WebSocket,
}

/// What a route answers; an error is an answer as well.
type Answer = Result<Response, Response>;

/// How a route answers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Respond {
    Now(fn(&Facts, &Request) -> Answer),
    /// By waiting for loops, while others are served.
    Later(fn(Rc<Facts>, Request) -> Later),
}

/// An answer that is waited for.
pub(crate) type Later = Pin<Box<dyn Future<Output = Answer>>>;

/// One path.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) access: Access,
    pub(crate) respond: Respond,
}

const fn get(path: &'static str, respond: fn(Rc<Facts>, Request) -> Later) -> Route {
    let respond = Respond::Later(respond);
    Route { method: Method::Get, path, access: Access::Reader, respond }
}

const fn post(path: &'static str, respond: fn(&Facts, &Request) -> Answer) -> Route {
    let respond = Respond::Now(respond);
    Route { method: Method::Post, path, access: Access::Controller, respond }
}

const fn order(path: &'static str, respond: fn(Rc<Facts>, Request) -> Later) -> Route {
    let respond = Respond::Later(respond);
    Route { method: Method::Post, path, access: Access::Controller, respond }
}

/// All of them.
pub(crate) const ROUTES: [Route; 18] = [
    get("/state", |facts, request| Box::pin(state::state(facts, request))),
    get("/events", |facts, request| Box::pin(past::events(facts, request))),
    get("/story", |facts, request| Box::pin(past::story(facts, request))),
    get("/turns", |facts, request| Box::pin(past::turns(facts, request))),
    get("/slow", |facts, request| Box::pin(past::slow(facts, request))),
    get("/why", |facts, request| Box::pin(past::why(facts, request))),
    get("/wakes", |facts, request| Box::pin(past::wakes(facts, request))),
    get("/trace", |facts, request| Box::pin(past::file(facts, request))),
    Route {
        method: Method::Get,
        path: "/source",
        access: Access::Reader,
        respond: Respond::Now(source::source),
    },
    post("/record", control::record),
    post("/lint", control::lint),
    post("/cancel", control::cancel),
    post("/clock", clock::clock),
    order("/pause", |facts, request| Box::pin(stepping::pause(facts, request))),
    order("/resume", |facts, request| Box::pin(stepping::resume(facts, request))),
    order("/step", |facts, request| Box::pin(stepping::step(facts, request))),
    post("/dump", dump::dump),
    Route {
        method: Method::WebSocket,
        path: LIVE,
        access: Access::Reader,
        respond: Respond::Now(no_page),
    },
];

/// The route of a path.
pub(crate) fn route(path: &str) -> Option<&'static Route> {
    const TABLE: &[Route] = &ROUTES;
    TABLE.iter().find(|route| route.path == path)
}

/// An answer that says what is wrong, as JSON.
pub(crate) fn refusal(status: u16, what: &str) -> Response {
    Response::json(json!({ "error": what }).to_string()).with_status(status)
}

/// What is asked without an upgrade where there is only a WebSocket is the server's to answer.
fn no_page(_: &Facts, request: &Request) -> Answer {
    Err(refusal(426, &format!("expected a WebSocket at {}", request.path())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_get_changes_anything_and_every_path_is_there_once() {
        for (at, route) in ROUTES.iter().enumerate() {
            assert_eq!(
                route.method == Method::Post,
                route.access == Access::Controller,
                "{}: POST if and only if it changes the program",
                route.path
            );
            assert!(route.path.starts_with('/') && !route.path.contains(['*', '?']));
            assert!(!ROUTES[..at].iter().any(|other| other.path == route.path), "{}", route.path);
        }
        assert!(!ROUTES.iter().any(|route| crate::page::holds(route.path)));
    }
}
