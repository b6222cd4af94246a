//! The target `upgrade`: any bytes are a request's head, an answer's head or a URL.
//!
//! A head is put together of parts that are known to be good or bad, so that what must come of it
//! is known without reading it. With noise in it, it may be refused for anything, but is accepted
//! only with its key and version, and answered within bounds.

use std::rc::Rc;

use glassloop::{net::duplex, spawn};
use glassloop_ws::{Error, accept, connect_on};
use tungstenite::handshake::derive_accept_key;

use super::{PROOF, head, listen, run, say};
use crate::bytes::Bytes;

const HEAD_BYTES_MAX: usize = 8 * 1024;
const ANSWER_BYTES_MAX: usize = 1024;
const STATUSES: [&str; 4] = ["400", "405", "426", "431"];

pub(super) fn check(bytes: &[u8]) -> Result<(), String> {
    let (kind, rest) = bytes.split_first().unwrap_or((&0, &[]));
    let mut bytes = Bytes::new(rest);
    match kind % 8 {
        0..=4 => request(&mut bytes),
        5 | 6 => answer(&mut bytes),
        _ => url(rest),
    }
}

/// A head, and whether it must be accepted; `None` if anybody's guess.
pub(super) struct Head {
    pub(super) bytes: Vec<u8>,
    pub(super) is_good: Option<bool>,
    pub(super) pieces: usize,
}

/// Puts a head together: of each of `parts` one of its ways to be written, the first half good.
pub(super) fn assembled(bytes: &mut Bytes<'_>, first: [&str; 4], parts: &[[&str; 4]]) -> Head {
    let mut is_good = Some(true);
    let mut pick = |bytes: &mut Bytes<'_>, ways: [&str; 4]| {
        let way = match bytes.next() {
            0..200 => 0,
            200..230 => 1,
            230..243 => 2,
            _ => 3,
        };
        if way >= 2 {
            is_good = Some(false);
        }
        ways[way].to_owned()
    };
    let first = pick(bytes, first);
    let mut lines: Vec<String> = parts.iter().map(|ways| pick(bytes, *ways)).collect();
    // The order of lines means nothing, nor do lines of other names.
    let turn = usize::from(bytes.below(8)) % lines.len();
    lines.rotate_left(turn);
    let others = match bytes.next() {
        0..200 => usize::from(bytes.below(8)),
        200..250 => 50,
        _ => 70,
    };
    lines.extend((0..others).map(|n| format!("X-{n}: {}\r\n", "y".repeat(n))));
    let mut head = [first, lines.concat(), "\r\n".to_owned()].concat().into_bytes();
    if others == 70 {
        is_good = Some(false);
    }
    // Noise: bytes that change, come or go.
    for _ in 0..bytes.next().saturating_sub(200) / 8 {
        let at = (usize::from(bytes.next()) * 256 + usize::from(bytes.next())) % head.len();
        match bytes.below(3) {
            0 => head[at] = bytes.next(),
            1 => head.insert(at, bytes.next()),
            _ => drop(head.remove(at)),
        }
        is_good = None;
    }
    if bytes.next() == 255 {
        let line = [&b"Z: "[..], &[b'z'; HEAD_BYTES_MAX], b"\r\n"].concat();
        let end = head.len() - 2;
        head.splice(end..end, line);
        is_good = is_good.map(|_| false);
    }
    Head { bytes: head, is_good, pieces: [usize::MAX, 1, 7, 100][usize::from(bytes.below(4))] }
}

/// Ways to write each line of a request: two good ones, two bad ones.
const REQUEST: ([&str; 4], [[&str; 4]; 5]) = (
    ["GET / HTTP/1.1\r\n", "GET /a?b=c HTTP/1.1\r\n", "POST / HTTP/1.1\r\n", "GET / HTTP/1.0\r\n"],
    [
        ["Host: a\r\n", "hOsT:   a:80  \r\n", "", "Host: a\r\nHost: b\r\n"],
        [
            "Upgrade: websocket\r\n",
            "UPGRADE: h2c,\tWebSocket \r\n",
            "Upgrade: websockets\r\n",
            "Upgrade: web socket\r\n",
        ],
        [
            "Connection: Upgrade\r\n",
            "Connection: keep-alive\r\nconnection: x, upgrade\r\n",
            "Connection: close\r\n",
            "",
        ],
        [
            "Sec-WebSocket-Version: 13\r\n",
            "sec-websocket-version:13\r\n",
            "Sec-WebSocket-Version: 8\r\n",
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 13\r\n",
        ],
        [
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
            "sec-websocket-KEY:dGhlIHNhbXBsZSBub25jZQ==  \r\n",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=\r\n",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Key: b\r\n",
        ],
    ],
);

