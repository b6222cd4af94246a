//! Rows 31 to 33: the time axis, its arrows, and the file that Perfetto opens.

use std::{cell::RefCell, rc::Rc, task::Waker};

use glassloop::{sleep, yield_now};
use glassloop_inspector::trace;
use serde_json::json;

use crate::{rules::Trace, *};

const PROGRAM: &str = "a program";

/// A worker that is polled twice, for two milliseconds and for three, the second time because of a
/// timer after ten.
fn worked() -> EventLoop {
    let (event_loop, clock) = recorded_loop();
    let works = clock.clone();
    let worker = async move {
        works.advance(2 * MS);
        sleep(10 * MS).await;
        works.advance(3 * MS);
    };
    event_loop.spawn(worker).named("worker").detach();
    settle(&event_loop);
    advance(&event_loop, &clock, 10 * MS);
    event_loop
}

/// The lines of a trace of this kind.
fn lines_of(text: &str, category: &str) -> Vec<Value> {
    let whole: Value = serde_json::from_str(text).unwrap();
    let lines = whole["traceEvents"].as_array().unwrap().iter();
    lines.filter(|line| line["cat"] == category).cloned().collect()
}

fn traced(event_loop: &EventLoop) -> String {
    let (history, names) = history(event_loop);
    trace(&history, &names, 4_711, PROGRAM)
}

#[test]
fn row_31_a_time_axis() {
    let _alone = alone();
    let event_loop = worked();
    let text = traced(&event_loop);
    let polls = lines_of(&text, "item");
    let micros = |field: &str| -> Vec<f64> {
        polls.iter().map(|poll| poll[field].as_f64().unwrap().round()).collect()
    };
    assert_eq!(micros("ts"), [0.0, 12_000.0], "{polls:?}");
    assert_eq!(micros("dur"), [2_000.0, 3_000.0]);
    let phases = lines_of(&text, "phase");
    let named = |name: &str| phases.iter().filter(|phase| phase["name"] == name).count();
    assert_eq!([named("run"), named("timers")], [2, 1], "{phases:?}");
    // One track from its birth to its end.
    let lives = lines_of(&text, "task");
    assert_eq!(each(&json!(lives), "ph"), ["b", "e"]);
    assert_eq!(lives[1]["ts"].as_f64().unwrap().round(), 15_000.0);
    // The same file, from the server.
    let served = text_of(&looks_on(), &event_loop, "/trace");
    let names = each(&json!(polls), "name");
    assert_eq!(each(&json!(lines_of(&served, "item")), "name"), names);
}

#[test]
fn row_32_arrows_from_wake_to_poll() {
    let _alone = alone();
    let (event_loop, _clock) = recorded_loop();
    let kept: Rc<RefCell<Option<Waker>>> = Rc::default();
    let leaves = Rc::clone(&kept);
    let mut polls = 0;
    let woken = std::future::poll_fn(move |cx| {
        leaves.replace(Some(cx.waker().clone()));
        polls += 1;
        if polls == 1 { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
    });
    let woken = event_loop.spawn(woken).named("woken");
    let waker = async move {
        yield_now().await;
        kept.take().unwrap().wake();
    };
    event_loop.spawn(waker).named("waker").detach();
    settle(&event_loop);
    let text = traced(&event_loop);
    let [wakes, polls] = ["wake", "item"].map(|category| lines_of(&text, category));
    let id = woken.id().to_string();
    let wake = wakes.iter().find(|wake| wake["name"] == "wake #0.0 `woken`").unwrap();
    assert_eq!((&wake["flow_out"], &wake["args"]["task"]), (&json!(true), &json!(id)));
    let last = polls.iter().rfind(|poll| poll["args"]["task"] == id).unwrap();
    assert_eq!((&last["flow_in"], &last["bind_id"]), (&json!(true), &wake["bind_id"]));
    assert!(last["ts"].as_f64() > wake["ts"].as_f64());
    // Two births, its own wake of the waker, and this one: each leads to its poll.
    let ids = |of: &[Value]| {
        let mut ids: Vec<_> = of.iter().map(|line| line["bind_id"].to_string()).collect();
        ids.sort();
        ids
    };
    assert_eq!((polls.len(), ids(&wakes)), (4, ids(&polls)));
}

#[test]
fn row_33_an_export_for_perfetto() {
    let _alone = alone();
    let event_loop = worked();
    let trace = Trace::checked(&traced(&event_loop), PROGRAM);
    assert_eq!((trace.lost(), trace.arrows(), trace.outcomes("finished")), (0, 2, 1));
    let served = text_of(&looks_on(), &event_loop, "/trace");
    let program = std::env::current_exe().unwrap();
    let served = Trace::checked(&served, program.file_name().unwrap().to_str().unwrap());
    let lives = served.lives();
    assert_eq!((lives.len(), &*lives[0].name), (1, "#0.0 `worker`"));
    // Who has Perfetto itself count what is in one.
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tools/perfetto.sh");
    assert!(std::fs::read_to_string(script).unwrap().contains("tools/perfetto/count.py"));
}
