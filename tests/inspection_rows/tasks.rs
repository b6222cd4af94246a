//! Rows 1 to 8, 11 and 12: which tasks there are, where they stand and what each has done.

use std::{cell::RefCell, future::pending, rc::Rc, task::Waker};

use glassloop::{By, TaskId, WaitsOn, net, sleep, spawn, yield_now};
use glassloop_inspector::{ChainEnd, TaskTree, why_waits};
use serde_json::json;

use crate::*;

#[test]
fn row_01_a_list_of_tasks() {
    let _alone = alone();
    let (event_loop, _clock) = recorded_loop();
    event_loop.spawn(pending::<()>()).named("first").detach();
    event_loop.spawn(async { sleep(MS).await }).named("second").detach();
    event_loop.spawn(async {}).named("gone").detach();
    settle(&event_loop);
    event_loop.spawn(pending::<()>()).named("born last").detach();
    let snapshot = event_loop.snapshot();
    let told = |task: &TaskLine| (task.name.clone().into_owned(), task.state.name());
    let told: Vec<_> = snapshot.tasks.iter().map(told).collect();
    let expected = [("first", "waiting"), ("second", "waiting"), ("born last", "ready")];
    assert_eq!(told, expected.map(|(name, state)| (name.to_owned(), state)));

    let state = state_of(&event_loop);
    assert_eq!(each(&state["tasks"], "name"), ["first", "second", "born last"]);
    assert_eq!(each(&state["tasks"], "state"), ["waiting"; 3]);
    let ids: Vec<_> = snapshot.tasks.iter().map(|task| json!(task.id.to_string())).collect();
    assert_eq!(each(&state["tasks"], "id"), ids);
}

#[test]
fn row_02_a_tree_of_tasks_by_who_spawned_whom() {
    let _alone = alone();
    let (event_loop, _clock) = recorded_loop();
    let parent = async {
        let child = async {
            spawn(pending::<()>()).named("grandchild").detach();
            pending::<()>().await;
        };
        spawn(child).named("child").detach();
        spawn(pending::<()>()).named("second child").detach();
        pending::<()>().await;
    };
    event_loop.spawn(parent).named("parent").detach();
    event_loop.spawn(pending::<()>()).named("stranger").detach();
    settle(&event_loop);
    let snapshot = event_loop.snapshot();
    let tree = TaskTree::of(&snapshot);
    let told: Vec<_> = tree.rows.iter().map(|row| (row.depth, &*row.name)).collect();
    let expected =
        [(0, "parent"), (1, "child"), (2, "grandchild"), (1, "second child"), (0, "stranger")];
    assert_eq!(told, expected);
    let id = |name| named(&snapshot, name).id;
    let parents: Vec<_> = tree.rows.iter().map(|row| row.parent).collect();
    let none = TaskId::NONE;
    assert_eq!(parents, [none, id("parent"), id("child"), id("parent"), none]);
    let state = state_of(&event_loop);
    let mut parents = state["tasks"].as_array().unwrap().iter();
    let child = parents.find(|task| task["name"] == "child").unwrap();
    assert_eq!(child["parent"], id("parent").to_string());
}

#[test]
fn row_03_who_awaits_whom() {
    let _alone = alone();
    let (event_loop, _clock) = recorded_loop();
    let sleeps = line!() + 1;
    let last = event_loop.spawn(async { sleep(5 * MS).await }).named("last");
    let middle = event_loop.spawn(async { last.await.unwrap() }).named("middle");
    let first = event_loop.spawn(async { middle.await.unwrap() }).named("first");
    let id = first.id();
    first.detach();
    settle(&event_loop);
    let chain = why_waits(&event_loop.snapshot(), id);
    let place = here(file!(), sleeps);
    let said = format!(
        "{id} `first` joins #1.1 `middle` joins #0.0 `last`, which waits: \
         sleep of a timer due in 5.000 ms at {place}"
    );
    assert_eq!(chain.to_string(), format!("{said}\n"));
    let [line] = &chain.lines[..] else { panic!("{chain:?}") };
    assert_eq!((line.tasks.len(), line.end), (3, ChainEnd::Timer(5 * MS_NS)));
    let told = told_of(&event_loop, &format!("/why?task={}", asked_for(id)));
    assert_eq!(told["waits"], json!([said]));
}

