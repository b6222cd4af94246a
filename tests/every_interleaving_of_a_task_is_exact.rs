//! Every interleaving of a task is exact: what a task does, when something happens to it, and what
//! that is, crossed; each with its number of polls, wakes, drops and reports.
//!
//! The matrix is async-task's, as far as it has a meaning here. Left out, with the reason:
//!
//! - a wake before the first poll: nobody has a waker before a future was polled, so the rows below
//!   are of a task polled once already (those of a fresh task stand at the end);
//! - the drop of the last waker destroys a detached task: here a waker owns no future; the table
//!   does, so the task lives on until its loop ends, which the rows say;
//! - dropping, running and scheduling a `Runnable`, a panic of the schedule function, metadata,
//!   `spawn_unchecked`: there is no such thing here;
//! - abort, join and detach from another thread: a `JoinHandle` isn't `Send`. `Call::cancel` is;
//! - a second thread that runs the task: tasks stay on the thread of their loop.
//!
//! What runs in a task's own poll or drop stands in `a_drop_may_do_anything.rs`.

#![cfg(test)]

mod common;

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use common::{
    Book, Event, Noting, ask, on_another_thread, panic_quietly, poll_fn, settle, telling_loop,
    wakes,
};
use glassloop::{EventLoop, JoinError, JoinHandle};

use {Action::*, Got::*, Kind::*, Moment::*};

/// What the poll that counts comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Ready,
    Pends,
    Panics,
}

/// When something happens, seen from that poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    /// The task was woken for it; then it happens.
    Before,
    During,
    After,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Wake,
    WakeByRef,
    Abort,
    Join,
    Detach,
    DropWaker,
    DropHandle,
}

/// Who does it, where it is not the task itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Actor {
    /// The loop's thread, between two turns: wakes go through the inbox.
    Host,
    /// A callback, in a turn: wakes go straight to the ready queue.
    Callback,
    /// Another thread: it can only have a waker.
    Thread,
}

/// What the holder of the handle ends up with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Got {
    Value,
    Cancelled,
    Panicked,
    Nothing,
    Nobody,
}

/// A row: what happens, and what must come of it before the loop is closed.
#[derive(Clone, Copy, Debug)]
struct Row {
    kind: Kind,
    moment: Moment,
    action: Action,
    polls: usize,
    /// In a turn, and through the inbox.
    wakes: [u64; 2],
    got: Got,
    /// Drops of the future and of its output, while nobody has taken the result.
    drops: [usize; 2],
    /// Reports to `on_unhandled`.
    told: usize,
}

#[rustfmt::skip]
#[expect(clippy::too_many_arguments, reason = "the columns of a table")]
const fn row(
    kind: Kind, moment: Moment, action: Action,
    polls: usize, wakes: [u64; 2], got: Got, drops: [usize; 2], told: usize,
) -> Row {
    Row { kind, moment, action, polls, wakes, got, drops, told }
}

