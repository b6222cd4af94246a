//! Marks, counters, spans and lines of the log stand in the recording with the item that said them
//! and the turn; said where nobody records they are gone.
#![cfg(test)]

use std::sync::{Mutex, Once};

use glassloop::{
    Entry, Event, EventLoop, Happening, Kind, Limits, Logger, Note, PollerKind, call_soon, counter,
    mark, span, spawn, yield_now,
};
use glassloop_inspector::{History, Names, Story, trace};
use serde_json::Value;

/// What the inner logger was handed.
static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Inner;

impl log::Log for Inner {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= log::Level::Info
    }

    fn log(&self, record: &log::Record<'_>) {
        let line = format!("{} {} {}", record.level(), record.target(), record.args());
        LINES.lock().unwrap().push(line);
    }

    fn flush(&self) {}
}

fn set_logger() {
    static SET: Once = Once::new();
    SET.call_once(|| {
        log::set_boxed_logger(Box::new(Logger::new(Inner))).unwrap();
        log::set_max_level(log::LevelFilter::Trace);
    });
}

/// The lines of one test, by their target.
fn lines_of(target: &str) -> Vec<String> {
    let lines = LINES.lock().unwrap();
    lines.iter().filter(|line| line.contains(target)).cloned().collect()
}

/// What was noted, and by whom, with the turn.
fn noted(event_loop: &EventLoop) -> Vec<(u32, Note, Entry)> {
    let read = event_loop.watch().events(0);
    assert_eq!((read.lost, read.torn), (0, 0));
    let mut turn = 0;
    let mut noted = Vec::new();
    for event in read.events {
        match event.what {
            Happening::Turn(number) => turn = number,
            Happening::Noted(note, item) => noted.push((turn, note, item)),
            _ => {}
        }
        assert_eq!(Event::from_words(event.to_words()), Some(event));
    }
    noted
}

fn name_of(note: Note) -> &'static str {
    match note {
        Note::Mark(label) | Note::Counter(label, _) | Note::SpanBegan(label, _) => label.name(),
        Note::SpanEnded(label, _) => label.name(),
        _ => None,
    }
    .unwrap()
}

#[test]
fn each_note_stands_in_its_turn_with_the_item_that_said_it() {
    let event_loop = EventLoop::test();
    event_loop.record(true);
    let ended = event_loop.block_on(async {
        mark("begun");
        let loading = span("loading");
        counter("players", 3);
        yield_now().await;
        counter("players", -1);
        call_soon(|| mark("called")).unwrap();
        yield_now().await;
        drop(loading);
    });
    ended.unwrap();
    let noted = noted(&event_loop);
    let told: Vec<_> = noted.iter().map(|(turn, note, _)| (*turn, name_of(*note))).collect();
    let expected = [
        (1, "begun"),
        (1, "loading"),
        (1, "players"),
        (2, "players"),
        (3, "called"),
        (3, "loading"),
    ];
    assert_eq!(told, expected);
    assert!(
        matches!(noted[2].1, Note::Counter(_, 3)) && matches!(noted[3].1, Note::Counter(_, -1))
    );
    let (Note::SpanBegan(_, began), Note::SpanEnded(_, ended)) = (noted[1].1, noted[5].1) else {
        panic!("{noted:?}")
    };
    assert_eq!(began, ended);
    let kinds: Vec<_> = noted.iter().map(|(.., item)| item.kind()).collect();
    use Kind::{Callback, Task};
    assert_eq!(kinds, [Task, Task, Task, Task, Callback, Task]);
}

#[test]
fn where_nobody_records_or_no_loop_is_nothing_is_kept_and_nothing_panics() {
    mark("nowhere");
    counter("nowhere", 1);
    drop(span("nowhere"));
    let event_loop = EventLoop::test();
    let held = event_loop.block_on(async {
        mark("unheard");
        span("before")
    });
    event_loop.record(true);
    // It began unheard: its end is no news.
    drop(held);
    let held = event_loop.block_on(async { span("outlives its loop") }).unwrap();
    assert_eq!(noted(&event_loop).len(), 1);
    drop(event_loop);
    drop(held);
}

