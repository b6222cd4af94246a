//! Task-local values follow their task: through its awaits, to what it spawns and calls later, and
//! to nobody else, whatever panics.
//!
//! Runs under Miri.

#![cfg(test)]

mod common;

use std::{
    cell::{Cell, RefCell},
    future::pending,
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use common::{Book, Event, Noting, OnDrop, panic_quietly, settle, telling_loop, turn};
use glassloop::{
    EventLoop, TaskLocal, call_later, call_soon, queue_microtask, sleep, spawn, yield_now,
};

static USER: TaskLocal<String> = TaskLocal::new();
static LEVEL: TaskLocal<u32> = TaskLocal::new();
static NOTED: TaskLocal<Noting> = TaskLocal::new();
static RUDE: TaskLocal<OnDrop<fn()>> = TaskLocal::new();

const MS: Duration = Duration::from_millis(1);

fn user() -> Option<String> {
    USER.get()
}

fn set(user: &str) {
    USER.set(user.to_owned());
}

type Seen = Rc<RefCell<Vec<(&'static str, Option<String>)>>>;

#[test]
fn a_value_stays_with_its_task_through_awaits() {
    let event_loop = EventLoop::test();
    let tasks: Vec<_> = (0..10_u32)
        .map(|n| {
            event_loop.spawn(async move {
                assert_eq!(LEVEL.get(), None);
                LEVEL.set(n);
                for round in 0..5 {
                    if n % 2 == 0 {
                        yield_now().await;
                    } else {
                        sleep(MS).await;
                    }
                    assert_eq!(LEVEL.get(), Some(n + round));
                    LEVEL.set(n + round + 1);
                }
                LEVEL.with(|level| *level)
            })
        })
        .collect();
    let levels = event_loop.block_on(async move {
        let mut levels = Vec::new();
        for task in tasks {
            levels.push(task.await.unwrap());
        }
        assert_eq!(LEVEL.get(), None, "nobody else's");
        levels
    });
    assert_eq!(levels.unwrap(), (5..15).map(Some).collect::<Vec<_>>());
}

#[test]
fn who_is_spawned_sees_what_was_there_then_and_nothing_later() {
    EventLoop::test()
        .block_on(async {
            set("parent");
            let child = spawn(async {
                let at_first = user();
                set("child");
                yield_now().await;
                (at_first, user())
            });
            set("later");
            yield_now().await;
            assert_eq!(user().as_deref(), Some("later"), "not the child's");
            let (at_first, then) = child.await.unwrap();
            assert_eq!(at_first.as_deref(), Some("parent"), "not what was set later");
            assert_eq!(then.as_deref(), Some("child"));
        })
        .unwrap();
}

#[test]
fn callbacks_and_microtasks_see_what_was_there_when_they_were_asked_for() {
    let seen = Seen::default();
    let see = |what: &'static str, seen: &Seen| {
        let seen = Rc::clone(seen);
        move || {
            seen.borrow_mut().push((what, user()));
            set("a callback's own");
        }
    };
    let event_loop = EventLoop::test();
    let kept = Rc::clone(&seen);
    event_loop
        .block_on(async move {
            set("then");
            call_soon(see("soon", &kept)).unwrap();
            call_later(MS, see("later", &kept)).unwrap();
            queue_microtask(see("microtask", &kept)).unwrap();
            set("now");
            spawn(async {}).await.unwrap();
            sleep(2 * MS).await;
            assert_eq!(user().as_deref(), Some("now"));
        })
        .unwrap();
    call_without_values(&event_loop, see("bare", &seen));
    let then = Some("then".to_owned());
    let expected =
        [("microtask", then.clone()), ("soon", then.clone()), ("later", then), ("bare", None)];
    assert_eq!(*seen.borrow(), expected);
}

/// Calls it from outside of any item, and checks that what it sets is gone afterwards.
fn call_without_values(event_loop: &EventLoop, call: impl FnOnce() + 'static) {
    event_loop.call_soon(call).unwrap();
    let after = event_loop.spawn(async { user() });
    assert_eq!(event_loop.block_on(after).unwrap().unwrap(), None);
}

#[test]
fn a_panic_puts_the_values_away_like_a_return() {
    let (event_loop, told) = telling_loop();
    event_loop
        .spawn(async {
            set("a task that panics");
            panic_quietly::<_>("task")
        })
        .or_none();
    event_loop
        .call_soon(|| {
            set("a callback that panics");
            queue_microtask(|| {
                assert_eq!(user().as_deref(), Some("a callback that panics"));
                set("a microtask that panics");
                panic_quietly("microtask")
            })
            .unwrap();
            panic_quietly("callback")
        })
        .unwrap();
    let remote = event_loop.remote();
    remote
        .defer(|| {
            set("a call that panics");
            panic_quietly("call")
        })
        .unwrap();
    let seen = Rc::new(Cell::new(0));
    for _ in 0..3 {
        let seen = Rc::clone(&seen);
        event_loop.call_soon(move || seen.set(seen.get() + usize::from(user().is_none()))).unwrap();
        let task = event_loop.spawn(async { user() });
        assert_eq!(event_loop.block_on(task).unwrap().unwrap(), None);
    }
    assert_eq!(seen.get(), 3);
    assert_eq!(told.borrow().len(), 4, "{told:?}");
}

/// A handle of a task that has no value.
trait OrNone {
    fn or_none(self);
}

impl OrNone for glassloop::JoinHandle<()> {
    fn or_none(self) {
        self.detach();
    }
}

#[test]
fn a_scoped_value_is_seen_inside_alone() {
    EventLoop::test()
        .block_on(async {
            set("outside");
            let inside = USER.scope("inside".to_owned(), async {
                assert_eq!(user().as_deref(), Some("inside"));
                LEVEL.set(1);
                let child = spawn(async { user() });
                sleep(MS).await;
                set("set inside");
                yield_now().await;
                assert_eq!(user().as_deref(), Some("set inside"));
                child.await.unwrap()
            });
            let beside = async {
                yield_now().await;
                user()
            };
            let both: [std::pin::Pin<Box<dyn Future<Output = _>>>; 2] =
                [Box::pin(inside), Box::pin(beside)];
            let seen = glassloop::gather(both).await;
            assert_eq!(seen, [Some("inside".to_owned()), Some("outside".to_owned())]);
            assert_eq!(user().as_deref(), Some("outside"));
            assert_eq!(LEVEL.get(), Some(1), "other values are the task's");
        })
        .unwrap();
}

#[test]
fn a_future_sees_its_values_while_it_is_dropped() {
    let event_loop = EventLoop::test();
    let seen = Seen::default();
    let see = |what: &'static str, seen: &Seen| {
        let seen = Rc::clone(seen);
        OnDrop::new(move || seen.borrow_mut().push((what, user())))
    };
    let (aborted, scoped) = (see("aborted", &seen), see("scoped", &seen));
    let task = event_loop.spawn(async move {
        set("task");
        let scoped = USER.scope("scope".to_owned(), async move {
            let _scoped = scoped;
            pending::<()>().await
        });
        let _aborted = aborted;
        scoped.await
    });
    settle(&event_loop);
    task.abort();
    turn(&event_loop);
    let expected = [("scoped", Some("scope".to_owned())), ("aborted", Some("task".to_owned()))];
    assert_eq!(*seen.borrow(), expected);
}

