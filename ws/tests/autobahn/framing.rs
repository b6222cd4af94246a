//! Cases 1 to 5: framing, pings and pongs, reserved bits, opcodes, fragmentation.

use super::{
    ALONE, Act, BINARY, CONTINUE, Case, End, FINAL, PING, PONG, TEXT, case, chopped, echo, frame,
    pong, text,
};

const HELLO: &[u8] = b"Hello, world!";
const BYTES: &[u8] = b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff";
const BROKEN: End = End::Failed(1002);

pub(super) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = lengths().collect();
    cases.extend(pings());
    cases.extend(reserved_bits());
    cases.extend(opcodes());
    cases.extend(fragmentation());
    cases.extend(nothing_to_continue());
    cases.extend(pings_between_fragments());
    cases
}

fn lengths() -> impl Iterator<Item = Case> {
    let lengths = [0, 125, 126, 127, 128, 65_535, 65_536, 65_536];
    [(1, TEXT, b'*'), (2, BINARY, 0xfe)].into_iter().flat_map(move |(kind, opcode, byte)| {
        (1..).zip(lengths).map(move |(n, length)| {
            let payload = vec![byte; length];
            let sent = match n {
                8 => chopped(FINAL | opcode, &payload, 997),
                _ => frame(FINAL | opcode, &payload),
            };
            case(format!("1.{kind}.{n}"), [sent, echo(opcode, &payload)], End::Agreed)
        })
    })
}

fn pings() -> Vec<Case> {
    let ping = FINAL | PING;
    let mut cases: Vec<Case> = [&b""[..], HELLO, BYTES, &[0xfe; 125]]
        .into_iter()
        .zip(1..)
        .map(|(payload, n)| {
            case(format!("2.{n}"), [frame(ping, payload), pong(payload)], End::Agreed)
        })
        .collect();
    let unasked = || frame(FINAL | PONG, "unsolicited pong payload");
    cases.extend([
        case("2.5", [frame(ping, [0xfe; 126])], BROKEN),
        case("2.6", [chopped(ping, [0xfe; 125], 1), pong([0xfe; 125])], End::Agreed),
        case("2.7", [frame(FINAL | PONG, ""), Act::GetsNothing], End::Agreed),
        case("2.8", [unasked(), Act::GetsNothing], End::Agreed),
        case("2.9", [unasked(), frame(ping, "ping payload"), pong("ping payload")], End::Agreed),
    ]);
    let ten = || (0..10).map(|n| format!("payload-{n}"));
    cases.push(case(
        "2.10",
        ten().map(|payload| frame(ping, payload)).chain(ten().map(pong)),
        End::Agreed,
    ));
    cases.push(case(
        "2.11",
        ten().flat_map(|payload| [chopped(ping, &payload, 1), pong(&payload)]),
        End::Agreed,
    ));
    cases
}

fn reserved_bits() -> [Case; 7] {
    let marked = |opcode: u8, bits: u8| FINAL | bits << 4 | opcode;
    let (hello, ping) = (FINAL | TEXT, FINAL | PING);
    let second = |bits: u8, piece: usize| {
        let first = [chopped(hello, HELLO, piece), text(HELLO)];
        let then = [chopped(marked(TEXT, bits), HELLO, piece), chopped(ping, "", piece)];
        first.into_iter().chain(then)
    };
    [
        case("3.1", [frame(marked(TEXT, 1), HELLO)], BROKEN),
        case("3.2", second(2, ALONE), BROKEN),
        case("3.3", second(3, ALONE), BROKEN),
        case("3.4", second(4, 1), BROKEN),
        case("3.5", [frame(marked(BINARY, 5), BYTES)], BROKEN),
        case("3.6", [frame(marked(BINARY, 6), HELLO)], BROKEN),
        case("3.7", [frame(marked(super::CLOSE, 7), "")], BROKEN),
    ]
}