// Each task was polled once, woken, and polled a second time unless the row says otherwise. Before
// that poll the inbox makes one wake of two. A joiner is a task of its own: woken by the end of the
// task if it waited already, which it did only where the wake took the longer way, the inbox's.
#[rustfmt::skip]
const MATRIX: [Row; 63] = [
    //  kind    moment  action    polls wakes   got        drops   told
    row(Ready,  Before, Wake,       2, [2, 1], Value,     [1, 0], 0),
    row(Ready,  Before, WakeByRef,  2, [2, 1], Value,     [1, 0], 0),
    row(Ready,  Before, Abort,      1, [1, 1], Cancelled, [1, 0], 0),
    row(Ready,  Before, Join,       2, [1, 2], Value,     [1, 1], 0),
    row(Ready,  Before, Detach,     2, [1, 1], Nobody,    [1, 1], 0),
    row(Ready,  Before, DropWaker,  2, [1, 1], Value,     [1, 0], 0),
    row(Ready,  Before, DropHandle, 2, [1, 1], Nobody,    [1, 1], 0),
    row(Ready,  During, Wake,       2, [2, 2], Value,     [1, 0], 0),
    row(Ready,  During, WakeByRef,  2, [2, 2], Value,     [1, 0], 0),
    row(Ready,  During, Abort,      2, [1, 1], Cancelled, [1, 1], 0),
    row(Ready,  During, Join,       2, [1, 1], Value,     [1, 1], 0),
    row(Ready,  During, Detach,     2, [1, 1], Nobody,    [1, 1], 0),
    row(Ready,  During, DropWaker,  2, [1, 1], Value,     [1, 0], 0),
    row(Ready,  During, DropHandle, 2, [1, 1], Nobody,    [1, 1], 0),
    row(Ready,  After,  Wake,       2, [2, 2], Value,     [1, 0], 0),
    row(Ready,  After,  WakeByRef,  2, [2, 2], Value,     [1, 0], 0),
    row(Ready,  After,  Abort,      2, [1, 1], Value,     [1, 0], 0),
    row(Ready,  After,  Join,       2, [1, 1], Value,     [1, 1], 0),
    row(Ready,  After,  Detach,     2, [1, 1], Nobody,    [1, 1], 0),
    row(Ready,  After,  DropWaker,  2, [1, 1], Value,     [1, 0], 0),
    row(Ready,  After,  DropHandle, 2, [1, 1], Nobody,    [1, 1], 0),

    row(Pends,  Before, Wake,       2, [2, 1], Nothing,   [0, 0], 0),
    row(Pends,  Before, WakeByRef,  2, [2, 1], Nothing,   [0, 0], 0),
    row(Pends,  Before, Abort,      1, [1, 1], Cancelled, [1, 0], 0),
    row(Pends,  Before, Join,       2, [1, 1], Nothing,   [0, 0], 0),
    row(Pends,  Before, Detach,     2, [1, 1], Nobody,    [0, 0], 0),
    row(Pends,  Before, DropWaker,  2, [1, 1], Nothing,   [0, 0], 0),
    row(Pends,  Before, DropHandle, 2, [1, 1], Nobody,    [0, 0], 0),
    row(Pends,  During, Wake,       3, [2, 2], Nothing,   [0, 0], 0),
    row(Pends,  During, WakeByRef,  3, [2, 2], Nothing,   [0, 0], 0),
    row(Pends,  During, Abort,      2, [1, 1], Cancelled, [1, 0], 0),
    row(Pends,  During, Join,       2, [1, 1], Nothing,   [0, 0], 0),
    row(Pends,  During, Detach,     2, [1, 1], Nobody,    [0, 0], 0),
    row(Pends,  During, DropWaker,  2, [1, 1], Nothing,   [0, 0], 0),
    row(Pends,  During, DropHandle, 2, [1, 1], Nobody,    [0, 0], 0),
    row(Pends,  After,  Wake,       3, [2, 2], Nothing,   [0, 0], 0),
    row(Pends,  After,  WakeByRef,  3, [2, 2], Nothing,   [0, 0], 0),
    row(Pends,  After,  Abort,      2, [1, 1], Cancelled, [1, 0], 0),
    row(Pends,  After,  Join,       2, [1, 1], Nothing,   [0, 0], 0),
    row(Pends,  After,  Detach,     2, [1, 1], Nobody,    [0, 0], 0),
    row(Pends,  After,  DropWaker,  2, [1, 1], Nothing,   [0, 0], 0),
    row(Pends,  After,  DropHandle, 2, [1, 1], Nobody,    [0, 0], 0),

    row(Panics, Before, Wake,       2, [2, 1], Panicked,  [1, 0], 0),
    row(Panics, Before, WakeByRef,  2, [2, 1], Panicked,  [1, 0], 0),
    row(Panics, Before, Abort,      1, [1, 1], Cancelled, [1, 0], 0),
    row(Panics, Before, Join,       2, [1, 2], Panicked,  [1, 0], 0),
    row(Panics, Before, Detach,     2, [1, 1], Nobody,    [1, 0], 1),
    row(Panics, Before, DropWaker,  2, [1, 1], Panicked,  [1, 0], 0),
    row(Panics, Before, DropHandle, 2, [1, 1], Nobody,    [1, 0], 1),
    row(Panics, During, Wake,       2, [2, 2], Panicked,  [1, 0], 0),
    row(Panics, During, WakeByRef,  2, [2, 2], Panicked,  [1, 0], 0),
    row(Panics, During, Abort,      2, [1, 1], Panicked,  [1, 0], 0),
    row(Panics, During, Join,       2, [1, 1], Panicked,  [1, 0], 0),
    row(Panics, During, Detach,     2, [1, 1], Nobody,    [1, 0], 1),
    row(Panics, During, DropWaker,  2, [1, 1], Panicked,  [1, 0], 0),
    row(Panics, During, DropHandle, 2, [1, 1], Nobody,    [1, 0], 1),
    row(Panics, After,  Wake,       2, [2, 2], Panicked,  [1, 0], 0),
    row(Panics, After,  WakeByRef,  2, [2, 2], Panicked,  [1, 0], 0),
    row(Panics, After,  Abort,      2, [1, 1], Panicked,  [1, 0], 0),
    row(Panics, After,  Join,       2, [1, 1], Panicked,  [1, 0], 0),
    row(Panics, After,  Detach,     2, [1, 1], Nobody,    [1, 0], 1),
    row(Panics, After,  DropWaker,  2, [1, 1], Panicked,  [1, 0], 0),
    row(Panics, After,  DropHandle, 2, [1, 1], Nobody,    [1, 0], 1),
];

