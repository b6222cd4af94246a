//! Cases 6: text that is UTF-8 and text that isn't.
//!
//! From 6.5 on they are Markus Kuhn's decoder stress test, each line as a message of its own.

use super::{
    ALONE, Act, CONTINUE, Case, End, FINAL, TEXT, bare, case, chopped, fragments, frame, text,
};

/// "κόσμε".
const KOSME: &[u8] = b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";
const WORDS: &str = "Hello-µ@ßöäüàá-UTF-8!!";
const NOT_UTF8: End = End::Failed(1007);

pub(super) fn cases() -> Vec<Case> {
    let mut cases = good();
    cases.extend(bad());
    for (group, lines) in (5..).zip(stress_test()) {
        for (n, (is_valid, line)) in (1..).zip(lines) {
            let id = format!("6.{group}.{n}");
            let sent = frame(FINAL | TEXT, &line);
            cases.push(match is_valid {
                true => case(id, [sent, text(&line)], End::Agreed),
                false => case(id, [sent], NOT_UTF8),
            });
        }
    }
    cases
}

fn good() -> Vec<Case> {
    let (one, two) = WORDS.split_at("Hello-µ@ßöä".len());
    let three = |middle: &str| {
        let sent = [frame(TEXT, ""), frame(CONTINUE, middle), frame(FINAL | CONTINUE, "")];
        sent.into_iter().chain([text(middle)])
    };
    let each_byte = |payload: &[u8]| {
        let mut acts = fragments(TEXT, payload, 1);
        acts.push(text(payload));
        acts
    };
    vec![
        case("6.1.1", [frame(FINAL | TEXT, ""), text("")], End::Agreed),
        case("6.1.2", three(""), End::Agreed),
        case("6.1.3", three("middle frame payload"), End::Agreed),
        case("6.2.1", [frame(FINAL | TEXT, WORDS), text(WORDS)], End::Agreed),
        case("6.2.2", [frame(TEXT, one), frame(FINAL | CONTINUE, two), text(WORDS)], End::Agreed),
        case("6.2.3", each_byte(WORDS.as_bytes()), End::Agreed),
        case("6.2.4", each_byte(KOSME), End::Agreed),
    ]
}

/// Fragments are judged as they end: 6.4.1 and 6.4.2 fail before the message is whole. Within one
/// frame nothing is judged, so 6.4.3 and 6.4.4, the same cut into pieces of a single frame, fail
/// when it ends and not before; Autobahn calls that "non-strict".
fn bad() -> Vec<Case> {
    let surrogate = [KOSME, b"\xed\xa0\x80edited"].concat();
    let too_high = [KOSME, b"\xf4\x90\x80\x80edited"].concat();
    let by_frames = |to: usize, then: usize| {
        let first = chopped(TEXT, &too_high[..to], ALONE);
        [first, Act::GetsNothing, frame(CONTINUE, &too_high[to..then])]
    };
    let by_pieces = |to: usize, then: usize| {
        let sent = |end| Act::Begun(bare(FINAL | TEXT, &too_high), end);
        [sent(to), Act::GetsNothing, sent(then), Act::GetsNothing, sent(usize::MAX)]
    };
    vec![
        case("6.3.1", [frame(FINAL | TEXT, &surrogate)], NOT_UTF8),
        case("6.3.2", fragments(TEXT, &surrogate, 1), NOT_UTF8),
        case("6.4.1", by_frames(KOSME.len(), KOSME.len() + 4), NOT_UTF8),
        case("6.4.2", by_frames(12, 13), NOT_UTF8),
        case("6.4.3", by_pieces(KOSME.len(), KOSME.len() + 4), NOT_UTF8),
        case("6.4.4", by_pieces(12, 13), NOT_UTF8),
    ]
}

type Line = (bool, Vec<u8>);

