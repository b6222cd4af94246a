//! The response: what a server answers, as data and as bytes.
//!
//! Promises that its length is told right, that no header value breaks out of its line, and that
//! a long body is shared with the answers made of it and not copied. It compresses nothing and
//! streams nothing: a body is whole before it is sent.

use tungstenite::Bytes;

use crate::error::Error;
use crate::handshake::Refusal;

use super::line::judge_line;

/// A body of at most so much is copied behind its head, so that both leave in one write and,
/// mostly, in one packet: copying it costs less than a second system call. A longer one is shared
/// by all who are sent it.
const COPIED_BYTES_MAX: usize = 4 * 1024;

/// An answer: a status, header lines, and a body that is there as a whole.
///
/// Clones share the body: a large page that is kept and cloned for each request lies in memory
/// once, however many slow clients are reading it.
///
/// ```
/// use glassloop_ws::Response;
///
/// let page = Response::html("<p>hello").with_header("Cache-Control", "no-store")?;
/// assert_eq!(page.code(), 200);
/// let gone = Response::json("{\"gone\":true}").with_status(410);
/// assert_eq!(gone.code(), 410);
/// assert!(Response::text("hi").with_header("X-Note", "a\r\nSet-Cookie: b").is_err());
/// # Ok::<(), glassloop_ws::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    status: u16,
    /// Without those that frame it: they are worked out when it is written.
    lines: Vec<(String, String)>,
    body: Bytes,
}

impl Response {
    /// 200 with plain text.
    pub fn text(body: impl Into<Bytes>) -> Response {
        Response::new("text/plain; charset=utf-8", body.into())
    }

    /// 200 with a page.
    pub fn html(body: impl Into<Bytes>) -> Response {
        Response::new("text/html; charset=utf-8", body.into())
    }

    /// 200 with JSON that you have written.
    pub fn json(body: impl Into<Bytes>) -> Response {
        Response::new("application/json", body.into())
    }

    /// A status with its own words as the text: 200 to 599. Any other number is a mistake of the
    /// program's and becomes 500.
    pub fn status(code: u16) -> Response {
        Response::text(format!("{}\n", words(final_status(code)))).with_status(code)
    }

    /// The same answer with another status, as in [`status`](Self::status).
    #[must_use]
    pub fn with_status(mut self, code: u16) -> Response {
        self.status = final_status(code);
        self
    }

    /// The same answer with one more header line, behind those before it.
    ///
    /// # Errors
    /// [`Error::InvalidHeader`] if the name is not a token, if the value holds a control
    /// character such as CR or LF, or if the line is one that frames the answer: those are ours.
    pub fn with_header(mut self, name: &str, value: &str) -> Result<Response, Error> {
        judge_answer_line(name, value)?;
        if name.eq_ignore_ascii_case("Content-Type") {
            self.lines.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        }
        self.lines.push((name.to_owned(), value.to_owned()));
        Ok(self)
    }

    /// The status.
    pub fn code(&self) -> u16 {
        self.status
    }

    fn new(content_type: &str, body: Bytes) -> Response {
        let lines = vec![(String::from("Content-Type"), content_type.to_owned())];
        Response { status: 200, lines, body }
    }

    /// The answer to a request that was found wrong. It repeats nothing of what the client sent.
    pub(crate) fn refusal(refusal: &Refusal) -> Response {
        let text = format!("expected {}\n", refusal.expected);
        let response = Response::text(text).with_status(refusal.status);
        // What is refused for its method asked for an upgrade.
        if refusal.status == 405 { response.allowing("GET") } else { response }
    }

    /// With the methods that are allowed here; the text is ours.
    pub(crate) fn allowing(mut self, methods: &str) -> Response {
        self.lines.push((String::from("Allow"), methods.to_owned()));
        self
    }

    /// The same answer with those of these lines whose name it has no line of.
    pub(crate) fn with_defaults(mut self, lines: &[(String, String)]) -> Response {
        let own = self.lines.len();
        for (name, value) in lines {
            if !self.lines[..own].iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
                self.lines.push((name.clone(), value.clone()));
            }
        }
        self
    }

    /// The answer as bytes; for HEAD without its body.
    pub(crate) fn write(&self, body: Body, then: Then) -> Written {
        let Response { status, lines, body: content } = self;
        let mut head = format!("HTTP/1.1 {status} {}\r\n", words(*status));
        for (name, value) in lines {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let closing = then == Then::Close;
        if *status == 426 {
            let tokens = if closing { "Upgrade, close" } else { "Upgrade" };
            head.push_str("Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n");
            head.push_str(&format!("Connection: {tokens}\r\n"));
        } else if closing {
            head.push_str("Connection: close\r\n");
        }
        let is_bare = matches!(status, 204 | 304);
        if !is_bare {
            head.push_str(&format!("Content-Length: {}\r\n", content.len()));
        }
        head.push_str("\r\n");
        let mut written = Written::from(head.into_bytes());
        if !is_bare && body == Body::Sent {
            if content.len() <= COPIED_BYTES_MAX {
                written.head.extend_from_slice(content);
            } else {
                written.body = content.clone();
            }
        }
        written
    }
}

