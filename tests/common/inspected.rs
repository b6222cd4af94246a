//! An inspector in a folder of its own, and clients of it that write and read by hand.
//!
//! Every answer that is read here is looked at for what must be in each of them.

#![cfg(test)]
#![allow(dead_code, reason = "each test file uses the part it needs")]

use std::{
    env, fs,
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    ops::Deref,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use glassloop_inspector::{Builder, Inspector};

/// Nothing here takes so long.
const PATIENCE: Duration = Duration::from_secs(20);

/// The lines of a good upgrade, without Host, token and subprotocol.
pub(crate) const UPGRADE: &str = "Upgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

/// A folder that is there for as long as this is.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Scratch {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("glassloop-test-{}-{number}", std::process::id());
        let path = env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Scratch(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

/// An inspector of this process.
pub(crate) struct Inspected {
    inspector: Inspector,
    // Behind the inspector, whose file is in it.
    _scratch: Scratch,
}

impl Deref for Inspected {
    type Target = Inspector;

    fn deref(&self) -> &Inspector {
        &self.inspector
    }
}

/// Starts one as the closure says.
pub(crate) fn inspected_by(change: impl FnOnce(Builder) -> Builder) -> Inspected {
    let scratch = Scratch::new();
    let builder = Builder::new().folder(scratch.path().join("files"));
    Inspected { inspector: change(builder).start().unwrap(), _scratch: scratch }
}

/// Starts one that only looks.
pub(crate) fn inspected() -> Inspected {
    inspected_by(|builder| builder)
}

impl Inspected {
    pub(crate) fn port(&self) -> u16 {
        self.address().port()
    }

    pub(crate) fn token(&self) -> &str {
        self.url().split('#').nth(1).unwrap()
    }

    /// The lines of a request that is let in, without its first and its empty one.
    pub(crate) fn good(&self) -> String {
        format!("Host: {}\r\nAuthorization: Bearer {}\r\n", self.address(), self.token())
    }

    /// The Host line alone.
    pub(crate) fn host(&self) -> String {
        format!("Host: {}\r\n", self.address())
    }

    /// Asks with these lines.
    pub(crate) fn ask(&self, first: &str, lines: &str) -> Answer {
        ask(self.address(), format!("{first} HTTP/1.1\r\n{lines}\r\n"))
    }

    /// Asks as who may.
    pub(crate) fn ask_well(&self, first: &str) -> Answer {
        self.ask(first, &self.good())
    }
}

/// What a server said.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The head with its empty line.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut values = lines.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let (_, value) = values.next()?;
        assert!(values.next().is_none(), "{name} twice: {}", self.head);
        Some(value)
    }
}

/// Writes a request and reads all that comes of it.
pub(crate) fn ask(address: SocketAddr, request: impl AsRef<[u8]>) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // Who is refused early may not be read to the end.
    drop(stream.write_all(request.as_ref()));
    let mut bytes = Vec::new();
    let mut piece = [0; 4_096];
    loop {
        // A WebSocket goes on: its head is all that is wanted.
        if bytes.starts_with(b"HTTP/1.1 101") && bytes.windows(4).any(|four| four == b"\r\n\r\n") {
            drop(stream.shutdown(Shutdown::Both));
            break;
        }
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
            Err(error) => panic!("expected an answer, came {error}"),
        }
    }
    judged(String::from_utf8_lossy(&bytes).into_owned())
}

/// What must be in every answer, whatever was asked.
pub(crate) fn judged(text: String) -> Answer {
    let end = text.find("\r\n\r\n").unwrap_or_else(|| panic!("expected a head, came {text:?}")) + 4;
    let (head, body) = (text[..end].to_owned(), text[end..].to_owned());
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let answer = Answer { status, head, body };
    for (name, value) in [
        ("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cache-Control", "no-store"),
        ("Connection", if status == 101 { "Upgrade" } else { "close" }),
    ] {
        let came = answer.header(name).map(|came| came.trim_start_matches("Upgrade, "));
        assert_eq!(came, Some(value), "{name} of {}", answer.head);
    }
    let allows = answer.head.to_ascii_lowercase().contains("access-control");
    assert!(!allows, "no other page is let read this: {}", answer.head);
    answer
}