/// The groups 6.5 to 6.23. True are lines that are UTF-8.
fn stress_test() -> Vec<Vec<Line>> {
    let incomplete: [&[u8]; 10] = [
        b"\xc0",
        b"\xe0\x80",
        b"\xf0\x80\x80",
        b"\xf8\x80\x80\x80",
        b"\xfc\x80\x80\x80\x80",
        b"\xdf",
        b"\xef\xbf",
        b"\xf7\xbf\xbf",
        b"\xfb\xbf\xbf\xbf",
        b"\xfd\xbf\xbf\xbf\xbf",
    ];
    let mut last =
        good_lines(&[b"\xed\x9f\xbf", b"\xee\x80\x80", b"\xef\xbf\xbd", b"\xf4\x8f\xbf\xbf"]);
    last.extend(bad_lines(&[b"\xf4\x90\x80\x80"]));
    vec![
        some_good(),
        prefixes(),
        good_lines(&[b"\x00", b"\xc2\x80", b"\xe0\xa0\x80", b"\xf0\x90\x80\x80"]),
        bad_lines(&[b"\xf8\x88\x80\x80\x80", b"\xfc\x84\x80\x80\x80\x80"]),
        good_lines(&[b"\x7f", b"\xdf\xbf", b"\xef\xbf\xbf", b"\xf4\x8f\xbf\xbf"]),
        bad_lines(&[b"\xf7\xbf\xbf\xbf", b"\xfb\xbf\xbf\xbf\xbf", b"\xfd\xbf\xbf\xbf\xbf\xbf"]),
        last,
        lone_continuations(),
        lone_starts(),
        bad_lines(&incomplete),
        vec![(false, incomplete.concat())],
        bad_lines(&[b"\xfe", b"\xff", b"\xfe\xfe\xff\xff"]),
        // Overlong: of a slash, of the last that would need it, of NUL.
        overlong(
            b'\xaf',
            &[b"\xc0", b"\xe0\x80", b"\xf0\x80\x80", b"\xf8\x80\x80\x80", b"\xfc\x80\x80\x80\x80"],
        ),
        overlong(
            b'\xbf',
            &[b"\xc1", b"\xe0\x9f", b"\xf0\x8f\xbf", b"\xf8\x87\xbf\xbf", b"\xfc\x83\xbf\xbf\xbf"],
        ),
        overlong(
            b'\x80',
            &[b"\xc0", b"\xe0\x80", b"\xf0\x80\x80", b"\xf8\x80\x80\x80", b"\xfc\x80\x80\x80\x80"],
        ),
        bad_lines(&[
            b"\xed\xa0\x80",
            b"\xed\xad\xbf",
            b"\xed\xae\x80",
            b"\xed\xaf\xbf",
            b"\xed\xb0\x80",
            b"\xed\xbe\x80",
            b"\xed\xbf\xbf",
        ]),
        surrogate_pairs(),
        non_characters(),
        (0xb9..=0xbf).map(|byte| (true, vec![0xef, 0xbf, byte])).collect(),
    ]
}

fn good_lines(lines: &[&[u8]]) -> Vec<Line> {
    lines.iter().map(|line| (true, line.to_vec())).collect()
}

fn bad_lines(lines: &[&[u8]]) -> Vec<Line> {
    lines.iter().map(|line| (false, line.to_vec())).collect()
}

fn overlong(last: u8, starts: &[&[u8]]) -> Vec<Line> {
    starts.iter().map(|start| (false, [start, &[last][..]].concat())).collect()
}

fn some_good() -> Vec<Line> {
    let words =
        ["hello\u{24}world", "hello\u{a2}world", "hello\u{20ac}world", "hello\u{24b62}world"];
    words
        .iter()
        .map(|word| word.as_bytes())
        .chain([KOSME])
        .map(|line| (true, line.to_vec()))
        .collect()
}

/// Those that end between two characters are good.
fn prefixes() -> Vec<Line> {
    (1..=KOSME.len()).map(|to| ([2, 5, 7, 9, 11].contains(&to), KOSME[..to].to_vec())).collect()
}

fn lone_continuations() -> Vec<Line> {
    let alternating = |count: usize| [0x80, 0xbf].into_iter().cycle().take(count).collect();
    let mut lines: Vec<Line> = vec![(false, vec![0x80]), (false, vec![0xbf])];
    lines.extend((2..=6).map(|count| (false, alternating(count))));
    lines.push((false, (0x80..0xbf).collect()));
    lines
}

/// Each start of a longer character, followed by a blank.
fn lone_starts() -> Vec<Line> {
    let starts = [0xc0..0xdf, 0xe0..0xef, 0xf0..0xf7, 0xf8..0xfb, 0xfc..0xfd];
    starts.map(|starts| (false, starts.flat_map(|start: u8| [start, b' ']).collect())).to_vec()
}

fn surrogate_pairs() -> Vec<Line> {
    let highs: [&[u8]; 4] = [b"\xed\xa0\x80", b"\xed\xad\xbf", b"\xed\xae\x80", b"\xed\xaf\xbf"];
    let lows: [&[u8]; 2] = [b"\xed\xb0\x80", b"\xed\xbf\xbf"];
    let pair = |high, low| (false, [high, low].concat());
    highs.iter().flat_map(|&high| lows.iter().map(move |&low| pair(high, low))).collect()
}

/// U+FFFE, U+FFFF, and the last two of every fourth plane's quarter: no characters, but UTF-8.
fn non_characters() -> Vec<Line> {
    let mut lines = good_lines(&[b"\xef\xbf\xbe", b"\xef\xbf\xbf"]);
    for first in 0xf0..=0xf4_u8 {
        for second in [0x8f, 0x9f, 0xaf, 0xbf] {
            let overlong = first == 0xf0 && second == 0x8f;
            let too_high = first == 0xf4 && second != 0x8f;
            if !overlong && !too_high {
                lines.extend([0xbe, 0xbf].map(|last| (true, vec![first, second, 0xbf, last])));
            }
        }
    }
    lines
}
