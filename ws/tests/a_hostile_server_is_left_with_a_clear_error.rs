//! Whatever a server answers to an upgrade, or doesn't: the client ends with an error that says
//! what came, within its deadline, having read 64 KiB at most.

mod common;

use std::io::ErrorKind;
use std::time::Duration;

use common::{Loop, Opened, Output, Raw, response};
use glassloop_reactor::net::duplex;
use glassloop_ws::{Config, ConnectStage, Endpoint, Error};

/// What lies on its way between the two: what was written beyond that has been read.
const PIPE_BYTES: usize = 4 * 1024;
const READ_BYTES_MAX: usize = 64 * 1024;
/// One write of a server.
const PIECE_BYTES: usize = 1024;

fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// A client that has sent its request, and the server.
struct Meeting {
    event_loop: Loop,
    connected: Output<Opened>,
    server: Raw,
    key: Vec<u8>,
}

impl Meeting {
    fn new() -> Meeting {
        Meeting::of(Endpoint::new("ws://memory/").expect("good"))
    }

    fn of(endpoint: Endpoint) -> Meeting {
        let mut meeting = Meeting::silent(endpoint);
        meeting.key = meeting.server.read_until(&mut meeting.event_loop, b"\r\n\r\n");
        meeting
    }

    /// As `of`; the server has read nothing.
    fn silent(endpoint: Endpoint) -> Meeting {
        let event_loop = Loop::with_pipes_of(PIPE_BYTES);
        let (near, far) = duplex().expect("two ends");
        let connected = event_loop.spawn(endpoint.connect_on(near));
        Meeting { event_loop, connected, server: Raw::new(far), key: Vec::new() }
    }

    /// The answer that a good server would give.
    fn good(&self) -> Vec<u8> {
        response(&self.key)
    }

    fn is_over(&self) -> bool {
        self.connected.borrow().is_some()
    }

    fn say(&mut self, bytes: impl AsRef<[u8]>) {
        self.server.write(&mut self.event_loop, bytes.as_ref());
        self.event_loop.settle();
    }

