//! What a hostile peer sends costs a server its budget of a turn and no more, and other peers
//! nothing. Counted in bytes, frames and turns, which are the same on every machine.

mod common;

use std::time::Duration;

use common::{End, Loop, REQUEST, Raw, close_code, echo, masked, receive_all, unmasked};
use glassloop_reactor::net::duplex;
use glassloop_ws::{Config, Error, Limits, Message, code, connect_on};

const MIB: usize = 1024 * 1024;
const READ_BUDGET: u64 = 64 * 1024;

/// What a server receives of `bytes`, and the code of the Close that it sends.
fn answer_to(bytes: &[u8]) -> (Vec<Message>, Option<u16>) {
    let mut event_loop = Loop::new();
    let (server, mut raw) = event_loop.raw_client(Config::default());
    let received = event_loop.spawn(receive_all(server.socket));
    raw.write(&mut event_loop, bytes);
    let (answer, _) = raw.take(&mut event_loop);
    drop(raw);
    (event_loop.wait_for(&received).0, close_code(&answer))
}

#[test]
fn a_mebibyte_in_a_frame_is_taken_and_a_byte_more_is_refused_by_its_head() {
    let payload = vec![b'x'; MIB];
    let (messages, code) = answer_to(&masked(0x82, &payload));
    assert_eq!((messages, code), (vec![payload.clone().into()], None));
    let head_of_more = &masked(0x82, &[&payload[..], b"x"].concat())[..14];
    assert_eq!(answer_to(head_of_more), (vec![], Some(code::TOO_BIG)));
}

#[test]
fn four_mebibytes_in_a_message_are_taken_and_a_byte_more_is_refused() {
    let part = vec![b'x'; MIB];
    let begun = [masked(0x02, &part), masked(0x00, &part).repeat(2)].concat();
    let (messages, code) = answer_to(&[&begun[..], &masked(0x80, &part)].concat());
    assert_eq!((messages[0].len(), messages.len(), code), (4 * MIB, 1, None));
    let more = [&begun[..], &masked(0x00, &part), &masked(0x80, b"x")].concat();
    assert_eq!(answer_to(&more), (vec![], Some(code::TOO_BIG)));
}

/// A compressed message can't come: compression is not agreed to, and its bit is a fault.
#[test]
fn an_offer_to_compress_is_passed_over() {
    let mut event_loop = Loop::new();
    let (accepted, mut raw) = event_loop.accepting(Config::default());
    let offer = b"\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";
    raw.write(&mut event_loop, &[&REQUEST[..REQUEST.len() - 4], offer].concat());
    let server = event_loop.wait_for(&accepted).expect("a good request");
    let head = raw.read_until(&mut event_loop, b"\r\n\r\n").to_ascii_lowercase();
    assert!(!head.windows(10).any(|word| word == b"extensions"), "{}", head.escape_ascii());
    let server = event_loop.drive(server);
    raw.write(&mut event_loop, &masked(0xc1, b"\x01"));
    let (answer, _) = raw.take(&mut event_loop);
    assert_eq!(close_code(&answer), Some(code::PROTOCOL));
    drop((raw, server));
}

/// Ends of good peers, each of which has a message echoed a round.
struct Honest {
    raws: Vec<Raw>,
}

impl Honest {
    fn hundred(event_loop: &mut Loop) -> Honest {
        let open = |_| {
            let (server, raw) = event_loop.raw_client(Config::default());
            event_loop.spawn(echo(server.socket));
            raw
        };
        Honest { raws: (0..100).map(open).collect() }
    }

