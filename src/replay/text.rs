//! A recording as text: a line a thing, to be kept in a file and read by people.

use std::{fmt, str::FromStr};

use glassloop_executor::{Entry, Input};

use super::recording::{Recording, Turn};
use crate::Event;

const HEAD: &str = "glassloop recording 1";
const END: &str = "end";
/// So much of a line is shown in an error.
const SHOWN_MAX: usize = 60;

/// A recording that can't be read, or can't be run again, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRecording(String);

impl BadRecording {
    pub(super) fn new(why: String) -> BadRecording {
        BadRecording(why)
    }
}

impl fmt::Display for BadRecording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "recording: {}", self.0)
    }
}

impl std::error::Error for BadRecording {}

/// The readings as steps from one to the next, the places, the turns with what each took, the
/// events in the words of [`Event::to_words`].
impl fmt::Display for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEAD}")?;
        if let Some(seed) = self.seed {
            writeln!(f, "seed {seed}")?;
        }
        if let Some(turn) = self.system_turn {
            writeln!(f, "system {turn}")?;
        }
        let mut last = 0;
        for reading in &self.readings {
            writeln!(f, "clock {}", reading.wrapping_sub(last))?;
            last = *reading;
        }
        for (number, place) in &self.places {
            writeln!(f, "place {number} {place}")?;
        }
        for turn in &self.turns {
            writeln!(f, "turn {}", u8::from(turn.blocked))?;
            for input in &turn.inputs {
                match input {
                    Input::Wake(entry) => writeln!(f, "wake {:x}", entry.to_bits())?,
                    Input::Call { place, thread } => {
                        writeln!(f, "call {}\t{}", place.escape_default(), thread.escape_default())?
                    }
                }
            }
        }
        for event in &self.events {
            let [at, subject, rest, by] = event.to_words();
            writeln!(f, "event {at:x} {subject:x} {rest:x} {by:x}")?;
        }
        writeln!(f, "{END}")
    }
}

impl FromStr for Recording {
    type Err = BadRecording;

    fn from_str(text: &str) -> Result<Recording, BadRecording> {
        let mut lines = text.lines().enumerate();
        let bad = |number: usize, expected: &str, came: &str| {
            let came: String = came.chars().take(SHOWN_MAX).collect();
            let place = number + 1;
            BadRecording::new(format!("line {place}: expected {expected}, came `{came}`"))
        };
        let (_, head) = lines.next().unwrap_or_default();
        if head != HEAD {
            return Err(bad(0, &format!("`{HEAD}`"), head));
        }
        let (mut recording, mut last) = (Recording::default(), 0_u64);
        for (number, line) in lines {
            if line == END {
                return Ok(recording);
            }
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            recording
                .read(word, rest, &mut last)
                .ok_or_else(|| bad(number, expected_behind(word), line))?;
        }
        Err(bad(text.lines().count(), "`end`", "the end of the text"))
    }
}

/// What a line of this word is like.
fn expected_behind(word: &str) -> &'static str {
    match word {
        "seed" | "system" | "clock" => "a number behind it",
        "place" => "a number and a place behind it",
        "turn" => "`turn 0` or `turn 1`",
        "wake" => "a hexadecimal number behind it, in a turn",
        "call" => "a place and a thread behind it, in a turn",
        "event" => "the four hexadecimal words of an event behind it",
        _ => "seed, system, clock, place, turn, wake, call, event or end",
    }
}

impl Recording {
    /// Reads one line.
    fn read(&mut self, word: &str, rest: &str, last: &mut u64) -> Option<()> {
        match word {
            "seed" => self.seed = Some(rest.parse().ok()?),
            "system" => self.system_turn = Some(rest.parse().ok()?),
            "clock" => {
                *last = last.wrapping_add(rest.parse().ok()?);
                self.readings.push(*last);
            }
            "place" => {
                let (number, place) = rest.split_once(' ')?;
                self.places.insert(number.parse().ok()?, place.to_owned());
            }
            "turn" => {
                let blocked = match rest {
                    "0" => false,
                    "1" => true,
                    _ => return None,
                };
                self.turns.push(Turn { blocked, inputs: Vec::new() });
            }
            "wake" => {
                let entry = Entry::from_bits(u64::from_str_radix(rest, 16).ok()?);
                self.turns.last_mut()?.inputs.push(Input::Wake(entry));
            }
            "call" => {
                let (place, thread) = rest.split_once('\t')?;
                let (place, thread) = (unescaped(place)?, unescaped(thread)?);
                self.turns.last_mut()?.inputs.push(Input::Call { place, thread });
            }
            "event" => {
                let mut words = rest.split(' ').map(|word| u64::from_str_radix(word, 16).ok());
                let words = [words.next()??, words.next()??, words.next()??, words.next()??];
                self.events.push(Event::from_words(words)?);
            }
            _ => return None,
        }
        Some(())
    }
}

/// What `escape_default` made, as it was.
fn unescaped(text: &str) -> Option<String> {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        plain.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let (first, after) = (rest.chars().next()?, &rest[rest.chars().next()?.len_utf8()..]);
        rest = after;
        match first {
            't' => plain.push('\t'),
            'r' => plain.push('\r'),
            'n' => plain.push('\n'),
            'u' => {
                let (code, after) = rest.strip_prefix('{')?.split_once('}')?;
                plain.push(char::from_u32(u32::from_str_radix(code, 16).ok()?)?);
                rest = after;
            }
            quoted @ ('\'' | '"' | '\\') => plain.push(quoted),
            _ => return None,
        }
    }
    plain.push_str(rest);
    Some(plain)
}
