//! What this process logs, by task and turn: a watchdog does it on a thread of its own.

use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use glassloop::Logger;
use log::{Level, LevelFilter, Log, Metadata, Record};

struct Warnings;

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn lines() -> MutexGuard<'static, Vec<String>> {
    LINES.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Log for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= Level::Warn
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            lines().push(record.args().to_string());
        }
    }

    fn flush(&self) {}
}

/// From here on warnings are kept; those before are forgotten.
pub(crate) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_logger(Box::leak(Box::new(Logger::new(Warnings)))).unwrap();
        log::set_max_level(LevelFilter::Warn);
    });
    lines().clear();
}

/// The warnings with this in them.
pub(crate) fn with(part: &str) -> Vec<String> {
    lines().iter().filter(|line| line.contains(part)).cloned().collect()
}
