//! Debug mode: what is odd though not wrong is told to the log, with its place.
#![cfg(test)]

#[path = "common/journal.rs"]
mod journal;

use std::{
    env,
    panic::{AssertUnwindSafe, catch_unwind},
    process::Command,
    thread,
    time::Duration,
};

use glassloop::{Clock, EventLoop, ManualClock, PollerKind, sleep, spawn, yield_now};

const MS: Duration = Duration::from_millis(1);

fn debugged(on: bool) -> (EventLoop, ManualClock) {
    let clock = ManualClock::new().with_autojump();
    let builder = EventLoop::builder().poller(PollerKind::TimersOnly).debug(on);
    (builder.clock(Clock::Manual(clock.clone())).build().unwrap(), clock)
}

/// The text of a panic.
fn message(panicked: Box<dyn std::any::Any + Send>) -> String {
    panicked.downcast_ref::<String>().cloned().unwrap_or_default()
}

#[test]
fn a_slow_item_is_told_with_its_places() {
    journal::take();
    for on in [true, false] {
        let (event_loop, clock) = debugged(on);
        let (slow, callback) = (clock.clone(), clock.clone());
        let line = line!();
        let task = event_loop.spawn(async move {
            sleep(MS).await;
            slow.advance(99 * MS);
            yield_now().await;
            slow.advance(100 * MS);
            sleep(MS).await;
        });
        event_loop.call_soon(move || callback.advance(250 * MS)).unwrap();
        event_loop.block_on(async { task.named("grinder").await.unwrap() }).unwrap();
        event_loop.close(Duration::ZERO);
        let here = |offset: u32, column: u32| format!("{}:{}:{column}", file!(), line + offset);
        let task = format!(
            "WARN: run: task #0.0 `grinder` asked for at {}, now waiting at {} \
             held the loop for 100 ms",
            here(1, 31),
            here(6, 23),
        );
        let callback =
            format!("WARN: run: a callback asked for at {} held the loop for 250 ms", here(8, 20));
        let told = journal::take();
        let expected = if on { vec![callback, task] } else { Vec::new() };
        assert_eq!(told, expected, "debug {on}");
    }
}

#[test]
fn a_handle_that_nobody_awaited_is_told_unless_its_owner_said_so() {
    journal::take();
    let (event_loop, _) = debugged(true);
    let line = line!() + 2;
    let ran = event_loop.block_on(async {
        drop(spawn(async {}).named("forgotten"));
        spawn(async {}).detach();
        let aborted = spawn(async {});
        aborted.abort();
        drop(aborted);
        spawn(async {}).await.unwrap();
        let waited = spawn(std::future::pending::<()>());
        assert!(glassloop::timeout(MS, waited).await.is_err(), "it was awaited for a while");
    });
    ran.unwrap();
    event_loop.close(Duration::ZERO);
    let told = journal::take();
    let place = format!("spawned at {}:{line}:14", file!());
    assert_eq!(told.len(), 1, "{told:?}");
    for part in ["`forgotten`", &place, "dropped unawaited", ".detach()"] {
        assert!(told[0].contains(part), "{part}: {told:?}");
    }
}

#[test]
fn handles_that_may_be_dropped_are_not_told() {
    journal::take();
    let (event_loop, _) = debugged(true);
    let ran = event_loop.block_on(async {
        spawn(async { Ok::<(), String>(()) }).or_report();
        drop(glassloop::shield(async {}));
        let scope = glassloop::scope(|scope: glassloop::Scope<String>| async move {
            drop(scope.spawn(async { Ok(()) }));
            Ok(())
        });
        scope.await.unwrap();
    });
    ran.unwrap();
    event_loop.close(Duration::ZERO);
    assert_eq!(journal::take(), [""; 0]);
}

#[test]
fn a_slow_microtask_is_told_and_not_the_item_after_it() {
    journal::take();
    let (event_loop, clock) = debugged(true);
    let guilty = move || {
        glassloop::queue_microtask(move || clock.advance(200 * MS)).unwrap();
    };
    event_loop.call_soon(guilty).unwrap();
    event_loop.block_on(async {}).unwrap();
    event_loop.close(Duration::ZERO);
    let told = "WARN: run: the microtasks after a callback held the loop for 200 ms";
    assert_eq!(journal::take(), [told]);
}

#[test]
fn a_loop_that_was_not_closed_is_told_even_if_nothing_was_left() {
    journal::take();
    for (on, lines) in [(true, 2), (false, 0)] {
        let line = line!() + 1;
        drop(EventLoop::builder().debug(on).build().unwrap());
        let (run, _) = debugged(on);
        run.block_on(async {}).unwrap();
        drop(run);
        let (closed, _) = debugged(on);
        assert!(closed.close(Duration::ZERO).is_clean());
        drop(closed);
        let told = journal::take();
        assert_eq!(told.len(), lines, "{told:?}");
        if on {
            let made = format!("the loop made at {}:{line}", file!());
            assert!(told[0].contains(&made) && told[0].contains("was never run"), "{told:?}");
            assert!(told[1].contains("was dropped without being closed"), "{told:?}");
        }
    }
}

#[test]
fn who_looks_for_a_loop_on_the_wrong_thread_is_told_where_they_are() {
    let line = line!() + 1;
    let event_loop = EventLoop::builder().debug(true).build().unwrap();
    let on_this = thread::current().name().unwrap_or_default().to_owned();
    let looking = thread::Builder::new().name("stranger".to_owned());
    let panicked = looking.spawn(|| drop(spawn(async {}))).unwrap().join().unwrap_err();
    let told = message(panicked);
    let place = format!("made at {}:{line}:55 on thread `{on_this}`", file!());
    for part in ["thread `stranger`", "Remote", &place] {
        assert!(told.contains(part), "{part}: {told}");
    }
    event_loop.close(Duration::ZERO);
    drop(event_loop);
    let panicked = catch_unwind(AssertUnwindSafe(|| drop(spawn(async {})))).unwrap_err();
    assert!(!message(panicked).contains(&place), "it lives no more");
}

/// Runs as a child of the test below, with the variable set or not.
#[test]
fn a_child_that_leaves_a_loop_unclosed() {
    if env::var_os("GLASSLOOP_TEST_CHILD").is_some() {
        journal::take();
        drop(EventLoop::new().unwrap());
        let told = journal::take().len();
        assert_eq!(told.to_string(), env::var("GLASSLOOP_TEST_CHILD").unwrap());
    }
}

#[test]
fn the_variable_switches_it_on_for_every_loop() {
    for (value, told) in [(Some("1"), "1"), (Some("0"), "0"), (Some(""), "0"), (None, "0")] {
        let mut child = Command::new(env::current_exe().unwrap());
        child.args(["--exact", "a_child_that_leaves_a_loop_unclosed"]);
        child.env("GLASSLOOP_TEST_CHILD", told).env_remove("GLASSLOOP_DEBUG");
        if let Some(value) = value {
            child.env("GLASSLOOP_DEBUG", value);
        }
        let output = child.output().unwrap();
        assert!(output.status.success(), "{value:?}: {}", String::from_utf8_lossy(&output.stdout));
    }
}
