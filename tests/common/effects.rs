//! `Effects`: what a test's program did, line by line, in the order it did it.

use std::{
    fmt::Display,
    mem,
    sync::{Arc, Mutex},
};

/// A list of lines that anything may write to, on whatever thread. Clones are the same list.
#[derive(Clone, Default)]
pub(crate) struct Effects {
    lines: Arc<Mutex<Vec<String>>>,
}

impl Effects {
    /// Writes a line.
    pub(crate) fn note(&self, line: impl Display) {
        let line = line.to_string();
        self.lines.lock().expect("no line panics while it is written").push(line);
    }

    /// What was written since this was last asked.
    pub(crate) fn take(&self) -> Vec<String> {
        mem::take(&mut self.lines.lock().expect("no line panics while it is written"))
    }
}