/// Judges a line that a program adds to an answer.
pub(crate) fn judge_answer_line(name: &str, value: &str) -> Result<(), Error> {
    const FRAMING: [&str; 4] = ["connection", "content-length", "transfer-encoding", "upgrade"];
    judge_line(name, value)?;
    if FRAMING.iter().any(|ours| name.eq_ignore_ascii_case(ours)) {
        let expected = "a header that does not frame the answer";
        return Err(Error::InvalidHeader { expected, came: name.to_owned() });
    }
    Ok(())
}

/// An answer as bytes, in the order in which they are sent.
#[derive(Debug)]
pub(crate) struct Written {
    /// The head, and a short body behind it.
    pub(crate) head: Vec<u8>,
    /// A long body, shared.
    pub(crate) body: Bytes,
}

impl From<Vec<u8>> for Written {
    fn from(head: Vec<u8>) -> Written {
        Written { head, body: Bytes::new() }
    }
}

/// Whether a body goes with its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Sent,
    /// The answer to HEAD: the head that GET would get.
    Left,
}

/// What becomes of the connection after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    Stay,
    Close,
}

fn final_status(code: u16) -> u16 {
    if (200..600).contains(&code) { code } else { 500 }
}

/// The words beside a status; they mean nothing to a program.
fn words(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        413 => "Content Too Large",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        _ => "Other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(response: &Response, body: Body, then: Then) -> String {
        let Written { head, body } = response.write(body, then);
        assert!(body.is_empty(), "a short one stands behind its head");
        String::from_utf8(head).expect("text")
    }

    #[test]
    fn a_long_body_is_shared_and_a_short_one_leaves_with_its_head() {
        for bytes in [0, 1, COPIED_BYTES_MAX, COPIED_BYTES_MAX + 1, 1 << 20] {
            let content = Bytes::from(vec![b'x'; bytes]);
            let page = Response::html(content.clone());
            let Written { head, body } = page.clone().write(Body::Sent, Then::Stay);
            let bare = page.write(Body::Left, Then::Stay);
            assert!(bare.body.is_empty(), "HEAD gets none");
            if bytes > COPIED_BYTES_MAX {
                assert_eq!(
                    (body.as_ptr(), body.len()),
                    (content.as_ptr(), bytes),
                    "the same bytes"
                );
                assert_eq!(head, bare.head);
            } else {
                assert!(body.is_empty());
                assert_eq!(head, [&bare.head, &content[..]].concat());
            }
        }
    }

    #[test]
    fn a_refusal_says_what_would_be_right() {
        let refusal = |status, expected| {
            let response = Response::refusal(&Refusal::new(status, expected, "something else"));
            written(&response, Body::Sent, Then::Close)
        };
        let answer = refusal(426, "Sec-WebSocket-Version: 13");
        assert!(answer.starts_with("HTTP/1.1 426 Upgrade Required\r\n"), "{answer}");
        assert!(answer.contains("\r\nSec-WebSocket-Version: 13\r\n"), "{answer}");
        assert!(answer.ends_with("\r\n\r\nexpected Sec-WebSocket-Version: 13\n"), "{answer}");
        assert!(refusal(405, "the method GET").contains("\r\nAllow: GET\r\n"));
        assert!(!refusal(400, "one Host line").contains("something else"), "it repeats nothing");
    }

    #[test]
    fn head_gets_the_head_of_get() {
        let page = Response::html("<p>hello");
        let whole = written(&page, Body::Sent, Then::Stay);
        let head = written(&page, Body::Left, Then::Stay);
        assert_eq!(whole, format!("{head}<p>hello"));
        assert!(head.contains("\r\nContent-Length: 8\r\n"), "{head}");
    }

    #[test]
    fn no_value_makes_a_line_of_its_own() {
        for (name, value) in [
            ("X", "a\r\nY: b"),
            ("X", "a\nY: b"),
            ("X", "a\rb"),
            ("X", "a\0"),
            ("X: a\r\nY", "b"),
            ("", "b"),
            ("X Y", "b"),
            ("Content-Length", "1"),
            ("transfer-encoding", "chunked"),
            ("Connection", "close"),
        ] {
            let error = Response::text("").with_header(name, value).expect_err("a bad line");
            assert!(matches!(error, Error::InvalidHeader { .. }), "{error}");
        }
        let typed = Response::text("").with_header("content-type", "image/png").expect("a type");
        assert_eq!(written(&typed, Body::Sent, Then::Stay).matches("ontent-").count(), 1 + 1);
    }

    #[test]
    fn an_answer_without_content_tells_no_length() {
        let page = Response::html(vec![b'x'; 1 << 20]);
        for status in [204, 304] {
            let bare = written(&page.clone().with_status(status), Body::Sent, Then::Close);
            assert!(bare.ends_with("Connection: close\r\n\r\n"), "{bare}");
            assert!(!bare.contains("Length"), "{bare}");
        }
        assert_eq!(Response::status(101).code(), 500, "an upgrade is not a page's to grant");
    }
}
