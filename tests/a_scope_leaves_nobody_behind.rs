//! A scope leaves nobody behind: it returns when its children have ended, the first failure ends
//! the others, and no failure is lost.
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

use common::telling_loop;
use common::{Book, Event, Noting, OnDrop, counts, panic_quietly, settle, telling_builder, turn};
use glassloop::{
    EventLoop, JoinError, Limits, RunError, Scope, ScopeError, ScopeFailure, TaskId, scope, sleep,
    yield_now,
};

const MS: Duration = Duration::from_millis(1);

/// So many at once; a few where each instruction is checked.
const MANY: usize = if cfg!(miri) { 64 } else { 10_000 };

/// Waits for ever, and notes when it is dropped.
async fn linger(book: Arc<Book>) -> Result<(), String> {
    let _noting = Noting::new(&book, Event::FutureDropped);
    pending().await
}

fn text(error: &ScopeError<String>) -> String {
    let line = format!(" (born at {})", error.place);
    error.to_string().replace(&line, "")
}

#[test]
fn it_returns_after_its_last_child() {
    let order = EventLoop::test().block_on(async {
        let order = Rc::new(RefCell::new(Vec::new()));
        let noted = Rc::clone(&order);
        let value = scope(|s: Scope<String>| async move {
            for after in [30, 10, 20] {
                let noted = Rc::clone(&noted);
                s.spawn(async move {
                    sleep(after * MS).await;
                    noted.borrow_mut().push(after);
                    Ok(())
                });
            }
            noted.borrow_mut().push(0);
            Ok("body")
        });
        assert_eq!(value.await.unwrap(), "body");
        order.borrow().clone()
    });
    assert_eq!(order.unwrap(), [0, 10, 20, 30]);
}

#[test]
fn the_body_may_borrow_and_take_the_values_of_its_children() {
    let sum = EventLoop::test().block_on(async {
        let (factor, mut seen) = (2, 0);
        let body = async |s: Scope<String>| {
            let children: Vec<_> = (1..=10).map(|n| s.spawn(async move { Ok(n) })).collect();
            for child in children {
                seen += factor * child.await.unwrap();
            }
            Ok(())
        };
        scope(body).await.unwrap();
        seen
    });
    assert_eq!(sum.unwrap(), 110);
}

#[test]
fn the_first_error_ends_the_siblings_and_the_body_and_is_the_result() {
    let event_loop = EventLoop::test();
    let book = Book::new();
    let kept = Arc::clone(&book);
    let error = event_loop.block_on(async move {
        let failed = scope(|s| async move {
            for _ in 0..3 {
                s.spawn(linger(Arc::clone(&kept)));
            }
            s.spawn(async {
                sleep(MS).await;
                Err::<(), _>("disk full".to_owned())
            })
            .named("writer");
            linger(kept).await
        });
        failed.await.unwrap_err()
    });
    let error = error.unwrap();
    assert_eq!(book.count(Event::FutureDropped), 4, "before the scope returned");
    assert_eq!(text(&error), "scope: `writer` failed: disk full");
    assert!(!error.task.is_none());
    assert_eq!(error.into_error().as_deref(), Some("disk full"));
    assert_eq!(event_loop.snapshot().tasks.len(), 0);
}

#[test]
fn a_panic_of_a_child_is_a_failure_like_an_error() {
    let (event_loop, told) = telling_loop();
    let book = Book::new();
    let kept = Arc::clone(&book);
    let error = event_loop.block_on(async move {
        let failed = scope(|s: Scope<String>| async move {
            s.spawn(linger(kept));
            let child = s.spawn(async { panic_quietly::<_>("ouch") });
            let (): () = child.await.unwrap();
            Ok(())
        });
        failed.await.unwrap_err()
    });
    let error = error.unwrap();
    assert!(matches!(error.failure, ScopeFailure::Panicked(_)), "{error:?}");
    assert_eq!(book.count(Event::FutureDropped), 1);
    assert!(text(&error).ends_with("panicked: ouch"), "{error}");
    assert_eq!(told.borrow().len(), 0);
}

#[test]
fn a_failure_of_the_body_ends_the_children_too() {
    for panics in [false, true] {
        let event_loop = EventLoop::test();
        let book = Book::new();
        let kept = Arc::clone(&book);
        let error = event_loop.block_on(async move {
            let failed = scope(|s| async move {
                s.spawn(linger(kept));
                yield_now().await;
                if panics {
                    panic_quietly("no")
                }
                Err::<(), _>("no".to_owned())
            });
            failed.await.unwrap_err()
        });
        let error = error.unwrap();
        assert_eq!((error.task, error.name.as_str()), (TaskId::NONE, "body"));
        assert_eq!(matches!(error.failure, ScopeFailure::Panicked(_)), panics);
        assert_eq!(book.count(Event::FutureDropped), 1);
    }
}

#[test]
fn a_dropped_scope_drops_its_children_on_the_loop_and_in_its_turn() {
    let event_loop = EventLoop::test();
    let book = Book::new();
    let kept = Arc::clone(&book);
    let late = Rc::new(Cell::new(None));
    let keeps = Rc::clone(&late);
    let holder = event_loop.spawn(async move {
        let running = scope(|s: Scope<String>| async move {
            keeps.set(Some(s.clone()));
            for _ in 0..5 {
                s.spawn(linger(Arc::clone(&kept)));
            }
            Ok(())
        });
        running.await
    });
    settle(&event_loop);
    assert_eq!(event_loop.snapshot().tasks.len(), 6);
    holder.abort();
    turn(&event_loop);
    assert_eq!(book.count(Event::FutureDropped), 0, "each when its entry comes up");
    turn(&event_loop);
    assert_eq!((book.count(Event::FutureDropped), book.elsewhere()), (5, 0));
    // Whoever still holds the scope can't spawn into it.
    let s = late.take().unwrap();
    let refused = event_loop.block_on(async move { s.spawn(async { Ok(()) }).await });
    assert!(matches!(refused, Ok(Err(JoinError::Refused))), "{refused:?}");
}

