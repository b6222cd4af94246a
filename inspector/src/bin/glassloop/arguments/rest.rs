//! What stands behind a command on its line.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use serde_json::Number;

use super::{ClockOrder, Command, StepTo, text, without_token};
use crate::{failure::Failure, quantity::parse_duration};

/// As long as a recording may take in one command.
const RECORD_MAX: Duration = Duration::from_secs(600);

/// What stands behind a command.
pub(super) struct Rest {
    of: String,
    words: std::vec::IntoIter<OsString>,
}

impl Rest {
    pub(super) fn new(of: &str, words: std::vec::IntoIter<OsString>) -> Rest {
        Rest { of: of.to_owned(), words }
    }

    pub(super) fn text_if_any(&mut self) -> Result<Option<String>, Failure> {
        self.words.next().map(text).transpose()
    }

    pub(super) fn text(&mut self, expected: &str) -> Result<String, Failure> {
        self.text_if_any()?.ok_or_else(|| self.missing(expected))
    }

    pub(super) fn file(&mut self) -> Result<PathBuf, Failure> {
        self.words.next().map(PathBuf::from).ok_or_else(|| self.missing("a file"))
    }

    pub(super) fn at_most(&mut self, unasked: u64, max: u64, of: &str) -> Result<u64, Failure> {
        let Some(word) = self.text_if_any()? else { return Ok(unasked) };
        match word.parse() {
            Ok(number) if (1..=max).contains(&number) => Ok(number),
            _ => {
                let what = format!("expected 1 to {max} {of}, came `{word}`");
                Err(Failure::arguments(what))
            }
        }
    }

    pub(super) fn record(&mut self) -> Result<Command, Failure> {
        let word = self.text("`on`, `off`, or a time such as `5s` and a file")?;
        match (word.as_str(), parse_duration(&word)) {
            ("on", _) => Ok(Command::Record(true)),
            ("off", _) => Ok(Command::Record(false)),
            (_, Some(time)) if time <= RECORD_MAX => Ok(Command::RecordTo(time, self.file()?)),
            _ => Err(Failure::arguments(format!(
                "expected `on`, `off`, or a time in ms, s or min, such as `5s` (10min at most), \
                 came `{word}`"
            ))),
        }
    }

    pub(super) fn lint(&mut self) -> Result<Option<bool>, Failure> {
        match self.text_if_any()?.as_deref() {
            None => Ok(None),
            Some("on") => Ok(Some(true)),
            Some("off") => Ok(Some(false)),
            Some(other) => Err(Failure::arguments(format!(
                "expected `on` or `off` after `lint`, came `{other}`"
            ))),
        }
    }

    pub(super) fn step(&mut self) -> Result<StepTo, Failure> {
        let Some(word) = self.text_if_any()? else { return Ok(StepTo::Item) };
        match word.as_str() {
            "item" => Ok(StepTo::Item),
            "turn" => Ok(StepTo::Turn),
            "task" => Ok(StepTo::Task(self.text("a task's id")?)),
            "lint" => Ok(StepTo::Lint(self.text_if_any()?)),
            "source" => Ok(StepTo::Source(self.text("a source's id, such as 4#4,")?)),
            "for" => {
                let time = self.text("a time such as `5s`")?;
                parse_duration(&time).map(StepTo::In).ok_or_else(|| {
                    let what = format!("expected a time in ms, s or min, came `{time}`");
                    Failure::arguments(what)
                })
            }
            _ => Err(Failure::arguments(format!(
                "expected `item`, `turn`, `task ID`, `source ID`, `lint [NAME]` or `for 5s` after \
                 `step`, came `{word}`"
            ))),
        }
    }

    pub(super) fn clock(&mut self) -> Result<Option<ClockOrder>, Failure> {
        let Some(word) = self.text_if_any()? else { return Ok(None) };
        let wrong = |expected: &str, came: &str| {
            Failure::arguments(format!("expected {expected} after `clock`, came `{came}`"))
        };
        match word.as_str() {
            "jump" => Ok(Some(ClockOrder::Jump)),
            "auto" => match self.text("`on` or `off`")?.as_str() {
                "on" => Ok(Some(ClockOrder::Autojump(true))),
                "off" => Ok(Some(ClockOrder::Autojump(false))),
                other => Err(wrong("`on` or `off`", other)),
            },
            "rate" => {
                let rate = self.text("a rate from 0 on")?;
                let number: Option<Number> = rate.parse().ok();
                let is_rate = |rate: &Number| rate.as_f64().is_some_and(|rate| rate >= 0.0);
                let number = number.filter(is_rate);
                number
                    .map(|rate| Some(ClockOrder::Rate(rate)))
                    .ok_or_else(|| wrong("a rate from 0 on", &rate))
            }
            "advance" => {
                let time = self.text("a time such as `5s`")?;
                let by = parse_duration(&time).map(|by| Some(ClockOrder::Advance(by)));
                by.ok_or_else(|| wrong("a time in ms, s or min", &time))
            }
            other => Err(wrong("`jump`, `auto on|off`, `rate N` or `advance 5s`", other)),
        }
    }

    pub(super) fn end(&mut self) -> Result<(), Failure> {
        let Some(word) = self.words.next() else { return Ok(()) };
        let (of, word) = (&self.of, word.to_string_lossy().into_owned());
        let what = format!(
            "expected nothing more after `{of}`, came `{}` (a process stands before the command)",
            without_token(&word)
        );
        Err(Failure::arguments(what))
    }

    fn missing(&self, expected: &str) -> Failure {
        Failure::arguments(format!("expected {expected} after `{}`, came nothing", self.of))
    }
}
