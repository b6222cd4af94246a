//! For any task it can be asked why it ran last and why it is not running; the answer goes back to
//! what came from outside, and on to what could end the wait.
//!
//! `tests/golden/why.txt` has the answers for a program of 20 tasks; `GLASSLOOP_BLESS=1` rewrites
//! it. What the terminal says of the same program is in `inspector/tests/`.
#![cfg(test)]
#![cfg(feature = "observe")]

#[path = "common/golden.rs"]
mod golden;
#[path = "common/twenty_tasks.rs"]
mod program;

use std::{cell::RefCell, fmt::Write, future::pending, rc::Rc, time::Duration};

use glassloop::{
    EventLoop, JoinHandle, Limits, ManualClock, Scope, TaskId, gather, scope, sleep, spawn,
    timeout, yield_now,
};
use glassloop_inspector::{ChainEnd, History, Names, Origin, TaskTree, why_ran, why_waits};
use program::{LONG, TwentyTasks, recorded_loop, settle, twenty_tasks};

#[test]
fn each_of_twenty_tasks_has_a_reason_that_comes_from_outside() {
    let TwentyTasks { event_loop, .. } = twenty_tasks();
    let snapshot = event_loop.snapshot();
    let (history, names) = (History::read(&event_loop.watch(), 0), Names::of(&snapshot));
    assert_eq!(snapshot.tasks.len(), 20);
    let mut told = String::new();
    for task in &snapshot.tasks {
        let ran = why_ran(&history, &names, task.id);
        let from_outside =
            matches!(ran.origin, Origin::Source(_) | Origin::Timer(_) | Origin::Thread);
        assert!(from_outside, "{}: {:?}\n{ran}", task.name, ran.origin);
        let waits = why_waits(&snapshot, task.id);
        for line in waits.lines.iter().filter(|line| line.end != ChainEnd::Several) {
            let outside =
                matches!(line.end, ChainEnd::Source(_) | ChainEnd::Timer(_) | ChainEnd::Thread);
            assert!(outside, "{}: {line:?}", task.name);
        }
        writeln!(told, "{}", names.task(task.id)).unwrap();
        for line in ran.to_string().lines().chain(waits.to_string().lines()) {
            writeln!(told, "  {line}").unwrap();
        }
    }
    golden::is_golden("tests/golden/why.txt", &told);
    event_loop.close(Duration::ZERO);
}

/// Two tasks that join each other, and one that joins the first: their ids.
fn joined_in_a_ring(event_loop: &EventLoop, also: Option<Duration>) -> [TaskId; 3] {
    let handles: Rc<RefCell<Vec<JoinHandle<()>>>> = Rc::default();
    let join_the_other = |also: Option<Duration>| {
        let handles = Rc::clone(&handles);
        async move {
            let other = handles.borrow_mut().pop().unwrap();
            match also {
                None => other.await.unwrap(),
                Some(also) => drop(timeout(also, other).await),
            }
        }
    };
    let a = event_loop.spawn(join_the_other(None)).named("a");
    let b = event_loop.spawn(join_the_other(also)).named("b");
    let ids = [a.id(), b.id()];
    // The first takes what lies on top: the other's.
    handles.borrow_mut().extend([a, b]);
    settle(event_loop);
    let third = event_loop.spawn(pending::<()>()).named("c");
    let [a, b] = ids;
    let id = third.id();
    third.detach();
    settle(event_loop);
    [a, b, id]
}

#[test]
fn a_cycle_of_joins_is_told_once_as_a_cycle() {
    let event_loop = recorded_loop(&ManualClock::new());
    let [a, b, c] = joined_in_a_ring(&event_loop, None);
    let snapshot = event_loop.snapshot();
    let told = |id| why_waits(&snapshot, id).to_string();
    let end = "a cycle, nothing can end it\n";
    assert_eq!(told(a), format!("#0.0 `a` joins #1.1 `b` joins #0.0 `a`: {end}"));
    assert_eq!(told(b), format!("#1.1 `b` joins #0.0 `a` joins #1.1 `b`: {end}"));
    let foreign = "#2.2 `c` waits: a leaf that isn't ours; nobody holds a waker of it\n";
    assert_eq!(told(c), foreign);
    let chain = why_waits(&snapshot, a);
    assert_eq!(chain.lines.len(), 1);
    assert_eq!(chain.lines[0].end, ChainEnd::Cycle);
    assert_eq!(chain.to_json()["lines"][0]["tasks"], serde_json::json!(["#0.0", "#1.1", "#0.0"]));
    event_loop.close(Duration::ZERO);
}