#[test]
fn children_may_spawn_siblings_after_the_body_has_ended() {
    let deep = MANY;
    let ended = EventLoop::test().block_on(async move {
        fn spawn(s: &Scope<String>, left: usize, ended: &Rc<Cell<usize>>) {
            let (next, ended) = (s.clone(), Rc::clone(ended));
            s.spawn(async move {
                ended.set(ended.get() + 1);
                if left > 1 {
                    spawn(&next, left - 1, &ended);
                }
                Ok(())
            });
        }
        let ended = Rc::new(Cell::new(0));
        scope(async |s| {
            spawn(&s, deep, &ended);
            Ok(())
        })
        .await
        .unwrap();
        ended.get()
    });
    assert_eq!(ended.unwrap(), deep);
}

#[test]
fn a_scope_in_a_scope_fails_with_it_and_without_it() {
    let event_loop = EventLoop::test();
    let book = Book::new();
    let kept = Arc::clone(&book);
    let error = event_loop.block_on(async move {
        let outer = scope(|s| async move {
            let inner = Arc::clone(&kept);
            s.spawn(async move {
                let inner = scope(|s| async move {
                    s.spawn(linger(Arc::clone(&inner)));
                    linger(inner).await
                });
                inner.await.map_err(|error| error.to_string())
            });
            // One that fails by itself, and of which the outer one needn't know.
            let failed = scope(|s| async move {
                s.spawn(async { Err::<(), _>("inner".to_owned()) });
                linger(kept).await
            });
            assert_eq!(failed.await.unwrap_err().into_error().unwrap(), "inner");
            Err::<(), _>("outer".to_owned())
        });
        outer.await.unwrap_err().into_error()
    });
    assert_eq!(error.unwrap().as_deref(), Some("outer"));
    settle(&event_loop);
    assert_eq!(book.count(Event::FutureDropped), 3);
    assert_eq!(event_loop.snapshot().tasks.len(), 0);
}

#[test]
fn a_second_failure_goes_to_on_unhandled() {
    let (builder, told) = telling_builder();
    let mut limits = Limits::default();
    limits.executor.tasks_max = 2;
    let event_loop = builder.limits(limits).build().unwrap();
    let error = event_loop.block_on(async {
        let failed = scope(|s: Scope<String>| async move {
            s.spawn(linger(Book::new()));
            s.spawn(linger(Book::new()));
            Err::<(), _>("the body".to_owned())
        });
        failed.await.unwrap_err()
    });
    assert!(matches!(error.unwrap().failure, ScopeFailure::Refused));
    assert_eq!(*told.borrow(), ["`body` in a scope"]);
}

#[test]
fn a_child_that_is_aborted_alone_is_no_failure() {
    let event_loop = EventLoop::test();
    let cancelled = event_loop.block_on(async {
        let ended = scope(|s: Scope<String>| async move {
            let child = s.spawn(linger(Book::new()));
            child.abort();
            Ok(matches!(child.await, Err(JoinError::Cancelled)))
        });
        ended.await.unwrap()
    });
    assert!(cancelled.unwrap());
}

#[test]
fn a_child_that_panics_in_its_drop_is_told_and_waited_for() {
    let (event_loop, told) = telling_loop();
    let error = event_loop.block_on(async {
        let failed = scope(|s| async move {
            let bad = OnDrop::new(|| panic_quietly("in the drop"));
            s.spawn(async move {
                let _bad = bad;
                pending::<Result<(), String>>().await
            })
            .named("bad");
            yield_now().await;
            Err::<(), _>("first".to_owned())
        });
        failed.await.unwrap_err().into_error()
    });
    assert_eq!(error.unwrap().as_deref(), Some("first"));
    assert_eq!(told.borrow().len(), 1);
    assert!(told.borrow()[0].contains("`bad`"), "{told:?}");
}

#[test]
fn a_snapshot_names_the_children_that_a_scope_waits_for() {
    let event_loop = EventLoop::test();
    let waits = event_loop.spawn(async {
        let running = scope(|s: Scope<String>| async move {
            s.spawn(linger(Book::new())).named("ada");
            s.spawn(linger(Book::new())).named("bob");
            Ok(())
        });
        running.await.unwrap();
    });
    settle(&event_loop);
    let snapshot = event_loop.snapshot();
    let scope = snapshot.task(waits.id()).unwrap();
    let lines: Vec<_> = scope.waits.iter().map(|w| (w.operation, w.of.as_str())).collect();
    assert_eq!(lines, [("scope", "task #1.1 `ada`"), ("scope", "task #2.2 `bob`")]);
    for wait in &scope.waits {
        assert_eq!(wait.place.unwrap().file(), file!());
    }
    // And because it waits for nobody else, the deadlock is proven.
    let Err(RunError::Deadlock(report)) = event_loop.run() else { panic!("no deadlock") };
    assert_eq!(report.tasks.len(), 3);
}

#[test]
fn ten_thousand_children_wake_their_scope_once() {
    let many = MANY;
    let event_loop = EventLoop::test();
    event_loop
        .block_on(async move {
            scope(|s: Scope<String>| async move {
                for _ in 0..many {
                    s.spawn(async {
                        yield_now().await;
                        Ok(())
                    });
                }
                Ok(())
            })
            .await
            .unwrap();
        })
        .unwrap();
    let counts = counts(&event_loop);
    assert_eq!(counts.polls, 2 * many as u64 + 2, "each child twice, the scope before and after");
}
