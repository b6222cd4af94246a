//! A loop on a thread of its own does what its host asks, ends when it is told to, and if it does
//! not, says what it runs instead. Nobody waits for it longer than they meant to.
#![cfg(test)]

use std::{
    future::pending,
    io,
    sync::{Arc, Mutex, mpsc},
    thread::{self, ThreadId},
    time::{Duration, Instant},
};

use glassloop::{CancelToken, EventLoop, LoopThread, ThreadError, spawn};

/// For what comes at once unless it never comes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Tells the thread on which it is dropped.
struct Tells(mpsc::Sender<ThreadId>);

impl Drop for Tells {
    fn drop(&mut self) {
        self.0.send(thread::current().id()).unwrap();
    }
}

fn here() -> (ThreadId, Option<String>) {
    let thread = thread::current();
    (thread.id(), thread.name().map(str::to_owned))
}

#[test]
fn calls_and_tasks_run_there_and_the_report_is_clean() {
    let mut network = LoopThread::start("network").unwrap();
    let (id, name) = network.call(here).wait(PATIENCE).unwrap();
    assert_ne!(id, thread::current().id());
    assert_eq!(name.as_deref(), Some("network"));
    let task = network.spawn(|| async { here().0 }).wait(PATIENCE);
    assert_eq!(task.unwrap(), id);
    let (told, tells) = mpsc::channel();
    network.defer(move || told.send(here().0).unwrap()).unwrap();
    assert_eq!(tells.recv_timeout(PATIENCE), Ok(id));
    assert!(!network.has_ended());
    let report = network.join(PATIENCE).unwrap();
    assert!(report.is_clean(), "{report}");
    assert!(network.has_ended() && network.remote().is_closed());
    assert!(matches!(network.join(PATIENCE), Err(ThreadError::Joined)));
    assert!(network.defer(|| {}).is_err(), "the closure comes back");
}

#[test]
fn a_join_that_loses_patience_names_what_runs_and_can_be_repeated() {
    let mut network = LoopThread::start("network").unwrap();
    let (release, released) = mpsc::channel::<()>();
    let (began, begins) = mpsc::channel();
    let line = line!() + 2;
    let task = network.spawn(move || async move {
        let export = async move {
            began.send(()).unwrap();
            released.recv().unwrap();
        };
        spawn(export).named("export").await.unwrap();
    });
    begins.recv_timeout(PATIENCE).unwrap();
    network.stop(PATIENCE);
    let Err(ThreadError::StillRuns(still)) = network.join(Duration::from_millis(5)) else {
        panic!("it waits for us")
    };
    let text = still.to_string();
    assert!(text.starts_with("thread `network` still runs after 5ms: turn "), "{text}");
    assert!(text.contains("phase `run`, in task "), "{text}");
    let born = still.places[0].expect("where it was spawned");
    assert_eq!((born.file(), born.line()), (file!(), line + 4), "{text}");
    release.send(()).unwrap();
    let report = network.join(PATIENCE).unwrap();
    assert!(report.is_clean(), "{report}");
    assert!(task.is_resolved(), "it had its time");
}

#[test]
fn a_close_that_hangs_has_its_tasks_named() {
    struct Hangs(mpsc::Receiver<()>, mpsc::Sender<()>);
    impl Drop for Hangs {
        fn drop(&mut self) {
            self.1.send(()).unwrap();
            self.0.recv().unwrap();
        }
    }
    let mut network = LoopThread::start("network").unwrap();
    let (release, released) = mpsc::channel();
    let (began, begins) = mpsc::channel();
    let call = network.spawn(move || async move {
        let hangs = Hangs(released, began);
        spawn(async move {
            let _held = hangs;
            pending::<()>().await;
        })
        .named("held open")
        .detach();
    });
    let mut call = call;
    call.wait(PATIENCE).unwrap();
    network.stop(Duration::ZERO);
    begins.recv_timeout(PATIENCE).unwrap();
    let Err(error) = network.join(Duration::ZERO) else { panic!("it hangs in a drop") };
    assert!(error.to_string().contains("`held open`"), "{error}");
    release.send(()).unwrap();
    let report = network.join(PATIENCE).unwrap();
    assert_eq!(report.tasks_aborted, 1, "{report}");
}

