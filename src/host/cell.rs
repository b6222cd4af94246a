//! `Cell`: where the result of a host call goes, between the host's thread and whoever waits.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};

use glassloop_executor::{drop_caught, drop_payload, quietly};

use super::{HostError, JobContext};
use crate::{
    result_cell::ResultCell,
    waits::{Note, NoteCell, Noted},
};

/// How far the host has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// It runs, or one of its steps does.
    pub(super) running: bool,
    /// Steps that are done.
    pub(super) steps: u32,
}

/// Where the result goes.
pub(super) struct Cell<T> {
    result: ResultCell<T, HostError>,
    running: AtomicBool,
    /// Steps that are done. Counted by the host's thread alone.
    steps: AtomicU32,
    pub(super) context: JobContext,
    pub(super) note: NoteCell,
}

impl<T> Cell<T> {
    pub(super) fn new() -> Arc<Cell<T>> {
        Arc::new(Cell {
            result: ResultCell::new(),
            running: AtomicBool::new(false),
            steps: AtomicU32::new(0),
            context: JobContext::default(),
            note: NoteCell::default(),
        })
    }

    /// The host has come to it. False if nobody wants it any more.
    pub(super) fn begin(&self) -> bool {
        self.running.store(true, Relaxed);
        !self.context.is_cancelled()
    }

    /// A step is done, and the next one waits.
    pub(super) fn pause(&self) {
        self.running.store(false, Relaxed);
        self.steps.store(self.steps.load(Relaxed).saturating_add(1), Relaxed);
    }

    pub(super) fn progress(&self) -> Progress {
        match self.is_resolved() {
            true => Progress::default(),
            false => {
                Progress { running: self.running.load(Relaxed), steps: self.steps.load(Relaxed) }
            }
        }
    }

    pub(super) fn is_resolved(&self) -> bool {
        self.result.is_resolved()
    }

    /// The first result stays; wakes who waits.
    pub(super) fn resolve(&self, result: Result<T, HostError>) {
        if let Err(result) = self.result.resolve(result) {
            if let Err(HostError::Panicked(_)) = &result {
                quietly(|| log::error!("nobody waited for a host call any more: it panicked"));
            }
            drop_caught(result).unwrap_or_else(drop_payload);
        }
    }

    /// The result, or leaves a waker for it.
    pub(super) fn poll(&self, cx: &Context<'_>) -> Poll<Result<T, HostError>> {
        self.result.poll(cx, "a host call")
    }

    /// Blocks this thread for the result, at most `timeout`.
    pub(super) fn wait(&self, timeout: Duration) -> Option<Result<T, HostError>> {
        self.result.wait(timeout, "a host call")
    }

    /// Nobody will take the result.
    pub(super) fn abandon(&self) {
        self.context.cancel();
        self.note.set(None);
        let result = self.result.abandon();
        if let Some(Err(error @ HostError::Panicked(_))) = &result {
            quietly(|| log::error!("nobody asked for the result of a host call: {error}"));
        }
        drop_caught(result).unwrap_or_else(drop_payload);
    }
}

impl<T: Send> Noted for Cell<T> {
    fn note(&self) -> Option<Note> {
        self.note.get()
    }

    fn is_answered_elsewhere(&self) -> bool {
        self.result.is_on_its_way()
    }
}
