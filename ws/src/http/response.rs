//! The response: what a server answers, as data and as bytes.
//!
//! Promises that its length is told right and that no header value breaks out of its line. It
//! compresses nothing and streams nothing: a body is whole before it is sent.

use tungstenite::Bytes;

use crate::error::Error;
use crate::handshake::Refusal;

/// An answer: a status, header lines, and a body that is there as a whole.
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
        const FRAMING: [&str; 4] = ["connection", "content-length", "transfer-encoding", "upgrade"];
        let bad = |expected, came: &str| Err(Error::InvalidHeader { expected, came: came.into() });
        if !is_token(name) {
            return bad("a header's name of letters, digits and !#$%&'*+-.^_`|~", name);
        }
        if FRAMING.iter().any(|ours| name.eq_ignore_ascii_case(ours)) {
            return bad("a header that does not frame the answer", name);
        }
        if value.chars().any(|letter| letter.is_control() && letter != '\t') {
            return bad("a header's value without control characters", value);
        }
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
        Response::text(format!("expected {}\n", refusal.expected)).with_status(refusal.status)
    }

    /// With the methods that are allowed here; the text is ours.
    pub(crate) fn allowing(mut self, methods: &str) -> Response {
        self.lines.push((String::from("Allow"), methods.to_owned()));
        self
    }

    /// The answer as bytes; for HEAD without its body.
    pub(crate) fn write(&self, body: Body, connection: Connection) -> Vec<u8> {
        let Response { status, lines, body: content } = self;
        let mut head = format!("HTTP/1.1 {status} {}\r\n", words(*status));
        for (name, value) in lines {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let closing = connection == Connection::Close;
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
        let mut bytes = head.into_bytes();
        if !is_bare && body == Body::Sent {
            bytes.extend_from_slice(content);
        }
        bytes
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
pub(crate) enum Connection {
    Stay,
    Close,
}

/// True if `name` is a token of RFC 9110: no blank, no separator.
pub(crate) fn is_token(name: &str) -> bool {
    let is_sign = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !name.is_empty() && name.as_bytes().iter().all(is_sign)
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

    fn written(response: &Response, body: Body, connection: Connection) -> String {
        String::from_utf8(response.write(body, connection)).expect("text")
    }

    #[test]
    fn head_gets_the_head_of_get() {
        let page = Response::html("<p>hello");
        let whole = written(&page, Body::Sent, Connection::Stay);
        let head = written(&page, Body::Left, Connection::Stay);
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
        assert_eq!(written(&typed, Body::Sent, Connection::Stay).matches("ontent-").count(), 1 + 1);
    }

    #[test]
    fn an_answer_without_content_tells_no_length() {
        let bare = written(&Response::status(204), Body::Sent, Connection::Close);
        assert!(bare.ends_with("Connection: close\r\n\r\n") && !bare.contains("Length"), "{bare}");
        assert_eq!(Response::status(101).code(), 500, "an upgrade is not a page's to grant");
    }
}
