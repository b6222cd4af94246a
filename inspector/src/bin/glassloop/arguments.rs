//! The arguments: what the command line asks for.
//!
//! Promises that whatever isn't understood is an error that says what was expected and what came.
//! It asks no process anything.

mod rest;

use std::{ffi::OsString, path::PathBuf, time::Duration};

use glassloop::Lint;
use lexopt::{Arg, Parser, ValueExt};
use serde_json::Number;

use crate::failure::Failure;
use rest::Rest;

/// As many turns as a look back may ask for.
const TURNS_MAX: u64 = 10_000;
/// As many turns as it shows unasked.
const TURNS: u64 = 20;
/// As many runs as the slowest may be, and as are shown unasked.
const RUNS_MAX: u64 = 1_000;
const RUNS: u64 = 10;
/// As long as an inspector waits for a fresh look.
const FRESH_MS_MAX: u64 = 1_000;
/// As long as any answer may be waited for.
const WAIT_MS_MAX: u64 = 600_000;

/// What a step is to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StepTo {
    Item,
    Turn,
    Task(String),
    Source(String),
    In(Duration),
    Lint(Option<String>),
}

/// What a clock is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ClockOrder {
    Jump,
    Autojump(bool),
    Rate(Number),
    Advance(Duration),
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Usage,
    Help,
    Version,
    Ps,
    Tree,
    Where(Option<String>),
    Why(String),
    Wakes(String),
    Resources,
    Turns(u64),
    Story(u64),
    Slow(u64),
    Record(bool),
    RecordTo(Duration, PathBuf),
    Trace(PathBuf),
    Cancel(String),
    /// Shows what was found, or switches that on or off.
    Lint(Option<bool>),
    Log,
    Pause,
    Resume,
    Step(StepTo),
    Clock(Option<ClockOrder>),
    Top,
    Url,
}

/// What becomes of the turns in which nothing was ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Idle {
    Counted,
    Told,
}

/// The whole command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    pub(crate) command: Command,
    /// As given: a process id or an address.
    pub(crate) process: Option<String>,
    pub(crate) loop_number: Option<u64>,
    pub(crate) internal: bool,
    pub(crate) idle: Idle,
    pub(crate) fresh: Duration,
    pub(crate) timeout: Duration,
    pub(crate) json: bool,
    pub(crate) ascii: bool,
    /// The names of the lints that may find nothing.
    pub(crate) denied: Vec<String>,
}

impl Arguments {
    pub(crate) fn parse(line: impl IntoIterator<Item = OsString>) -> Result<Arguments, Failure> {
        let mut arguments = Arguments {
            command: Command::Usage,
            process: None,
            loop_number: None,
            internal: false,
            idle: Idle::Counted,
            fresh: Duration::from_millis(100),
            timeout: Duration::from_secs(2),
            json: false,
            ascii: false,
            denied: Vec::new(),
        };
        let mut words = Vec::new();
        let mut parser = Parser::from_args(line);
        while let Some(arg) = parser.next().map_err(wrong)? {
            match arg {
                Arg::Short('h') | Arg::Long("help") => {
                    return Ok(Arguments { command: Command::Help, ..arguments });
                }
                Arg::Short('V') | Arg::Long("version") => {
                    return Ok(Arguments { command: Command::Version, ..arguments });
                }
                Arg::Value(word) => words.push(word),
                option => arguments.option(&option_name(&option), &mut parser)?,
            }
        }
        arguments.take_process(&mut words)?;
        arguments.command = command(words)?;
        if !arguments.denied.is_empty() && arguments.command != Command::Lint(None) {
            return Err(Failure::arguments("expected --deny with `lint`, came another command"));
        }
        let has_turns = matches!(arguments.command, Command::Turns(_) | Command::Story(_));
        if arguments.idle == Idle::Told && !has_turns {
            let what = "expected --idle with `turns` or `story`, came another command";
            return Err(Failure::arguments(what));
        }
        Ok(arguments)
    }

    /// A process before the command is as good as one behind `--process`; no command is called so.
    fn take_process(&mut self, words: &mut Vec<OsString>) -> Result<(), Failure> {
        let is_process = |word: &str| word.contains("://") || word.parse::<u32>().is_ok();
        let word = words.first().and_then(|word| word.to_str()).filter(|word| is_process(word));
        let Some(word) = word.map(str::to_owned) else { return Ok(()) };
        if self.process.is_some() {
            let came = without_token(&word);
            let what = format!("expected one process, came --process and `{came}`");
            return Err(Failure::arguments(what));
        }
        self.process = Some(word);
        words.remove(0);
        Ok(())
    }

