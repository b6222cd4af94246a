//! Rows 39 and 40: what it costs while nobody looks, and while it is recorded.

use glassloop::{Event, Happening, sleep, yield_now};

use crate::*;

/// Two polls in one turn each, and one more after a timer.
fn program(event_loop: &EventLoop, clock: &ManualClock) {
    event_loop
        .spawn(async {
            yield_now().await;
            sleep(MS).await;
        })
        .detach();
    settle(event_loop);
    advance(event_loop, clock, MS);
    assert_eq!((event_loop.snapshot().executor.polls, event_loop.snapshot().turn), (3, 3));
}

/// The figures are where the rows say, and the page of both rows leads there.
fn has_figures(row: &str) {
    let read = |file: &str| {
        std::fs::read_to_string(format!("{}/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    };
    let (readme, docs) = (read("README.md"), read("docs/inspection.md"));
    assert!(docs.contains("README, [\"What it costs\"](../README.md#what-it-costs)"));
    let (_, costs) = readme.split_once("\n### What it costs\n").expect("the heading is there");
    let costs = costs.split("\n#").next().unwrap();
    let figure = costs.lines().find(|line| line.starts_with(row)).expect(row);
    assert!(figure.contains("`benches/"), "it is printed by a program: {figure}");
}

#[test]
fn row_39_the_price_while_off() {
    let _alone = alone();
    let clock = ManualClock::new();
    let event_loop = quiet_loop(&clock);
    program(&event_loop, &clock);
    let (snapshot, read) = (event_loop.snapshot(), event_loop.watch().events(0));
    assert!(snapshot.recorded.is_none() && snapshot.lint.is_none());
    assert_eq!((read.events.len(), read.next, read.lost), (0, 0, 0), "there is no ring");
    event_loop.spawn(std::future::pending::<()>()).named("untimed").detach();
    settle(&event_loop);
    let task = named(&event_loop.snapshot(), "untimed");
    assert!(task.times.is_none() && task.woken_by.is_none(), "{task:?}");
    has_figures("| `observe` compiled in, nobody recording: a poll |");
}

#[test]
fn row_40_the_price_while_on() {
    let _alone = alone();
    let (event_loop, clock) = recorded_loop();
    program(&event_loop, &clock);
    let read = event_loop.watch().events(0);
    let count = |is_it: fn(&Happening) -> bool| {
        read.events.iter().filter(|event| is_it(&event.what)).count()
    };
    let counts = [
        count(|what| matches!(what, Happening::Born(..))),
        count(|what| matches!(what, Happening::Ran(..))),
        count(|what| matches!(what, Happening::Woke(..))),
        count(|what| matches!(what, Happening::Served(_))),
        count(|what| matches!(what, Happening::Turn(_))),
        count(|what| matches!(what, Happening::Waited(_))),
    ];
    // One wake is its own, one the timer's, whose phase is told as well.
    assert_eq!(counts, [1, 3, 2, 1, 3, 3], "{:#?}", read.events);
    assert_eq!((read.events.len(), Event::WORDS * 8), (counts.iter().sum(), 32));
    assert_eq!(event_loop.snapshot().recorded.unwrap().events, read.next);
    // Switched off, it costs no event more.
    event_loop.record(false);
    let before = event_loop.watch().events(0).next;
    event_loop.spawn(async { yield_now().await }).detach();
    settle(&event_loop);
    assert_eq!(event_loop.watch().events(0).next, before);
    has_figures("| recorded: a poll, of 1,000 tasks that yield |");
}