    /// The turns that it takes until everybody has its echo.
    fn round(&mut self, event_loop: &mut Loop, mut before_each_turn: impl FnMut(&mut Loop)) -> u64 {
        let (message, expected) = (masked(0x81, b"hello"), unmasked(0x81, b"hello"));
        for raw in &mut self.raws {
            raw.write(event_loop, &message);
        }
        let before = event_loop.turns;
        while self.raws.iter().any(|raw| raw.bytes != expected) {
            before_each_turn(event_loop);
            event_loop.turn(Duration::ZERO);
            for raw in &mut self.raws {
                raw.read();
            }
            assert!(event_loop.turns < before + 1_000, "an echo does not come");
        }
        for raw in &mut self.raws {
            raw.bytes.clear();
        }
        event_loop.turns - before
    }
}

/// A hundred good peers beside one that sends `flood`, as much of it as its socket takes. Gives
/// the flooder's end.
fn beside_a_hundred(config: Config, flood: &[u8], reads: Reads) -> (Loop, End, Raw) {
    // Room for several turns' worth, or the socket would keep the budget for us. Who reads nothing
    // gets a small one, which is soon full.
    let pipe_bytes = if reads == Reads::All { MIB } else { 64 * 1024 };
    let mut event_loop = Loop::with_pipes_of(pipe_bytes);
    let mut honest = Honest::hundred(&mut event_loop);
    let alone = honest.round(&mut event_loop, |_| {});
    let (server, mut raw) = event_loop.raw_client(config);
    let (mut left, mut taken) = (flood, 0);
    while !left.is_empty() {
        let turns = honest.round(&mut event_loop, |_| {
            left = &left[raw.stream.try_write(left).unwrap_or(0)..];
            if reads == Reads::All {
                raw.read();
            }
            let bytes_read = server.socket.counts().bytes_read;
            assert!(bytes_read - taken <= READ_BUDGET, "{} in a turn", bytes_read - taken);
            taken = bytes_read;
        });
        assert_eq!(turns, alone, "the others wait for nobody");
    }
    (event_loop, server, raw)
}

/// What the flooder reads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reads {
    All,
    Nothing,
}

fn empty_fragments_hold_up_nobody(count: u32) {
    let mut config = Config::default();
    config.limits.fragments_per_message_max = u32::MAX;
    let flood = [masked(0x02, b""), masked(0x00, b"").repeat(count as usize - 1)].concat();
    let (mut event_loop, server, _raw) = beside_a_hundred(config, &flood, Reads::All);
    event_loop.settle();
    assert_eq!(server.socket.counts().frames_read, u64::from(count));
}

#[test]
fn empty_fragments_by_the_hundred_thousand_hold_up_no_other_peer() {
    empty_fragments_hold_up_nobody(100_000);
}

#[test]
#[ignore = "the full size, for .ci/full"]
fn full_empty_fragments_by_the_ten_million_hold_up_no_other_peer() {
    empty_fragments_hold_up_nobody(10_000_000);
}

/// Who reads has a pong for each ping, in order.
fn each_ping_has_its_pong(count: usize) {
    let ping = |n: usize| masked(0x89, &n.to_be_bytes());
    let pong = |n: usize| unmasked(0x8a, &n.to_be_bytes());
    let flood: Vec<u8> = (0..count).flat_map(ping).collect();
    let (mut event_loop, _server, mut raw) =
        beside_a_hundred(Config::default(), &flood, Reads::All);
    let (pongs, _) = raw.take(&mut event_loop);
    assert!(pongs.into_iter().eq((0..count).flat_map(pong)), "one pong a ping, in order");
}

#[test]
fn ten_thousand_pings_have_their_pongs_and_hold_up_no_other_peer() {
    each_ping_has_its_pong(10_000);
}

#[test]
#[ignore = "the full size, for .ci/full"]
fn full_a_million_pings_have_their_pongs_and_hold_up_no_other_peer() {
    each_ping_has_its_pong(1_000_000);
}

/// Who doesn't read has little waiting for it, and others are not held up.
fn unread_pongs_are_bounded(count: usize) {
    let flood = masked(0x89, &[b'p'; 125]).repeat(count);
    let (event_loop, server, raw) = beside_a_hundred(Config::default(), &flood, Reads::Nothing);
    let low = Limits::default().outgoing_low_bytes_max;
    let buffered = server.socket.buffered_amount();
    assert!(buffered <= low + 1024, "expected at most low water and one pong, came {buffered}");
    drop((event_loop, raw));
}

