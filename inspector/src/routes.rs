//! The routes: every path that there is, and what it answers.
//!
//! Promises that the table below is all of it: no file system, no pattern; that no GET changes
//! anything; and that what changes something is a POST that a controller asks for. Who may ask is
//! the door's business, what an answer holds that of the files it names.

use glassloop::ws::{Request, Response};
use serde_json::json;

use crate::{control, dump, facts::Facts, past, state};

/// Where the pushes of [`live`](crate::live) are.
pub(crate) const LIVE: &str = "/live";

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Also who has no token: the answer says nothing about the program.
    Anyone,
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
type Respond = fn(&Facts, &Request) -> Result<Response, Response>;

/// One path.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) access: Access,
    pub(crate) respond: Respond,
}

const fn get(path: &'static str, access: Access, respond: Respond) -> Route {
    Route { method: Method::Get, path, access, respond }
}

const fn post(path: &'static str, respond: Respond) -> Route {
    Route { method: Method::Post, path, access: Access::Controller, respond }
}

/// All of them.
pub(crate) const ROUTES: [Route; 12] = [
    get("/", Access::Anyone, front_page),
    get("/state", Access::Reader, state::state),
    get("/events", Access::Reader, past::events),
    get("/story", Access::Reader, past::story),
    get("/turns", Access::Reader, past::turns),
    get("/why", Access::Reader, past::why),
    get("/wakes", Access::Reader, past::wakes),
    get("/trace", Access::Reader, past::file),
    post("/record", control::record),
    post("/cancel", control::cancel),
    post("/dump", dump::dump),
    Route { method: Method::WebSocket, path: LIVE, access: Access::Reader, respond: no_page },
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

fn front_page(_: &Facts, _: &Request) -> Result<Response, Response> {
    Ok(Response::text(
        "This is the inspector of a glassloop program. Ask /state, with the token as\n\
         `Authorization: Bearer TOKEN`.\n",
    ))
}

/// What is asked without an upgrade where there is only a WebSocket is the server's to answer.
fn no_page(_: &Facts, request: &Request) -> Result<Response, Response> {
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
        let open: Vec<_> = ROUTES.iter().filter(|route| route.access == Access::Anyone).collect();
        assert_eq!(open.iter().map(|route| route.path).collect::<Vec<_>>(), ["/"]);
    }
}
