//! Rows 44 to 48: a loop that is stopped, stepped, moved in time, shuffled, and rid of a task.

use std::{cell::RefCell, rc::Rc};

use glassloop::{
    JoinError, JoinHandle, RunPolicy, StepTo, call_soon, net, sleep, spawn, yield_now,
};
use serde_json::json;

use crate::{
    scripted::{echo_server, scripted_loop, three_peers},
    *,
};

/// What ran, in order.
type Said = Rc<RefCell<Vec<String>>>;

/// A task for each name that says it, twice.
fn says(event_loop: &EventLoop, names: &[&'static str]) -> (Said, Vec<JoinHandle<()>>) {
    let said = Said::default();
    let spawn = |name: &&'static str| {
        let (name, said) = (*name, Rc::clone(&said));
        let says = async move {
            said.borrow_mut().push(name.to_owned());
            yield_now().await;
            said.borrow_mut().push(format!("{name} again"));
        };
        event_loop.spawn(says).named(name)
    };
    let tasks = names.iter().map(spawn).collect();
    (said, tasks)
}

/// What the loop is told, by who may.
fn tells(inspector: &Inspected, event_loop: &EventLoop, path: &str, mut body: Value) -> Value {
    body["loop"] = number_of(event_loop).into();
    heard(event_loop, || ordered(inspector, path, &body))
}

#[test]
fn row_44_the_loop_is_paused() {
    let _alone = alone();
    let (event_loop, clock) = recorded_loop();
    let inspector = controls();
    let paused = tells(&inspector, &event_loop, "/pause", json!({}));
    let (said, _tasks) = says(&event_loop, &["a"]);
    assert_eq!((&paused["ordered"], &paused["stopped"]["by"]), (&json!(true), &Value::Null));
    advance(&event_loop, &clock, MS);
    assert_eq!(said.borrow().len(), 0, "it runs nothing");
    // It answers who looks, and says that it stands.
    let state = state_of(&event_loop);
    assert_eq!(each(&state["tasks"], "state"), ["ready"]);
    assert_eq!(state["pace"]["ordered"], true);
    assert_eq!(event_loop.snapshot().executor.polls, 0);
    let resumed = tells(&inspector, &event_loop, "/resume", json!({}));
    assert_eq!(resumed, json!({ "ordered": false, "stopped": null }));
    settle(&event_loop);
    assert_eq!(*said.borrow(), ["a", "a again"]);
    // The same from within the program.
    let (said, _tasks) = says(&event_loop, &["b"]);
    event_loop.watch().pause();
    settle(&event_loop);
    assert!(said.borrow().is_empty() && event_loop.watch().stopped(Duration::ZERO).is_some());
    event_loop.watch().resume();
    settle(&event_loop);
    assert_eq!(*said.borrow(), ["b", "b again"]);
    // And that of the view alone.
    let keys = inspector.ask("GET /page/views/keys.js", &inspector.host()).body;
    assert!(keys.contains("'space', 'pause, or go on', 'pause'"));
}

#[test]
fn row_45_single_steps() {
    let _alone = alone();
    let (event_loop, _clock) = recorded_loop();
    let inspector = controls();
    tells(&inspector, &event_loop, "/pause", json!({}));
    let (said, tasks) = says(&event_loop, &["a", "b", "c"]);
    let step = |to: Value| {
        let told = tells(&inspector, &event_loop, "/step", json!({ "to": to }));
        let next = told["stopped"]["next"].as_str().unwrap_or("nothing").to_owned();
        (next, said.borrow_mut().drain(..).collect::<Vec<_>>())
    };
    let name = |at: usize, name: &str| format!("task {} `{name}`", tasks[at].id());
    assert_eq!(step(json!("item")), (name(1, "b"), vec!["a".to_owned()]));
    assert_eq!(step(json!("turn")), (name(0, "a"), vec!["b".to_owned(), "c".to_owned()]));
    let to_c = json!({ "task": tasks[2].id().to_string() });
    let again = vec!["a again".to_owned(), "b again".to_owned()];
    assert_eq!(step(to_c), (name(2, "c"), again));
    assert_eq!(step(json!("item")).1, ["c again"]);
    tells(&inspector, &event_loop, "/resume", json!({}));
    // In a program: through a watch, and turn by turn.
    let (said, _tasks) = says(&event_loop, &["d", "e"]);
    event_loop.watch().step(StepTo::NextItem);
    settle(&event_loop);
    let stopped = event_loop.watch().stopped(Duration::ZERO).unwrap();
    assert_eq!(
        (said.borrow().len(), stopped.by, stopped.within),
        (1, Some(StepTo::NextItem), true)
    );
    event_loop.watch().resume();
    settle(&event_loop);
    let (said, _tasks) = says(&event_loop, &["f"]);
    event_loop.set_policy(RunPolicy::One);
    for expected in [1, 2] {
        let events = event_loop.wait().unwrap();
        event_loop.turn(events).unwrap();
        assert_eq!(said.borrow().len(), expected);
    }
}