#[test]
fn what_is_left_has_the_grace_and_no_more() {
    let mut network = LoopThread::start("network").unwrap();
    let (dropped, drops) = mpsc::channel();
    let tells = Tells(dropped);
    let for_ever = network.spawn(move || async move {
        let _held = tells;
        pending::<()>().await;
    });
    let quick = network.spawn(|| glassloop::sleep(Duration::from_millis(2)));
    network.call(|| {}).wait(PATIENCE).unwrap();
    network.stop(Duration::from_millis(30));
    let report = network.join(PATIENCE).unwrap();
    assert_eq!(report.tasks_aborted, 1, "{report}");
    assert!(quick.is_resolved() && for_ever.is_resolved());
    assert_ne!(drops.recv_timeout(PATIENCE).unwrap(), thread::current().id());
}

#[test]
fn a_parent_that_is_aborted_takes_along_what_runs_on_its_child_thread() {
    let child = LoopThread::start("child").unwrap();
    let (dropped, drops) = mpsc::channel();
    let tells = Tells(dropped);
    let there = child.call(here).wait(PATIENCE).unwrap().0;
    let (began, begins) = mpsc::channel();
    let export = child.spawn(move || async move {
        let _held = tells;
        began.send(()).unwrap();
        pending::<()>().await;
    });
    begins.recv_timeout(PATIENCE).unwrap();
    let parent = EventLoop::new().unwrap();
    let waits = parent.spawn(export.cancel_on_drop());
    assert!(!parent.pump(Duration::from_millis(1)).unwrap().more);
    waits.abort();
    assert!(!parent.pump(Duration::from_millis(1)).unwrap().more);
    assert_eq!(drops.recv_timeout(PATIENCE), Ok(there), "on the thread of its own loop");
    assert!(parent.close(Duration::ZERO).is_clean());
}

#[test]
fn one_that_waits_for_its_own_end_is_told_so() {
    let network = Arc::new(Mutex::new(LoopThread::start("network").unwrap()));
    let itself = Arc::clone(&network);
    let call = network.lock().unwrap().call(move || {
        let joined = itself.lock().unwrap().join(PATIENCE);
        matches!(joined, Err(ThreadError::WouldDeadlock))
    });
    let mut call = call;
    assert!(call.wait(PATIENCE).unwrap());
    assert!(network.lock().unwrap().join(PATIENCE).is_ok());
}

#[test]
fn a_loop_that_is_not_made_is_an_error_and_leaves_no_thread() {
    let refused = LoopThread::start_with("network", || Err(io::Error::other("no room")));
    assert_eq!(refused.unwrap_err().to_string(), "no room");
    let refused = LoopThread::start_with("network", || panic!("as it was told to"));
    let error = refused.unwrap_err().to_string();
    assert_eq!(error, "what makes the loop of a thread panicked there");
}

#[test]
fn a_handle_that_is_dropped_ends_its_loop() {
    let network = LoopThread::start("network").unwrap();
    let (remote, (dropped, drops)) = (network.remote().clone(), mpsc::channel());
    let tells = Tells(dropped);
    let task = network.spawn(move || async move {
        let _held = tells;
        pending::<()>().await;
    });
    drop(task);
    network.call(|| {}).wait(PATIENCE).unwrap();
    network.stop(Duration::ZERO);
    drop(network);
    assert!(drops.try_recv().is_ok(), "it was dropped before the handle was");
    assert!(remote.is_closed());
}

#[test]
fn a_loop_that_ends_itself_is_joined_with_its_report() {
    let mut network = LoopThread::start("network").unwrap();
    network.defer(glassloop::stop).unwrap();
    let report = network.join(PATIENCE).unwrap();
    assert!(report.is_clean(), "{report}");
}