fn request(bytes: &mut Bytes<'_>) -> Result<(), String> {
    let head = Rc::new(assembled(bytes, REQUEST.0, &REQUEST.1));
    let asked = Rc::clone(&head);
    let (accepted, answer) = run(async move {
        let (near, far) = duplex().map_err(|error| error.to_string())?;
        let near = Rc::new(near);
        let serving = spawn(async move { accept(far).await.map(drop) });
        let answers = listen(&near);
        say(&near, &asked.bytes, || asked.pieces).await;
        let accepted = serving.await.map_err(|error| error.to_string())?;
        let answer = answers.await.map_err(|error| error.to_string())?;
        Ok((accepted, String::from_utf8_lossy(&answer).into_owned()))
    })?;
    let wrong = |what: &str| {
        let head = head.bytes.escape_ascii();
        Err(format!("{what}: {accepted:?}\nanswered {answer:?}\nto \"{head}\""))
    };
    if head.is_good.is_some_and(|is_good| is_good != accepted.is_ok()) {
        return wrong("a good head must be accepted, a bad one refused");
    }
    if answer.len() > ANSWER_BYTES_MAX {
        return wrong("an answer too long");
    }
    let said = String::from_utf8_lossy(&head.bytes).to_ascii_lowercase();
    match &accepted {
        Ok(()) => {
            let needed = ["get ", "host:", "upgrade", "websocket", "sec-websocket-key:", "13"];
            if !needed.iter().all(|word| said.contains(word)) {
                return wrong("accepted without what must be there");
            }
            if !answer.starts_with("HTTP/1.1 101 ")
                || head.is_good == Some(true) && !answer.contains(PROOF)
            {
                return wrong("accepted with another answer than 101 and the proof");
            }
        }
        Err(Error::BadUpgrade { status, .. }) => {
            let status = status.to_string();
            let starts = format!("HTTP/1.1 {status} ");
            if !STATUSES.contains(&&status[..]) || !answer.starts_with(&starts) {
                return wrong("refused with another status than it says");
            }
        }
        // The head was not whole.
        Err(Error::Io(_)) if head.is_good.is_none() && answer.is_empty() => {}
        Err(_) => return wrong("refused for another reason"),
    }
    Ok(())
}

/// Ways to write each line of an answer. `PROOF` stands for the proof of the key.
const ANSWER: ([&str; 4], [[&str; 4]; 4]) = (
    [
        "HTTP/1.1 101 Switching Protocols\r\n",
        "HTTP/1.1 101 \r\n",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 301 Moved\r\nLocation: ws://a/\r\n",
    ],
    [
        ["Upgrade: websocket\r\n", "upgrade:WEBSOCKET\r\n", "", "Upgrade: h2c\r\n"],
        [
            "Connection: Upgrade\r\n",
            "Connection: keep-alive, Upgrade\r\n",
            "Connection: close\r\n",
            "",
        ],
        [
            "Sec-WebSocket-Accept: PROOF\r\n",
            "sec-websocket-accept:  PROOF \r\n",
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n",
            "Sec-WebSocket-Accept: PROOF\r\nSec-WebSocket-Accept: PROOF\r\n",
        ],
        [
            "",
            "Server: s\r\n",
            "Sec-WebSocket-Extensions: permessage-deflate\r\n",
            "Sec-WebSocket-Protocol: chat\r\n",
        ],
    ],
);

fn answer(bytes: &mut Bytes<'_>) -> Result<(), String> {
    let answer = assembled(bytes, ANSWER.0, &ANSWER.1);
    let (is_good, written) = (answer.is_good, answer.bytes.escape_ascii().to_string());
    let outcome = run(async move {
        let (near, far) = duplex().map_err(|error| error.to_string())?;
        let connecting = spawn(async move { connect_on(far, "ws://memory/").await.map(drop) });
        let request = String::from_utf8_lossy(&head(&near).await?).into_owned();
        let key = request.split("Sec-WebSocket-Key: ").nth(1).and_then(|rest| rest.get(..24));
        let proof = derive_accept_key(key.ok_or("a request without a key")?.as_bytes());
        say(&near, &with_proof(&answer.bytes, proof.as_bytes()), || answer.pieces).await;
        connecting.await.map_err(|error| error.to_string())
    })?;
    if is_good.is_some_and(|is_good| is_good != outcome.is_ok()) {
        let what = "a good answer must be accepted, a bad one refused";
        return Err(format!("{what}: {outcome:?} after \"{written}\""));
    }
    let lower = written.to_ascii_lowercase();
    if outcome.is_ok() && !(lower.contains(" 101") && lower.contains("proof")) {
        return Err(format!("accepted without a proof: \"{written}\""));
    }
    Ok(())
}

fn with_proof(answer: &[u8], proof: &[u8]) -> Vec<u8> {
    let mut written = Vec::new();
    let mut rest = answer;
    while let Some(at) = rest.windows(5).position(|five| five == b"PROOF") {
        written.extend_from_slice(&rest[..at]);
        written.extend_from_slice(proof);
        rest = &rest[at + 5..];
    }
    [written, rest.to_vec()].concat()
}

/// Whatever the URL says, the request has its six lines and no other.
fn url(bytes: &[u8]) -> Result<(), String> {
    let url = format!("ws://memory/{}", String::from_utf8_lossy(bytes));
    let asked = url.clone();
    run(async move {
        let (near, far) = duplex().map_err(|error| error.to_string())?;
        let connecting = spawn(async move { connect_on(far, &asked).await.map(drop) });
        let request = match head(&near).await {
            Ok(request) => request,
            // Refused, and so nothing was written.
            Err(_) => match connecting.await.map_err(|error| error.to_string())? {
                Err(Error::InvalidUrl { .. }) => return Ok(()),
                other => return Err(format!("{url:?}: {other:?}")),
            },
        };
        let lines = request.iter().filter(|byte| matches!(byte, b'\r' | b'\n')).count();
        drop(near);
        if lines == 14 { Ok(()) } else { Err(format!("{url:?}: {}", request.escape_ascii())) }
    })
}