#[test]
fn row_46_virtual_time() {
    let _alone = alone();
    const HOUR: Duration = Duration::from_secs(3_600);
    // It jumps: an hour takes no time.
    let event_loop = EventLoop::test();
    let began = std::time::Instant::now();
    event_loop.block_on(async { sleep(HOUR).await }).unwrap();
    let clock = event_loop.watch().manual_clock().unwrap();
    assert_eq!(clock.now(), 3_600_000 * MS_NS);
    assert!(began.elapsed() < HOUR / 100);
    // From outside: it stands, jumps to what is due next, is moved, and flows.
    let (event_loop, clock) = recorded_loop();
    let inspector = controls();
    let fired = Rc::new(RefCell::new(Vec::new()));
    for hours in [1, 2, 3] {
        let fired = Rc::clone(&fired);
        let sleeps = async move {
            sleep(hours * HOUR).await;
            fired.borrow_mut().push(hours);
        };
        event_loop.spawn(sleeps).detach();
    }
    settle(&event_loop);
    let tell = |order: Value| {
        let told = tells(&inspector, &event_loop, "/clock", order);
        settle(&event_loop);
        told
    };
    tell(json!({ "jump": true }));
    assert_eq!((clock.now(), fired.borrow().clone()), (3_600_000 * MS_NS, vec![1]));
    let told = tell(json!({ "advance_ms": 3_600_000 }));
    assert_eq!((&told["now_ns"], &told["rate"]), (&json!(7_200_000 * MS_NS), &json!(0.0)));
    assert_eq!(*fired.borrow(), [1, 2]);
    let told = tell(json!({ "rate": 1e9 }));
    assert_eq!((&told["rate"], clock.rate()), (&json!(1e9), 1e9));
    until::until(|| {
        settle(&event_loop);
        *fired.borrow() == [1, 2, 3]
    });
    tell(json!({ "rate": 0.0 }));
    assert_eq!(tell(json!({ "autojump": true }))["autojump"], true);
    assert!(clock.autojump());
}

/// In which order ten tasks run whose sockets become readable at once.
fn order(event_loop: &EventLoop) -> Vec<u32> {
    let said: Rc<RefCell<Vec<u32>>> = Rc::default();
    let told = Rc::clone(&said);
    let program = async move {
        let (mut tasks, mut ends) = (Vec::new(), Vec::new());
        for number in 0..10 {
            let told = Rc::clone(&told);
            let (near, far) = net::duplex().unwrap();
            ends.push(near);
            tasks.push(spawn(async move {
                far.read(&mut [0; 8]).await.unwrap();
                told.borrow_mut().push(number);
            }));
        }
        yield_now().await;
        for end in &ends {
            end.write_all(b"x").await.unwrap();
        }
        for task in tasks {
            task.await.unwrap();
        }
    };
    event_loop.block_on(program).unwrap();
    said.take()
}

#[test]
fn row_47_a_seeded_or_chosen_schedule() {
    let _alone = alone();
    let plain = order(&EventLoop::test());
    assert_eq!(plain, (0..10).collect::<Vec<_>>());
    let orders: Vec<_> = (0..20).map(|seed| order(&EventLoop::test().seed(seed))).collect();
    for (seed, first) in (0..).zip(&orders) {
        assert_eq!(&order(&EventLoop::test().seed(seed)), first, "seed {seed} gives it again");
    }
    let different: std::collections::BTreeSet<_> = orders.iter().collect();
    assert!(different.len() > 10, "{different:?}");
    // So does the seed of a script, in which peers send as they like.
    let events = |seed| {
        let event_loop = scripted_loop(three_peers(seed), 64);
        event_loop.record(true);
        let bytes = event_loop.block_on(echo_server(3)).unwrap();
        assert!(bytes.into_iter().all(|echoed| echoed.unwrap() > 0));
        event_loop.watch().events(0).events
    };
    assert!(events(7) == events(7) && events(7) != events(8));
    // A policy is how much of it one turn runs.
    for (policy, turns) in [(RunPolicy::One, 3), (RunPolicy::Counted(2), 2), (RunPolicy::Batch, 1)]
    {
        let (event_loop, _clock) = recorded_loop();
        event_loop.set_policy(policy);
        for _ in 0..3 {
            event_loop.enter(|| call_soon(|| ())).unwrap();
        }
        settle(&event_loop);
        assert_eq!(event_loop.snapshot().turn, turns, "{policy:?}");
    }
}

#[test]
fn row_48_a_task_is_cancelled() {
    let _alone = alone();
    let (event_loop, _clock) = recorded_loop();
    let task = event_loop.spawn(std::future::pending::<()>()).named("unwanted");
    event_loop.spawn(std::future::pending::<()>()).named("wanted").detach();
    settle(&event_loop);
    let id = task.id().to_string();
    let told = tells(&controls(), &event_loop, "/cancel", json!({ "task": id }));
    assert_eq!(told, json!({ "task": id }));
    settle(&event_loop);
    let snapshot = event_loop.snapshot();
    assert_eq!(snapshot.executor.cancelled, 1);
    assert!(named(&snapshot, "wanted").is_alive());
    let joined = event_loop.block_on(task).unwrap();
    assert!(matches!(joined, Err(JoinError::Cancelled)), "{joined:?}");
}
