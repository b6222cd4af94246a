//! The server: the door and the routes on glassloop's own.
//!
//! Promises small limits, an answer a connection, and the lines of the door in each of them. It
//! binds nothing and spawns nothing.

use std::{fmt, rc::Rc, time::Duration};

use glassloop::ws::{Response, Server, ServerLimits};

use crate::{
    door::{Door, LINES},
    dump::Dumps,
    facts::Facts,
    live,
    loops::Wants,
    page,
    routes::{Method, ROUTES, Respond, Route},
    token::Token,
};

/// What a server is made of. For the tests and the fuzzer, which serve one on a loop of theirs.
#[doc(hidden)]
pub struct Setup {
    /// The port that it is reached by.
    pub port: u16,
    /// What is to be brought.
    pub token: String,
    /// Whether a POST may change the program.
    pub allow_control: bool,
    /// The time, from anywhere on.
    pub now: Box<dyn Fn() -> Duration>,
}

/// The server for a loop and listeners of your own.
#[doc(hidden)]
pub fn server(setup: Setup) -> Server {
    let facts = Facts::gather(Wants::RECORDS, setup.allow_control, Dumps::default());
    server_of(setup, &Rc::new(facts))
}

/// The server that shows these facts.
pub(crate) fn server_of(setup: Setup, facts: &Rc<Facts>) -> Server {
    let door = Door::new(setup.port, Token::known(setup.token), setup.allow_control, setup.now);
    let mut server = Server::new().limits(limits());
    for (name, value) in LINES {
        server = server.header(name, value);
    }
    for route in &ROUTES {
        server = with_route(server, route, Rc::clone(facts));
    }
    for file in page::files() {
        server = server.get(file.path, |_| file.response());
    }
    let server = server.route(live::route(Rc::clone(facts), door.origins()));
    server.guard(move |request| door.judge(request))
}

fn with_route(server: Server, route: &Route, facts: Rc<Facts>) -> Server {
    let or_refusal = |answer: Result<Response, Response>| answer.unwrap_or_else(|refusal| refusal);
    match (route.method, route.respond) {
        (Method::Get, Respond::Now(respond)) => {
            server.get(route.path, move |request| or_refusal(respond(&facts, request)))
        }
        (Method::Get, Respond::Later(respond)) => server.get_async(route.path, move |request| {
            let answer = respond(Rc::clone(&facts), request);
            async move { or_refusal(answer.await) }
        }),
        (Method::Post, Respond::Now(respond)) => {
            server.post(route.path, move |request| or_refusal(respond(&facts, request)))
        }
        (Method::Post, Respond::Later(respond)) => server.post_async(route.path, move |request| {
            let answer = respond(Rc::clone(&facts), request);
            async move { or_refusal(answer.await) }
        }),
        // The WebSocket has a route of its own.
        (Method::WebSocket, _) => server,
    }
}

/// One owner with a browser and a terminal, and strangers who may hold nothing for long.
fn limits() -> ServerLimits {
    let mut limits = ServerLimits::default();
    limits.connections_max = 64;
    limits.connections_per_address_max = 64;
    limits.turned_away_at_once_max = 16;
    limits.head_bytes_max = 8 * 1_024;
    limits.body_bytes_max = 4 * 1_024;
    limits.request_ms_max = 5_000;
    limits.answer_ms_max = 10_000;
    limits.requests_per_connection_max = 1;
    limits
}

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setup").field("port", &self.port).finish_non_exhaustive()
    }
}
