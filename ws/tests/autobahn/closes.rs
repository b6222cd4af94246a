//! Cases 7: how connections are closed.

use super::{Act, CLOSE, CONTINUE, Case, End, FINAL, PING, TEXT, case, echo, frame};

/// Codes that may stand in a Close, and some that may not.
const GOOD: [u16; 13] =
    [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];
const BAD: [u16; 9] = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999];
/// Beyond those that anybody may use. Autobahn judges nothing here; we take them for bad.
const UNDEFINED: [u16; 2] = [5000, 65_535];

const HELLO: &[u8] = b"Hello World!";
const NORMAL: End = End::Answered(Some(1000));
const BROKEN: End = End::Failed(1002);

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        case("7.1.1", [frame(FINAL | TEXT, HELLO), echo(TEXT, HELLO)], End::Agreed),
        case("7.1.2", [close(1000, b""), frame(FINAL | CLOSE, "")], NORMAL),
        case("7.1.3", [close(1000, b""), frame(FINAL | PING, "")], NORMAL),
        case("7.1.4", [close(1000, b""), frame(FINAL | TEXT, HELLO)], NORMAL),
        case(
            "7.1.5",
            [frame(TEXT, "fragment1"), close(1000, b""), frame(FINAL | CONTINUE, "fragment2")],
            NORMAL,
        ),
        case("7.1.6", mass_then_close(), End::AnsweredAnyhow),
        case("7.3.1", [frame(FINAL | CLOSE, "")], End::Answered(None)),
        case("7.3.2", [frame(FINAL | CLOSE, "a")], BROKEN),
        case("7.3.3", [close(1000, b"")], NORMAL),
        case("7.3.4", [close(1000, HELLO)], NORMAL),
        case("7.3.5", [close(1000, &[b'*'; 123])], NORMAL),
        case("7.3.6", [close(1000, &[b'*'; 124])], BROKEN),
        case("7.5.1", [close(1000, b"\xce\xba\xed\xa0\x80edited")], End::Failed(1007)),
    ];
    for (n, code) in (1..).zip(GOOD) {
        cases.push(case(format!("7.7.{n}"), [close(code, b"")], End::Answered(Some(code))));
    }
    for (n, code) in (1..).zip(BAD) {
        cases.push(case(format!("7.9.{n}"), [close(code, b"")], BROKEN));
    }
    for (n, code) in (1..).zip(UNDEFINED) {
        cases.push(case(format!("7.13.{n}"), [close(code, b"")], BROKEN));
    }
    cases
}

fn close(code: u16, reason: &[u8]) -> Act {
    frame(FINAL | CLOSE, [&code.to_be_bytes()[..], reason].concat())
}

/// The Close may overtake what waits to be echoed.
fn mass_then_close() -> [Act; 4] {
    let mass: Vec<u8> = b"BAsd7&jh23".iter().copied().cycle().take(256 * 1024).collect();
    [
        frame(FINAL | TEXT, mass),
        frame(FINAL | TEXT, HELLO),
        close(1000, b""),
        frame(FINAL | PING, ""),
    ]
}