// Never polled before: there is no waker yet.
#[rustfmt::skip]
const FRESH: [Row; 12] = [
    row(Ready,  Before, Abort,      0, [0, 0], Cancelled, [1, 0], 0),
    row(Ready,  Before, Join,       1, [0, 0], Value,     [1, 1], 0),
    row(Ready,  Before, Detach,     1, [0, 0], Nobody,    [1, 1], 0),
    row(Ready,  Before, DropHandle, 1, [0, 0], Nobody,    [1, 1], 0),
    row(Pends,  Before, Abort,      0, [0, 0], Cancelled, [1, 0], 0),
    row(Pends,  Before, Join,       1, [0, 0], Nothing,   [0, 0], 0),
    row(Pends,  Before, Detach,     1, [0, 0], Nobody,    [0, 0], 0),
    row(Pends,  Before, DropHandle, 1, [0, 0], Nobody,    [0, 0], 0),
    row(Panics, Before, Abort,      0, [0, 0], Cancelled, [1, 0], 0),
    row(Panics, Before, Join,       1, [0, 0], Panicked,  [1, 0], 0),
    row(Panics, Before, Detach,     1, [0, 0], Nobody,    [1, 0], 1),
    row(Panics, Before, DropHandle, 1, [0, 0], Nobody,    [1, 0], 1),
];

/// What comes right before.
#[derive(Clone, Copy)]
enum First {
    Spawn(Row),
    Wake,
    Nothing,
}

/// A task and everything that somebody may hold of it.
#[derive(Default)]
struct Scene {
    book: Arc<Book>,
    handle: RefCell<Option<JoinHandle<Noting>>>,
    waker: RefCell<Option<Waker>>,
    joined: Cell<Option<Got>>,
    has_joiner: Cell<bool>,
}

impl Scene {
    /// Spawns the task: `primed`, its first poll only hands out its waker.
    fn spawn(self: &Rc<Self>, row: Row, primed: bool) {
        let scene = Rc::clone(self);
        let dropped = Noting::new(&self.book, Event::FutureDropped);
        let mine = poll_fn(move |before, cx: &mut Context<'_>| {
            let _dropped_with_the_future = &dropped;
            scene.book.note(Event::Polled);
            if primed && before == 0 {
                scene.waker.replace(Some(cx.waker().clone()));
                return Poll::Pending;
            }
            if before != usize::from(primed) {
                return Poll::Pending;
            }
            if row.moment == During {
                scene.act(row.action);
            }
            match row.kind {
                Ready => Poll::Ready(Noting::new(&scene.book, Event::OutputDropped)),
                Pends => Poll::Pending,
                Panics => panic_quietly(Noting::new(&scene.book, Event::PayloadDropped)),
            }
        });
        self.handle.replace(Some(glassloop::spawn(mine)));
    }

    fn act(self: &Rc<Self>, action: Action) {
        match action {
            Wake => self.take_waker().wake(),
            WakeByRef => self.wake_by_ref(),
            Abort => self.handle.borrow().as_ref().expect("a handle").abort(),
            Join => {
                let handle = self.handle.take().expect("a handle");
                let scene = Rc::clone(self);
                self.has_joiner.set(true);
                let joiner = async move { scene.joined.set(Some(told_by(&handle.await))) };
                glassloop::spawn(joiner).detach();
            }
            Detach => self.handle.take().expect("a handle").detach(),
            DropWaker => drop(self.take_waker()),
            DropHandle => drop(self.handle.take()),
        }
    }

    /// The same by somebody else, who may have to wake or to spawn the task first.
    fn act_as(self: &Rc<Self>, actor: Actor, event_loop: &EventLoop, first: First, action: Action) {
        let scene = Rc::clone(self);
        let all = move || {
            match first {
                First::Spawn(row) => scene.spawn(row, false),
                First::Wake => scene.wake_by_ref(),
                First::Nothing => {}
            }
            scene.act(action);
        };
        match actor {
            Actor::Host => event_loop.enter(all),
            Actor::Callback => drop(event_loop.call_soon(all).expect("room")),
            Actor::Thread => {
                let waker = self.take_waker();
                on_another_thread(|| {
                    if matches!(first, First::Wake) {
                        waker.wake_by_ref();
                    }
                    match action {
                        Wake => waker.wake(),
                        WakeByRef => waker.wake_by_ref(),
                        _ => drop(waker),
                    }
                });
            }
        }
    }

    fn wake_by_ref(&self) {
        self.waker.borrow().as_ref().expect("a waker").wake_by_ref();
    }

    fn take_waker(&self) -> Waker {
        self.waker.take().expect("a waker")
    }

    /// Asks whoever has the handle. What a result drops is dropped here.
    fn got(&self) -> Got {
        if self.has_joiner.get() {
            return self.joined.get().unwrap_or(Nothing);
        }
        match self.handle.borrow_mut().as_mut().map(ask) {
            None => Nobody,
            Some(Poll::Pending) => Nothing,
            Some(Poll::Ready(result)) => told_by(&result),
        }
    }
}

