//! The door: who may ask anything at all.
//!
//! Promises that a request which it lets through named the server as it is named, came from no
//! foreign page, and brought the token where its route wants one; and that no one learns which
//! paths there are without it. It answers nothing else.

use std::{cell::RefCell, net::SocketAddr, time::Duration};

use glassloop::ws::{Request, Response};

use crate::{
    page,
    rate_limit::RateLimit,
    routes::{Access, LIVE, refusal, route},
    token::Token,
};

/// Wrong tokens that are answered 401 in a second; the rest get 429.
const WRONG_TRIES_PER_SECOND_MAX: usize = 10;

/// What a browser calls a token that it sends with a WebSocket.
const TOKEN_SUBPROTOCOL: &[u8] = b"glassloop.token.";

/// The lines that are in every answer.
pub(crate) const LINES: [(&str, &str); 5] = [
    ("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
];

/// The guard of a server.
pub(crate) struct Door {
    hosts: Vec<String>,
    origins: Vec<String>,
    token: Token,
    allows_control: bool,
    wrong_tries: RefCell<RateLimit>,
    /// The time, from anywhere on.
    now: Box<dyn Fn() -> Duration>,
}

/// What a request brought.
enum Offer {
    Nothing,
    Right,
    Wrong,
}

impl Door {
    pub(crate) fn new(
        port: u16,
        token: Token,
        allows_control: bool,
        now: Box<dyn Fn() -> Duration>,
    ) -> Door {
        let hosts = hosts(port);
        let origins = hosts.iter().map(|host| format!("http://{host}")).collect();
        let wrong_tries = RefCell::new(RateLimit::new(WRONG_TRIES_PER_SECOND_MAX));
        Door { hosts, origins, token, allows_control, wrong_tries, now }
    }

    /// The origins of the server's own pages.
    pub(crate) fn origins(&self) -> &[String] {
        &self.origins
    }

    /// Lets a request through, or says why not.
    pub(crate) fn judge(&self, request: &Request) -> Result<(), Response> {
        self.judge_names(request)?;
        if page::holds(request.path()) {
            return Ok(());
        }
        self.judge_token(request)?;
        match route(request.path()) {
            Some(route) if route.access == Access::Controller => self.judge_control(request),
            _ => Ok(()),
        }
    }

    /// The name by which the server was called, and the page that called it. They are compared as
    /// they came, as text: each other way to write an address is a way past the comparison.
    fn judge_names(&self, request: &Request) -> Result<(), Response> {
        if !request.target().starts_with('/') {
            return Err(refusal(400, "expected a target that begins with /, came a whole address"));
        }
        match &values(request, "Host")[..] {
            [host] if self.hosts.iter().any(|ours| ours.as_bytes() == *host) => {}
            _ => return Err(refusal(403, "expected the server's own address as Host")),
        }
        match &values(request, "Origin")[..] {
            [] => Ok(()),
            [origin] if self.origins.iter().any(|ours| ours.as_bytes() == *origin) => Ok(()),
            _ => Err(refusal(403, "expected the server's own pages as Origin, or none")),
        }
    }

    fn judge_token(&self, request: &Request) -> Result<(), Response> {
        match self.offer(request) {
            Offer::Right => return Ok(()),
            Offer::Nothing => {}
            Offer::Wrong => {
                let passed = self.wrong_tries.borrow_mut().pass((self.now)());
                if let Err(left) = passed {
                    return Err(too_many(left));
                }
            }
        }
        let answer = refusal(401, "expected the token, as `Authorization: Bearer TOKEN`");
        Err(with_line(answer, "WWW-Authenticate", "Bearer"))
    }

    /// A token in the header counts for every route, one among the subprotocols for the only one
    /// that a page can't send headers to.
    fn offer(&self, request: &Request) -> Offer {
        let headers = values(request, "Authorization");
        if let [header] = &headers[..] {
            let is_right = header.strip_prefix(b"Bearer ").is_some_and(|it| self.token.is(it));
            return if is_right { Offer::Right } else { Offer::Wrong };
        }
        if !headers.is_empty() {
            return Offer::Wrong;
        }
        if request.path() != LIVE {
            return Offer::Nothing;
        }
        let lines = values(request, "Sec-WebSocket-Protocol");
        let names = lines.iter().flat_map(|line| line.split(|&byte| byte == b','));
        let mut tokens = names.filter_map(|name| name.trim_ascii().strip_prefix(TOKEN_SUBPROTOCOL));
        match (tokens.next(), tokens.next()) {
            (None, _) => Offer::Nothing,
            (Some(token), None) if self.token.is(token) => Offer::Right,
            _ => Offer::Wrong,
        }
    }

    /// What changes a program is asked for by POST, and only where somebody has allowed it.
    fn judge_control(&self, request: &Request) -> Result<(), Response> {
        if !self.allows_control {
            let why = "control is off: start the inspector with Builder::allow_control(true)";
            return Err(with_line(refusal(405, why), "Allow", ""));
        }
        if request.method() != "POST" {
            let why = "expected POST: this changes the program";
            return Err(with_line(refusal(405, why), "Allow", "POST"));
        }
        Ok(())
    }
}

/// Every way in which the server is named, on its port. A browser leaves port 80 out.
fn hosts(port: u16) -> Vec<String> {
    const NAMES: [&str; 3] = ["127.0.0.1", "[::1]", "localhost"];
    let mut hosts: Vec<String> = NAMES.iter().map(|name| format!("{name}:{port}")).collect();
    if port == 80 {
        hosts.extend(NAMES.map(str::to_owned));
    }
    hosts
}

/// The values of every line of this name, as they came.
fn values<'a>(request: &'a Request, name: &str) -> Vec<&'a [u8]> {
    let named = request.headers().filter(|(known, _)| known.eq_ignore_ascii_case(name));
    named.map(|(_, value)| value).collect()
}

fn too_many(left: Duration) -> Response {
    // Whole seconds, rounded up: who comes back then is let try.
    let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
    let answer = refusal(429, "expected the right token, came too many wrong ones");
    with_line(answer, "Retry-After", &seconds.to_string())
}

/// An answer with one line more, which is one of ours and good.
fn with_line(answer: Response, name: &str, value: &str) -> Response {
    answer.clone().with_header(name, value).unwrap_or(answer)
}

/// The address that a browser is sent to; the token stands where it is sent nowhere.
pub(crate) fn url(address: SocketAddr, token: &Token) -> String {
    format!("http://{address}/#{}", token.digits())
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Door").field("hosts", &self.hosts).finish_non_exhaustive()
    }
}