#[test]
fn a_line_of_the_log_says_which_task_wrote_it_and_in_which_turn() {
    set_logger();
    let event_loop = EventLoop::test();
    event_loop.record(true);
    let ended = event_loop.block_on(async {
        yield_now().await;
        let writes = spawn(async { log::warn!(target: "lines", "the disk is {}", "full") });
        writes.named("writer").await.unwrap();
        log::debug!(target: "lines", "below the level of the inner logger");
    });
    ended.unwrap();
    event_loop.enter(|| log::info!(target: "lines", "between two turns"));
    log::info!(target: "lines", "outside of any loop");
    assert_eq!(
        lines_of("lines"),
        [
            "WARN lines task #1.1 `writer`, turn 3: the disk is full",
            "INFO lines between two turns",
            "INFO lines outside of any loop",
        ]
    );
    let log = event_loop.snapshot().log;
    let told: Vec<_> = log.iter().map(|line| (line.number, line.turn, &*line.text)).collect();
    assert_eq!(told, [(0, 3, "the disk is full"), (1, 4, "between two turns")]);
    assert_eq!((log[0].level, &*log[0].target), (log::Level::Warn, "lines"));
    assert_eq!(log[0].item.task_id().to_string(), "#1.1");
    assert_eq!(log[1].item, Entry::NOTHING);
    let logged = noted(&event_loop).into_iter().map(|(turn, note, _)| (turn, note));
    use log::Level::{Info, Warn};
    assert!(logged.eq([(3, Note::Logged(Warn, 0)), (4, Note::Logged(Info, 1))]));
}

#[test]
fn of_the_log_so_many_lines_are_kept_and_so_much_of_each() {
    set_logger();
    let limits = Limits { log_lines_max: 3, ..Limits::default() };
    let builder = EventLoop::builder().limits(limits).poller(PollerKind::TimersOnly);
    let event_loop = builder.build().unwrap();
    event_loop.record(true);
    let long = "ä".repeat(400);
    let writes = async move {
        for line in 0..5 {
            log::info!(target: "bounds", "{line} {long}");
        }
    };
    event_loop.block_on(writes).unwrap();
    let log = event_loop.snapshot().log;
    let numbers: Vec<_> = log.iter().map(|line| line.number).collect();
    assert_eq!(numbers, [2, 3, 4]);
    assert!(log.iter().all(|line| line.text.chars().count() == 300));
    assert!(lines_of("bounds").iter().all(|line| line.chars().count() > 400), "it goes on whole");
}

#[test]
fn a_trace_draws_marks_counters_spans_and_lines() {
    set_logger();
    let event_loop = EventLoop::test();
    event_loop.record(true);
    let ended = event_loop.block_on(async {
        mark("begun");
        let loading = span("loading");
        counter("players", 3);
        glassloop::sleep(std::time::Duration::from_millis(2)).await;
        drop(loading);
        log::info!(target: "trace", "loaded");
        let _unfinished = span("playing");
        std::mem::forget(span("for ever"));
    });
    ended.unwrap();
    let history = History::read(&event_loop.watch(), 0);
    let names = Names::of(&event_loop.snapshot());
    let text = trace(&history, &names, 1, "program");
    let parsed: Value = serde_json::from_str(&text).unwrap();
    let lines = parsed["traceEvents"].as_array().unwrap();
    let told = |phase: &str, name: &str| -> Vec<(f64, &Value)> {
        let is_it = |line: &&Value| line["ph"] == phase && line["name"] == name;
        lines.iter().filter(is_it).map(|line| (line["ts"].as_f64().unwrap(), line)).collect()
    };
    let (at, mark) = told("i", "begun")[0];
    assert_eq!((at, mark["args"]["by"].as_str()), (0.0, Some("task #0.0 `main`")));
    assert_eq!(told("C", "players")[0].1["args"]["players"], 3);
    let (began, ended) = (told("b", "loading")[0], told("e", "loading")[0]);
    assert_eq!((began.0, ended.0), (0.0, 2_000.0));
    assert_eq!((&began.1["id2"], &began.1["cat"]), (&ended.1["id2"], &Value::from("span")));
    assert_eq!(told("i", "INFO loaded")[0].0, 2_000.0);
    assert_eq!((told("b", "for ever").len(), told("e", "for ever").len()), (1, 1));
    // A story is of what the loop did, and the same with notes or without.
    let story = Story::tell(&history, &names);
    assert!(story.turns.iter().flat_map(|turn| &turn.sentences).all(|it| !it.contains("begun")));
}
