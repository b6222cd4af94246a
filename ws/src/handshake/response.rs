//! The response: how a server grants an upgrade, and how a client judges the answer.
//!
//! Promises that a connection stands only if the server proved that it read our key, and that it
//! chose nothing we did not offer. A refusal's body is for `body`.

use std::time::Duration;

use tungstenite::handshake::derive_accept_key;

use crate::error::Error;

use super::body::BodyEnd;
use super::retry_after::retry_after;
use super::{Lines, Refusal, empty_lines, lists_token, only_value, shown, values, whole_head};

const SWITCHING_PROTOCOLS: u16 = 101;

/// The answer that makes the connection stand, with lines of the server's behind those of the
/// handshake. A subprotocol must be a token.
pub(crate) fn write_response(
    key: &[u8],
    subprotocol: Option<&str>,
    lines: &[(String, String)],
) -> Vec<u8> {
    let mut further = match subprotocol {
        Some(name) => format!("Sec-WebSocket-Protocol: {name}\r\n"),
        None => String::new(),
    };
    for (name, value) in lines {
        further.push_str(&format!("{name}: {value}\r\n"));
    }
    format!(
        "HTTP/1.1 101 Switching Protocols\r\n\
         Connection: Upgrade\r\n\
         Upgrade: websocket\r\n\
         Sec-WebSocket-Accept: {proof}\r\n\
         {further}\r\n",
        proof = derive_accept_key(key),
    )
    .into_bytes()
}

/// What a client asked for, and what an answer must fit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    /// The key that was sent.
    pub(crate) key: &'a str,
    pub(crate) subprotocols: &'a [String],
    /// True if one of them must be chosen.
    pub(crate) needs_subprotocol: bool,
}

/// What the head of an answer says.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The connection stands.
    Granted {
        subprotocol: Option<String>,
    },
    Refused(RefusedHead),
}

/// An answer that is no 101, without its body.
#[derive(Debug)]
pub(crate) struct RefusedHead {
    pub(crate) status: u16,
    pub(crate) reason: String,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body_end: BodyEnd,
}

/// Judges a whole head. `None` is one of those that come before the answer, as 103.
pub(crate) fn parse_response(
    head: &[u8],
    lines_max: usize,
    asked: Asked<'_>,
) -> Result<Option<Answer>, Error> {
    let mut lines = empty_lines(lines_max);
    let mut response = httparse::Response::new(&mut lines);
    whole_head(response.parse(head), head)
        .map_err(|Refusal { expected, came, .. }| bad(0, expected, came))?;
    let status = response.code.unwrap_or(0);
    let lines = &*response.headers;
    match status {
        SWITCHING_PROTOCOLS => {
            judge_upgrade_of(lines, asked.key)?;
            let subprotocol = judge_subprotocol(lines, asked)?;
            Ok(Some(Answer::Granted { subprotocol }))
        }
        100..=199 => Ok(None),
        _ => Ok(Some(Answer::Refused(RefusedHead {
            status,
            reason: response.reason.unwrap_or_default().to_owned(),
            retry_after: retry_after(lines),
            body_end: BodyEnd::of(status, lines),
        }))),
    }
}

/// Judges what a 101 must prove.
fn judge_upgrade_of(lines: Lines<'_>, key: &str) -> Result<(), Error> {
    let bad = |expected, came| Err(bad(SWITCHING_PROTOCOLS, expected, came));
    if !lists_token(lines, "Upgrade", "websocket") {
        return bad("Upgrade: websocket", shown(only_value(lines, "Upgrade")));
    }
    if !lists_token(lines, "Connection", "upgrade") {
        return bad("Connection: Upgrade", shown(only_value(lines, "Connection")));
    }
    let proof = only_value(lines, "Sec-WebSocket-Accept");
    if proof != Some(derive_accept_key(key.as_bytes()).as_bytes()) {
        return bad("Sec-WebSocket-Accept for our key", shown(proof));
    }
    if let Some(value) = values(lines, "Sec-WebSocket-Extensions").next() {
        return bad("no extension, as none was offered", shown(Some(value)));
    }
    Ok(())
}

/// What a 101 chose of that which was offered.
fn judge_subprotocol(lines: Lines<'_>, asked: Asked<'_>) -> Result<Option<String>, Error> {
    const NAME: &str = "Sec-WebSocket-Protocol";
    let bad = |expected, came| Err(bad(SWITCHING_PROTOCOLS, expected, came));
    if values(lines, NAME).next().is_none() {
        let needed = asked.needs_subprotocol && !asked.subprotocols.is_empty();
        return if needed { bad("a subprotocol, as is required", shown(None)) } else { Ok(None) };
    }
    // `only_value` has none for several lines, and several names are no name that was offered.
    let chosen = only_value(lines, NAME);
    let offered = |name: &&String| chosen == Some(name.as_bytes());
    match asked.subprotocols.iter().find(offered) {
        Some(name) => Ok(Some(name.clone())),
        None if asked.subprotocols.is_empty() => {
            bad("no subprotocol, as none was offered", shown(chosen))
        }
        None => bad("one subprotocol of those offered", shown(chosen)),
    }
}

