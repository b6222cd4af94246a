//! The request: what a client asked for, as data.
//!
//! Promises that its head was whole and well-formed, and that its length is not in doubt. It
//! decodes nothing: a path with `%20` has `%20` in it.

use std::net::SocketAddr;
use std::ops::Range;

use crate::handshake::{Refusal, empty_lines, lists_token, only_value, shown, values, whole_head};

/// A request that a server has read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    method: String,
    target: String,
    /// Where the path stands in the target; nowhere in one that has none.
    path: Range<usize>,
    /// From where on the target is its query.
    query: Option<usize>,
    /// The digit behind `HTTP/1.`.
    version: u8,
    lines: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    peer: Option<SocketAddr>,
    subprotocol: Option<String>,
}

impl Request {
    /// The method, as `GET`.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The target as it came: `/path?query`, or a whole address, `http://host/path?query`, which a
    /// proxy is asked with and every server must take. Who judges the `Host` line needs to know:
    /// that of a whole address is another.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The path without its query, as it came: nothing in it is decoded.
    pub fn path(&self) -> &str {
        match &self.target[self.path.clone()] {
            "" => "/",
            path => path,
        }
    }

    /// What stood behind the `?`, if there was one.
    pub fn query(&self) -> Option<&str> {
        self.query.map(|from| &self.target[from..])
    }

    /// The value of the first header line of this name, whose case doesn't matter. `None` also for
    /// a value that is not UTF-8; [`headers`](Self::headers) has its bytes.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.lines.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(value).ok()
    }

    /// Every header line in order, its name as it came.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.lines.iter().map(|(name, value)| (name.as_str(), value.as_slice()))
    }

    /// The body, at most `body_bytes_max` long; empty for most requests.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The address of who asked, if its socket has one.
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        self.peer
    }

    /// The subprotocol that the server chose for this WebSocket, if any.
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// Reads a whole head.
    pub(crate) fn parse(
        head: &[u8],
        lines_max: usize,
        peer: Option<SocketAddr>,
    ) -> Result<Request, Refusal> {
        let mut lines = empty_lines(lines_max);
        let mut parsed = httparse::Request::new(&mut lines);
        whole_head(parsed.parse(head), head)?;
        let target = parsed.path.unwrap_or_default().to_owned();
        let (path, query) = split_target(&target)?;
        let request = Request {
            method: parsed.method.unwrap_or_default().to_owned(),
            target,
            path,
            query,
            version: parsed.version.unwrap_or(0),
            lines: parsed
                .headers
                .iter()
                .map(|line| (line.name.to_owned(), line.value.to_vec()))
                .collect(),
            body: Vec::new(),
            peer,
            subprotocol: None,
        };
        if request.version == 1 && request.only_value("Host").is_none() {
            return Err(Refusal::new(400, "one Host line", "none or several"));
        }
        Ok(request)
    }

    /// How long its body is. Lengths in doubt are how requests are smuggled, so none is guessed.
    pub(crate) fn body_bytes(&self) -> Result<usize, Refusal> {
        let lines = self.lines();
        if values(&lines, "Transfer-Encoding").next().is_some() {
            return Err(Refusal::new(
                400,
                "a body with a Content-Length",
                "one with a Transfer-Encoding",
            ));
        }
        if values(&lines, "Content-Length").next().is_none() {
            return Ok(0);
        }
        let only = only_value(&lines, "Content-Length");
        let digits = only.filter(|value| !value.is_empty() && value.iter().all(u8::is_ascii_digit));
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        match digits {
            // More digits than fit are a length all the same, and too long.
            Some(digits) => Ok(digits.parse().unwrap_or(usize::MAX)),
            None => Err(Refusal::new(400, "one Content-Length in digits", shown(only))),
        }
    }

    /// True if the connection may serve another request after this one.
    pub(crate) fn keeps_alive(&self) -> bool {
        self.version == 1 && !self.lists("Connection", "close")
    }

    /// True if it wants to become a WebSocket, in whatever version.
    pub(crate) fn asks_for_upgrade(&self) -> bool {
        self.lists("Upgrade", "websocket")
    }

    /// True if the client waits for a word before it sends its body.
    pub(crate) fn expects_continue(&self) -> bool {
        self.version == 1 && self.lists("Expect", "100-continue")
    }

    pub(crate) fn version(&self) -> u8 {
        self.version
    }

    /// The header lines as the handshake's judges want them.
    pub(crate) fn lines(&self) -> Vec<httparse::Header<'_>> {
        self.headers().map(|(name, value)| httparse::Header { name, value }).collect()
    }

    pub(crate) fn set_body(&mut self, body: Vec<u8>) {
        self.body = body;
    }

    pub(crate) fn set_subprotocol(&mut self, subprotocol: Option<String>) {
        self.subprotocol = subprotocol;
    }

    fn only_value(&self, name: &str) -> Option<Vec<u8>> {
        only_value(&self.lines(), name).map(<[u8]>::to_vec)
    }

    fn lists(&self, name: &str, token: &str) -> bool {
        lists_token(&self.lines(), name, token)
    }
}

