//! The tour, as it is: the very program that the README names, started, read and talked to.
//!
//! Its account must show the five actions at work, and its server must echo a client of which every
//! byte was written down beforehand. No WebSocket library takes part on this side.
#![cfg(test)]
#![cfg(all(feature = "ws", not(miri)))]

#[path = "common/examples.rs"]
mod examples;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

/// No line, byte or end of the tour is waited for any longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// A tour under way, whose lines a thread of its own reads.
struct Running {
    child: Child,
    lines: Receiver<String>,
    address: String,
}

impl Running {
    fn start() -> Running {
        let mut command = Command::new(examples::built("tour"));
        command.args(["--seconds", "2", "--port", "0"]).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|l| sender.send(l)));
        let mut running = Running { child, lines, address: String::new() };
        let first = running.lines.recv_timeout(PATIENCE).expect("the tour says nothing");
        let address = first.split_whitespace().find_map(|word| word.strip_prefix("ws://"));
        running.address = address.expect("its first line holds its address").to_owned();
        running
    }

    /// The rest of what it says, and that it ended well.
    fn finish(mut self) -> Vec<String> {
        let mut lines = Vec::new();
        while let Some(line) = self.next_line() {
            lines.push(line);
        }
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}; it said: {lines:#?}");
        lines
    }

    /// `None` at the end of what it says.
    fn next_line(&self) -> Option<String> {
        match self.lines.recv_timeout(PATIENCE) {
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("the tour doesn't end"),
            line => line.ok(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended, if all went well; if not, it ends here.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn each_action_is_polled_and_says_what_it_waits_for() {
    let lines = Running::start().finish();
    let said = lines.join("\n");
    for action in ["ticker", "tcp", "ws", "blocking", "deferred"] {
        let mut rows = lines.iter().filter_map(|line| {
            let mut words = line.split_whitespace();
            (words.next()? == action).then(|| words.collect::<Vec<_>>())
        });
        let last = rows.next_back();
        let last = last.unwrap_or_else(|| panic!("no row of `{action}` in:\n{said}"));
        let polls: u64 = last[0].parse().unwrap_or_else(|_| panic!("`{action}`: {last:?}"));
        assert!(polls > 0, "`{action}` was never polled:\n{said}");
        assert!(last.len() > 1, "`{action}` says nothing of its wait:\n{said}");
    }
    for part in ["turns", "polls", "wakes by cause: io", "deepest queue", "longest item"] {
        assert!(said.contains(part), "no `{part}` in:\n{said}");
    }
    assert!(said.contains("the loop is closed; left: 1 task(s)"), "{said}");
    assert!(said.contains("accept of listener"), "what is left, and where it waits:\n{said}");
}

/// The handshake of RFC 6455, section 1.3.
const REQUEST: &str = "GET /chat HTTP/1.1\r\n\
    Host: server.example.com\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// What the client sends under the mask 37 fa 21 3d, and what must come back without one.
const RECORDED: [(&[u8], &[u8]); 5] = [
    // The text "Hello", as the RFC has it.
    (b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", b"\x81\x05Hello"),
    // The same, in two fragments with a ping between them.
    (
        b"\x01\x83\x37\xfa\x21\x3d\x7f\x9f\x4d\
          \x89\x81\x37\xfa\x21\x3d\x16\
          \x80\x82\x37\xfa\x21\x3d\x5b\x95",
        b"\x8a\x01!\x81\x05Hello",
    ),
    // Four bytes, all zero.
    (b"\x82\x84\x37\xfa\x21\x3d\x37\xfa\x21\x3d", b"\x82\x04\0\0\0\0"),
    // An empty text.
    (b"\x81\x80\x37\xfa\x21\x3d", b"\x81\x00"),
    // A Close with 1000.
    (b"\x88\x82\x37\xfa\x21\x3d\x34\x12", b"\x88\x02\x03\xe8"),
];

#[test]
fn a_recorded_client_is_echoed_byte_for_byte() {
    let running = Running::start();
    let address = running.address.trim_end_matches('/');
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();

    stream.write_all(REQUEST.as_bytes()).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert!(head.contains(ACCEPT), "{head}");

    for (sent, expected) in RECORDED {
        stream.write_all(sent).unwrap();
        let mut came = vec![0; expected.len()];
        stream.read_exact(&mut came).unwrap();
        assert_eq!(came, expected, "the answer to {sent:02x?}");
    }
    assert_eq!(stream.read(&mut [0]).unwrap(), 0, "the server closes after the Closes");
    running.finish();
}
