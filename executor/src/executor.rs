//! `Executor`: the tasks of one loop, its one ready queue and its one inbox.
//!
//! It spawns, queues, and takes in what other threads left; `step.rs` runs one item of a batch. It
//! knows no descriptor and no clock, and it calls no code that isn't ours while it borrows
//! anything.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    fmt,
    future::Future,
    panic::Location,
    ptr,
    rc::{Rc, Weak},
    sync::Arc,
    task::{RawWakerVTable, Waker},
};

use crate::{
    batch::Batch,
    callback::{BoxedCall, Callbacks},
    counts::{Cause, Counters},
    current,
    house::is_outside,
    id::{Entry, Kind, TaskId},
    inbox::{Deferred, Inbox, Outlet, inbox},
    join::JoinHandle,
    limits::Limits,
    members::Members,
    place::{PlaceCache, PlaceId, Sites},
    table::TaskTable,
    tap::Socket,
    task::Stage,
    unhandled::{Unhandled, UnhandledHook},
    waker::TaskWaker,
};

/// What a waker points to, as two addresses to compare and never to follow.
pub(crate) type WakerIdentity = (*const (), *const RawWakerVTable);

/// The tasks of one loop and the queues that make them run. Used as an `Rc`, on one thread.
pub struct Executor {
    limits: Limits,
    inbox: Arc<Inbox>,
    pub(crate) outlet: Outlet,
    pub(crate) tasks: RefCell<TaskTable>,
    pub(crate) callbacks: RefCell<Callbacks>,
    pub(crate) microtasks: RefCell<VecDeque<(BoxedCall, PlaceId)>>,
    /// Whether there are any: asked after each item.
    pub(crate) has_microtasks: Cell<bool>,
    /// Calls taken from the inbox: the n-th waits for the n-th `Deferred` entry of the queue.
    pub(crate) deferred: RefCell<VecDeque<Deferred>>,
    /// What became ready since the batch began, in order.
    pub(crate) ready: RefCell<Vec<Entry>>,
    /// What is left of the batch, between two run phases.
    pub(crate) batch: Cell<Batch>,
    /// How much is left of it.
    pub(crate) batch_left: Cell<usize>,
    /// What runs right now.
    pub(crate) current: Cell<Entry>,
    /// The waker that the last task was polled with; it means something while a task runs.
    pub(crate) current_waker: Cell<WakerIdentity>,
    pub(crate) counters: Counters,
    pub(crate) unhandled: UnhandledHook,
    /// The scope whose body or child runs right now.
    pub(crate) scope: RefCell<Option<Rc<Members>>>,
    /// Every scope there is, and some that were.
    pub(crate) scopes: RefCell<Vec<Weak<Members>>>,
    places: PlaceCache,
    sites: Arc<Sites>,
    /// Where a task was last said to wait.
    noted: Cell<PlaceId>,
    /// Deferred calls that ran since the inbox was last told.
    pub(crate) calls_run: Cell<usize>,
    closed: Cell<bool>,
    /// The loop was asked to stop and has not yet done so.
    pub(crate) stopping: Cell<bool>,
    /// Handles that nobody awaited are told to the log.
    pub(crate) debug: Cell<bool>,
    /// Whoever records is told here.
    pub(crate) socket: Socket,
}

impl Executor {
    /// A new executor, empty. `unpark` brings its loop back from its wait: it is woken whenever
    /// something is left from outside of a turn.
    #[must_use]
    pub fn new(limits: Limits, unpark: Waker) -> Rc<Executor> {
        let limits = limits.clamped();
        let (inbox, outlet) = inbox(limits.deferred_max, unpark);
        Rc::new(Executor {
            inbox,
            outlet,
            tasks: RefCell::new(TaskTable::new()),
            callbacks: RefCell::new(Callbacks::new()),
            microtasks: RefCell::default(),
            has_microtasks: Cell::new(false),
            deferred: RefCell::default(),
            ready: RefCell::default(),
            batch: Cell::default(),
            batch_left: Cell::new(0),
            current: Cell::new(Entry::NOTHING),
            current_waker: Cell::new((ptr::null(), ptr::null())),
            counters: Counters::default(),
            unhandled: UnhandledHook::new(),
            scope: RefCell::default(),
            scopes: RefCell::default(),
            places: PlaceCache::new(),
            sites: Arc::new(Sites::new()),
            noted: Cell::new(PlaceId::UNKNOWN),
            calls_run: Cell::new(0),
            closed: Cell::new(false),
            stopping: Cell::new(false),
            debug: Cell::new(false),
            socket: Socket::default(),
            limits,
        })
    }

    /// The bounds it was made with.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Where other threads leave things.
    #[must_use]
    pub fn inbox(&self) -> &Arc<Inbox> {
        &self.inbox
    }

    /// Where tasks were born and last waited, for any thread to read.
    #[must_use]
    pub fn sites(&self) -> &Arc<Sites> {
        &self.sites
    }

    /// The id of a source location.
    #[must_use]
    pub fn place(&self, place: &'static Location<'static>) -> PlaceId {
        self.places.id(place)
    }

    /// Tells who hears of failures that nobody will ask for. The log, until told otherwise.
    pub fn on_unhandled(&self, hook: impl Fn(&Unhandled) + 'static) {
        self.unhandled.set(Rc::new(hook));
    }

