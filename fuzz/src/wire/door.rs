//! The target `door`: any bytes are a request to an inspector.
//!
//! It is put together of parts that are known to be good or bad, so that what must come of it is
//! known without reading it. With noise in it, it may be refused for anything, but is told the state
//! only if the token and a right name are still there. No answer lacks the lines that protect it.

use std::{rc::Rc, time::Duration};

use glassloop::{net::duplex, ws};
use glassloop_inspector::{Setup, server};

use super::{listen, run, say, upgrade::assembled};
use crate::bytes::Bytes;

const TOKEN: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const HOSTS: [&str; 3] = ["127.0.0.1:7000", "[::1]:7000", "localhost:7000"];
const STATUSES: [&str; 13] =
    ["101", "200", "400", "401", "403", "404", "405", "408", "413", "426", "429", "431", "501"];
const LINES: [&str; 4] = [
    "\r\nContent-Security-Policy: default-src 'self'; frame-ancestors 'none'\r\n",
    "\r\nX-Content-Type-Options: nosniff\r\n",
    "\r\nReferrer-Policy: no-referrer\r\n",
    "\r\nCache-Control: no-store\r\n",
];

/// Ways to write each line: two good ones, two bad ones.
const REQUEST: ([&str; 4], [[&str; 4]; 4]) = (
    [
        "GET /state HTTP/1.1\r\n",
        "GET /state?internal=1 HTTP/1.1\r\n",
        "GET http://localhost:7000/state HTTP/1.1\r\n",
        "POST /state HTTP/1.1\r\n",
    ],
    [
        [
            "Host: localhost:7000\r\n",
            "hOsT:   127.0.0.1:7000  \r\n",
            "Host: localhost.evil:7000\r\n",
            "Host: localhost:7000\r\nHost: localhost:7000\r\n",
        ],
        [
            "",
            "Origin: http://[::1]:7000\r\n",
            "Origin: null\r\n",
            "Origin: http://localhost:7000.evil\r\n",
        ],
        [
            "Authorization: Bearer \
             0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\r\n",
            "authorization:  Bearer \
             0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef \r\n",
            "",
            "Authorization: Bearer \
             0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdee\r\n",
        ],
        ["", "Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n", "Content-Length: 5000\r\n"],
    ],
);

pub(super) fn check(bytes: &[u8]) -> Result<(), String> {
    let head = Rc::new(assembled(&mut Bytes::new(bytes), REQUEST.0, &REQUEST.1));
    let asked = Rc::clone(&head);
    let answer = run(async move {
        let now = Box::new(|| Duration::ZERO);
        let setup = Setup { port: 7_000, token: TOKEN.into(), allow_control: false, now };
        let handle = ws::serve(server(setup), []).map_err(|error| error.to_string())?;
        let (near, far) = duplex().map_err(|error| error.to_string())?;
        let near = Rc::new(near);
        handle.admit(far);
        let answers = listen(&near);
        say(&near, &asked.bytes, || asked.pieces).await;
        let answer = answers.await.map_err(|error| error.to_string())?;
        handle.stop(Duration::ZERO).await;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    })?;
    let wrong = |what: &str| {
        Err(format!("{what}: answered {answer:?}\nto \"{}\"", head.bytes.escape_ascii()))
    };
    let tells = answer.contains("\"process\"");
    if head.is_good.is_some_and(|is_good| is_good != tells) {
        return wrong("a good request must be told the state, a bad one refused");
    }
    let said = String::from_utf8_lossy(&head.bytes).into_owned();
    let named = HOSTS.iter().any(|host| said.contains(host));
    if tells && !(named && said.contains(TOKEN)) {
        return wrong("told without a right name and the token");
    }
    if answer.is_empty() {
        // It was not whole, which only noise does.
        return if head.is_good.is_none() { Ok(()) } else { wrong("no answer") };
    }
    let status = answer.split(' ').nth(1).unwrap_or_default();
    if !STATUSES.contains(&status) {
        return wrong("a status that there is no reason for");
    }
    if !LINES.iter().all(|line| answer.contains(line)) {
        return wrong("an answer without one of its lines");
    }
    if answer.to_ascii_lowercase().contains("access-control") || answer.contains(TOKEN) {
        return wrong("an answer that gives something away");
    }
    Ok(())
}