#[test]
fn a_cycle_that_a_timer_may_end_is_not_called_hopeless() {
    let event_loop = recorded_loop(&ManualClock::new());
    let [a, ..] = joined_in_a_ring(&event_loop, Some(LONG));
    let told = why_waits(&event_loop.snapshot(), a).to_string();
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(lines[0], "#0.0 `a` joins #1.1 `b`, which waits for 2 things:");
    assert!(lines[1].starts_with("  timeout of a timer due in 1.000 s at tests/"), "{told}");
    assert_eq!(lines[2], "  joins #0.0 `a`: a cycle, only what else they wait for ends it");
    assert_eq!(lines.len(), 3);
    event_loop.close(Duration::ZERO);
}

#[test]
fn who_is_not_waiting_is_told_so() {
    let clock = ManualClock::new();
    let event_loop = recorded_loop(&clock);
    event_loop
        .block_on(async {
            let told = |id| why_waits(&glassloop::snapshot(), id).to_string();
            let task = spawn(async {}).named("task");
            let id = task.id();
            assert_eq!(told(id), "#1.1 `task` is ready: it stands in line\n");
            yield_now().await;
            assert_eq!(told(id), "#1.1 `task` has ended: its result was not taken yet\n");
            task.await.unwrap();
            assert_eq!(told(id), "#1.1 `task` has ended, or never was\n");
            let main = TaskId { index: 0, generation: 0 };
            assert_eq!(told(main), "#0.0 `main` is running\n");
            let aborted = spawn(async {}).named("aborted");
            aborted.abort();
            let aborted = told(aborted.id());
            assert!(aborted.ends_with("was aborted: it stands in line to be dropped\n"));
        })
        .unwrap();
}

#[test]
fn who_waits_for_several_has_a_line_for_each_and_a_task_is_told_once() {
    let event_loop = recorded_loop(&ManualClock::new());
    let sleeper = || async { sleep(LONG).await };
    let all = event_loop.spawn(async move {
        let both = (0..3).map(|_| spawn(sleeper()).named("sleeper"));
        drop(gather(both).await);
    });
    settle(&event_loop);
    let chain = why_waits(&event_loop.snapshot(), all.id());
    assert_eq!(chain.lines.len(), 4, "{chain}");
    assert_eq!(chain.lines[0].end, ChainEnd::Several);
    let due = LONG.as_nanos().try_into().unwrap();
    assert!(chain.lines[1..].iter().all(|line| line.end == ChainEnd::Timer(due)), "{chain}");
    let tree = TaskTree::of(&event_loop.snapshot());
    assert_eq!(tree.rows.iter().map(|row| row.depth).collect::<Vec<_>>(), [0, 1, 1, 1]);
    all.abort();
    settle(&event_loop);

    let parent = event_loop.spawn(async {
        let children = scope(|s: Scope<String>| async move {
            let one = s.spawn(async {
                sleep(LONG).await;
                Ok(())
            });
            let one = one.named("one");
            let two = async move {
                one.await.unwrap();
                Ok(())
            };
            s.spawn(two).named("two");
            Ok(())
        });
        children.await.unwrap();
    });
    settle(&event_loop);
    let chain = why_waits(&event_loop.snapshot(), parent.id()).to_string();
    let lines: Vec<_> = chain.lines().collect();
    assert!(
        lines[1].starts_with("  has in its scope #5.5 `one`, which waits: sleep of"),
        "{chain}"
    );
    assert_eq!(lines[2], "  has in its scope #6.6 `two` joins #5.5 `one`: told above", "{chain}");
    parent.abort();
    event_loop.close(Duration::ZERO);
}

#[test]
fn why_a_task_ran_ends_where_the_ring_was_cut() {
    let limits = Limits { ring_events_max: 64, ..Limits::default() };
    let event_loop = EventLoop::builder().limits(limits).build().unwrap();
    event_loop.record(true);
    let id = event_loop
        .block_on(async {
            let task = spawn(async {
                for _ in 0..200 {
                    yield_now().await;
                }
            });
            let id = task.id();
            task.await.unwrap();
            id
        })
        .unwrap();
    let history = History::read(&event_loop.watch(), 0);
    let causes = why_ran(&history, &Names::of(&event_loop.snapshot()), id);
    assert_eq!(causes.origin, Origin::Unrecorded);
    let last = &causes.steps.last().unwrap().text;
    let lost = format!("of which {} events were lost", history.lost);
    assert!(history.lost > 0 && last.ends_with(&lost), "{last}");
    assert!(causes.steps[0].text.contains("because it woke itself in turn"), "{causes}");
}
