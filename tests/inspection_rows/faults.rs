//! Rows 24, 27, 28 and 29: what is wrong with a program, and what it leaves.

use std::future::poll_fn;

use glassloop::{CloseReport, JoinHandle, Lint, RunError, net, sleep, yield_now};
use glassloop_inspector::{ChainEnd, why_waits};
use serde_json::json;
use std::{cell::RefCell, rc::Rc, task::Poll};

use crate::*;

#[test]
fn row_24_a_slow_poll_is_told_with_its_place() {
    let _alone = alone();
    logged::listen();
    let clock = ManualClock::new();
    let builder = EventLoop::builder().poller(PollerKind::TimersOnly).debug(true);
    let event_loop = builder.clock(Clock::Manual(clock.clone())).build().unwrap();
    event_loop.lint(true);
    let works = clock.clone();
    let born = line!() + 6;
    let slow = async move {
        yield_now().await;
        works.advance(250 * MS);
        sleep(MS).await;
    };
    let slow = event_loop.spawn(slow).named("slow");
    settle(&event_loop);
    let [born, waits, before] = [born, born - 2, born - 4].map(|line| here(file!(), line));
    let id = slow.id();
    let told = told_of(&event_loop, "/slow");
    let run = &told["runs"][0];
    assert_eq!((&run["took_ns"], &run["turn"]), (&json!(250 * MS_NS), &json!(2)), "{run}");
    assert_eq!((&run["born"], &run["awaits"]), (&json!(born), &json!(waits)));
    assert_eq!(run["item"], format!("task {id} `slow`"));
    let found = event_loop.findings();
    let [finding] = &found[..] else { panic!("{found:?}") };
    assert_eq!((finding.lint, finding.task), (Lint::SlowPoll, id));
    assert_eq!(written(finding.place), before, "the await behind which it held the loop");
    let row = &state_of(&event_loop)["lint"]["findings"][0];
    assert_eq!((&row["lint"], &row["place"]), (&json!("slow-poll"), &json!(before)));
    let said = logged::with("held the loop for 250 ms");
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("`slow`") && said[0].contains(&born), "{said:?}");
}

#[test]
fn row_27_a_wake_that_was_lost() {
    let _alone = alone();
    let (event_loop, clock) = recorded_loop();
    event_loop.lint(true);
    let kept: Rc<RefCell<Option<std::task::Waker>>> = Rc::default();
    let leaves = Rc::clone(&kept);
    let [lost, forgotten] = [line!() + 5, line!() + 6];
    let waits = poll_fn(move |cx| {
        leaves.replace(Some(cx.waker().clone()));
        Poll::<()>::Pending
    });
    event_loop.spawn(waits).named("left alone").detach();
    event_loop.spawn(poll_fn(|_| Poll::<()>::Pending)).named("forgetful").detach();
    settle(&event_loop);
    // Its only waker goes, and nobody has woken it.
    kept.take();
    advance(&event_loop, &clock, Duration::from_secs(1));
    advance(&event_loop, &clock, Duration::from_secs(1));
    let mut found = event_loop.findings();
    found.sort_by_key(|finding| finding.lint.name());
    let told: Vec<_> = found.iter().map(|it| (it.lint.name(), written(it.place))).collect();
    let places = [forgotten, lost].map(|line| here(file!(), line));
    let [at_forgotten, at_lost] = places.clone();
    assert_eq!(told, [("forgotten-waker", at_forgotten), ("lost-wake", at_lost)]);
    let state = state_of(&event_loop);
    let mut rows = state["lint"]["findings"].as_array().unwrap().clone();
    rows.sort_by_key(|row| row["lint"].to_string());
    assert_eq!(each(&json!(rows), "place"), places);
    assert_eq!(Lint::ALL.len(), 2 + 15, "as many as the row says");
}

#[test]
fn row_28_a_deadlock() {
    type Other = Rc<RefCell<Option<JoinHandle<()>>>>;
    let _alone = alone();
    let (event_loop, _clock) = recorded_loop();
    let joins = line!() + 2;
    async fn join(other: Other) {
        let other = other.take().unwrap();
        other.await.unwrap();
    }
    let (left, right) = (Other::default(), Other::default());
    let hen = event_loop.spawn(join(Rc::clone(&right))).named("hen");
    let egg = event_loop.spawn(join(Rc::clone(&left))).named("egg");
    let [hen_id, egg_id] = [hen.id(), egg.id()];
    left.replace(Some(hen));
    right.replace(Some(egg));
    let Err(RunError::Deadlock(report)) = event_loop.run() else { panic!("it is none") };
    let told: Vec<_> = report.tasks.iter().map(|task| (task.id, &*task.name)).collect();
    assert_eq!((told, report.tasks_alive), (vec![(hen_id, "hen"), (egg_id, "egg")], 2));
    let place = here(file!(), joins + 1);
    for task in &report.tasks {
        assert_eq!(written(task.waits[0].place), place);
    }
    let chain = why_waits(&event_loop.snapshot(), hen_id);
    let [line] = &chain.lines[..] else { panic!("{chain:?}") };
    assert_eq!(line.end, ChainEnd::Cycle);
    let said = format!(
        "{hen_id} `hen` joins {egg_id} `egg` joins {hen_id} `hen`: a cycle, nothing can end it"
    );
    assert_eq!(line.text, said);
    let told = told_of(&event_loop, &format!("/why?task={}", asked_for(hen_id)));
    assert_eq!(told["waits"][0], line.text);
}

#[test]
fn row_29_what_was_left_at_the_end() {
    let _alone = alone();
    let clean: CloseReport = recorded_loop().0.close(Duration::ZERO);
    assert!(clean.is_clean());
    assert_eq!(clean.to_string(), "nothing was left");
    let (event_loop, _clock) = recorded_loop();
    let born = line!() + 3;
    let (near, far) = event_loop.enter(net::duplex).unwrap();
    let left = async move { sleep(MS).await };
    event_loop.spawn(left).named("left over").detach();
    event_loop.enter(|| glassloop::call_later(MS, || ())).unwrap();
    settle(&event_loop);
    let report = event_loop.close(Duration::ZERO);
    assert_eq!((report.tasks_aborted, report.tasks.len()), (1, 1));
    let task = &report.tasks[0];
    assert_eq!((&*task.name, written(task.born)), ("left over", here(file!(), born)));
    assert_eq!(
        (task.waits[0].operation, written(task.waits[0].place)),
        ("sleep", here(file!(), born - 1))
    );
    assert_eq!((report.callbacks, report.sources.len(), report.timers), (1, 2, 1));
    drop((near, far));
}
