//! Rows 49 and 50: what a program says of itself.

use glassloop::{counter, mark, sleep, span, spawn};
use glassloop_inspector::trace;
use serde_json::json;

use crate::*;

#[test]
fn row_49_log_lines_with_their_task_and_turn() {
    let _alone = alone();
    logged::listen();
    let (event_loop, clock) = recorded_loop();
    let writes = async {
        sleep(5 * MS).await;
        log::warn!("the disk is full");
    };
    let writer = event_loop.spawn(writes).named("writer").id();
    settle(&event_loop);
    advance(&event_loop, &clock, 5 * MS);
    let snapshot = event_loop.snapshot();
    let [line] = &snapshot.log[..] else { panic!("{:?}", snapshot.log) };
    assert_eq!((&*line.text, line.item.task_id()), ("the disk is full", writer));
    assert_eq!((line.turn, line.at_ns), (2, 5 * MS_NS));
    // Where the log goes it says so, too.
    let told = logged::with("the disk is full");
    assert_eq!(told, [format!("task {writer} `writer`, turn 2: the disk is full")]);
    let row = &state_of(&event_loop)["log"][0];
    assert_eq!((&row["task"], &row["turn"]), (&json!(writer.to_string()), &json!(2)));
    assert_eq!((&row["level"], &row["text"]), (&json!("WARN"), &json!("the disk is full")));
}

#[test]
fn row_50_spans_marks_and_counters_of_ones_own() {
    let _alone = alone();
    let (event_loop, clock) = recorded_loop();
    let loads = async {
        let loading = span("loading");
        counter("files", 3);
        sleep(5 * MS).await;
        drop(loading);
        mark("loaded");
    };
    let loader = spawn_on(&event_loop, loads);
    settle(&event_loop);
    advance(&event_loop, &clock, 5 * MS);
    let (history, names) = history(&event_loop);
    let drawn: Value = serde_json::from_str(&trace(&history, &names, 1, "program")).unwrap();
    let lines = drawn["traceEvents"].as_array().unwrap();
    let at = |phase: &str, name: &str| {
        let is_it = |line: &&Value| line["ph"] == phase && line["name"] == name;
        lines.iter().find(is_it).map(|line| line["ts"].as_f64().unwrap())
    };
    assert_eq!((at("b", "loading"), at("e", "loading")), (Some(0.0), Some(5_000.0)));
    assert_eq!((at("C", "files"), at("i", "loaded")), (Some(0.0), Some(5_000.0)));
    let events = told_of(&event_loop, "/events");
    let all = events["events"].as_array().unwrap();
    let noted: Vec<_> = all.iter().filter(|event| event["kind"] == "noted").collect();
    let said =
        |event: &Value| (event["note"].clone(), event["name"].clone(), event["task"].clone());
    let task = json!(loader.to_string());
    let expected = [
        ("span began", "loading"),
        ("counter", "files"),
        ("span ended", "loading"),
        ("mark", "loaded"),
    ];
    assert!(noted.iter().map(|it| said(it)).eq(expected.map(|(note, name)| (
        json!(note),
        json!(name),
        task.clone()
    ))));
    assert_eq!((&noted[1]["value"], &noted[0]["span"]), (&json!(3), &noted[2]["span"]));
}

fn spawn_on(event_loop: &EventLoop, future: impl Future<Output = ()> + 'static) -> TaskId {
    event_loop.enter(|| spawn(future).named("loader").id())
}