#[test]
fn a_value_is_dropped_once_with_the_last_who_has_it() {
    let event_loop = EventLoop::test();
    let book = Book::new();
    let kept = Arc::clone(&book);
    event_loop
        .block_on(async move {
            NOTED.set(Noting::new(&kept, Event::OutputDropped));
            let child = spawn(async { sleep(MS).await });
            NOTED.set(Noting::new(&kept, Event::PayloadDropped));
            assert_eq!(kept.count(Event::OutputDropped), 0, "the child has it");
            child.await.unwrap();
            assert_eq!(kept.count(Event::OutputDropped), 1);
            assert_eq!(kept.count(Event::PayloadDropped), 0);
        })
        .unwrap();
    assert_eq!(book.count(Event::PayloadDropped), 1, "with its task");
    assert_eq!(book.elsewhere(), 0);
}

#[test]
fn a_value_may_do_anything_in_its_drop() {
    fn drop_rudely() {
        // Everything here would panic if a table of ours were borrowed.
        drop(glassloop::snapshot());
        spawn(async {}).detach();
        if USER.get().is_some() {
            set("from a drop");
        }
        panic_quietly("in the drop of a value")
    }
    let (event_loop, told) = telling_loop();
    for _ in 0..2 {
        event_loop
            .spawn(async {
                set("task");
                RUDE.set(OnDrop::new(drop_rudely));
                yield_now().await;
            })
            .detach();
    }
    settle(&event_loop);
    let after = event_loop.spawn(async { user() });
    assert_eq!(event_loop.block_on(after).unwrap().unwrap(), None);
    assert_eq!(told.borrow().len(), 2, "{told:?}");
}

#[test]
fn loops_in_loops_have_values_of_their_own() {
    let inner = EventLoop::test().block_on(async {
        set("outer");
        let inner = EventLoop::test().block_on(async {
            let at_first = user();
            set("inner");
            at_first
        });
        assert_eq!(user().as_deref(), Some("outer"));
        inner.unwrap()
    });
    assert_eq!(inner.unwrap(), None);
}

#[test]
fn outside_of_an_item_nothing_is_set() {
    let event_loop = EventLoop::test();
    event_loop.enter(|| assert_eq!(user(), None));
    assert_eq!(user(), None);
    let set_outside = std::panic::AssertUnwindSafe(|| event_loop.enter(|| set("nobody")));
    assert!(std::panic::catch_unwind(set_outside).is_err());
}