#[test]
fn a_run_that_fails_is_told() {
    let failing = || Ok(EventLoop::test());
    let mut network = LoopThread::start_with("network", failing).unwrap();
    let call = network.spawn(|| async { spawn(async { panic!("nobody asked") }).detach() });
    drop(call);
    let end = Instant::now() + PATIENCE;
    while !network.has_ended() && Instant::now() < end {
        thread::yield_now();
    }
    let Err(ThreadError::Run(error)) = network.join(PATIENCE) else { panic!("it failed") };
    assert!(error.to_string().contains("nobody asked"), "{error}");
}

/// A thread whose loop tells when it is gone, and on which thread.
fn telling_thread() -> (LoopThread, mpsc::Receiver<ThreadId>) {
    let (gone, goes) = mpsc::channel();
    let make = move || {
        let tells = Tells(gone);
        EventLoop::builder().on_unhandled(move |_| _ = &tells).build()
    };
    (LoopThread::start_with("network", make).unwrap(), goes)
}

#[test]
fn a_handle_that_is_dropped_untold_ends_its_loop_and_so_does_a_join() {
    let (network, goes) = telling_thread();
    let there = network.call(here).wait(PATIENCE).unwrap().0;
    // What other threads hold keeps it alive no longer.
    let remote = network.remote().clone();
    drop(network);
    assert_eq!(goes.recv_timeout(PATIENCE), Ok(there));
    assert!(remote.is_closed() && remote.defer(|| ()).is_err());
    let (mut network, goes) = telling_thread();
    assert!(network.join(PATIENCE).unwrap().is_clean());
    assert!(goes.try_recv().is_ok(), "the loop had gone when the thread had ended");
}

#[test]
fn a_handle_that_is_dropped_on_its_own_thread_ends_its_loop_when_that_call_is_over() {
    let (network, goes) = telling_thread();
    let there = network.call(here).wait(PATIENCE).unwrap().0;
    let remote = network.remote().clone();
    let itself = Arc::new(Mutex::new(Some(network)));
    // It has work for ever, of which it is rid by the end of its grace.
    remote.defer(|| spawn(pending::<()>()).detach()).unwrap();
    let (begun, begins) = mpsc::channel();
    let drops = move || {
        drop(itself.lock().unwrap().take());
        begun.send(glassloop::snapshot().turn).unwrap();
    };
    remote.defer(drops).unwrap();
    assert!(begins.recv_timeout(PATIENCE).unwrap() > 0, "it runs on, and waits for nothing");
    assert_eq!(goes.recv_timeout(PATIENCE), Ok(there));
    assert!(remote.is_closed());
}

#[test]
fn a_join_that_loses_patience_names_the_task_and_its_place() {
    // It tells its state at the end of each turn.
    let make = || EventLoop::builder().snapshot_every(Duration::ZERO).build();
    let mut network = LoopThread::start_with("network", make).unwrap();
    let (release, released) = mpsc::channel::<()>();
    let (began, begins) = mpsc::channel();
    let (token, line) = (CancelToken::new(), line!() + 9);
    let go = token.clone();
    let task = network.spawn(move || async move {
        let hangs = async move {
            began.send(()).unwrap();
            go.cancelled().await;
            began.send(()).unwrap();
            released.recv().unwrap();
        };
        spawn(hangs).named("export").await.unwrap();
    });
    begins.recv_timeout(PATIENCE).unwrap();
    // Asked for by now, it runs in a later turn: the one with the task in it has ended then.
    network.call(|| ()).wait(PATIENCE).unwrap();
    token.cancel();
    begins.recv_timeout(PATIENCE).unwrap();
    // It has the time that it needs, when it goes on.
    network.stop(PATIENCE);
    for _ in 0..2 {
        let Err(ThreadError::StillRuns(still)) = network.join(Duration::from_millis(1)) else {
            panic!("it waits for us")
        };
        let text = still.to_string();
        let first = text.lines().next().unwrap();
        assert!(first.contains("`export`") && first.contains("phase `run`"), "{text}");
        assert!(first.contains(&format!("{}:{line}", file!())), "{text}");
        assert!(still.tasks.iter().any(|task| task.name == "export"), "{text}");
    }
    release.send(()).unwrap();
    assert!(network.join(PATIENCE).unwrap().is_clean());
    assert!(task.is_resolved());
    assert!(matches!(network.join(PATIENCE), Err(ThreadError::Joined)));
}
