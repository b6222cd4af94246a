//! Mischief: everything that foreign code may do to a loop, done at the worst moment.
//!
//! `commit` does it, on the current loop; what calls it (a waker, a writer, an observer, a
//! payload's drop, a logger) is made here too. Each thread has a budget, so that a loop comes to
//! rest.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    future::pending,
    rc::Rc,
    sync::Arc,
    task::{Wake, Waker},
    time::Duration,
};

use glassloop::{Entry, Observer, Outcome, Phase};
use glassloop_reactor::Flush;

thread_local! {
    static LEFT: Cell<u32> = const { Cell::new(0) };
    static PHASE: Cell<Option<Phase>> = const { Cell::new(None) };
    /// How much of it was done, by who did it and in which phase.
    static DONE: RefCell<BTreeMap<(&'static str, Option<Phase>), u32>> = RefCell::default();
}

/// From now on this thread may commit so much mischief.
pub(crate) fn allow(times: u32) {
    LEFT.set(times);
}

/// Forgets what was done.
pub(crate) fn forget() {
    DONE.with(|done| done.borrow_mut().clear());
}

/// How much is left of that.
pub(crate) fn budget() -> u32 {
    LEFT.get()
}

/// How often `who` did it in a phase.
pub(crate) fn done(who: &'static str, phase: Phase) -> u32 {
    DONE.with(|done| done.borrow().get(&(who, Some(phase))).copied().unwrap_or(0))
}

/// Spawns, defers, looks, calls, cancels, opens and drops sockets.
pub(crate) fn commit(who: &'static str) {
    if LEFT.get() == 0 {
        return;
    }
    LEFT.set(LEFT.get() - 1);
    DONE.with(|done| *done.borrow_mut().entry((who, PHASE.get())).or_default() += 1);
    glassloop::spawn(async {}).detach();
    glassloop::spawn(pending::<()>()).abort();
    glassloop::remote().defer(|| ()).expect("room");
    glassloop::call_soon(|| ()).expect("room");
    glassloop::queue_microtask(|| ()).expect("room");
    let late = glassloop::call_later(Duration::from_secs(1), || ()).expect("room");
    assert!(late.cancel());
    drop(glassloop::sleep(Duration::from_secs(1)));
    let sockets = glassloop::net::duplex().expect("room");
    let with_sockets = glassloop::snapshot().sources.len();
    drop(sockets);
    let snapshot = glassloop::snapshot();
    assert_eq!(snapshot.sources.len() + 2, with_sockets);
    assert!(!snapshot.to_string().is_empty());
}

/// What a foreign thing does when it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Mischief.
    Commit,
    /// A panic whose payload commits mischief when it is dropped.
    Panic,
}

impl Deed {
    pub(crate) fn run(self, who: &'static str) {
        match self {
            Deed::Commit => commit(who),
            Deed::Panic => super::panic_quietly(Payload),
        }
    }
}

/// A payload that commits mischief when it is dropped.
pub(crate) struct Payload;

impl Drop for Payload {
    fn drop(&mut self) {
        commit("payload");
    }
}

struct BadWaker(Deed);

impl Wake for BadWaker {
    fn wake(self: Arc<Self>) {
        self.0.run("waker");
    }
}

impl Drop for BadWaker {
    fn drop(&mut self) {
        commit("waker's drop");
    }
}

/// A waker that isn't ours.
pub(crate) fn waker(deed: Deed) -> Waker {
    Waker::from(Arc::new(BadWaker(deed)))
}

/// A corked writer.
pub(crate) struct Writer(pub(crate) Deed);

impl Flush for Writer {
    fn flush(self: Rc<Self>) {
        self.0.run("writer");
    }
}

/// Notes the phase of the loop, and does its deed at every occasion.
pub(crate) struct Watcher(pub(crate) Option<Deed>);

impl Watcher {
    fn called(&self) {
        if let Some(deed) = self.0.filter(|_| LEFT.get() > 0) {
            deed.run("observer");
        }
    }
}

impl Observer for Watcher {
    fn turn_began(&self, _turn: u64) {
        self.called();
    }

    fn phase_began(&self, phase: Phase, _turn: u64) {
        PHASE.set(Some(phase));
        self.called();
    }

    fn wait_began(&self, _timeout: Option<Duration>) {
        self.called();
    }

    fn wait_ended(&self, _events: usize) {
        self.called();
    }

    fn item_began(&self, _item: Entry) {
        self.called();
    }

    fn item_ended(&self, _item: Entry, _outcome: Outcome, _took: Duration) {
        self.called();
    }

    fn turn_ended(&self, _turn: u64, _items: usize) {
        self.called();
    }
}

/// A logger whose every line is mischief, or a panic.
pub(crate) struct Logger;

thread_local! {
    static LOGS: Cell<Option<Deed>> = const { Cell::new(None) };
}

/// What the logger does on this thread from now on.
pub(crate) fn log_with(deed: Option<Deed>) {
    static LOGGER: Logger = Logger;
    // Every test of a process sets the same one.
    drop(log::set_logger(&LOGGER));
    log::set_max_level(log::LevelFilter::Trace);
    LOGS.set(deed);
}

impl log::Log for Logger {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, _: &log::Record<'_>) {
        if let Some(deed) = LOGS.get().filter(|_| LEFT.get() > 0) {
            deed.run("logger");
        }
    }

    fn flush(&self) {}
}