#[test]
fn row_04_the_place_of_the_spawn() {
    let _alone = alone();
    let (event_loop, _clock) = recorded_loop();
    let outside = line!() + 1;
    event_loop.spawn(pending::<()>()).named("from outside").detach();
    let inside = line!() + 2;
    let parent = async {
        spawn(pending::<()>()).named("from a task").detach();
    };
    event_loop.spawn(parent).detach();
    settle(&event_loop);
    let (snapshot, state) = (event_loop.snapshot(), state_of(&event_loop));
    let places = [outside, inside].map(|line| here(file!(), line));
    for (name, place) in ["from outside", "from a task"].into_iter().zip(&places) {
        assert_eq!(&written(named(&snapshot, name).born), place, "{name}");
    }
    assert_eq!(each(&state["tasks"], "born"), places);
}

#[test]
fn row_05_the_place_of_the_await() {
    let _alone = alone();
    let (event_loop, clock) = recorded_loop();
    let first = line!() + 2;
    let waits = async {
        sleep(MS).await;
        sleep(MS).await;
    };
    event_loop.spawn(waits).named("waits").detach();
    settle(&event_loop);
    for line in [first, first + 1] {
        let (task, place) = (named(&event_loop.snapshot(), "waits"), here(file!(), line));
        assert_eq!([written(task.awaits), written(task.waits[0].place)], [&*place, &*place]);
        let told = state_of(&event_loop);
        assert_eq!(told["tasks"][0]["awaits"], place);
        assert_eq!(told["tasks"][0]["waits"][0]["at"], place);
        advance(&event_loop, &clock, MS);
    }
    assert!(event_loop.snapshot().tasks.is_empty());
}

#[test]
fn row_06_what_it_waits_for() {
    let _alone = alone();
    let (event_loop, _clock) = recorded_loop();
    let (near, _far) = event_loop.enter(net::duplex).unwrap();
    let read = async move { near.read(&mut [0; 8]).await.map(drop) };
    event_loop.spawn(read).named("reader").detach();
    event_loop.spawn(async { sleep(7 * MS).await }).named("sleeper").detach();
    let other = event_loop.spawn(pending::<()>()).named("other");
    let other_id = other.id();
    event_loop.spawn(async { other.await.unwrap() }).named("joiner").detach();
    settle(&event_loop);
    let snapshot = event_loop.snapshot();
    let source = &snapshot.sources[0];
    let expected = [
        ("reader", "read", source.name.clone(), WaitsOn::Source(source.id)),
        ("sleeper", "sleep", "timer due in 7.000ms".into(), WaitsOn::Timer(7 * MS_NS)),
        ("joiner", "join", format!("task {other_id} `other`"), WaitsOn::Task(other_id)),
    ];
    let state = state_of(&event_loop);
    let rows = state["tasks"].as_array().unwrap();
    for (name, operation, of, on) in expected {
        let task = named(&snapshot, name);
        let [wait] = &task.waits[..] else { panic!("{task:?}") };
        assert_eq!((wait.operation, &wait.of, wait.on), (operation, &of, on), "{name}");
        let row = rows.iter().find(|row| row["name"] == name).unwrap();
        let wait = &row["waits"][0];
        assert_eq!((&wait["operation"], &wait["of"]), (&json!(operation), &json!(of)));
    }
}

#[test]
fn row_07_the_number_of_polls() {
    let _alone = alone();
    let (event_loop, clock) = recorded_loop();
    let polled = async {
        yield_now().await;
        yield_now().await;
        sleep(MS).await;
        pending::<()>().await;
    };
    event_loop.spawn(polled).named("polled").detach();
    let polls = || named(&event_loop.snapshot(), "polled").polls;
    assert_eq!(polls(), 0, "it was not polled yet");
    settle(&event_loop);
    assert_eq!(polls(), 3);
    advance(&event_loop, &clock, MS);
    assert_eq!(polls(), 4);
    assert_eq!(event_loop.snapshot().executor.polls, 4);
    let state = state_of(&event_loop);
    assert_eq!((&state["tasks"][0]["polls"], &state["counts"]["polls"]), (&json!(4), &json!(4)));
}

