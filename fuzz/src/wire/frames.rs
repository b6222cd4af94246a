//! The target `frames`: any bytes are bounds, frames and the pieces they come in.
//!
//! What a connection makes of them must be what the reference says: the messages, a pong for each
//! ping, and the end with its code.

use std::rc::Rc;

use glassloop::{net::duplex, spawn};
use glassloop_ws::{Cause, CloseInfo, Config, Message, Side, accept_with, connect_on_with};
use tungstenite::handshake::derive_accept_key;

use super::{
    REQUEST, head, listen,
    reference::{Bounds, End, Meaning, meaning},
    run, say,
};
use crate::bytes::Bytes;

/// A talk, as the bytes have it.
#[derive(Debug)]
struct Talk {
    bounds: Bounds,
    read_bytes_per_turn_max: usize,
    /// The lengths of the pieces, over and over.
    pieces: Vec<usize>,
    stream: Vec<u8>,
}

/// What a connection made of it.
#[derive(Debug)]
struct Outcome {
    messages: Vec<(bool, Vec<u8>)>,
    /// Opcode and payload of each frame that was answered.
    answers: Vec<(u8, Vec<u8>)>,
    info: CloseInfo,
}

pub(super) fn check(bytes: &[u8]) -> Result<(), String> {
    let talk = Rc::new(Talk::of(bytes));
    let expected = meaning(&talk.stream, talk.bounds);
    let outcome = run(hold(Rc::clone(&talk)))?;
    judge(&expected, &outcome)
        .map_err(|what| format!("{what}\n{talk:?}\n{expected:?}\n{outcome:?}"))
}

impl Talk {
    fn of(bytes: &[u8]) -> Talk {
        let mut bytes = Bytes::new(bytes);
        let bounds = Bounds {
            frame_bytes_max: [200, 70_000, 130][usize::from(bytes.below(3))],
            message_bytes_max: [300, 140_000, 100][usize::from(bytes.below(3))],
            fragments_max: [4, 100, 1][usize::from(bytes.below(3))],
            is_server: bytes.below(4) != 0,
        };
        let read_bytes_per_turn_max = [65_536, 1, 7, 300][usize::from(bytes.below(4))];
        let count = bytes.below(4);
        let pieces = (0..=count).map(|_| match bytes.next() {
            byte @ 0..200 => 1 + usize::from(byte % 40),
            byte => usize::from(byte) * 300,
        });
        let pieces: Vec<usize> = pieces.collect();
        // Masses take their time in small pieces.
        let is_swift = pieces.iter().all(|piece| *piece > 300) && read_bytes_per_turn_max >= 300;
        let (mut stream, mut open) = (Vec::new(), false);
        while !bytes.is_empty() && stream.len() < if is_swift { 200_000 } else { 2_000 } {
            let frame = Sketch::of(&mut bytes, &mut open, is_swift);
            frame.write(bounds, &mut stream);
        }
        Talk { bounds, read_bytes_per_turn_max, pieces, stream }
    }
}

/// What a frame is to look like: good more often than not.
enum Sketch {
    Frame { opcode: u8, is_final: bool, style: u8, payload: Vec<u8> },
    Noise(Vec<u8>),
}

impl Sketch {
    /// `open` says whether a message has begun.
    fn of(bytes: &mut Bytes<'_>, open: &mut bool, is_swift: bool) -> Sketch {
        let opcode = match bytes.next() {
            0..150 if *open => 0x0,
            0..80 => 0x1,
            80..150 => 0x2,
            150..190 => 0x9,
            190..220 => 0xa,
            220..226 => 0x8,
            // Right or wrong, as it comes; and once in a while plain noise.
            226..252 => bytes.next() & 0x0f,
            _ => return Sketch::Noise((0..bytes.below(20)).map(|_| bytes.next()).collect()),
        };
        let style = bytes.next();
        let is_final = opcode & 0x8 != 0 || style & 0x3 != 0;
        if opcode < 0x3 {
            *open = !is_final;
        }
        let payload = payload(bytes, opcode, is_swift);
        Sketch::Frame { opcode, is_final, style, payload }
    }

