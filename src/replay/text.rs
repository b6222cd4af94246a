//! A recording as text: a line a thing, to be kept in a file and read by people.

use std::{fmt, str::FromStr};

use glassloop_executor::{Entry, Input};

use super::recording::{Recording, Turn};
use crate::Event;

const HEAD: &str = "glassloop recording 1";
const END: &str = "end";
/// No clock has run for so long: 146 years.
const CLOCK_END: u64 = 1 << 62;
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

/// The readings as steps from one to the next, what others decided, the places, the turns with what
/// each took, the events in the words of [`Event::to_words`].
impl fmt::Display for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEAD}")?;
        if let Some(seed) = self.seed {
            writeln!(f, "seed {seed}")?;
        }
        if let Some(turn) = self.system_turn {
            writeln!(f, "system {turn}")?;
        }
        if self.is_cut {
            writeln!(f, "cut")?;
        }
        let mut last = 0;
        for reading in &self.readings {
            writeln!(f, "clock {}", reading.saturating_sub(last))?;
            last = *reading;
        }
        for decision in &self.decisions {
            writeln!(f, "decided {decision}")?;
        }
        for (number, place) in &self.places {
            writeln!(f, "place {number} {}", place.escape_default())?;
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
        let (mut recording, mut last, mut is_over) = (Recording::default(), 0_u64, false);
        for (number, line) in lines {
            if is_over && !line.is_empty() {
                return Err(bad(number, "nothing behind `end`", line));
            }
            if line == END {
                is_over = true;
                continue;
            }
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            recording
                .read(word, rest, &mut last)
                .ok_or_else(|| bad(number, expected_behind(word), line))?;
        }
        match is_over {
            true => Ok(recording),
            false => Err(bad(text.lines().count(), "`end`", "the end of the text")),
        }
    }
}

/// What a line of this word is like.
fn expected_behind(word: &str) -> &'static str {
    match word {
        "seed" | "system" => "a number behind it, once",
        "clock" => "a number behind it, of a time that a clock can have",
        "decided" => "a number behind it",
        "cut" => "nothing behind it",
        "place" => "a number and a place behind it",
        "turn" => "`turn 0` or `turn 1`",
        "wake" => "a hexadecimal number behind it, in a turn",
        "call" => "a place and a thread behind it, in a turn",
        "event" => "the four hexadecimal words of an event behind it",
        _ => "seed, system, cut, clock, decided, place, turn, wake, call, event or end",
    }
}

impl Recording {
    /// Reads one line.
    fn read(&mut self, word: &str, rest: &str, last: &mut u64) -> Option<()> {
        match word {
            "seed" if self.seed.is_none() => self.seed = Some(number(rest)?),
            "system" if self.system_turn.is_none() => self.system_turn = Some(number(rest)?),
            "cut" if rest.is_empty() => self.is_cut = true,
            "clock" => {
                *last = last.checked_add(number(rest)?).filter(|now| *now < CLOCK_END)?;
                self.readings.push(*last);
            }
            "decided" => self.decisions.push(number(rest)?),
            "place" => {
                let (at, place) = rest.split_once(' ')?;
                let at = u32::try_from(number(at)?).ok()?;
                if self.places.insert(at, unescaped(place)?).is_some() {
                    return None;
                }
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
                let entry = Entry::from_bits(hexadecimal(rest)?);
                self.turns.last_mut()?.inputs.push(Input::Wake(entry));
            }
            "call" => {
                let (place, thread) = rest.split_once('\t')?;
                let (place, thread) = (unescaped(place)?, unescaped(thread)?);
                self.turns.last_mut()?.inputs.push(Input::Call { place, thread });
            }
            "event" => {
                let words: Option<Vec<_>> = rest.split(' ').map(hexadecimal).collect();
                self.events.push(Event::from_words(words?.try_into().ok()?)?);
            }
            _ => return None,
        }
        Some(())
    }
}

/// A number in plain digits.
fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|_| !text.starts_with('+'))
}

fn hexadecimal(text: &str) -> Option<u64> {
    u64::from_str_radix(text, 16).ok().filter(|_| !text.starts_with('+'))
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
