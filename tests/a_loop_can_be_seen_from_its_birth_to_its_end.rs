//! Who asks for it sees each new loop before its first turn, and what it was when it ended.
#![cfg(test)]
#![cfg(feature = "observe")]

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use glassloop::{EventLoop, Happening, OnNewLoop, Watch, on_new_loop};

/// Other tests of this process build loops as well: those of one thread are kept.
fn kept() -> (OnNewLoop, Arc<Mutex<Vec<Watch>>>) {
    let here = thread::current().id();
    let all = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&all);
    let hook = on_new_loop(move |event_loop| {
        if thread::current().id() == here {
            event_loop.record(true);
            all.lock().unwrap_or_else(PoisonError::into_inner).push(event_loop.watch());
        }
    });
    (hook, kept)
}

#[test]
fn a_loop_is_told_of_before_its_first_turn_and_its_first_event_is_recorded() {
    let (hook, loops) = kept();
    let line = line!() + 1;
    glassloop::run(async { glassloop::spawn(async {}).named("child").await.unwrap() }).unwrap();
    let watch = loops.lock().unwrap().pop().expect("a loop was built");
    assert_eq!((watch.name().made.file(), watch.name().made.line()), (file!(), line));
    let read = watch.events(0);
    assert_eq!((read.lost, read.torn), (0, 0));
    let births = read.events.iter().filter(|event| matches!(event.what, Happening::Born(..)));
    assert_eq!(births.count(), 2, "of the first task as well: {:?}", read.events);
    assert!(read.events.iter().any(|event| event.what == Happening::Turn(1)));

    drop(hook);
    glassloop::run(async {}).unwrap();
    assert!(loops.lock().unwrap().is_empty(), "nobody asks any more");
}

#[test]
fn a_recorded_loop_leaves_what_it_was_at_its_end() {
    let event_loop = EventLoop::new().unwrap();
    event_loop.record(true);
    let watch = event_loop.watch();
    event_loop
        .block_on(async { glassloop::spawn(async {}).named("child").await.unwrap() })
        .unwrap();
    assert!(watch.snapshot().is_none(), "nobody has asked for one");
    drop(event_loop);
    let last = watch.snapshot().expect("the last one");
    let ended = &last.recorded.as_ref().unwrap().ended;
    let names: Vec<_> = ended.iter().map(|(task, _)| &*task.name).collect();
    assert_eq!((names.as_slice(), last.tasks.len()), (["main", "child"].as_slice(), 0));

    let unrecorded = EventLoop::new().unwrap();
    let watch = unrecorded.watch();
    unrecorded.block_on(async {}).unwrap();
    drop(unrecorded);
    assert!(watch.snapshot().is_none(), "of one that nobody recorded nothing is kept");
}

#[test]
fn a_hook_that_panics_spoils_neither_the_loop_nor_the_hooks_after_it() {
    let here = thread::current().id();
    let bad = on_new_loop(move |_| {
        assert_ne!(thread::current().id(), here, "planned");
    });
    let (hook, loops) = kept();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&heard);
    let builder = EventLoop::builder();
    let builder =
        builder.on_unhandled(move |failure| told.lock().unwrap().push(failure.to_string()));
    let event_loop = builder.build().unwrap();
    assert_eq!(event_loop.block_on(async { 7 }).unwrap(), 7);
    assert_eq!(loops.lock().unwrap().len(), 1);
    let heard = heard.lock().unwrap();
    let [one] = &**heard else { panic!("{heard:?}") };
    assert!(one.contains("on_new_loop") && one.contains("planned"), "{one}");
    drop((bad, hook));
}

#[test]
fn of_a_loop_that_a_hook_builds_no_hook_is_told() {
    let (hook, loops) = kept();
    let here = thread::current().id();
    let builds = on_new_loop(move |_| {
        if thread::current().id() == here {
            glassloop::run(async {}).unwrap();
        }
    });
    EventLoop::new().unwrap().block_on(async {}).unwrap();
    assert_eq!(loops.lock().unwrap().len(), 1, "of the one in the hook nobody was told");
    drop((builds, hook));
}