    fn write(self, bounds: Bounds, stream: &mut Vec<u8>) {
        let (opcode, is_final, style, payload) = match self {
            Sketch::Frame { opcode, is_final, style, payload } => {
                (opcode, is_final, style, payload)
            }
            Sketch::Noise(noise) => return stream.extend(noise),
        };
        let reserved = if style & 0xf0 == 0xf0 { (style & 0x0c) << 3 } else { 0 };
        let last = if is_final != (style == 0x9f) { 0x80 } else { 0 };
        stream.push(last | reserved | opcode);
        let is_masked = bounds.is_server != (style == 0x8f);
        let masked = if is_masked { 0x80 } else { 0 };
        // Longer forms of a short length are legal to read.
        match payload.len() {
            length @ 0..126 if style & 0x1f != 0x1f => stream.push(masked | length as u8),
            length @ 0..65_536 if style & 0x3f != 0x3f => {
                stream.push(masked | 126);
                stream.extend((length as u16).to_be_bytes());
            }
            length => {
                stream.push(masked | 127);
                // Now and then far more is announced than comes.
                let length = if style == 0x7f { u64::MAX / 2 } else { length as u64 };
                stream.extend(length.to_be_bytes());
            }
        }
        let mask = if is_masked { [style, opcode, 0x5a, 0x00] } else { [0; 4] };
        if is_masked {
            stream.extend(mask);
        }
        stream.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    }
}

/// The code of a Close, parts of characters, or a mass of letters.
fn payload(bytes: &mut Bytes<'_>, opcode: u8, is_swift: bool) -> Vec<u8> {
    const CODES: [u16; 8] = [1000, 1001, 1005, 1011, 1015, 3000, 4999, 5000];
    const PARTS: [&[u8]; 8] =
        [b"a", "ß".as_bytes(), "€".as_bytes(), "😀".as_bytes(), b"\xe2", b"\x82", b"\xac", b"xyz"];
    let choice = bytes.next();
    if opcode == 0x8 && choice < 240 {
        let reason = PARTS[usize::from(choice >> 3) % 4];
        return [&CODES[usize::from(choice & 7)].to_be_bytes()[..], reason].concat();
    }
    match choice {
        0..30 => Vec::new(),
        30..180 => {
            let count = choice % 6;
            // Halves of characters are rare, or hardly a text would be one.
            let part = |byte: u8| PARTS[usize::from(if byte < 200 { byte % 4 } else { byte % 8 })];
            (0..count).flat_map(|_| part(bytes.next())).copied().collect()
        }
        180..200 => (0..choice % 16).map(|_| bytes.next()).collect(),
        choice if choice < 250 || !is_swift => {
            vec![b'm'; [125, 126, 127, 130, 131, 200, 201][usize::from(choice % 7)]]
        }
        _ => vec![b'M'; [65_535, 65_536, 70_000, 70_001][usize::from(choice % 4)]],
    }
}

async fn hold(talk: Rc<Talk>) -> Result<Outcome, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let (near, far) = duplex().map_err(|error| text(&error))?;
    let near = Rc::new(near);
    let mut config = Config::default();
    config.limits.frame_bytes_max = talk.bounds.frame_bytes_max;
    config.limits.message_bytes_max = talk.bounds.message_bytes_max;
    config.limits.fragments_per_message_max = talk.bounds.fragments_max;
    config.limits.read_bytes_per_turn_max = talk.read_bytes_per_turn_max;
    let opened = if talk.bounds.is_server {
        let opening = spawn(accept_with(far, config));
        near.write_all(REQUEST).await.map_err(|error| text(&error))?;
        head(&near).await?;
        opening.await
    } else {
        let opening = spawn(connect_on_with(far, "ws://memory/", config));
        near.write_all(&answer_to(&head(&near).await?)?).await.map_err(|error| text(&error))?;
        opening.await
    };
    let (socket, driver) = opened.map_err(|error| text(&error))?.map_err(|error| text(&error))?;
    let driving = spawn(driver);
    let answers = listen(&near);
    let receiving = spawn(async move {
        let mut messages = Vec::new();
        while let Ok(Some(message)) = socket.recv().await {
            let is_text = matches!(message, Message::Text(_));
            messages.push((is_text, message.as_bytes().to_vec()));
        }
        messages
    });
    let mut pieces = talk.pieces.iter().copied().cycle();
    say(&near, &talk.stream, || pieces.next().unwrap_or(1)).await;
    let messages = receiving.await.map_err(|error| text(&error))?;
    let info = driving.await.map_err(|error| text(&error))?;
    let answers = answers.await.map_err(|error| text(&error))?;
    drop(near);
    let answers = frames(&answers, talk.bounds.is_server)?;
    Ok(Outcome { messages, answers, info })
}

