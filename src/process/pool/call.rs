//! `ProcessCall`: the result of a job of a worker process, as a future.

use std::{
    fmt,
    future::Future,
    marker::PhantomData,
    panic::Location,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use serde::de::DeserializeOwned;

use super::{ProcessPool, error::ProcessError};
use crate::{
    CancelToken,
    result_cell::ResultCell,
    snapshot::Place,
    waits::{Listed, Note, NoteCell, Noted},
};

/// Where the result of a job goes, as the worker has written it.
pub(super) struct Cell {
    result: ResultCell<Vec<u8>, ProcessError>,
    note: NoteCell,
    name: String,
    born: Place,
    /// The worker that has it.
    worker: Mutex<Option<u32>>,
    /// Cancelled when nobody wants the result any more.
    pub(super) unwanted: CancelToken,
}

impl Cell {
    pub(super) fn new(name: &str, born: Place) -> Arc<Cell> {
        Arc::new(Cell {
            result: ResultCell::new(),
            note: NoteCell::default(),
            name: name.to_owned(),
            born,
            worker: Mutex::new(None),
            unwanted: CancelToken::new(),
        })
    }

    pub(super) fn name(&self) -> String {
        self.name.clone()
    }

    fn worker(&self) -> Option<u32> {
        *self.worker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn begins(&self, worker: u32) {
        *self.worker.lock().unwrap_or_else(PoisonError::into_inner) = Some(worker);
    }

    /// The first result stays. Nobody is told of one that nobody wants.
    pub(super) fn resolve(&self, result: Result<Vec<u8>, ProcessError>) {
        drop(self.result.resolve(result));
    }

    pub(super) fn is_resolved(&self) -> bool {
        self.result.is_resolved()
    }
}

impl Noted for Cell {
    fn note(&self) -> Option<Note> {
        self.note.get()
    }

    fn waits_for(&self) -> String {
        match self.worker() {
            Some(id) => format!("job `{}` in process {id}", self.name),
            None => format!("job `{}`, queued", self.name),
        }
    }
}

/// A job of a worker process; see [`ProcessPool::call`](super::ProcessPool::call).
///
/// # Cancel safety
/// Awaiting it by reference loses nothing. Dropping it gives the job up: one that waits never
/// begins, and the worker of one that has begun is killed, since nothing else would stop it.
#[must_use = "a job that is dropped is given up"]
pub struct ProcessCall<R> {
    cell: Arc<Cell>,
    /// A pool lives as long as somebody waits for one of its jobs.
    pool: ProcessPool,
    listed: Listed,
    result: PhantomData<fn() -> R>,
}

impl<R> ProcessCall<R> {
    pub(super) fn new(cell: Arc<Cell>, pool: ProcessPool) -> ProcessCall<R> {
        ProcessCall { cell, pool, listed: Listed::default(), result: PhantomData }
    }

    /// Whether its result is there, so that the next poll is ready.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.cell.is_resolved()
    }
}

impl<R: DeserializeOwned> Future for ProcessCall<R> {
    type Output = Result<R, ProcessError>;

    /// # Panics
    /// When polled again after it was ready.
    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let place = Location::caller();
        if let Poll::Ready(result) = self.cell.result.poll(cx, "a job of a process") {
            self.cell.note.set(None);
            let read = |bytes: Vec<u8>| {
                serde_json::from_slice(&bytes)
                    .map_err(|error| ProcessError::Answer(self.cell.name(), error.to_string()))
            };
            return Poll::Ready(result.and_then(read));
        }
        self.cell.note.wait("process call", place);
        let ProcessCall { listed, cell, .. } = &mut *self;
        listed.here(|| Arc::clone(cell) as Arc<dyn Noted>);
        Poll::Pending
    }
}

impl<R> Drop for ProcessCall<R> {
    fn drop(&mut self) {
        self.cell.note.set(None);
        let was_waiting = !self.cell.is_resolved() && self.cell.worker().is_none();
        drop(self.cell.result.abandon());
        self.cell.unwanted.cancel();
        if was_waiting {
            self.pool.queue().note_unwanted();
        }
    }
}

impl<R> fmt::Debug for ProcessCall<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessCall")
            .field("job", &self.cell.waits_for())
            .field("born", &self.cell.born)
            .finish_non_exhaustive()
    }
}
