//! Bytes on a WebSocket: frames against a decoder written for this alone, heads against rules; and
//! requests at the door of an inspector; and the packets of Socket.IO.
//!
//! Everything goes through the public interface, over a socket in memory. A fault is told as text.

mod door;
mod frames;
mod packets;
mod reference;
mod upgrade;

use std::{fmt, rc::Rc};

use glassloop::{EventLoop, net::TcpStream, spawn, yield_now};

/// What is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Frames, cut anywhere: the messages, answers and end that the reference says.
    Frames,
    /// Heads of requests and answers, and URLs: accepted or refused as their parts say.
    Upgrade,
    /// Requests to an inspector: let in or refused as their parts say.
    Door,
    /// Messages of Socket.IO: the packets that a reader of their text finds in them.
    Packets,
}

impl Target {
    /// All of them.
    pub const ALL: [Target; 4] = [Target::Frames, Target::Upgrade, Target::Door, Target::Packets];

    /// Checks what the bytes stand for.
    ///
    /// # Errors
    /// What was expected, and what came.
    pub fn check(self, bytes: &[u8]) -> Result<(), String> {
        match self {
            Target::Frames => frames::check(bytes),
            Target::Upgrade => upgrade::check(bytes),
            Target::Door => door::check(bytes),
            Target::Packets => packets::check(bytes),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Target::Frames => "frames",
            Target::Upgrade => "upgrade",
            Target::Door => "door",
            Target::Packets => "packets",
        })
    }
}

/// The request of RFC 6455, section 1.3, and the proof of its key.
const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\nHost: example\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";
const PROOF: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// Runs a talk on a loop of its own, whose clock jumps: nothing can hang.
fn run<T: 'static>(talk: impl Future<Output = Result<T, String>> + 'static) -> Result<T, String> {
    EventLoop::test().block_on(talk).map_err(|error| format!("the loop: {error}"))?
}

/// Writes `bytes` in pieces, with turns between them, and closes its direction. Who is cut off
/// writes no more.
async fn say(stream: &TcpStream, bytes: &[u8], mut piece: impl FnMut() -> usize) {
    let mut left = bytes;
    while !left.is_empty() {
        let (now, later) = left.split_at(piece().clamp(1, left.len()));
        if stream.write_all(now).await.is_err() {
            return;
        }
        yield_now().await;
        left = later;
    }
    stream.shutdown(std::net::Shutdown::Write).ok();
}

/// Starts to read all that comes, to the end of the stream or its failure.
fn listen(stream: &Rc<TcpStream>) -> glassloop::JoinHandle<Vec<u8>> {
    let stream = Rc::clone(stream);
    spawn(async move {
        let (mut heard, mut piece) = (Vec::new(), vec![0; 4096]);
        while let Ok(count @ 1..) = stream.read(&mut piece).await {
            heard.extend_from_slice(&piece[..count]);
        }
        heard
    })
}

/// Reads a head, byte by byte, so that nothing behind it is taken.
async fn head(stream: &TcpStream) -> Result<Vec<u8>, String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte).await {
            Ok(1..) => head.extend(byte),
            other => return Err(format!("expected a head, came {other:?}")),
        }
    }
    Ok(head)
}
