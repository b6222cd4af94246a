//! The request: how a client asks for the upgrade, and how a server judges it.
//!
//! Promises that a request is accepted only if RFC 6455, section 4.2.1, says so, and that every
//! refusal knows its status. It looks at no path and no origin: that is the user's business.

use crate::target::Target;

use super::{Asked, Lines, Refusal, empty_lines, lists_token, only_value, shown, whole_head};

/// A request for an upgrade that was found good.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UpgradeRequest {
    /// What the answer's key is derived from.
    pub(crate) key: Vec<u8>,
}

/// The request of a client, with its own lines behind those of the handshake.
pub(crate) fn write_request(
    target: &Target,
    asked: Asked<'_>,
    lines: &[(String, String)],
) -> Vec<u8> {
    let mut head = format!(
        "GET {path} HTTP/1.1\r\n\
         Host: {authority}\r\n\
         Connection: Upgrade\r\n\
         Upgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: {key}\r\n",
        path = target.path,
        authority = target.authority,
        key = asked.key,
    );
    if !asked.subprotocols.is_empty() {
        let offered = asked.subprotocols.join(", ");
        head.push_str(&format!("Sec-WebSocket-Protocol: {offered}\r\n"));
    }
    for (name, value) in lines {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    head.into_bytes()
}

/// Judges a whole head.
pub(crate) fn parse_request(head: &[u8], lines_max: usize) -> Result<UpgradeRequest, Refusal> {
    let mut lines = empty_lines(lines_max);
    let mut request = httparse::Request::new(&mut lines);
    whole_head(request.parse(head), head)?;
    let version = request.version.unwrap_or(0);
    judge_upgrade(request.method.unwrap_or("none"), version, request.headers)
}

/// Judges what a whole head asks for. `version` is that behind `HTTP/1.`.
pub(crate) fn judge_upgrade(
    method: &str,
    version: u8,
    lines: Lines<'_>,
) -> Result<UpgradeRequest, Refusal> {
    if method != "GET" {
        return Err(Refusal::new(405, "the method GET", method));
    }
    if version != 1 {
        return Err(Refusal::new(400, "HTTP/1.1", "HTTP/1.0"));
    }
    if only_value(lines, "Host").is_none() {
        return Err(Refusal::new(400, "one Host line", "none or several"));
    }
    if !lists_token(lines, "Upgrade", "websocket") {
        return Err(Refusal::new(426, "Upgrade: websocket", shown(only_value(lines, "Upgrade"))));
    }
    if !lists_token(lines, "Connection", "upgrade") {
        return Err(Refusal::new(
            400,
            "Connection: Upgrade",
            shown(only_value(lines, "Connection")),
        ));
    }
    match only_value(lines, "Sec-WebSocket-Version") {
        Some(b"13") => {}
        other => return Err(Refusal::new(426, "Sec-WebSocket-Version: 13", shown(other))),
    }
    match only_value(lines, "Sec-WebSocket-Key") {
        Some(key) if is_key(key) => Ok(UpgradeRequest { key: key.to_vec() }),
        other => Err(Refusal::new(400, "one Sec-WebSocket-Key of 16 bytes", shown(other))),
    }
}

/// Sixteen bytes in base64: twenty-two digits and two signs of padding.
fn is_key(value: &[u8]) -> bool {
    match value.strip_suffix(b"==") {
        Some(digits) => {
            digits.len() == 22
                && digits.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(byte))
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "GET /chat HTTP/1.1\r\nHost: example\r\nConnection: keep-alive,\tUpgrade\r\n\
                        Upgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n\
                        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

    fn status_without(from: &str, to: &str) -> u16 {
        assert!(GOOD.contains(from), "{from} is in the good request");
        let head = GOOD.replace(from, to);
        parse_request(head.as_bytes(), 64).expect_err("a bad request").status
    }

    #[test]
    fn a_request_by_the_rfc_is_good_however_its_lists_are_written() {
        let request = parse_request(GOOD.as_bytes(), 64).expect("good");
        assert_eq!(request.key, b"dGhlIHNhbXBsZSBub25jZQ==");
        let spread = GOOD.replace("Connection: keep-alive,\t", "Connection: a, b\r\nconnection: ");
        assert!(parse_request(spread.as_bytes(), 64).is_ok());
    }

    #[test]
    fn every_kind_of_bad_request_has_its_status() {
        assert_eq!(status_without("GET", "POST"), 405);
        assert_eq!(status_without("HTTP/1.1", "HTTP/1.0"), 400);
        assert_eq!(status_without("Host: example\r\n", ""), 400);
        assert_eq!(status_without("Upgrade: WebSocket\r\n", ""), 426);
        assert_eq!(status_without("Upgrade: WebSocket", "Upgrade: h2c"), 426);
        assert_eq!(status_without("keep-alive,\tUpgrade", "keep-alive"), 400);
        assert_eq!(status_without("Version: 13", "Version: 8"), 426);
        assert_eq!(status_without("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ"), 400);
        assert_eq!(status_without("GET /chat", "GET  "), 400);
    }

    #[test]
    fn too_many_lines_are_431() {
        let refusal = parse_request(GOOD.as_bytes(), 4).expect_err("five lines");
        assert_eq!(refusal.status, 431);
    }
}
