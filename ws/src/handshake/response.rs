//! The response: how a server answers an upgrade, and how a client judges the answer.
//!
//! Promises that a connection stands only if the server proved that it read our key, and that it
//! chose nothing we did not offer. A refusal's body is not read.

use tungstenite::handshake::derive_accept_key;

use crate::error::Error;

use super::{Refusal, empty_lines, lists_token, only_value, shown, values};

const SWITCHING_PROTOCOLS: u16 = 101;

/// The answer that makes the connection stand. A subprotocol must be a token.
pub(crate) fn write_response(key: &[u8], subprotocol: Option<&str>) -> Vec<u8> {
    let chosen = match subprotocol {
        Some(name) => format!("Sec-WebSocket-Protocol: {name}\r\n"),
        None => String::new(),
    };
    format!(
        "HTTP/1.1 101 Switching Protocols\r\n\
         Connection: Upgrade\r\n\
         Upgrade: websocket\r\n\
         Sec-WebSocket-Accept: {proof}\r\n\
         {chosen}\r\n",
        proof = derive_accept_key(key),
    )
    .into_bytes()
}

/// The answer to a bad upgrade. It repeats nothing of what the client sent.
pub(crate) fn write_refusal(refusal: &Refusal) -> Vec<u8> {
    let (words, extra) = match refusal.status {
        405 => ("Method Not Allowed", "Allow: GET\r\n"),
        426 => ("Upgrade Required", "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"),
        431 => ("Request Header Fields Too Large", ""),
        _ => ("Bad Request", ""),
    };
    let body = format!("expected {}\n", refusal.expected);
    let connection = if refusal.status == 426 { "Upgrade, close" } else { "close" };
    format!(
        "HTTP/1.1 {status} {words}\r\n\
         {extra}Connection: {connection}\r\n\
         Content-Type: text/plain\r\n\
         Content-Length: {length}\r\n\
         \r\n\
         {body}",
        status = refusal.status,
        length = body.len(),
    )
    .into_bytes()
}

/// Judges a whole head; `key` is the one that was sent.
pub(crate) fn parse_response(head: &[u8], lines_max: usize, key: &str) -> Result<(), Error> {
    let mut lines = empty_lines(lines_max);
    let mut response = httparse::Response::new(&mut lines);
    match response.parse(head) {
        Ok(httparse::Status::Complete(end)) if end == head.len() => {}
        // An empty line of LF alone: what is behind it would be nobody's.
        Ok(httparse::Status::Complete(_)) => {
            return Err(bad(0, "lines that end with CR LF", "a head that ended before"));
        }
        Ok(httparse::Status::Partial) => return Err(bad(0, "a whole head", "a part of one")),
        Err(error) => return Err(bad(0, "a head by RFC 9112", error.to_string())),
    }
    let status = response.code.unwrap_or(0);
    if status != SWITCHING_PROTOCOLS {
        let reason = response.reason.unwrap_or_default().to_owned();
        return Err(Error::Refused { status, reason });
    }
    let lines = &*response.headers;
    if !lists_token(lines, "Upgrade", "websocket") {
        return Err(bad(status, "Upgrade: websocket", shown(only_value(lines, "Upgrade"))));
    }
    if !lists_token(lines, "Connection", "upgrade") {
        return Err(bad(status, "Connection: Upgrade", shown(only_value(lines, "Connection"))));
    }
    let proof = only_value(lines, "Sec-WebSocket-Accept");
    if proof != Some(derive_accept_key(key.as_bytes()).as_bytes()) {
        return Err(bad(status, "Sec-WebSocket-Accept for our key", shown(proof)));
    }
    for (name, expected) in [
        ("Sec-WebSocket-Extensions", "no extension, as none was offered"),
        ("Sec-WebSocket-Protocol", "no subprotocol, as none was offered"),
    ] {
        if let Some(value) = values(lines, name).next() {
            return Err(bad(status, expected, shown(Some(value))));
        }
    }
    Ok(())
}

fn bad(status: u16, expected: &'static str, came: impl Into<String>) -> Error {
    Error::BadUpgrade { status, expected, came: came.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

    fn answer() -> String {
        String::from_utf8(write_response(KEY.as_bytes(), None)).expect("ASCII")
    }

    #[test]
    fn the_answer_of_the_rfc_s_own_example_is_ours_too() {
        assert!(answer().contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
        parse_response(answer().as_bytes(), 64, KEY).expect("our own answer");
    }

    #[test]
    fn an_answer_without_proof_or_with_extras_is_refused() {
        let bad = [
            answer().replace("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "AAAALMBiTxaQ9kYGzzhZRbK+xOo="),
            answer().replace("Upgrade: websocket\r\n", ""),
            answer().replace("Connection: Upgrade\r\n", "Connection: close\r\n"),
            answer().replace("\r\n\r\n", "\r\nSec-WebSocket-Extensions: x\r\n\r\n"),
            answer().replace("\r\n\r\n", "\r\nSec-WebSocket-Protocol: chat\r\n\r\n"),
        ];
        for head in bad {
            let error = parse_response(head.as_bytes(), 64, KEY).expect_err("bad");
            assert!(matches!(error, Error::BadUpgrade { status: 101, .. }), "{error}");
        }
    }

    #[test]
    fn another_status_is_a_refusal_with_its_words() {
        let head = b"HTTP/1.1 503 Service Unavailable\r\n\r\n";
        match parse_response(head, 64, KEY) {
            Err(Error::Refused { status, reason }) => {
                assert_eq!((status, reason.as_str()), (503, "Service Unavailable"));
            }
            other => panic!("expected a refusal, came {other:?}"),
        }
    }

    #[test]
    fn a_426_names_the_version_we_speak() {
        let refusal =
            Refusal { status: 426, expected: "Sec-WebSocket-Version: 13", came: "8".into() };
        let answer = String::from_utf8(write_refusal(&refusal)).expect("ASCII");
        assert!(answer.starts_with("HTTP/1.1 426 Upgrade Required\r\n"));
        assert!(answer.contains("\r\nSec-WebSocket-Version: 13\r\n"));
        assert!(answer.ends_with("\r\n\r\nexpected Sec-WebSocket-Version: 13\n"));
    }
}