/// A server's answer to a client's request.
fn answer_to(request: &[u8]) -> Result<Vec<u8>, String> {
    let request = String::from_utf8_lossy(request);
    let key = request.split("Sec-WebSocket-Key: ").nth(1).and_then(|rest| rest.get(..24));
    let proof = derive_accept_key(key.ok_or("a request without a key")?.as_bytes());
    let head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket";
    Ok(format!("{head}\r\nSec-WebSocket-Accept: {proof}\r\n\r\n").into_bytes())
}

/// What the connection under test has sent: short frames, whole and bare or masked as its role is.
fn frames(mut bytes: &[u8], is_server: bool) -> Result<Vec<(u8, Vec<u8>)>, String> {
    let mut frames = Vec::new();
    while let Some((&[first, second], rest)) = bytes.split_first_chunk() {
        let wrong = || format!("it sent {}", bytes.escape_ascii());
        let length = usize::from(second & 0x7f);
        if first & 0xf0 != 0x80 || (second & 0x80 == 0) != is_server || length > 125 {
            return Err(wrong());
        }
        let (mask, rest) =
            if is_server { (&[0; 4], rest) } else { rest.split_first_chunk().ok_or_else(wrong)? };
        let (payload, rest) = rest.split_at_checked(length).ok_or_else(wrong)?;
        let payload = payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask);
        frames.push((first & 0x0f, payload.collect()));
        bytes = rest;
    }
    Ok(frames)
}

fn judge(expected: &Meaning, came: &Outcome) -> Result<(), String> {
    if came.messages != expected.messages {
        return Err("other messages".into());
    }
    let mut answers = came.answers.clone();
    let close = answers.pop_if(|(opcode, _)| *opcode == 0x8).map(|(_, payload)| payload);
    if !answers
        .iter()
        .map(|(opcode, payload)| (opcode, payload))
        .eq(expected.pings.iter().map(|payload| (&0xa, payload)))
    {
        return Err("expected a pong a ping, and nothing else".into());
    }
    let code = close.as_ref().map(|payload| {
        payload.first_chunk().map_or(1005, |code: &[u8; 2]| u16::from_be_bytes(*code))
    });
    let violation = matches!(came.info.cause, Cause::Violation(_)) && came.info.side == Side::Us;
    let as_expected = match &expected.end {
        End::Open => code.is_none() && came.info.cause == Cause::Reset,
        End::Closed(asked) => {
            let asked = asked.unwrap_or(1005);
            let good = matches!(asked, 1000..=1003 | 1005 | 1007..=1013 | 3000..=4999);
            // With a code, 1005 is as forbidden as the others.
            let good = good && (asked != 1005 || expected.end == End::Closed(None));
            if good {
                code == Some(asked) && came.info.is_clean()
            } else {
                code == Some(1002) && violation
            }
        }
        End::Broken(codes) => code.is_some_and(|code| codes.contains(&code)) && violation,
        End::MayBeBroken(codes) => match code {
            None => came.info.cause == Cause::Reset,
            Some(code) => codes.contains(&code) && violation,
        },
    };
    if as_expected { Ok(()) } else { Err(format!("expected {:?}", expected.end)) }
}
