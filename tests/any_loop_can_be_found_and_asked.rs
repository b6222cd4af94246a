//! Every loop of a process can be found from any thread, and asked for its state, by who has
//! nothing of it: no handle, no name.
#![cfg(test)]

use std::{
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use glassloop::{
    Clock, EventLoop, JoinError, LoopThread, ManualClock, PollerKind, RunError, Watch, loops, sleep,
};

/// Longer than any machine is late.
const PATIENCE: Duration = Duration::from_secs(60);

/// The watch of a loop among all of this process: other tests have theirs.
fn found(event_loop: &EventLoop) -> Option<Watch> {
    let number = event_loop.watch().name().number;
    loops().into_iter().find(|watch| watch.name().number == number)
}

#[test]
fn a_loop_is_found_by_any_thread_until_it_is_dropped() {
    let made = line!() + 1;
    let event_loop = EventLoop::new().unwrap();
    let name = found(&event_loop).expect("it lives").name().clone();
    assert_eq!((name.made.file(), name.made.line()), (file!(), made));
    assert_eq!(Some(name.thread.as_str()), thread::current().name());
    assert_eq!(name.thread_id.is_some(), cfg!(target_os = "linux") && cfg!(feature = "os-time"));
    assert!(!name.internal);
    let number = name.number;
    let elsewhere = move || loops().iter().any(|watch| watch.name().number == number);
    assert!(thread::spawn(elsewhere).join().unwrap());
    drop(event_loop);
    assert!(!elsewhere());
}

#[test]
fn a_loop_of_a_tool_says_so() {
    let event_loop = EventLoop::builder().internal().build().unwrap();
    assert!(found(&event_loop).unwrap().name().internal);
}

#[test]
fn numbers_are_never_used_again() {
    let number = || EventLoop::new().unwrap().watch().name().number;
    let (first, second) = (number(), number());
    assert!(second > first);
}

#[test]
fn a_loop_that_sleeps_is_woken_once_and_tells_its_state() {
    let thread = LoopThread::start("sleeper").unwrap();
    drop(thread.spawn(|| async { sleep(Duration::from_secs(3_600)).await }));
    let (tell, told) = mpsc::channel();
    thread.remote().defer(move || tell.send(()).unwrap()).unwrap();
    told.recv().unwrap();
    let watch = loops().into_iter().find(|watch| watch.name().thread == "sleeper").unwrap();
    let before = watch.look(PATIENCE).expect("it answers");
    assert!(before.fresh);
    let after = watch.look(PATIENCE).expect("it answers");
    assert!(after.fresh && after.snapshot.turn > before.snapshot.turn);
    assert_eq!(after.snapshot.looks, before.snapshot.looks + 1, "a look is counted");
    let calls = |seen: &glassloop::Seen| seen.snapshot.reactor.wake_calls;
    assert!(calls(&after) <= calls(&before) + 1, "one wake a look at most");
    assert_eq!(after.snapshot.tasks.len(), 1);
}

#[test]
fn a_loop_that_hangs_shows_its_last_state_and_its_age() {
    let (hangs, hanging) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let thread = thread::spawn(move || {
        let event_loop = EventLoop::builder().snapshot_every(Duration::ZERO).build().unwrap();
        let watch = event_loop.watch();
        event_loop
            .block_on(async move {
                sleep(Duration::from_millis(1)).await;
                hangs.send(watch).unwrap();
                released.recv().unwrap();
            })
            .unwrap();
    });
    let watch = hanging.recv().unwrap();
    let first = watch.look(Duration::ZERO).expect("the last one");
    let asked = Instant::now();
    let later = watch.look(Duration::from_millis(5)).expect("the last one");
    assert!(asked.elapsed() >= Duration::from_millis(5), "it was waited for");
    assert!(!later.fresh && later.age >= first.age + Duration::from_millis(5));
    assert_eq!(later.snapshot.turn, first.snapshot.turn);
    release.send(()).unwrap();
    thread.join().unwrap();
}

#[test]
fn a_loop_that_nobody_runs_has_nothing_to_show() {
    let event_loop = EventLoop::new().unwrap();
    let watch = event_loop.watch();
    let seen = thread::spawn(move || watch.look(Duration::ZERO).is_none());
    assert!(seen.join().unwrap());
    // What was asked is answered in its next turn.
    event_loop.block_on(async {}).unwrap();
    assert_eq!(event_loop.watch().seen().unwrap().snapshot.looks, 1);
}

#[test]
fn a_loop_is_not_waited_for_by_its_own_thread() {
    let event_loop = EventLoop::new().unwrap();
    let watch = event_loop.watch();
    let seen = event_loop.block_on(async move { watch.look(PATIENCE).is_none() });
    assert!(seen.unwrap(), "nobody had asked before");
}

#[test]
fn a_task_is_aborted_and_a_recording_switched_by_who_only_watches() {
    let clock = Clock::Manual(ManualClock::new());
    let builder = EventLoop::builder().clock(clock).poller(PollerKind::TimersOnly);
    let event_loop = builder.build().unwrap();
    let watch = event_loop.watch();
    let task = event_loop.spawn(std::future::pending::<()>());
    let id = task.id();
    let ended = Arc::new(Mutex::new(None));
    thread::spawn(move || {
        watch.record(true);
        watch.abort(id).unwrap();
        watch.abort(id).unwrap();
    })
    .join()
    .unwrap();
    let result = Arc::clone(&ended);
    event_loop
        .block_on(async move { *result.lock().unwrap() = Some(task.await.unwrap_err()) })
        .unwrap();
    assert!(matches!(ended.lock().unwrap().take(), Some(JoinError::Cancelled)));
    let recorded = event_loop.snapshot().recorded;
    assert_eq!(recorded.is_some_and(|line| line.on), cfg!(feature = "observe"));
    let watch = event_loop.watch();
    drop(event_loop);
    assert!(watch.abort(id).is_err(), "it is closed");
}

#[test]
fn a_run_whose_task_is_aborted_says_that_and_not_that_its_loop_is_closed() {
    let event_loop = EventLoop::new().unwrap();
    let (tell, told) = mpsc::channel();
    let aborter = thread::spawn(move || {
        let (watch, id): (Watch, _) = told.recv().unwrap();
        watch.abort(id).unwrap();
    });
    let watch = event_loop.watch();
    let ended = event_loop.block_on(async move {
        let main = glassloop::snapshot().tasks[0].id;
        tell.send((watch, main)).unwrap();
        sleep(PATIENCE).await;
    });
    aborter.join().unwrap();
    assert!(matches!(ended, Err(RunError::Cancelled)), "{ended:?}");
    event_loop.block_on(async {}).unwrap();
}

#[test]
fn failures_that_nobody_handled_are_counted_for_who_watches_while_the_loop_hangs() {
    let event_loop = EventLoop::builder().on_unhandled(|_| ()).build().unwrap();
    let watch = event_loop.watch();
    let seen = event_loop.block_on(async move {
        glassloop::spawn(async { panic!("alone") }).detach();
        glassloop::yield_now().await;
        // No turn has ended since, and no snapshot was made.
        thread::spawn(move || (watch.unhandled(), watch.snapshot().is_none())).join().unwrap()
    });
    assert_eq!(seen.unwrap(), (1, true));
}