    fn option(&mut self, name: &str, parser: &mut Parser) -> Result<(), Failure> {
        match name {
            "--json" => self.json = true,
            "--ascii" => self.ascii = true,
            "--internal" => self.internal = true,
            "--idle" => self.idle = Idle::Told,
            "--deny" => self.denied.extend(lints(&value(name, parser)?)?),
            "-p" | "--process" => self.process = Some(value(name, parser)?),
            "-l" | "--loop" => self.loop_number = Some(number(name, parser, u64::MAX)?),
            "--fresh" => self.fresh = Duration::from_millis(number(name, parser, FRESH_MS_MAX)?),
            "--timeout" => self.timeout = Duration::from_millis(wait(name, parser)?),
            _ => {
                let what = format!("expected an option that `glassloop help` lists, came `{name}`");
                return Err(Failure::arguments(what));
            }
        }
        Ok(())
    }
}

fn option_name(option: &Arg<'_>) -> String {
    match option {
        Arg::Short(letter) => format!("-{letter}"),
        Arg::Long(name) => format!("--{name}"),
        Arg::Value(_) => String::new(),
    }
}

fn value(name: &str, parser: &mut Parser) -> Result<String, Failure> {
    let value = parser.value().and_then(ValueExt::string);
    value.map_err(|error| match error {
        lexopt::Error::MissingValue { .. } => {
            Failure::arguments(format!("expected a value after {name}, came nothing"))
        }
        error => wrong(error),
    })
}

fn number(name: &str, parser: &mut Parser, max: u64) -> Result<u64, Failure> {
    let value = value(name, parser)?;
    match value.parse() {
        Ok(number) if number <= max => Ok(number),
        _ => {
            let up_to = if max < u64::MAX { format!(" up to {max}") } else { String::new() };
            let what = format!("expected a whole number{up_to} after {name}, came `{value}`");
            Err(Failure::arguments(what))
        }
    }
}

/// The names of these lints, which stand between commas.
fn lints(names: &str) -> Result<Vec<String>, Failure> {
    if names == "all" {
        return Ok(Lint::ALL.iter().map(Lint::to_string).collect());
    }
    let known = |name: &str| {
        Lint::of_name(name).map(|lint| lint.to_string()).ok_or_else(|| {
            let all = Lint::ALL.map(Lint::name).join(", ");
            Failure::arguments(format!("expected `all` or some of {all}; came `{name}`"))
        })
    };
    names.split(',').map(known).collect()
}

/// One that may not be 0: to std a timeout of nothing is an error.
fn wait(name: &str, parser: &mut Parser) -> Result<u64, Failure> {
    match number(name, parser, WAIT_MS_MAX)? {
        0 => Err(Failure::arguments(format!("expected at least 1 after {name}, came 0"))),
        ms => Ok(ms),
    }
}

/// The command, and what it is given.
fn command(words: Vec<OsString>) -> Result<Command, Failure> {
    let mut words = words.into_iter();
    let Some(name) = words.next() else { return Ok(Command::Usage) };
    let name = text(name)?;
    let mut rest = Rest::new(&name, words);
    let command = match name.as_str() {
        "help" => Command::Help,
        "ps" => Command::Ps,
        "tree" => Command::Tree,
        "where" => Command::Where(rest.text_if_any()?),
        "why" => Command::Why(rest.text("a task's id")?),
        "wakes" => Command::Wakes(rest.text("a task's id")?),
        "res" => Command::Resources,
        "turns" => Command::Turns(rest.at_most(TURNS, TURNS_MAX, "turns")?),
        "story" => Command::Story(rest.at_most(TURNS, TURNS_MAX, "turns")?),
        "slow" => Command::Slow(rest.at_most(RUNS, RUNS_MAX, "runs")?),
        "record" => rest.record()?,
        "trace" => Command::Trace(rest.file()?),
        "cancel" => Command::Cancel(rest.text("a task's id")?),
        "lint" => Command::Lint(rest.lint()?),
        "log" => Command::Log,
        "pause" => Command::Pause,
        "resume" => Command::Resume,
        "step" => Command::Step(rest.step()?),
        "clock" => Command::Clock(rest.clock()?),
        "top" => Command::Top,
        "url" => Command::Url,
        _ => {
            let what = format!("expected a command that `glassloop help` lists, came `{name}`");
            return Err(Failure::arguments(what));
        }
    };
    rest.end()?;
    Ok(command)
}

/// An address without what must be in no message.
pub(crate) fn without_token(word: &str) -> &str {
    word.split('#').next().filter(|address| address.contains("://")).unwrap_or(word)
}

fn text(word: OsString) -> Result<String, Failure> {
    word.string().map_err(wrong)
}

