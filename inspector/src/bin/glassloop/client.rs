//! The client: one request, one connection, one JSON answer.
//!
//! Promises that each call ends: in an answer, or in a failure that says whether nobody listens,
//! nobody answers, the token was wrong or the request refused. It follows no redirect, and keeps no
//! connection.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::Value;

use crate::{
    failure::{Failure, Kind},
    field,
    quantity::time,
    target::Target,
};

/// More is no answer of an inspector: a whole ring of events is a tenth of it.
const ANSWER_BYTES_MAX: u64 = 256 * 1_024 * 1_024;
const HEADERS_MAX: usize = 64;

/// Asks one inspector.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    target: Target,
    timeout: Duration,
}

impl Client {
    pub(crate) fn new(target: Target, timeout: Duration) -> Client {
        Client { target, timeout }
    }

    /// Where a browser finds the page, with the token.
    pub(crate) fn url(&self) -> String {
        let Target { address, token } = &self.target;
        format!("http://{address}/#{token}")
    }

    /// `GET`, an answer in JSON.
    pub(crate) fn get(&self, path: &str) -> Result<Value, Failure> {
        json(self.get_text(path)?.as_bytes())
    }

    /// `GET`, the answer as it came.
    pub(crate) fn get_text(&self, path: &str) -> Result<String, Failure> {
        let body = self.ask("GET", path, None)?;
        String::from_utf8(body).map_err(|_| Failure::nobody("expected text, came other bytes"))
    }

    /// `POST` of something that changes the program.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let answer = self.ask("POST", path, Some(body.to_string()))?;
        if answer.is_empty() { Ok(Value::Null) } else { json(&answer) }
    }

    fn ask(&self, method: &str, path: &str, body: Option<String>) -> Result<Vec<u8>, Failure> {
        let answer = self.exchange(method, path, body).map_err(|error| self.silence(&error))?;
        let (status, body) = split(&answer)?;
        if (200..300).contains(&status) {
            return Ok(body.to_vec());
        }
        let why = json(body).ok();
        let why = why.as_ref().and_then(|answer| field::text_or_none(answer, "error"));
        Err(refusal(status, why.unwrap_or("no reason was given")))
    }

    fn exchange(&self, method: &str, path: &str, body: Option<String>) -> io::Result<Vec<u8>> {
        let Target { address, token } = &self.target;
        let mut stream = TcpStream::connect_timeout(address, self.timeout)?;
        stream.set_read_timeout(Some(self.timeout))?;
        stream.set_write_timeout(Some(self.timeout))?;
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
             Accept: application/json\r\nConnection: close\r\n"
        );
        if let Some(body) = body {
            let length = body.len();
            request.push_str("Content-Type: application/json\r\n");
            request.push_str(&format!("Content-Length: {length}\r\n\r\n{body}"));
        } else {
            request.push_str("\r\n");
        }
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        match stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer) {
            // Who is refused early may see a reset behind the answer.
            Err(error) if error.kind() == ErrorKind::ConnectionReset && !answer.is_empty() => {}
            other => drop(other?),
        }
        Ok(answer)
    }

    fn silence(&self, error: &io::Error) -> Failure {
        let address = self.target.address;
        Failure::nobody(match error.kind() {
            ErrorKind::ConnectionRefused => {
                format!("nobody listens at {address}: the program has ended, or its inspector")
            }
            ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                let waited = u64::try_from(self.timeout.as_nanos()).unwrap_or(u64::MAX);
                format!("{address} has not answered for {}", time(waited))
            }
            _ => format!("{address} gave no answer: {error}"),
        })
    }
}

/// The status and the body of a whole answer.
fn split(answer: &[u8]) -> Result<(u16, &[u8]), Failure> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut head = httparse::Response::new(&mut headers);
    let strange = |what: &str| Failure::nobody(format!("expected an answer in HTTP, came {what}"));
    let head_bytes = match head.parse(answer) {
        Ok(httparse::Status::Complete(bytes)) => bytes,
        Ok(httparse::Status::Partial) if answer.is_empty() => return Err(strange("nothing")),
        Ok(httparse::Status::Partial) => return Err(strange("half of a head")),
        Err(error) => return Err(strange(&error.to_string())),
    };
    let body = answer.get(head_bytes..).unwrap_or_default();
    let value = |name: &str| {
        let named = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        named.map(|header| String::from_utf8_lossy(header.value).trim().to_owned())
    };
    if let Some(coding) = value("Transfer-Encoding") {
        return Err(strange(&format!("one in the coding `{coding}`")));
    }
    match value("Content-Length").map(|length| length.parse::<usize>()) {
        None => {}
        Some(Ok(length)) if length == body.len() => {}
        Some(Ok(length)) => {
            let came = body.len();
            return Err(Failure::nobody(format!(
                "expected an answer of {length} bytes, came {came}"
            )));
        }
        Some(Err(_)) => return Err(strange("one of no known length")),
    }
    Ok((head.code.unwrap_or(0), body))
}

fn refusal(status: u16, why: &str) -> Failure {
    let (kind, what) = match status {
        400 => (Kind::WrongArguments, "the inspector did not understand"),
        401 => (Kind::Refused, "the token was refused"),
        404 => (Kind::NothingFound, "the inspector found nothing"),
        405 => (Kind::Refused, "control was refused"),
        _ => (Kind::Refused, "the inspector refused"),
    };
    Failure::new(kind, format!("{what} ({status}): {why}"))
}

fn json(body: &[u8]) -> Result<Value, Failure> {
    serde_json::from_slice(body)
        .map_err(|error| Failure::nobody(format!("expected an answer in JSON, came {error}")))
}

/// A text as it may stand in a query.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'.' | b'-' | b'_' => {
                escaped.push(char::from(byte));
            }
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_split_where_its_head_ends() {
        let answer = b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}";
        assert_eq!(split(answer), Ok((404, &b"{}"[..])));
        assert_eq!(split(b"HTTP/1.1 200 OK\r\n\r\nabc"), Ok((200, &b"abc"[..])));
    }

    #[test]
    fn what_is_no_answer_says_what_came() {
        for (answer, said) in [
            ("", "expected an answer in HTTP, came nothing"),
            ("HTTP/1.1 200 OK\r\n", "expected an answer in HTTP, came half of a head"),
            ("220 mail.example ready\r\n", "expected an answer in HTTP, came invalid HTTP version"),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
                "expected an answer of 5 bytes, came 3",
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                "expected an answer in HTTP, came one in the coding `chunked`",
            ),
        ] {
            let failure = split(answer.as_bytes()).unwrap_err();
            assert_eq!((failure.exit_code(), failure.text.as_str()), (3, said));
        }
    }

    #[test]
    fn a_refusal_has_the_exit_code_of_its_kind() {
        for (status, code) in [(400, 2), (401, 4), (403, 4), (404, 1), (405, 4), (429, 4), (501, 4)]
        {
            assert_eq!(refusal(status, "x").exit_code(), code, "{status}");
        }
    }

    #[test]
    fn a_task_stands_in_a_query_escaped() {
        assert_eq!(escaped("#3.9"), "%233.9");
        assert_eq!(escaped("a b&ü"), "a%20b%26%C3%BC");
    }
}