fn bad(status: u16, expected: &'static str, came: impl Into<String>) -> Error {
    Error::BadUpgrade { status, expected, came: came.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

    fn answer() -> String {
        String::from_utf8(write_response(KEY.as_bytes(), None, &[])).expect("ASCII")
    }

    /// The answer with these further lines.
    fn answer_with(lines: &str) -> String {
        answer().replace("\r\n\r\n", &format!("\r\n{lines}\r\n\r\n"))
    }

    fn judge(
        head: &str,
        offered: &[&str],
        needs_subprotocol: bool,
    ) -> Result<Option<Answer>, Error> {
        let subprotocols: Vec<String> = offered.iter().map(|&name| name.to_owned()).collect();
        let asked = Asked { key: KEY, subprotocols: &subprotocols, needs_subprotocol };
        parse_response(head.as_bytes(), 64, asked)
    }

    fn chosen(head: &str, offered: &[&str], strict: bool) -> Result<Option<String>, Error> {
        judge(head, offered, strict).map(|answer| match answer {
            Some(Answer::Granted { subprotocol }) => subprotocol,
            other => panic!("expected a connection, came {other:?}"),
        })
    }

    #[test]
    fn the_answer_of_the_rfc_s_own_example_is_ours_too() {
        assert!(answer().contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
        assert_eq!(chosen(&answer(), &[], false).expect("our own answer"), None);
    }

    #[test]
    fn an_answer_without_proof_or_with_extras_is_refused() {
        let bad = [
            answer().replace("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "AAAALMBiTxaQ9kYGzzhZRbK+xOo="),
            answer().replace("Upgrade: websocket\r\n", ""),
            answer().replace("Connection: Upgrade\r\n", "Connection: close\r\n"),
            answer_with("Sec-WebSocket-Extensions: x"),
            answer_with("Sec-WebSocket-Protocol: chat"),
        ];
        for head in bad {
            let error = judge(&head, &[], false).expect_err("bad");
            assert!(matches!(error, Error::BadUpgrade { status: 101, .. }), "{error}");
        }
    }

    #[test]
    fn a_subprotocol_is_one_of_those_offered_or_none() {
        let offered = ["v2", "v1"];
        for strict in [false, true] {
            let head = answer_with("sec-websocket-protocol:  v1 ");
            assert_eq!(chosen(&head, &offered, strict).expect("good").as_deref(), Some("v1"));
            for lines in [
                "Sec-WebSocket-Protocol: v3",
                "Sec-WebSocket-Protocol: V1",
                "Sec-WebSocket-Protocol: v1, v2",
                "Sec-WebSocket-Protocol: v1\r\nSec-WebSocket-Protocol: v1",
                "Sec-WebSocket-Protocol:",
            ] {
                let error = chosen(&answer_with(lines), &offered, strict).expect_err(lines);
                assert!(error.to_string().contains("one subprotocol of those offered"), "{error}");
            }
        }
        assert_eq!(chosen(&answer(), &offered, false).expect("good"), None);
        let error = chosen(&answer(), &offered, true).expect_err("strict");
        assert!(matches!(error, Error::BadUpgrade { status: 101, .. }), "{error}");
        assert_eq!(chosen(&answer(), &[], true).expect("nothing was offered"), None);
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
            match judge(&head, &[], false) {
                Err(Error::BadUpgrade { status: 0, expected: told, .. }) => {
                    assert_eq!(told, expected)
                }
                other => panic!("expected {expected}, came {other:?}"),
            }
        }
    }

    #[test]
    fn another_status_is_a_refusal_with_its_words() {
        let head = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\n\r\n";
        match judge(head, &[], false) {
            Ok(Some(Answer::Refused(refused))) => {
                assert_eq!((refused.status, refused.reason.as_str()), (503, "Service Unavailable"));
                assert_eq!(refused.retry_after, Some(Duration::from_secs(7)));
            }
            other => panic!("expected a refusal, came {other:?}"),
        }
        let interim = judge("HTTP/1.1 103 Early Hints\r\n\r\n", &[], false);
        assert!(matches!(interim, Ok(None)), "{interim:?}");
    }
}
