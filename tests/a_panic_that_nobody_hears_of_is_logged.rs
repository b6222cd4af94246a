//! Whatever panics on a host's thread is told: to who asked for it, and to the log if nobody did,
//! or nobody does any more.
#![cfg(test)]

#[path = "common/journal.rs"]
mod journal;

use std::{
    sync::{
        Arc, Mutex,
        mpsc::{self, Receiver, Sender},
    },
    thread,
    time::Duration,
};

use glassloop::{Chunk, HostError, HostQueue};

/// For what comes at once unless it never comes.
const PATIENCE: Duration = Duration::from_secs(10);

/// The one line that was logged.
fn told() -> String {
    let mut said = journal::take();
    assert_eq!(said.len(), 1, "{said:?}");
    said.pop().unwrap()
}

#[test]
fn a_result_that_is_dropped_unasked_is_told_when_it_is_dropped() {
    journal::take();
    let host = HostQueue::new();
    let (text, value) = (host.call(|| -> () { panic!("out of paper") }), host.call(|| 7));
    let in_steps = host.call_chunked(|_| -> Chunk<()> { panic!("out of ink") });
    assert_eq!(host.drain(PATIENCE).ran, 3);
    assert_eq!(journal::take(), Vec::<String>::new(), "somebody may still ask");
    drop(value);
    assert_eq!(journal::take(), Vec::<String>::new());
    drop(text);
    assert!(told().contains("out of paper"));
    drop(in_steps);
    assert!(told().contains("out of ink"));
}

#[test]
fn a_result_that_was_asked_for_is_not_logged() {
    journal::take();
    let host = HostQueue::new();
    let call = host.call(|| -> () { panic!("out of paper") });
    assert_eq!(host.drain(PATIENCE).ran, 1);
    assert!(matches!(call.wait(PATIENCE), Err(HostError::Panicked(_))));
    assert_eq!(journal::take(), Vec::<String>::new());
}

#[test]
fn a_job_that_is_deferred_is_told_at_once() {
    journal::take();
    let host = HostQueue::new();
    host.defer(|| panic!("out of paper")).unwrap();
    assert_eq!(host.drain(PATIENCE).ran, 1);
    let line = told();
    assert!(line.contains("deferred") && line.contains("out of paper"), "{line}");
}

#[test]
fn a_call_that_is_dropped_while_it_runs_is_told_where_it_ran() {
    let host = HostQueue::new();
    let (begun, begins): (Sender<()>, Receiver<()>) = mpsc::channel();
    let (release, released): (Sender<()>, Receiver<()>) = mpsc::channel();
    let call = host.call(move || -> () {
        begun.send(()).unwrap();
        released.recv().unwrap();
        panic!("out of paper");
    });
    let drains = host.clone();
    let main = thread::spawn(move || {
        journal::take();
        assert_eq!(drains.drain(PATIENCE).ran, 1);
        told()
    });
    begins.recv_timeout(PATIENCE).unwrap();
    drop(call);
    release.send(()).unwrap();
    let line = main.join().unwrap();
    assert!(line.contains("nobody waited for a host call any more"), "{line}");
    assert_eq!(host.statistics().panicked, 1);
}

#[test]
fn a_kick_that_panics_is_told_with_what_was_lost_by_it() {
    journal::take();
    let host = HostQueue::builder().kick(|_| panic!("no window")).build();
    host.defer(|| ()).unwrap();
    let said = journal::take();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said.iter().any(|line| line.contains("1 job(s) for it were lost")), "{said:?}");
    assert!(said.iter().any(|line| line.contains("no window")), "{said:?}");
}

/// What it captured is dropped where nobody would hear of it.
#[test]
fn a_drop_that_panics_harms_nobody() {
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("as it was told to");
        }
    }
    journal::take();
    let host = HostQueue::new();
    let ran = Arc::new(Mutex::new(Vec::new()));
    let (panics, counted) = (Panics, Arc::clone(&ran));
    let call = host.call(move || {
        let _held = &panics;
        counted.lock().unwrap().push(1);
    });
    let panics = Panics;
    host.defer(move || _ = &panics).unwrap();
    let (cancelled, closed) = (Panics, Panics);
    let cancelled = host.call(move || _ = &cancelled);
    cancelled.cancel();
    assert!(cancelled.is_resolved());
    assert_eq!(host.drain(PATIENCE).ran, 2);
    let closed = host.call(move || _ = &closed);
    assert_eq!(host.close(), 1);
    assert!(matches!(closed.wait(PATIENCE), Err(HostError::Closed)));
    assert!(matches!(call.wait(PATIENCE), Err(HostError::Panicked(_))), "its own drop did");
    assert_eq!(*ran.lock().unwrap(), [1]);
    assert_eq!(host.statistics().panicked, 2);
}