    /// Switches debug mode: the log is told of handles that are dropped without having been
    /// awaited, detached or aborted.
    pub fn set_debug(&self, on: bool) {
        self.debug.set(on);
    }

    /// Spawns a task: it is polled first in the next batch.
    ///
    /// Past `tasks_max`, or once closed, the handle is ready with `JoinError::Refused`.
    pub fn spawn<F>(
        self: Rc<Self>,
        future: F,
        place: &'static Location<'static>,
    ) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.spawn_as::<F, F>(future, place)
    }

    /// As `spawn`, for a future that only wraps another: the task has the name of type `N`.
    pub(crate) fn spawn_as<F, N>(
        self: Rc<Self>,
        future: F,
        place: &'static Location<'static>,
    ) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
        N: 'static,
    {
        let tasks_max = if self.closed.get() { 0 } else { self.limits.tasks_max };
        let (future, parent) = (Stage::<F, N>::boxed(future), self.current.get());
        let inserted = self.tasks.borrow_mut().insert(future, parent, tasks_max);
        let id = match inserted {
            Ok(id) => id,
            Err(future) => {
                self.drop_foreign("the future of a refused task", Some(future));
                return JoinHandle::refused(self);
            }
        };
        self.sites.set_born(id.index, self.places.id(place));
        self.socket.tell(|tap| tap.born(id, parent));
        self.queue(Entry::task(id));
        JoinHandle::new(self, id)
    }

    /// Puts an entry at the end of the ready queue. Outside of a turn the loop may be asleep or
    /// lent to a host, so it is called back.
    pub(crate) fn queue(&self, entry: Entry) {
        self.ready.borrow_mut().push(entry);
        if !self.is_turning() {
            self.inbox.unpark();
        }
    }

    /// The same of one that exists already: whatever runs now has woken it.
    pub(crate) fn queue_woken(&self, entry: Entry) {
        self.socket.tell(|tap| tap.woken(entry, self.current.get(), true));
        self.queue(entry);
    }

    /// Wakes an entry, on the loop's thread and in its turn.
    #[inline]
    pub(crate) fn wake(&self, entry: Entry) {
        let queue = if entry.is_task() {
            self.tasks.borrow_mut().wake(entry.id())
        } else {
            entry.kind() == Kind::Callback && self.callbacks.borrow_mut().wake(entry)
        };
        let current = self.current.get();
        self.counters.woken(entry == current);
        self.socket.tell(|tap| tap.woken(entry, current, queue));
        if queue {
            self.ready.borrow_mut().push(entry);
        }
    }

    /// Says what the wakes from now on come from.
    pub fn set_cause(&self, cause: Cause) {
        self.counters.set_cause(cause);
    }

    /// What runs right now, or [`Entry::NOTHING`].
    #[must_use]
    pub fn current_item(&self) -> Entry {
        self.current.get()
    }

    /// The task that is being polled, or `TaskId::NONE`.
    #[must_use]
    pub fn current_task(&self) -> TaskId {
        self.current.get().task_id()
    }

    /// Whether a waker is the very one that the task being polled was given.
    pub(crate) fn is_own_waker(&self, waker: &Waker) -> bool {
        self.current.get().is_task()
            && self.current_waker.get() == (waker.data(), ptr::from_ref(waker.vtable()))
    }

    /// Notes that the task being polled waits at `place`.
    pub fn note_wait(&self, place: &'static Location<'static>) -> PlaceId {
        let task = self.current_task();
        // Polled by a combinator, or as the whole future of a task: its birth says more.
        let id = if is_outside(place) && !task.is_none() {
            self.sites.born(task.index)
        } else {
            self.places.id(place)
        };
        if !task.is_none() {
            self.sites.set_awaits(task.index, id);
            self.noted.set(id);
        }
        id
    }

    /// Where a task was last said to wait, since this was last asked.
    pub fn take_noted(&self) -> PlaceId {
        self.noted.replace(PlaceId::UNKNOWN)
    }

    pub(crate) fn waker_of(&self, entry: Entry) -> Waker {
        futures_task::waker(TaskWaker::new(Arc::clone(&self.inbox), entry))
    }

    /// Asks the loop to stop at the end of its turn, or of its next one.
    pub fn stop(&self) {
        self.stopping.set(true);
        if !self.is_turning() {
            self.inbox.unpark();
        }
    }

    /// Whether the loop was asked to stop.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stopping.get()
    }

    /// The loop stops: it may be run again.
    pub fn stopped(&self) {
        self.stopping.set(false);
    }

    /// Notes that the task `id`, whose poll is over, waits at `place`.
    pub fn note_wait_of(&self, id: TaskId, place: &'static Location<'static>) {
        let place = self.places.id(place);
        self.sites.set_awaits(id.index, place);
        self.noted.set(place);
    }

    /// Refuses calls, callbacks and tasks from now on.
    pub fn close(&self) {
        self.inbox.close();
        self.closed.set(true);
    }

    /// Whether it was closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed.get()
    }
}

/// Spawns on the executor of this thread. `None` when there is none, the future dropped.
#[track_caller]
pub fn spawn<F>(future: F) -> Option<JoinHandle<F::Output>>
where
    F: Future + 'static,
    F::Output: 'static,
{
    let place = Location::caller();
    current::get().map(|executor| executor.spawn(future, place))
}

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor")
            .field("tasks", &self.tasks.borrow().len())
            .field("ready", &self.ready.borrow().len())
            .finish_non_exhaustive()
    }
}
