//! `/events` gives the events of a recording themselves, each once and in order, a bounded number
//! an answer, and says what is missing.
#![cfg(test)]
#![cfg(feature = "ws")]

#[path = "common/inspected.rs"]
mod inspected;

use std::time::Duration;

use glassloop::{EventLoop, Limits, LoopThread, Watch, yield_now};
use inspected::{Inspected, inspected};
use serde_json::Value;

/// A loop that records from the beginning, and has run a task for a while.
fn busy(name: &str, ring_events_max: usize) -> (LoopThread, Watch) {
    let thread = LoopThread::start_with(name, move || {
        let limits = Limits { ring_events_max, ..Limits::default() };
        let event_loop = EventLoop::builder().limits(limits).build()?;
        event_loop.record(true);
        Ok(event_loop)
    });
    let thread = thread.unwrap();
    let mut ran = thread.remote().call(|| {
        glassloop::spawn(async {
            for _ in 0..100 {
                yield_now().await;
            }
        })
        .named("busy")
        .detach();
    });
    ran.wait(Duration::from_secs(60)).unwrap();
    let watch = glassloop::loops().into_iter().find(|watch| &*watch.name().thread == name);
    let watch = watch.unwrap();
    let is_over = |watch: &Watch| {
        let seen = watch.look(Duration::from_secs(60)).unwrap();
        assert!(seen.fresh);
        seen.snapshot.executor.polls > 100
    };
    while !is_over(&watch) {}
    (thread, watch)
}

fn page(inspector: &Inspected, watch: &Watch, query: &str) -> Value {
    let number = watch.name().number;
    let answer = inspector.ask_well(&format!("GET /events?loop={number}&{query}"));
    assert_eq!(answer.status, 200, "{}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

#[test]
fn page_by_page_it_is_what_the_ring_holds() {
    let inspector = inspected();
    let (_thread, watch) = busy("pages", 1 << 12);
    let ring = watch.events(0);
    assert!(ring.events.len() > 200 && ring.lost == 0, "{} events", ring.events.len());
    let (mut from, mut rows) = (0, Vec::new());
    // A look is recorded as well: there is more than the ring held before.
    while from < ring.next {
        let page = page(&inspector, &watch, &format!("events=37&from={from}"));
        assert_eq!(
            (&page["first"], &page["lost"], &page["torn"]),
            (&from.into(), &0.into(), &0.into())
        );
        let events = page["events"].as_array().unwrap();
        assert!((1..=37).contains(&events.len()), "{}", events.len());
        let next = page["next"].as_u64().unwrap();
        assert_eq!(next, from + events.len() as u64);
        assert!(page["span_s"].as_f64() >= Some(0.0));
        rows.extend(events.iter().cloned());
        from = next;
    }
    for (number, (row, event)) in rows.iter().zip(&ring.events).enumerate() {
        assert_eq!(row["number"], number);
        assert_eq!(
            (&row["at_ns"], &row["phase"]),
            (&event.at_ns.into(), &event.phase.name().into())
        );
    }
    let of_kind = |kind: &str| rows.iter().filter(|row| row["kind"] == kind).count();
    for kind in ["waited", "turn", "served", "ran", "woke", "born"] {
        assert!(of_kind(kind) > 0, "{kind}");
    }
    let born = rows.iter().find(|row| row["kind"] == "born").unwrap();
    let task = born["task"].as_str().unwrap();
    assert_eq!(born["item"], format!("task {task} `busy`"), "what has ended is still named");
    assert!(born["place"].as_str().unwrap().starts_with(&file!().replace('\\', "/")), "{born}");
    let by_itself = |row: &&Value| row["kind"] == "woke" && row["by_task"] == task;
    assert_eq!(rows.iter().filter(by_itself).count(), 100);
    let turns: Vec<_> = rows.iter().filter_map(|row| row["turn"].as_u64()).collect();
    assert!(turns.is_sorted() && turns.len() > 100);
}

#[test]
fn without_a_bound_it_is_all_there_is_and_what_was_overwritten_is_counted() {
    let inspector = inspected();
    let (_thread, watch) = busy("lost", 128);
    let page = page(&inspector, &watch, "from=3");
    let events = page["events"].as_array().unwrap();
    let [first, next, lost, torn] =
        ["first", "next", "lost", "torn"].map(|key| page[key].as_u64().unwrap());
    // The look at its names has made the loop write again.
    assert_eq!(events.len() as u64 + torn, 128);
    assert_eq!(first - 3, lost + torn);
    assert_eq!(next, first + events.len() as u64);
    assert!(page["span_s"].as_f64() > Some(0.0));
    let number = watch.name().number;
    let answer = inspector.ask_well(&format!("GET /events?loop={number}&events=10001"));
    let said = "expected `events` from 1 to 10000, came `10001`";
    assert!(answer.status == 400 && answer.body.contains(said), "{}", answer.body);
}
