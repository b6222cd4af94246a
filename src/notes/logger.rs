//! `Logger`: a logger that says which task wrote a line, and in which turn.

use log::{Log, Metadata, Record};

use super::{LogLine, Note};
use crate::{core::Core, current};

/// A logger around another one: where a line is written by a task or callback of a loop, its text
/// begins with that and the turn, and a loop that is recorded keeps the line.
///
/// ```
/// use glassloop::{EventLoop, Logger};
///
/// let level = log::LevelFilter::Warn;
/// let logger = Logger::new(env_logger::Builder::new().filter_level(level).build());
/// log::set_boxed_logger(Box::new(logger))?;
/// log::set_max_level(level);
///
/// let event_loop = EventLoop::test();
/// event_loop.record(true);
/// event_loop.block_on(async { log::warn!("the disk is full") })?;
/// // On the terminal: task #0.0 `main`, turn 1: the disk is full
/// let log = event_loop.snapshot().log;
/// assert_eq!((log[0].text.as_str(), log[0].turn), ("the disk is full", 1));
/// assert_eq!((log[0].item.task_id().to_string(), log[0].event_number()), ("#0.0".to_owned(), 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Logger<L> {
    inner: L,
}

impl<L: Log> Logger<L> {
    /// A logger that hands on to this one.
    pub fn new(inner: L) -> Logger<L> {
        Logger { inner }
    }
}

impl<L: Log> Log for Logger<L> {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.inner.enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        if !self.inner.enabled(record.metadata()) {
            return;
        }
        // What a tool says of other loops is not by its own task.
        let core = current::get().filter(|core| !core.shared.name.internal);
        let Some(core) = core else { return self.inner.log(record) };
        core.keep_line(record);
        let item = core.executor.current_item();
        if item == glassloop_executor::Entry::NOTHING {
            return self.inner.log(record);
        }
        let (name, turn, text) = (core.item_name(item), core.turns.get(), record.args());
        let told = format_args!("{name}, turn {turn}: {text}");
        let copy = Record::builder()
            .metadata(record.metadata().clone())
            .args(told)
            .module_path(record.module_path())
            .file(record.file())
            .line(record.line())
            .build();
        self.inner.log(&copy);
    }

    fn flush(&self) {
        self.inner.flush();
    }
}

impl Core {
    /// Keeps a line of the log, if this loop is recorded.
    fn keep_line(&self, record: &Record<'_>) {
        let Some(recorder) = self.recorder() else { return };
        let (item, at_ns) = (self.executor.current_item(), self.reactor.read_clock());
        let line = LogLine {
            number: 0,
            level: record.level(),
            target: record.target().to_owned(),
            text: record.args().to_string(),
            item,
            turn: self.turns.get(),
            at_ns,
        };
        let number = recorder.log.push(line, self.limits.log_lines_max);
        recorder.noted(Note::Logged(record.level(), number), item, at_ns);
    }
}