/// Where path and query of a target stand: of `/path?query`, or of a whole address, which every
/// server must take.
fn split_target(target: &str) -> Result<(Range<usize>, Option<usize>), Refusal> {
    let begin = match target.split_once("://") {
        Some((scheme @ ("http" | "ws"), rest)) => {
            let host = scheme.len() + "://".len();
            rest.find(['/', '?']).map_or(target.len(), |at| host + at)
        }
        _ if target.starts_with('/') => 0,
        _ => {
            return Err(Refusal::new(
                400,
                "a target that begins with /",
                shown(Some(target.as_bytes())),
            ));
        }
    };
    match target[begin..].find('?').map(|at| begin + at) {
        Some(mark) => Ok((begin..mark, Some(mark + 1))),
        None => Ok((begin..target.len(), None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(head: &str) -> Result<Request, Refusal> {
        Request::parse(head.as_bytes(), 8, None)
    }

    #[test]
    fn a_target_comes_apart_into_path_and_query() {
        for (target, path, query) in [
            ("/", "/", None),
            ("/a/b?c=d?e", "/a/b", Some("c=d?e")),
            ("http://host:80/a?b", "/a", Some("b")),
            ("http://host", "/", None),
            ("http://host?b", "/", Some("b")),
        ] {
            let request = parse(&format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"));
            let request = request.expect(target);
            assert_eq!((request.path(), request.query()), (path, query));
            assert_eq!(request.target(), target);
        }
        for target in ["*", "a/b", "host:80"] {
            let refusal = parse(&format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"));
            assert_eq!(refusal.expect_err(target).status, 400);
        }
    }

    #[test]
    fn a_length_in_doubt_is_no_length() {
        let length = |lines: &str| {
            parse(&format!("GET / HTTP/1.1\r\nHost: a\r\n{lines}\r\n"))
                .expect("a head")
                .body_bytes()
        };
        assert_eq!(length("").expect("no body"), 0);
        assert_eq!(length("Content-Length: 12\r\n").expect("a length"), 12);
        let long = format!("Content-Length: {}\r\n", "9".repeat(40));
        assert_eq!(length(&long).expect("a length"), usize::MAX);
        for lines in [
            "Content-Length: 1\r\nContent-Length: 1\r\n",
            "Content-Length: 1, 1\r\n",
            "Content-Length: +1\r\n",
            "Content-Length:\r\n",
            "Transfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n",
        ] {
            assert_eq!(length(lines).expect_err(lines).status, 400, "{lines}");
        }
    }

    #[test]
    fn a_head_that_rfc_9112_does_not_know_is_refused() {
        for head in [
            "GET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",
            "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
            "nonsense\r\n\r\n",
            "\r\n\r\n",
            "POST / HTTP/1.1\nHost: a\nContent-Length: 4\n\nabcdGET / HTTP/1.1\r\n\r\n",
        ] {
            assert_eq!(parse(head).expect_err(head).status, 400, "{head}");
        }
        let many = "X: y\r\n".repeat(9);
        assert_eq!(parse(&format!("GET / HTTP/1.1\r\n{many}\r\n")).expect_err("many").status, 431);
    }
}