fn told_by(result: &Result<Noting, JoinError>) -> Got {
    match result {
        Ok(_) => Value,
        Err(JoinError::Cancelled) => Cancelled,
        Err(JoinError::Panicked(_)) => Panicked,
        Err(other) => panic!("{other}"),
    }
}

/// Plays a row and compares everything.
fn play(row: Row, actor: Actor, primed: bool) {
    let at = format!("{row:?} by {actor:?}, primed: {primed}");
    let (event_loop, told) = telling_loop();
    let scene = Rc::new(Scene::default());
    if primed {
        event_loop.enter(|| scene.spawn(row, primed));
        settle(&event_loop);
    }
    match row.moment {
        Before if primed => scene.act_as(actor, &event_loop, First::Wake, row.action),
        Before => scene.act_as(actor, &event_loop, First::Spawn(row), row.action),
        During => scene.wake_by_ref(),
        After => {
            scene.wake_by_ref();
            settle(&event_loop);
            scene.act_as(actor, &event_loop, First::Nothing, row.action);
        }
    }
    settle(&event_loop);

    let book = &scene.book;
    let drops = [book.count(Event::FutureDropped), book.count(Event::OutputDropped)];
    assert_eq!(book.count(Event::Polled), row.polls, "polls: {at}");
    assert_eq!(drops, row.drops, "drops: {at}");
    assert_eq!(told.borrow().len(), row.told, "reports: {at}");
    let through_inbox = usize::from(actor != Actor::Callback);
    assert_eq!(wakes(&event_loop), row.wakes[through_inbox], "wakes: {at}");
    assert_eq!(scene.got(), row.got, "the handle: {at}");

    drop(event_loop);
    let came_to_it = book.count(Event::Polled) > usize::from(primed);
    let made = |kind| usize::from(came_to_it && row.kind == kind);
    assert_eq!(book.count(Event::FutureDropped), 1, "closed: {at}");
    assert_eq!(book.count(Event::OutputDropped), made(Ready), "closed: {at}");
    assert_eq!(book.count(Event::PayloadDropped), made(Panics), "closed: {at}");
    assert_eq!(book.elsewhere(), 0, "on the thread of the loop: {at}");
}

fn play_all(kind: Kind) {
    for row in MATRIX.into_iter().filter(|row| row.kind == kind) {
        play(row, Actor::Host, true);
        if row.moment != During {
            play(row, Actor::Callback, true);
        }
        if row.moment != During && matches!(row.action, Wake | WakeByRef | DropWaker) {
            play(row, Actor::Thread, true);
        }
    }
    for row in FRESH.into_iter().filter(|row| row.kind == kind) {
        play(row, Actor::Host, false);
        play(row, Actor::Callback, false);
    }
}

#[test]
fn of_a_task_that_ends_with_a_value() {
    play_all(Ready);
}

#[test]
fn of_a_task_that_goes_on_waiting() {
    play_all(Pends);
}

#[test]
fn of_a_task_that_panics() {
    play_all(Panics);
}

#[test]
fn the_matrix_holds_every_combination_once() {
    let seen: Vec<_> = MATRIX.iter().map(|row| (row.kind, row.moment, row.action)).collect();
    for (at, row) in seen.iter().enumerate() {
        assert!(!seen[..at].contains(row), "{row:?} stands twice");
    }
    assert_eq!(seen.len(), 3 * 3 * 7);
}