/// Five reserved opcodes of either kind: bare, with a payload, and behind a good message.
fn opcodes() -> impl Iterator<Item = Case> {
    [(1, 3), (2, 11)].into_iter().flat_map(|(kind, lowest)| {
        (1..=5).map(move |n| {
            let opcode = FINAL | (lowest + n - 1);
            let behind = |payload: &[u8], piece| {
                vec![
                    chopped(FINAL | TEXT, HELLO, piece),
                    text(HELLO),
                    chopped(opcode, payload, piece),
                    chopped(FINAL | PING, "", piece),
                ]
            };
            let acts = match n {
                1 => vec![frame(opcode, "")],
                2 => vec![frame(opcode, "reserved opcode payload")],
                3 => behind(b"", ALONE),
                4 => behind(HELLO, ALONE),
                _ => behind(HELLO, 1),
            };
            case(format!("4.{kind}.{n}"), acts, BROKEN)
        })
    })
}

fn fragmentation() -> Vec<Case> {
    let mut cases = Vec::new();
    for (n, opcode) in [(1, PING), (2, PONG)] {
        let acts = [frame(opcode, "fragment1"), frame(FINAL | CONTINUE, "fragment2")];
        cases.push(case(format!("5.{n}"), acts, BROKEN));
    }
    let begins = [
        |first, payload: &str| frame(first, payload),
        |first, payload: &str| chopped(first, payload, ALONE),
        |first, payload: &str| chopped(first, payload, 1),
    ];
    for (n, send) in (3..).zip(begins) {
        let acts = [
            send(TEXT, "fragment1"),
            send(FINAL | CONTINUE, "fragment2"),
            text("fragment1fragment2"),
        ];
        cases.push(case(format!("5.{n}"), acts, End::Agreed));
    }
    for (n, send) in (6..).zip(begins) {
        let acts = [
            send(TEXT, "fragment1"),
            send(FINAL | PING, "ping payload"),
            pong("ping payload"),
            send(FINAL | CONTINUE, "fragment2"),
            text("fragment1fragment2"),
        ];
        cases.push(case(format!("5.{n}"), acts, End::Agreed));
    }
    for (from, first) in [(9, FINAL | CONTINUE), (12, CONTINUE)] {
        for (n, send) in (from..).zip(begins) {
            let acts =
                [send(first, "non-continuation payload"), send(FINAL | TEXT, "Hello, world!")];
            cases.push(case(format!("5.{n}"), acts, BROKEN));
        }
    }
    cases
}

fn nothing_to_continue() -> [Case; 4] {
    let twice = |first: u8| {
        let once = move || {
            [
                frame(first, "fragment1"),
                frame(TEXT, "fragment2"),
                frame(FINAL | CONTINUE, "fragment3"),
            ]
        };
        once().into_iter().chain(once())
    };
    let good = [frame(TEXT, "fragment1"), frame(FINAL | CONTINUE, "fragment2")];
    let bad = [frame(CONTINUE, "fragment3"), frame(FINAL | TEXT, "fragment4")];
    let good = good.into_iter().chain([text("fragment1fragment2")]);
    [
        case("5.15", good.chain(bad), BROKEN),
        case("5.16", twice(CONTINUE), BROKEN),
        case("5.17", twice(FINAL | CONTINUE), BROKEN),
        case("5.18", [frame(TEXT, "fragment1"), frame(FINAL | TEXT, "fragment2")], BROKEN),
    ]
}

/// A message of five fragments with a ping in its middle, another before its end.
fn pings_between_fragments() -> [Case; 2] {
    let sends: [fn(u8, &str) -> Act; 2] =
        [|first, payload| frame(first, payload), |first, payload| chopped(first, payload, ALONE)];
    [("5.19", sends[0]), ("5.20", sends[1])].map(|(id, send)| {
        let acts = [
            send(TEXT, "fragment1"),
            send(CONTINUE, "fragment2"),
            send(FINAL | PING, "pongme 1!"),
            pong("pongme 1!"),
            send(CONTINUE, "fragment3"),
            send(CONTINUE, "fragment4"),
            send(FINAL | PING, "pongme 2!"),
            pong("pongme 2!"),
            send(FINAL | CONTINUE, "fragment5"),
            text("fragment1fragment2fragment3fragment4fragment5"),
        ];
        case(id, acts, End::Agreed)
    })
}
