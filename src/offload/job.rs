//! A job: a closure that a thread of a pool is to run, and where its result goes.
//!
//! The closure is run once, or dropped by whoever gives it up; never both. It is one allocation,
//! shared by the pool's queue and the future that waits.

use std::{
    borrow::Cow,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Instant,
};

use glassloop_executor::{caught, drop_caught, drop_payload, quietly};

use super::{JobLine, JobState, OffloadError};
use crate::{
    Remote,
    result_cell::ResultCell,
    shared::Shared,
    snapshot::{Place, WaitsOn},
    waits::{Note, NoteCell, Noted},
};

/// The number of the next job of the process.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// What lies in the queue of a pool.
pub(super) trait Job: Send + Sync {
    /// Runs it, on this thread, with nothing locked, unless it was given up. It is counted off
    /// those who wait before.
    fn run(&self, waiting: &AtomicUsize);

    /// It will never run: drops the closure, and tells whoever waits why. False if a thread has
    /// come to it, or it was given up.
    fn refuse(&self, why: OffloadError) -> bool;

    /// Nobody wants it any more: drops the closure, here. False if a thread has come to it.
    fn give_up(&self) -> bool;

    /// Whether a thread has come to it, or nobody wants it any more.
    fn is_taken(&self) -> bool;

    /// What it is called.
    fn name(&self) -> Cow<'static, str>;

    /// It as data, while it waits for a thread or one is at it.
    fn line(&self, now: Instant) -> Option<JobLine>;
}

/// The same, as the future sees it.
pub(super) trait JobFor<T>: Job + Noted {
    fn ticket(&self) -> &Ticket<T>;
}

/// What of a job concerns its result.
pub(super) struct Ticket<T> {
    pub(super) result: ResultCell<T, OffloadError>,
    /// The loop whose task waits: as long as the result may come, nothing is given up there.
    remote: Mutex<Option<Remote>>,
    pub(super) note: NoteCell,
    pub(super) name: OnceLock<Cow<'static, str>>,
    number: u64,
    born: Place,
    /// Where its pool was made.
    pool: Place,
}

struct JobCell<F, T> {
    stage: Mutex<Stage<F>>,
    /// Whether a thread is at its closure, or at the drop of a result that nobody takes.
    running: AtomicBool,
    ticket: Ticket<T>,
}

/// How far a job has come, and since when: since it was queued, or since a thread came to it.
struct Stage<F> {
    /// Until somebody takes it, to run it or to drop it.
    closure: Option<F>,
    since: Instant,
}

pub(super) fn job<F, T>(f: F, born: Place, pool: Place) -> Arc<impl JobFor<T> + 'static>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let ticket = Ticket {
        result: ResultCell::new(),
        remote: Mutex::default(),
        note: NoteCell::default(),
        name: OnceLock::new(),
        number: NEXT.fetch_add(1, Ordering::Relaxed),
        born,
        pool,
    };
    let stage = Mutex::new(Stage { closure: Some(f), since: Instant::now() });
    Arc::new(JobCell { stage, running: AtomicBool::new(false), ticket })
}

impl<F, T> JobCell<F, T> {
    fn stage(&self) -> MutexGuard<'_, Stage<F>> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The closure, to be dropped.
    fn take(&self) -> Option<F> {
        self.stage().closure.take()
    }

    /// The closure, to be run from now on. Whoever looks finds it queued or running, not neither.
    fn begin(&self) -> Option<F> {
        let now = Instant::now();
        let mut stage = self.stage();
        let closure = stage.closure.take();
        if closure.is_some() {
            stage.since = now;
            self.running.store(true, Ordering::Release);
        }
        closure
    }
}

impl<F, T> JobCell<F, T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    fn resolve(&self, result: Result<T, OffloadError>) {
        if let Err(result) = self.ticket.result.resolve(result) {
            self.running.store(true, Ordering::Release);
            lost(result, &self.name());
            self.running.store(false, Ordering::Release);
        }
        // Whoever waits was woken first: a loop that finds nobody holding it has heard of that.
        self.ticket.let_go();
    }
}

impl<F, T> Job for JobCell<F, T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    fn run(&self, waiting: &AtomicUsize) {
        if let Some(f) = self.begin() {
            waiting.fetch_sub(1, Ordering::Relaxed);
            let result = caught(f).map_err(|payload| OffloadError::Panicked(payload.into()));
            // Before whoever waits hears of it: they may close the pool.
            self.running.store(false, Ordering::Release);
            self.resolve(result);
        }
    }

    fn refuse(&self, why: OffloadError) -> bool {
        let is_first = self.give_up();
        if is_first {
            self.resolve(Err(why));
        }
        is_first
    }

    fn give_up(&self) -> bool {
        let f = self.take();
        let is_first = f.is_some();
        drop_caught(f).unwrap_or_else(drop_payload);
        is_first
    }

    fn is_taken(&self) -> bool {
        self.stage().closure.is_none()
    }

    fn name(&self) -> Cow<'static, str> {
        let name = self.ticket.name.get().cloned();
        name.unwrap_or(Cow::Borrowed(std::any::type_name::<F>()))
    }

    fn line(&self, now: Instant) -> Option<JobLine> {
        let stage = self.stage();
        let (is_queued, since) = (stage.closure.is_some(), stage.since);
        drop(stage);
        let state = if is_queued { JobState::Queued } else { JobState::Running };
        (is_queued || self.running.load(Ordering::Acquire)).then(|| JobLine {
            number: self.ticket.number,
            name: self.name(),
            born: self.ticket.born,
            pool: self.ticket.pool,
            state,
            elapsed: now.saturating_duration_since(since),
            awaited_by: None,
        })
    }
}

impl<F, T> JobFor<T> for JobCell<F, T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    fn ticket(&self) -> &Ticket<T> {
        &self.ticket
    }
}

impl<F, T> Noted for JobCell<F, T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    fn note(&self) -> Option<Note> {
        self.ticket.note.get()
    }

    fn waits_for(&self) -> String {
        let over = || format!("job `{}`, done", self.name());
        self.line(Instant::now()).map_or_else(over, |job| job.in_short())
    }

    fn waits_on(&self) -> WaitsOn {
        WaitsOn::Job(self.ticket.number)
    }

    fn job(&self, now: Instant) -> Option<JobLine> {
        self.line(now)
    }

    fn is_answered_elsewhere(&self) -> bool {
        self.ticket.result.is_on_its_way()
    }
}

impl<T> Ticket<T> {
    /// This loop, the current one, waits for it, and is not to give up before the result is there.
    /// To be called before the result is asked for.
    pub(super) fn hold(&self, shared: Option<&Arc<Shared>>) {
        let Some(shared) = shared else { return };
        let mut held = self.remote();
        if !held.as_ref().is_some_and(|remote| remote.is_of(shared)) {
            let before = held.replace(Remote::new(Arc::clone(shared)));
            drop(held);
            drop(before);
        }
    }

    /// Lets the loop go. The handle is dropped with nothing locked: it may be the last.
    pub(super) fn let_go(&self) {
        let held = self.remote().take();
        drop(held);
    }

    fn remote(&self) -> MutexGuard<'_, Option<Remote>> {
        self.remote.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nobody takes this result. A panic is told, here: any thread may be this one.
pub(super) fn lost<T>(result: Result<T, OffloadError>, name: &str) {
    if let Err(error @ OffloadError::Panicked(_)) = &result {
        quietly(|| log::error!("nobody asked for the result of the job `{name}`: {error}"));
    }
    drop_caught(result).unwrap_or_else(drop_payload);
}
