//! The response: how a server grants an upgrade, and how a client judges the answer.
//!
//! Promises that a connection stands only if the server proved that it read our key, and that it
//! chose nothing we did not offer. A refusal's body is not read.

use tungstenite::handshake::derive_accept_key;

use crate::error::Error;

use super::{Refusal, empty_lines, lists_token, only_value, shown, values, whole_head};

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

/// Judges a whole head; `key` is the one that was sent.
pub(crate) fn parse_response(head: &[u8], lines_max: usize, key: &str) -> Result<(), Error> {
    let mut lines = empty_lines(lines_max);
    let mut response = httparse::Response::new(&mut lines);
    whole_head(response.parse(head), head)
        .map_err(|Refusal { expected, came, .. }| bad(0, expected, came))?;
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
    fn a_head_is_judged_as_that_of_a_request_is() {
        let lines = "X: y\r\n".repeat(64);
        for (head, expected) in [
            (answer().replace("\r\n\r\n", "\n\nmore\r\n\r\n"), "lines that end with CR LF"),
            (answer().replace("\r\n\r\n", "\r\n"), "a whole head"),
            (answer().replace("\r\n\r\n", &format!("\r\n{lines}\r\n")), "a head within its limits"),
            (answer().replace("HTTP/1.1", "nonsense"), "a head by RFC 9112"),
        ] {
            match parse_response(head.as_bytes(), 64, KEY) {
                Err(Error::BadUpgrade { status: 0, expected: told, .. }) => {
                    assert_eq!(told, expected)
                }
                other => panic!("expected {expected}, came {other:?}"),
            }
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
}
