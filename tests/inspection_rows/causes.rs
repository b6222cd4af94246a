//! Rows 14, 51 and 52: who woke whom, a turn in words, and what is missing in them.

use std::{cell::RefCell, rc::Rc, task::Waker};

use glassloop::{Limits, call_soon, sleep, spawn, yield_now};
use glassloop_inspector::{Origin, Story, trace, why_ran};
use serde_json::json;

use crate::*;

#[test]
fn row_14_who_woke_whom() {
    let _alone = alone();
    let (event_loop, clock) = recorded_loop();
    let kept: Rc<RefCell<Option<Waker>>> = Rc::default();
    let leaves = Rc::clone(&kept);
    let woken = std::future::poll_fn(move |cx| {
        leaves.replace(Some(cx.waker().clone()));
        std::task::Poll::<()>::Pending
    });
    let woken = event_loop.spawn(woken).named("woken");
    let wakes = line!() + 2;
    let waker = async move {
        sleep(5 * MS).await;
        kept.take().unwrap().wake();
    };
    let waker = event_loop.spawn(waker).named("waker");
    let (woken_id, waker_id) = (woken.id(), waker.id());
    settle(&event_loop);
    advance(&event_loop, &clock, 5 * MS);

    let (history, names) = history(&event_loop);
    let causes = why_ran(&history, &names, woken_id);
    let place = here(file!(), wakes);
    let [woken, waker] = [format!("task {woken_id} `woken`"), format!("task {waker_id} `waker`")];
    let said: Vec<_> = causes.steps.iter().map(|step| step.text.as_str()).collect();
    let expected = [
        format!("{woken} ran in turn 3 because {waker} woke it in turn 2"),
        format!("{waker} ran in turn 2 because the timer of {place} was due in turn 2"),
    ];
    assert_eq!(said, expected);
    assert!(matches!(causes.origin, Origin::Timer(at) if at.location().unwrap().line() == wakes));
    let told = told_of(&event_loop, &format!("/wakes?task={}", asked_for(woken_id)));
    assert_eq!(told["last"][0]["who"], waker);
    let story = Story::tell(&history, &names).to_string();
    assert!(story.contains(&format!("woke {woken}")), "{story}");
}

#[test]
fn row_51_it_says_what_it_is_missing() {
    let _alone = alone();
    let clock = ManualClock::new();
    let limits = Limits { ring_events_max: 64, ..Limits::default() };
    let builder = EventLoop::builder().poller(PollerKind::TimersOnly).limits(limits);
    let event_loop = builder.clock(Clock::Manual(clock.clone())).build().unwrap();
    event_loop.record(true);
    event_loop
        .spawn(async {
            for _ in 0..100 {
                yield_now().await
            }
        })
        .detach();
    settle(&event_loop);
    let written = event_loop.snapshot().recorded.unwrap().events;
    let (history, names) = history(&event_loop);
    assert_eq!((history.events.len(), history.lost, history.torn), (64, written - 64, 0));
    let lost = written - 64;
    let said = format!("{lost} events came before these; 0 of the last ones could not be read.");
    let missing = Story::tell(&history, &names).missing;
    assert_eq!(missing.as_deref(), Some(&*said));
    let file = trace(&history, &names, 1, "program");
    let file: Value = serde_json::from_str(&file).unwrap();
    let lines = file["traceEvents"].as_array().unwrap();
    let first = lines.iter().find(|line| line["cat"] == "recording").unwrap();
    assert_eq!(first["name"], format!("{lost} events lost, 0 torn, 0.000 s recorded"));
    for path in ["/story", "/turns", "/events"] {
        let told = told_of(&event_loop, path);
        let lost = told["lost"].as_u64().unwrap();
        assert!(lost >= written - 64 && told["torn"] == 0, "{path}: {told}");
        assert!(told["span_s"].is_number(), "{path}: {told}");
    }
}

#[test]
fn row_52_one_turn_in_words() {
    let _alone = alone();
    let (event_loop, clock) = recorded_loop();
    let (slept, works) = (line!() + 2, clock.clone());
    let program = async move {
        sleep(5 * MS).await;
        works.advance(2 * MS);
        spawn(async {}).named("child").detach();
        call_soon(|| ()).unwrap();
    };
    let program = event_loop.spawn(program).named("program");
    settle(&event_loop);
    let turn = event_loop.snapshot().turn + 1;
    advance(&event_loop, &clock, 5 * MS);
    let (history, names) = history(&event_loop);
    let story = Story::tell(&history, &names);
    let told = story.turns.iter().find(|told| told.turn == turn).unwrap();
    let [slept, spawned] = [slept, slept + 2].map(|line| here(file!(), line));
    let id = program.id();
    let expected = [
        "did not wait.".to_owned(),
        format!("the timer of {slept} was due and woke task {id} `program`."),
        format!(
            "task {id} `program` ran 2.000 ms, spawned task #1.1 `child` at {spawned}, queued \
             callback #0.0, and finished."
        ),
    ];
    assert_eq!(told.sentences, expected);
    assert_eq!(story.missing, None);
    let story = told_of(&event_loop, "/story");
    let turns = story["turns"].as_array().unwrap();
    let same = turns.iter().find(|told| told["turn"] == turn).unwrap();
    assert_eq!(same["sentences"], json!(told.sentences));
    assert!(program.is_finished());
}
