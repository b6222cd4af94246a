//! Ends: those that don't come, what is left at them, and failures that nobody hears of.

use std::{
    future::{Future, pending},
    pin::Pin,
};

use super::*;
use glassloop::{JoinHandle, RunError, Scope, call_soon, scope, sleep, spawn, timeout, yield_now};

// ---- suspected-deadlock ----

#[test]
fn suspected_deadlock_is_found() {
    let event_loop = EventLoop::builder()
        .poller(PollerKind::TimersOnly)
        .limits(Limits { suspected_after_ms: 0, ..Limits::default() })
        .build()
        .unwrap();
    event_loop.deny([Lint::SuspectedDeadlock]);
    let (news, kept) = (Rc::default(), Kept::default());
    let waits = waits_for(&news, &kept);
    event_loop.spawn(waits).named("stuck").detach();
    let ended = event_loop.run();
    let finding = the_finding(&event_loop, Lint::SuspectedDeadlock);
    assert!(finding.subject.contains("`stuck`") && finding.place.is_some(), "{finding}");
    assert!(matches!(ended, Err(RunError::Found(found)) if *found == finding));

    // Whatever else may come, those who wait for each other it doesn't help. Each circle is told
    // once, of those in it.
    let (event_loop, _) = linting();
    circle(&event_loop, |join| Box::pin(async { drop(join.await) }));
    circle(&event_loop, |join| Box::pin(async { drop(join.await) }));
    event_loop.block_on(looks()).unwrap();
    let all = found(&event_loop, Lint::SuspectedDeadlock);
    assert_eq!(all.len(), 2, "{all:?}");
    for finding in all {
        assert!(finding.subject.contains("`Ada`") && finding.place.is_some(), "{finding}");
        assert!(finding.reason.contains("`Ben`, and so on in a circle of 2 tasks"), "{finding}");
        assert_eq!(finding.times, 1, "{finding}");
    }
}

/// Time for so many looks.
async fn looks() {
    for _ in 0..5 {
        sleep(SECOND / 5).await;
    }
}

type Joined = Pin<Box<dyn Future<Output = ()>>>;

/// Ada waits for Ben and Ben for Ada, by this.
fn circle(event_loop: &EventLoop, waits: fn(JoinHandle<()>) -> Joined) {
    let desks: [Rc<Cell<Option<JoinHandle<()>>>>; 2] = Default::default();
    for (name, at) in [("Ada", 0), ("Ben", 1)] {
        let other = Rc::clone(&desks[1 - at]);
        let task = async move {
            yield_now().await;
            waits(other.take().expect("it is there")).await;
        };
        desks[at].set(Some(event_loop.spawn(task).named(name)));
    }
}

#[test]
fn suspected_deadlock_is_silent_where_a_thread_is_about_to_answer() {
    let event_loop = EventLoop::builder().poller(PollerKind::TimersOnly).build().unwrap();
    event_loop.deny(Lint::ALL);
    let (thread, wakers) = std::sync::mpsc::channel::<Waker>();
    let answers = std::thread::spawn(move || wakers.into_iter().for_each(Waker::wake));
    let mut asked = false;
    let waits = poll_fn(move |cx| {
        if std::mem::replace(&mut asked, true) {
            return Poll::Ready(());
        }
        thread.send(cx.waker().clone()).unwrap();
        Poll::Pending
    });
    event_loop.block_on(waits).unwrap();
    answers.join().unwrap();
    all_silent(&event_loop);

    // Or where one of those who wait for each other loses patience, or is of a scope that may fail.
    let (event_loop, _) = linting();
    circle(&event_loop, |join| Box::pin(async { drop(timeout(9 * SECOND, join).await) }));
    event_loop.block_on(looks()).unwrap();
    circle(&event_loop, |join| {
        Box::pin(async {
            let fails = scope(|group: Scope<&str>| async move {
                group.spawn(async {
                    sleep(9 * SECOND).await;
                    Err::<(), _>("no more")
                });
                drop(join.await);
                Ok(())
            });
            assert!(fails.await.is_err());
        })
    });
    event_loop.block_on(looks()).unwrap();
    all_silent(&event_loop);
}

// ---- leak-at-close ----

#[test]
fn leak_at_close_is_found() {
    let (event_loop, _) = linting();
    event_loop.spawn(async { sleep(Duration::MAX).await }).named("forgotten").detach();
    event_loop.block_on(async { sleep(SECOND).await }).unwrap();
    all_silent(&event_loop);
    let left = event_loop.close(SECOND);
    assert_eq!(left.tasks_aborted, 1);
    let finding = the_finding(&event_loop, Lint::LeakAtClose);
    assert!(finding.subject.contains("`forgotten`") && finding.place.is_some(), "{finding}");
}

#[test]
fn leak_at_close_is_silent_on_what_ends_within_its_time() {
    let (event_loop, _) = linting();
    event_loop.spawn(async { sleep(SECOND).await }).detach();
    event_loop.enter(|| drop(call_soon(|| ()).unwrap()));
    assert!(event_loop.close(2 * SECOND).is_clean());
    all_silent(&event_loop);
}

// ---- dropped-failure ----

#[test]
fn dropped_failure_is_found() {
    let (event_loop, _) = linting();
    event_loop.spawn(async { panic!("nobody hears this") }).named("loner").detach();
    event_loop.block_on(async { yield_now().await }).unwrap();
    let finding = the_finding(&event_loop, Lint::DroppedFailure);
    assert!(finding.subject.contains("`loner`") && finding.place.is_some(), "{finding}");
    assert!(finding.reason.contains("nobody hears this"), "{finding}");
}

#[test]
fn dropped_failure_is_silent_where_somebody_takes_it() {
    let (event_loop, _) = linting();
    event_loop
        .block_on(async {
            let panics = spawn(async { panic!("heard") });
            let fails = spawn(async { Err::<(), _>("heard, too") });
            assert!(panics.await.is_err() && fails.await.unwrap().is_err());
            spawn(pending::<()>()).abort();
            // The one who listens for that is told.
            spawn(async { Err::<(), _>("reported") }).or_report();
            yield_now().await;
        })
        .unwrap();
    silent(&event_loop, Lint::DroppedFailure);
}