fn wrong(error: lexopt::Error) -> Failure {
    Failure::arguments(match error {
        lexopt::Error::UnexpectedValue { option, value } => {
            let value = value.to_string_lossy();
            format!("expected nothing after {option}, came `{}`", without_token(&value))
        }
        lexopt::Error::NonUnicodeValue(value) => {
            format!("expected text in UTF-8, came `{}`", value.to_string_lossy())
        }
        error => error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Arguments, Failure> {
        Arguments::parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn options_stand_anywhere_and_have_defaults() {
        let arguments = parsed("ps").unwrap();
        assert_eq!(arguments.command, Command::Ps);
        assert_eq!((arguments.fresh.as_millis(), arguments.timeout.as_millis()), (100, 2_000));
        let given =
            parsed("--loop=2 -p4711 turns --json 7 --fresh 0 --timeout 5 --ascii --internal");
        let given = given.unwrap();
        assert_eq!(given.command, Command::Turns(7));
        assert_eq!((given.loop_number, given.process.as_deref()), (Some(2), Some("4711")));
        let before = parsed("4711 turns 3").unwrap();
        assert_eq!((before.command, before.process.as_deref()), (Command::Turns(3), Some("4711")));
        assert!(given.json && given.ascii && given.internal);
        assert_eq!((given.fresh.as_millis(), given.timeout.as_millis()), (0, 5));
    }

    #[test]
    fn every_command_is_understood() {
        let second = Duration::from_secs(1);
        for (line, command) in [
            ("", Command::Usage),
            ("help", Command::Help),
            ("ps --help", Command::Help),
            ("-V", Command::Version),
            ("tree", Command::Tree),
            ("where", Command::Where(None)),
            ("where #3.9", Command::Where(Some("#3.9".into()))),
            ("why 3", Command::Why("3".into())),
            ("wakes conn", Command::Wakes("conn".into())),
            ("res", Command::Resources),
            ("turns", Command::Turns(20)),
            ("story 3", Command::Story(3)),
            ("slow", Command::Slow(10)),
            ("slow 3", Command::Slow(3)),
            ("record on", Command::Record(true)),
            ("record off", Command::Record(false)),
            ("record 1s a.json", Command::RecordTo(second, "a.json".into())),
            ("trace a.json", Command::Trace("a.json".into())),
            ("cancel -- -x", Command::Cancel("-x".into())),
            ("lint", Command::Lint(None)),
            ("log", Command::Log),
            ("lint off", Command::Lint(Some(false))),
            ("step lint", Command::Step(StepTo::Lint(None))),
            ("step lint lost-wake", Command::Step(StepTo::Lint(Some("lost-wake".into())))),
            ("pause", Command::Pause),
            ("resume", Command::Resume),
            ("step", Command::Step(StepTo::Item)),
            ("step turn", Command::Step(StepTo::Turn)),
            ("step task conn", Command::Step(StepTo::Task("conn".into()))),
            ("step source 4#4", Command::Step(StepTo::Source("4#4".into()))),
            ("step for 1s", Command::Step(StepTo::In(second))),
            ("clock", Command::Clock(None)),
            ("clock jump", Command::Clock(Some(ClockOrder::Jump))),
            ("clock auto off", Command::Clock(Some(ClockOrder::Autojump(false)))),
            ("clock rate 7", Command::Clock(Some(ClockOrder::Rate(Number::from(7))))),
            ("clock advance 1s", Command::Clock(Some(ClockOrder::Advance(second)))),
            ("top", Command::Top),
            ("url", Command::Url),
        ] {
            assert_eq!(parsed(line).map(|it| it.command), Ok(command), "{line}");
        }
    }

    #[test]
    fn what_is_not_understood_says_what_was_expected_and_what_came() {
        for (line, said) in [
            ("pz", "expected a command that `glassloop help` lists, came `pz`"),
            ("--jsn ps", "expected an option that `glassloop help` lists, came `--jsn`"),
            (
                "ps 7",
                "expected nothing more after `ps`, came `7` (a process stands before the command)",
            ),
            ("why", "expected a task's id after `why`, came nothing"),
            ("turns 0", "expected 1 to 10000 turns, came `0`"),
            ("slow 1001", "expected 1 to 1000 runs, came `1001`"),
            ("--loop x ps", "expected a whole number after --loop, came `x`"),
            ("--timeout 0 ps", "expected at least 1 after --timeout, came 0"),
            ("--fresh 1001 ps", "expected a whole number up to 1000 after --fresh, came `1001`"),
            ("step for ever", "expected a time in ms, s or min, came `ever`"),
            ("clock rate x", "expected a rate from 0 on after `clock`, came `x`"),
            ("clock auto", "expected `on` or `off` after `clock`, came nothing"),
            ("step task", "expected a task's id after `step`, came nothing"),
            ("lint of", "expected `on` or `off` after `lint`, came `of`"),
            ("ps --deny all", "expected --deny with `lint`, came another command"),
            ("record 5s", "expected a file after `record`, came nothing"),
            ("-p 7 8 ps", "expected one process, came --process and `8`"),
            (
                "record 3m",
                "expected `on`, `off`, or a time in ms, s or min, such as `5s` (10min at most), \
                 came `3m`",
            ),
            ("ps --loop", "expected a value after --loop, came nothing"),
            ("ps -p", "expected a value after -p, came nothing"),
            ("ps --json=yes", "expected nothing after --json, came `yes`"),
        ] {
            let failure = parsed(line).unwrap_err();
            assert_eq!((failure.exit_code(), failure.to_string().as_str()), (2, said));
        }
        let failure = parsed("ps http://127.0.0.1:80/#secret").unwrap_err();
        assert!(!failure.to_string().contains("secret"), "{failure}");
    }
}
