//! The keys: bytes of a terminal in raw mode, and what they do to the view.
//!
//! Promises that what is no key of ours does nothing.

use super::{
    sample::Sample,
    view::{Middle, View},
};
use crate::state::number_of;

/// A filter is a word, not a book.
const FILTER_CHARS_MAX: usize = 60;
/// A page of rows.
const PAGE_ROWS: isize = 10;

/// A key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Letter(char),
    Up,
    Down,
    PageUp,
    PageDown,
    Enter,
    Escape,
    Backspace,
    /// Ctrl-C, Ctrl-D.
    Leave,
}

/// What a key asks for beside a change of the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    Nothing,
    Leave,
    /// Asks the inspector at once.
    Ask,
}

/// The keys that some bytes are; the rest of a key that was cut is dropped.
pub(crate) fn keys(bytes: &[u8]) -> Vec<Key> {
    let text = String::from_utf8_lossy(bytes);
    let (mut rest, mut keys) = (text.as_ref(), Vec::new());
    while let Some(first) = rest.chars().next() {
        let (key, length) =
            if first == '\u{1b}' { escape(rest) } else { (plain(first), first.len_utf8()) };
        keys.extend(key);
        rest = &rest[length..];
    }
    keys
}

/// The key that begins with an escape, and its length.
fn escape(text: &str) -> (Option<Key>, usize) {
    let Some(body) = text.strip_prefix("\x1b[").or_else(|| text.strip_prefix("\x1bO")) else {
        return (Some(Key::Escape), 1);
    };
    let Some(end) = body.find(|c: char| c.is_ascii_alphabetic() || c == '~') else {
        return (None, text.len());
    };
    let key = match &body[..=end] {
        "A" => Some(Key::Up),
        "B" => Some(Key::Down),
        "5~" => Some(Key::PageUp),
        "6~" => Some(Key::PageDown),
        _ => None,
    };
    (key, 2 + end + 1)
}

fn plain(c: char) -> Option<Key> {
    match c {
        '\r' | '\n' => Some(Key::Enter),
        '\u{3}' | '\u{4}' => Some(Key::Leave),
        '\u{7f}' | '\u{8}' => Some(Key::Backspace),
        c if c.is_control() || c == char::REPLACEMENT_CHARACTER => None,
        c => Some(Key::Letter(c)),
    }
}

/// What a key does.
pub(crate) fn press(view: &mut View, sample: &Sample, key: Key) -> Wish {
    if key == Key::Leave {
        return Wish::Leave;
    }
    if view.is_filtering {
        filter(view, key);
        return Wish::Nothing;
    }
    match key {
        Key::Letter('q') => return Wish::Leave,
        Key::Letter('j') | Key::Down => view.step(sample, 1),
        Key::Letter('k') | Key::Up => view.step(sample, -1),
        Key::PageDown => view.step(sample, PAGE_ROWS),
        Key::PageUp => view.step(sample, -PAGE_ROWS),
        Key::Letter('s') => view.sort = view.sort.next(),
        Key::Letter('/') => view.is_filtering = true,
        Key::Letter(' ') => view.is_paused = !view.is_paused,
        Key::Letter('l') => {
            let mut others = sample.state.loops().iter().cycle().skip(sample.at + 1);
            view.of_loop = others.next().map_or_else(String::new, number_of);
            return Wish::Ask;
        }
        Key::Letter('?') => {
            view.middle = if view.middle == Middle::Help { Middle::Tasks } else { Middle::Help };
        }
        Key::Enter => {
            if view.middle != Middle::Tasks {
                view.middle = Middle::Tasks;
            } else if view.marked(sample).is_some() {
                // Told of one task, wherever its row goes.
                view.step(sample, 0);
                view.middle = Middle::Detail(Vec::new());
                return Wish::Ask;
            }
        }
        Key::Escape if view.middle == Middle::Tasks => view.filter.clear(),
        Key::Escape => view.middle = Middle::Tasks,
        _ => {}
    }
    match (key, &mut view.middle) {
        // The mark moved: what is told is of another task.
        (Key::Up | Key::Down | Key::Letter('j' | 'k'), Middle::Detail(_)) => Wish::Ask,
        _ => Wish::Nothing,
    }
}

/// A key while the filter is typed.
fn filter(view: &mut View, key: Key) {
    match key {
        Key::Letter(c) if view.filter.chars().count() < FILTER_CHARS_MAX => view.filter.push(c),
        Key::Backspace => drop(view.filter.pop()),
        Key::Enter => view.is_filtering = false,
        Key::Escape => {
            view.is_filtering = false;
            view.filter.clear();
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::top::{sample::tests::sample, view::Sort};
    use serde_json::json;

    #[test]
    fn bytes_are_keys() {
        let up_down = [Key::Up, Key::Down, Key::Up, Key::PageDown];
        assert_eq!(keys(b"\x1b[A\x1b[B\x1bOA\x1b[6~"), up_down);
        assert_eq!(
            keys(b"q\r\x7f\x03"),
            [Key::Letter('q'), Key::Enter, Key::Backspace, Key::Leave]
        );
        assert_eq!(keys(b"\x1b"), [Key::Escape]);
        assert_eq!(keys("ü".as_bytes()), [Key::Letter('ü')]);
        assert_eq!(keys(b"\x1b[1;5Cj\x1b[\xff\x00"), [Key::Letter('j')]);
    }

    #[test]
    fn the_next_loop_comes_after_the_last_one_too() {
        let of = |number: u64| json!({ "loop": { "number": number } });
        let mut sample = sample(json!({ "loops": [of(2), of(7)] }));
        let mut view = View::default();
        assert_eq!(press(&mut view, &sample, Key::Letter('l')), Wish::Ask);
        assert_eq!(view.of_loop, "7");
        sample.at = 1;
        press(&mut view, &sample, Key::Letter('l'));
        assert_eq!(view.of_loop, "2");
    }

    #[test]
    fn keys_change_what_is_shown() {
        let sample = sample(json!({ "loops": [{ "tasks": [
            { "id": "#1.1", "name": "a" }, { "id": "#2.2", "name": "b" } ] }] }));
        let mut view = View::default();
        let type_in = |view: &mut View, text: &str| -> Vec<Wish> {
            keys(text.as_bytes()).into_iter().map(|key| press(view, &sample, key)).collect()
        };
        type_in(&mut view, "js ");
        assert_eq!((view.sort, view.is_paused), (Sort::Busy, true));
        assert_eq!(type_in(&mut view, "\r"), [Wish::Ask]);
        assert_eq!(view.middle, Middle::Detail(Vec::new()));
        assert_eq!(type_in(&mut view, "k"), [Wish::Ask]);
        type_in(&mut view, "\x1b");
        type_in(&mut view, "?");
        assert_eq!(view.middle, Middle::Help);
        type_in(&mut view, "?/qj\x7f\r");
        assert_eq!((view.middle.clone(), view.filter.as_str()), (Middle::Tasks, "q"));
        assert_eq!(type_in(&mut view, "\r"), [Wish::Nothing], "nothing is marked");
        type_in(&mut view, "\x1b");
        assert_eq!(view.filter, "");
        assert_eq!(type_in(&mut view, "q"), [Wish::Leave]);
        assert_eq!(type_in(&mut view, "/q\x03")[2], Wish::Leave);
    }
}