    /// Says `first`, and then `more` without end, for as long as the client reads. No time passes.
    /// How many bytes it has read at most.
    fn say_for_ever(&mut self, first: &str, more: &str) -> usize {
        self.say(first);
        let more = more.repeat(PIECE_BYTES / more.len() + 1);
        let (mut written, mut unsaid) = (first.len(), more.as_bytes());
        while !self.is_over() {
            match self.server.stream.try_write(unsaid) {
                Ok(count) => {
                    written += count;
                    unsaid = &unsaid[count..];
                    if unsaid.is_empty() {
                        unsaid = more.as_bytes();
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    assert!(self.event_loop.has_work(), "the client waits, and doesn't read");
                }
                Err(_) => break,
            }
            assert!(written <= READ_BYTES_MAX + PIPE_BYTES, "it still reads");
            self.event_loop.turn(Duration::ZERO);
        }
        written
    }

    /// The error. The server sees that it was left.
    fn error(mut self) -> Error {
        let error = self.event_loop.wait_for(&self.connected).expect_err("a hostile server");
        let written = self.server.stream.try_write(b"anybody there?");
        assert!(written.is_err(), "the socket is closed");
        error
    }
}

#[test]
fn an_endless_head_is_left_after_eight_kibibytes() {
    for (first, more) in [
        ("HTTP/1.1 101 Switching Protocols\r\n", "X: y\r\n"),
        ("HTTP/1.1 200 ", "x"),
        ("HTTP/1.1 200 OK\r\nX: ", "y"),
        ("HTTP/", "1"),
        ("", "HTTP/1.1 100 Continue\r\n\r\n"),
        ("", "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"),
    ] {
        let mut meeting = Meeting::new();
        let written = meeting.say_for_ever(first, more);
        assert!(written <= 8 * 1024 + 2 * 1024 + PIPE_BYTES, "{written} bytes of {first:?}");
        let error = meeting.error();
        let Error::BadUpgrade { status: 0, expected, .. } = &error else { panic!("came {error}") };
        assert_eq!(*expected, "a head within its limits");
        assert!(!error.is_fatal());
    }
}

#[test]
fn a_head_of_too_many_lines_is_left() {
    let mut meeting = Meeting::new();
    let lines = "X: y\r\n".repeat(62); // beside three
    let good = String::from_utf8(meeting.good()).expect("ASCII");
    meeting.say(good.replace("\r\n\r\n", &format!("\r\n{lines}\r\n")));
    assert_eq!(
        meeting.error().to_string(),
        "expected a head within its limits, came \"a longer one\""
    );
}

#[test]
fn what_is_no_http_is_left_at_its_first_bytes() {
    for (garbage, shown) in
        [("SSH-2.0-OpenSSH_9.9\r\n", "SSH-2.0-OpenSSH_9.9\\\\r\\\\n"), ("\0", "\\\\x00")]
    {
        let mut meeting = Meeting::new();
        meeting.say(garbage);
        let told = meeting.error().to_string();
        assert_eq!(told, format!("expected an answer of HTTP, came \"{shown}\""));
    }
}

#[test]
fn of_a_refusal_four_kibibytes_are_kept_however_long_it_is() {
    let begin = |lines: &str| format!("HTTP/1.1 503 Busy\r\nRetry-After: 9\r\n{lines}\r\n");
    for (first, more) in [
        (begin("Content-Length: 1000000000000\r\n"), "a"),
        (begin("Connection: close\r\n"), "a"),
        (begin("Transfer-Encoding: chunked\r\n") + "FFFFFFFF\r\n", "a"),
        (begin("Transfer-Encoding: chunked\r\n"), "1\r\na\r\n"),
    ] {
        let mut meeting = Meeting::new();
        let written = meeting.say_for_ever(&first, more);
        assert!(written <= 32 * 1024, "{written} bytes of {first:?}");
        let error = meeting.error();
        assert_eq!(error.to_string(), "expected status 101, came 503 Busy");
        assert_eq!(error.retry_after(), Some(Duration::from_secs(9)));
        assert_eq!(error.body_text().as_deref(), Some("a".repeat(4096).as_str()), "{first:?}");
        assert!(!error.is_fatal());
    }
}

#[test]
fn chunks_that_hold_nothing_are_given_up() {
    let mut meeting = Meeting::new();
    let first = "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n1;";
    let written = meeting.say_for_ever(first, "name=value;");
    assert!(written <= READ_BYTES_MAX);
    let error = meeting.error();
    assert!(error.is_fatal() && error.body_text().is_none(), "{error:?}");
}

#[test]
fn a_refusal_is_told_at_its_end_or_after_a_second() {
    let busy = "HTTP/1.1 503 Busy\r\nContent-Length: 9\r\n\r\n";
    // Whole, and the server stays.
    let mut meeting = Meeting::new();
    meeting.say(format!("{busy}too many, and more"));
    assert!(meeting.is_over());
    assert_eq!(meeting.error().body_text().as_deref(), Some("too many,"));

    // Cut by the end.
    let mut meeting = Meeting::new();
    meeting.say(format!("{busy}too"));
    assert!(!meeting.is_over());
    meeting.server.stream.shutdown(std::net::Shutdown::Write).expect("it is open");
    meeting.event_loop.settle();
    assert_eq!(meeting.error().body_text().as_deref(), Some("too"));

    // Cut by silence, or by a byte now and then.
    for drip in ["", "\u{e9}"] {
        let mut meeting = Meeting::new();
        meeting.say(format!("{busy}to"));
        meeting.event_loop.pass(millis(999));
        assert!(!meeting.is_over());
        meeting.say(&drip.as_bytes()[..drip.len() / 2]);
        meeting.event_loop.pass(millis(1));
        assert!(meeting.is_over());
        let shown = if drip.is_empty() { "to" } else { "to\u{fffd}" };
        assert_eq!(meeting.error().body_text().as_deref(), Some(shown));
    }
}

#[test]
fn a_refusal_late_in_its_stage_has_what_is_left_of_it() {
    let mut meeting = Meeting::new();
    meeting.event_loop.pass(millis(7_700));
    meeting.say("HTTP/1.1 502 Bad Gateway\r\n\r\n<p>");
    meeting.event_loop.pass(millis(299));
    assert!(!meeting.is_over());
    meeting.event_loop.pass(millis(1));
    assert!(meeting.is_over());
    assert_eq!(meeting.error().body_text().as_deref(), Some("<p>"));
}

#[test]
fn a_status_without_a_body_is_told_at_once() {
    for answer in ["HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 304 Not Modified\r\n\r\n"] {
        let mut meeting = Meeting::new();
        meeting.say(answer);
        assert!(meeting.is_over());
        assert!(matches!(meeting.error(), Error::Refused { status: 204 | 304, .. }));
    }
}

#[test]
fn a_wrong_proof_is_fatal() {
    let mut meeting = Meeting::new();
    let good = String::from_utf8(meeting.good()).expect("ASCII");
    meeting.say(good.replace("Sec-WebSocket-Accept: ", "Sec-WebSocket-Accept: AAAA"));
    let error = meeting.error();
    let told = error.to_string();
    assert!(told.starts_with("expected Sec-WebSocket-Accept for our key, came \"AAAA"), "{told}");
    assert!(error.is_fatal());
}

#[test]
fn silence_and_a_byte_a_second_end_with_the_stage() {
    for bytes_a_second in [0, 1] {
        let mut meeting = Meeting::new();
        let good = meeting.good();
        for second in 0..7 {
            meeting.say(&good[second..second + bytes_a_second]);
            meeting.event_loop.pass(millis(1_000));
        }
        meeting.event_loop.pass(millis(999));
        assert!(!meeting.is_over());
        meeting.event_loop.pass(millis(1));
        assert!(meeting.is_over());
        let error = meeting.error();
        let Error::HandshakeTimeout { stage, millis } = &error else { panic!("came {error}") };
        assert_eq!((*stage, *millis), (ConnectStage::Upgrade, 8_000));
        assert!(!error.is_fatal());
    }
}

#[test]
fn a_server_that_doesn_t_read_the_request_is_left() {
    let long = "x".repeat(2 * PIPE_BYTES);
    let endpoint = Endpoint::new("ws://memory/").and_then(|it| it.header("X-Long", &long));
    let mut meeting = Meeting::silent(endpoint.expect("good"));
    meeting.event_loop.settle();
    meeting.event_loop.pass(millis(7_999));
    assert!(!meeting.is_over());
    meeting.event_loop.pass(millis(1));
    assert!(matches!(
        meeting.error(),
        Error::HandshakeTimeout { stage: ConnectStage::Upgrade, millis: 8_000 }
    ));
}

#[test]
fn an_answer_cut_anywhere_is_an_error_of_the_socket() {
    let length = Meeting::new().good().len();
    for cut in 0..length {
        let mut meeting = Meeting::new();
        let good = meeting.good();
        meeting.say(&good[..cut]);
        assert!(!meeting.is_over());
        meeting.server.stream.shutdown(std::net::Shutdown::Write).expect("it is open");
        meeting.event_loop.settle();
        match meeting.error() {
            Error::Io(error) => assert_eq!(error.kind(), ErrorKind::UnexpectedEof),
            other => panic!("cut at {cut}: came {other}"),
        }
    }
}

#[test]
fn what_comes_before_and_behind_a_good_answer_is_read_past_and_kept() {
    let mut meeting = Meeting::new();
    let good = meeting.good();
    let interim = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".as_slice();
    let frame = common::unmasked(0x81, b"quick");
    meeting.say([interim, interim, &good, &frame].concat());
    let opened = meeting.event_loop.wait_for(&meeting.connected).expect("a connection");
    let end = meeting.event_loop.drive(opened);
    let received = meeting.event_loop.block_on(async move { end.socket.recv().await });
    assert_eq!(received.expect("it is open"), Some("quick".into()));
}

#[test]
fn the_bounds_are_the_program_s_to_set() {
    let mut config = Config::default();
    config.limits.upgrade_ms_max = 50;
    config.limits.refusal_bytes_max = 3;
    config.limits.head_bytes_max = 100;
    let endpoint = Endpoint::new("ws://memory/").expect("good").config(config);

    let mut meeting = Meeting::of(endpoint.clone());
    meeting.say("HTTP/1.1 404 Not Found\r\n\r\nnobody");
    assert_eq!(meeting.error().body_text().as_deref(), Some("nob"));

    let mut meeting = Meeting::of(endpoint.clone());
    meeting.say(format!("HTTP/1.1 404 {}", "x".repeat(87)));
    assert!(meeting.error().to_string().contains("a head within its limits"));

    let mut meeting = Meeting::of(endpoint);
    meeting.event_loop.pass(millis(50));
    assert!(matches!(meeting.error(), Error::HandshakeTimeout { millis: 50, .. }));
}
