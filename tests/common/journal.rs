//! `Journal`: the lines that the loop sends to `log`, kept for a test by the thread they come from.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
    thread::{self, ThreadId},
};

use log::{LevelFilter, Log, Metadata, Record};

/// The logger of the test's process.
struct Journal {
    lines: Mutex<HashMap<ThreadId, Vec<String>>>,
}

impl Journal {
    fn lines(&self) -> MutexGuard<'_, HashMap<ThreadId, Vec<String>>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log for Journal {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let line = format!("{}: {}", record.level(), record.args());
        self.lines().entry(thread::current().id()).or_default().push(line);
    }

    fn flush(&self) {}
}

/// Warnings and errors that this thread has logged since it last asked. The first call installs
/// the logger: make it before anything is worth logging.
pub(crate) fn take() -> Vec<String> {
    static JOURNAL: OnceLock<&'static Journal> = OnceLock::new();
    let journal = JOURNAL.get_or_init(|| {
        let journal: &'static Journal = Box::leak(Box::new(Journal { lines: Mutex::default() }));
        log::set_logger(journal).expect("a test binary has one logger");
        log::set_max_level(LevelFilter::Warn);
        journal
    });
    journal.lines().remove(&thread::current().id()).unwrap_or_default()
}