#[test]
fn row_08_busy_scheduled_and_idle_time_and_the_longest_poll() {
    let _alone = alone();
    let (event_loop, clock) = recorded_loop();
    let (ahead, works) = (clock.clone(), clock.clone());
    // Both are woken at once: the second is scheduled while the first one works.
    event_loop.spawn(async move { ahead.advance(3 * MS) }).named("ahead").detach();
    let worker = async move {
        works.advance(5 * MS);
        sleep(10 * MS).await;
        works.advance(2 * MS);
        pending::<()>().await;
    };
    event_loop.spawn(worker).named("worker").detach();
    settle(&event_loop);
    advance(&event_loop, &clock, 10 * MS);
    let snapshot = event_loop.snapshot();
    let times = named(&snapshot, "worker").times.unwrap();
    assert_eq!((times.busy_ns, times.scheduled_ns), (7 * MS_NS, 3 * MS_NS));
    assert_eq!(times.polls.max(), 5 * MS);
    assert_eq!(snapshot.recorded.unwrap().times.polls.max(), 5 * MS, "the longest of all");
    let state = state_of(&event_loop);
    let times = &state["tasks"][0]["times"];
    let told = ["busy_ns", "scheduled_ns", "idle_ns"].map(|of| times[of].as_u64().unwrap());
    assert_eq!(told, [7, 3, 10].map(|ms| ms * MS_NS));
    assert_eq!(times["polls"]["max_ns"], 5 * MS_NS);
    assert_eq!(state["recorded"]["times"]["polls"]["max_ns"], 5 * MS_NS);
}

/// Where somebody leaves wakers.
type Kept = Rc<RefCell<Vec<Waker>>>;

/// Leaves so many of its wakers, and never ends.
async fn left(kept: Kept, count: usize) {
    std::future::poll_fn(|cx| {
        let mut kept = kept.borrow_mut();
        kept.clear();
        kept.extend((0..count).map(|_| cx.waker().clone()));
        std::task::Poll::<()>::Pending
    })
    .await;
}

#[test]
fn row_11_the_number_of_wakes_and_the_last_one() {
    let _alone = alone();
    let (event_loop, _clock) = recorded_loop();
    let kept = Kept::default();
    event_loop.spawn(left(Rc::clone(&kept), 1)).named("woken").detach();
    settle(&event_loop);
    let by = |name: &str| {
        let taken = kept.borrow_mut().pop().unwrap();
        let waker = event_loop.spawn(async move { taken.wake() }).named(name.to_owned());
        let id = waker.id();
        waker.detach();
        settle(&event_loop);
        (named(&event_loop.snapshot(), "woken"), id)
    };
    let (before, _) = by("first");
    let (task, last) = by("second");
    assert_eq!(task.wakes - before.wakes, 1);
    let Some(By::Item(entry)) = task.woken_by else { panic!("{:?}", task.woken_by) };
    assert_eq!((task.wakes, entry.task_id()), (2, last));
    let said = format!("task {last} `second`");
    let wakes = told_of(&event_loop, &format!("/wakes?task={}", asked_for(task.id)));
    assert_eq!((&wakes["count"], &wakes["last"][0]["who"]), (&json!(task.wakes), &json!(said)));
    assert_eq!(wakes["last"][2]["who"], "the host, which spawned it");
    let state = state_of(&event_loop);
    assert_eq!(state["tasks"][0]["wakes"], 2);
}

#[test]
fn row_12_the_wakers_that_are_alive() {
    let _alone = alone();
    let (event_loop, _clock) = recorded_loop();
    let kept = Kept::default();
    event_loop.spawn(left(Rc::clone(&kept), 3)).named("held").detach();
    settle(&event_loop);
    let held = || named(&event_loop.snapshot(), "held").wakers_held;
    assert_eq!(held(), 3);
    let copy = kept.borrow()[0].clone();
    assert_eq!(held(), 4);
    assert_eq!(state_of(&event_loop)["tasks"][0]["wakers"], 4);
    drop(copy);
    kept.borrow_mut().clear();
    assert_eq!(held(), 0, "nobody can wake it any more");
    assert_eq!(state_of(&event_loop)["tasks"][0]["wakers"], 0);
}