#[test]
fn four_thousand_pings_of_a_peer_that_never_reads_leave_little_to_be_sent() {
    unread_pongs_are_bounded(4_000);
}

#[test]
#[ignore = "the full size, for .ci/full"]
fn full_four_hundred_thousand_pings_of_a_peer_that_never_reads_leave_little_to_be_sent() {
    unread_pongs_are_bounded(400_000);
}

/// A message of fragments of one byte each, and the turns and bytes that its reading takes.
fn cost_of_single_bytes(count: usize) -> (u64, u64) {
    let mut event_loop = Loop::new();
    let mut config = Config::default();
    config.limits.fragments_per_message_max = u32::MAX;
    let (server, mut raw) = event_loop.raw_client(config);
    let middle = masked(0x00, b"m").repeat(count - 2);
    let bytes = [masked(0x02, b"m"), middle, masked(0x80, b"m")].concat();
    let before = event_loop.turns;
    let received = event_loop.spawn(server.socket.recv());
    raw.write(&mut event_loop, &bytes);
    let message = event_loop.wait_for(&received).expect("open").expect("a message");
    assert_eq!(message.as_bytes(), vec![b'm'; count]);
    (event_loop.turns - before, server.socket.counts().bytes_read)
}

fn single_bytes_cost_linearly(count: usize) {
    let (turns, bytes) = cost_of_single_bytes(count);
    let (twice_turns, twice_bytes) = cost_of_single_bytes(2 * count);
    assert_eq!((bytes, twice_bytes), (7 * count as u64, 14 * count as u64), "each is read once");
    assert!(twice_turns * 10 <= turns * 22, "{turns} turns, and {twice_turns} for twice as much");
}

#[test]
fn a_message_in_single_bytes_costs_twice_as_much_for_twice_the_bytes() {
    single_bytes_cost_linearly(MIB / 8);
}

#[test]
#[ignore = "the full size, for .ci/full"]
fn full_a_mebibyte_in_single_bytes_costs_twice_as_much_for_twice_the_bytes() {
    single_bytes_cost_linearly(MIB);
}

/// The roles exchanged: a server whose answer never ends.
#[test]
fn an_endless_answer_is_refused_after_its_first_kilobytes() {
    let mut event_loop = Loop::new();
    let (near, far) = duplex().expect("two ends");
    let connected = event_loop.spawn(connect_on(near, "ws://memory/"));
    let mut written = 0;
    while written < 20 * MIB && connected.borrow().is_none() {
        let line = b"HTTP/1.1 101 Switching Protocols\r\nX: y\r\n";
        written += far.try_write(line).unwrap_or(0);
        event_loop.turn(Duration::ZERO);
    }
    assert!(written < 100_000, "the client stopped reading: {written} bytes");
    let error = event_loop.wait_for(&connected).expect_err("a bad answer");
    assert!(matches!(error, Error::BadUpgrade { .. }), "{error}");
}

#[test]
fn a_client_keeps_the_same_limits_as_a_server() {
    let head_of_more = &unmasked(0x82, &vec![0; MIB + 1])[..10];
    let fragments = [unmasked(0x02, b""), unmasked(0x00, b"").repeat(131_072)].concat();
    let hidden = masked(0x82, b"a mask is for clients");
    for (bytes, expected) in
        [(head_of_more, code::TOO_BIG), (&fragments, code::POLICY), (&hidden, code::PROTOCOL)]
    {
        let mut event_loop = Loop::new();
        let (client, mut raw) = event_loop.raw_server(Config::default());
        raw.write(&mut event_loop, bytes);
        event_loop.settle();
        let info = client.socket.close_info().expect("an end");
        assert_eq!(info.code, expected, "{info}");
        drop(raw);
    }
}
