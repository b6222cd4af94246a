//! Rows 41 to 43: what is recorded is kept, and runs again.

use std::{fs, panic::resume_unwind, path::PathBuf};

use glassloop::{Event, Happening, LoopThread, spawn, yield_now};
use serde_json::json;

use crate::{inspected::Scratch, rules::Trace, until::until, *};

/// The files of a folder whose names end so.
fn files_of(scratch: &Scratch, end: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(scratch.path()).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.to_str().unwrap().ends_with(end)).collect()
}

/// A dump that is whole, and keeps the rules of a trace.
fn dump_of(file: &PathBuf) -> Trace {
    until(|| fs::read_to_string(file).unwrap().ends_with("}\n"));
    let program = std::env::current_exe().unwrap();
    let program = program.file_name().unwrap().to_str().unwrap();
    Trace::checked(&fs::read_to_string(file).unwrap(), program)
}

#[test]
fn row_41_a_flight_recorder() {
    let _alone = alone();
    let scratch = Scratch::new();
    let folder = scratch.path().to_owned();
    let inspector = inspected_by(|builder| builder.allow_control(true).dump_to(folder));
    // Nobody has switched it on: it comes with the inspector, from the first event.
    let mut network = LoopThread::start("flies").unwrap();
    network.call(|| spawn(yield_now()).named("passenger").detach()).wait(PATIENCE).unwrap();
    let snapshot = network.watch().look(PATIENCE).unwrap().snapshot;
    let recorded = snapshot.recorded.as_ref().unwrap();
    assert!(recorded.on);
    let read = network.watch().events(0);
    assert_eq!((read.lost, read.events[1].what), (0, Happening::Turn(1)), "{:?}", read.events);
    // Asked for.
    let dumped = ordered(&inspector, "/dump", &json!({}));
    let files = files_of(&scratch, "-asked.json");
    assert_eq!(dumped["files"], json!([files[0]]));
    assert_eq!((files.len(), dump_of(&files[0]).lost()), (1, 0));
    // While it hangs.
    let (release, released) = mpsc::channel::<()>();
    network.remote().defer(move || released.recv().unwrap_or_default()).unwrap();
    until(|| files_of(&scratch, "-stall.json").len() == 1);
    let stalled = dump_of(&files_of(&scratch, "-stall.json")[0]);
    assert!(stalled.under_way().iter().any(|(name, _)| name.starts_with("a call deferred at ")));
    drop(release);
    // After a panic that nobody handled.
    let panics = || spawn(async { resume_unwind(Box::new("on purpose")) }).detach();
    network.call(panics).wait(PATIENCE).unwrap();
    until(|| files_of(&scratch, "-panic.json").len() == 1);
    assert_eq!(dump_of(&files_of(&scratch, "-panic.json")[0]).outcomes("panicked"), 1);
    network.join(PATIENCE).unwrap();
}

#[test]
fn row_42_recording_to_a_file() {
    let _alone = alone();
    let clock = ManualClock::new();
    let event_loop = quiet_loop(&clock);
    let inspector = controls();
    let number = number_of(&event_loop);
    let runs = |name: &'static str| {
        event_loop.spawn(yield_now()).named(name).detach();
        settle(&event_loop);
    };
    let switch = |on: bool| {
        let told = heard(&event_loop, || {
            ordered(&inspector, "/record", &json!({ "loop": number, "on": on }))
        });
        assert_eq!(told, json!({ "on": on }));
        settle(&event_loop);
        assert_eq!(event_loop.snapshot().recorded.unwrap().on, on);
    };
    runs("before");
    switch(true);
    runs("meanwhile");
    switch(false);
    runs("after");
    let file = text_of(&inspector, &event_loop, "/trace");
    let whole: Value = serde_json::from_str(&file).unwrap();
    let lines = whole["traceEvents"].as_array().unwrap();
    let polls: Vec<_> = lines.iter().filter(|line| line["cat"] == "item").collect();
    let tasks: Vec<_> = polls.iter().map(|poll| poll["name"].as_str().unwrap()).collect();
    assert_eq!(tasks, ["#0.1 `meanwhile`"; 2]);
}

/// Tasks that give way so many times each.
fn gives_way(event_loop: &EventLoop, times: [usize; 2]) {
    for count in times {
        let gives_way = async move {
            for _ in 0..count {
                yield_now().await;
            }
        };
        event_loop.spawn(gives_way).detach();
    }
    drop(event_loop.run());
}

#[test]
fn row_43_replay_and_a_step_back() {
    let _alone = alone();
    let clock = ManualClock::new();
    let kept = quiet_loop(&clock).keep();
    gives_way(&kept, [2, 2]);
    let recording = kept.recording().unwrap();
    assert_eq!(recording.turns() as u64, kept.snapshot().turn);
    // Any instant of it can be gone to and back from: each event stands for itself.
    let events = recording.events();
    for event in events.iter().rev() {
        assert_eq!(Event::from_words(event.to_words()), Some(*event));
    }
    let again = quiet_loop(&ManualClock::new()).replay(&recording).unwrap();
    gives_way(&again, [2, 2]);
    let replayed = again.replayed().unwrap();
    assert!(replayed.is_whole(), "{replayed}");
    assert_eq!(replayed.to_string(), format!("as recorded, all {} events", events.len()));

    let differs = quiet_loop(&ManualClock::new()).replay(&recording).unwrap();
    gives_way(&differs, [2, 1]);
    let difference = differs.replayed().unwrap().difference.unwrap();
    let said = "event 12, in turn 2: expected task #1.1 woken by task #1.1 at 0ns, \
                came task #1.1 ran (Finished) at 0ns";
    assert_eq!(difference.to_string(), said);
    // The page has each event by its number, and goes from one to the next, either way.
    let told = told_of(&again, "/events");
    let numbers: Vec<_> = (0..told["next"].as_u64().unwrap()).map(|number| json!(number)).collect();
    assert_eq!(each(&told["events"], "number"), numbers);
    assert!(numbers.len() >= events.len());
    let inspector = looks_on();
    let keys = inspector.ask("GET /page/views/keys.js", &inspector.host()).body;
    for key in ["'step on', 'next'", "'step back', 'back'", "sentence, event, poll"] {
        assert!(keys.contains(key), "{key}");
    }
}
