//! Each test is a defect of one program that carried an event loop into Maya with threads, futures
//! and good will. What went wrong there is the first line of each; here it can't.
#![cfg(test)]

use std::{
    cell::{Cell, RefCell},
    future::pending,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    thread,
    time::Duration,
};

use glassloop::{
    CallError, CancelToken, Drain, EventLoop, HostError, HostQueue, LoopThread, ThreadError, spawn,
};

/// For what comes at once unless it never comes.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug, PartialEq)]
struct OutOfPaper {
    printer: u32,
}

/// A host's thread that serves a queue until it is closed.
fn serving(host: &HostQueue) -> thread::JoinHandle<()> {
    let host = host.clone();
    thread::spawn(move || {
        while !host.is_closed() {
            host.block_on(pending::<()>(), Duration::from_millis(1)).ok();
        }
    })
}

/// A task was made only to set the result of a call.
#[test]
fn the_result_of_a_host_call_costs_no_task() {
    let (event_loop, host) = (EventLoop::new().unwrap(), HostQueue::new());
    let main = serving(&host);
    let asked = host.clone();
    let sum = event_loop.block_on(async move {
        let mut sum = 0;
        for number in 0..50 {
            sum += asked.call(move || number).await.unwrap();
        }
        sum
    });
    assert_eq!(sum.unwrap(), 1_225);
    let snapshot = event_loop.snapshot();
    assert_eq!(snapshot.executor.spawned, 1, "the one that asked");
    host.close();
    main.join().unwrap();
}

/// To set the result of a future that was cancelled raised an error.
#[test]
fn a_result_that_comes_after_the_cancel_harms_nobody() {
    let host = HostQueue::new();
    let (told, tells) = mpsc::channel();
    let (release, released) = mpsc::channel();
    let call = host.call(move || {
        told.send(()).unwrap();
        released.recv().unwrap();
        "too late"
    });
    let main = serving(&host);
    tells.recv_timeout(PATIENCE).unwrap();
    call.cancel();
    drop(call);
    release.send(()).unwrap();
    assert_eq!(host.call(|| "next").wait(PATIENCE).unwrap(), "next");
    host.close();
    main.join().unwrap();
}

/// An error lost its type on the way, and was raised inside a callback that nobody sees.
#[test]
fn a_panic_comes_back_as_what_it_was_and_where_it_is_awaited() {
    let host = HostQueue::new();
    let call = host.call(|| -> () { std::panic::panic_any(OutOfPaper { printer: 3 }) });
    let main = serving(&host);
    let Err(HostError::Panicked(panic)) = call.wait(PATIENCE) else { panic!("it panicked") };
    assert_eq!(panic.into_payload().downcast_ref(), Some(&OutOfPaper { printer: 3 }));
    assert_eq!(host.call(|| 1).wait(PATIENCE).unwrap(), 1, "the host's thread lives on");
    host.close();
    main.join().unwrap();
}

/// What was registered with a loop that had stopped gave `None` at once, or hung for ever.
#[test]
fn a_loop_that_has_ended_refuses_and_hands_back() {
    let mut network = LoopThread::start("network").unwrap();
    assert!(network.join(PATIENCE).unwrap().is_clean());
    let mut call = network.call(|| 1);
    assert!(matches!(call.wait(PATIENCE), Err(CallError::Closed)));
    let mut task = network.spawn(|| async { 2 });
    assert!(matches!(task.wait(PATIENCE), Err(CallError::Closed)));
    let ran = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&ran);
    let back = network.defer(move || _ = counted.fetch_add(1, SeqCst)).unwrap_err();
    back.into_inner()();
    assert_eq!(ran.load(SeqCst), 1, "the closure came back, and its owner ran it");
}

/// What was no ordinary error in the worker was never told to anybody.
#[test]
fn whatever_a_job_throws_is_told() {
    let host = HostQueue::new();
    let thrown = [host.call(|| std::panic::panic_any(7_u8)), host.call(|| panic!("text"))];
    host.defer(|| std::panic::panic_any(())).unwrap();
    assert_eq!(host.drain(PATIENCE).ran, 3);
    for call in thrown {
        assert!(call.is_resolved());
    }
    assert_eq!(host.statistics().panicked, 3);
}

/// In batch the jobs went to a queue that had another name there, drained by a loop that spun.
#[test]
fn in_batch_the_same_queue_is_drained_by_the_thread_that_waits() {
    // The host of a queue whose kicks nobody runs, as Maya without its window.
    let (post, _never_run) = mpsc::channel::<Drain>();
    let host = HostQueue::builder().kick(move |drain| drop(post.send(drain))).build();
    let network = LoopThread::start("network").unwrap();
    let scene = host.clone();
    let export = network.spawn(move || async move {
        scene.defer(|| ()).unwrap();
        scene.call(|| thread::current().id()).await.unwrap()
    });
    let ran_on = host.block_on(export, PATIENCE).expect("in time").unwrap();
    assert_eq!(ran_on, thread::current().id());
    assert!(host.statistics().drains < 1_000, "it sleeps while there is nothing to do");
    drop(network);
}

/// What was born while others were cancelled was missed, and lived on.
#[test]
fn tasks_that_are_born_while_others_are_dropped_are_dropped_too() {
    struct SpawnsOnDrop(Rc<Cell<u32>>);
    impl Drop for SpawnsOnDrop {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
            if self.0.get() < 10 {
                let next = SpawnsOnDrop(Rc::clone(&self.0));
                spawn(async move {
                    let _held = next;
                    pending::<()>().await;
                })
                .detach();
            }
        }
    }
    let (event_loop, dropped) = (EventLoop::new().unwrap(), Rc::new(Cell::new(0)));
    let held = SpawnsOnDrop(Rc::clone(&dropped));
    event_loop
        .spawn(async move {
            let _held = held;
            pending::<()>().await;
        })
        .detach();
    let report = event_loop.close(Duration::ZERO);
    assert_eq!((report.tasks_aborted, dropped.get()), (10, 10), "{report}");
}

/// A task that failed in another way than it was asked to ended the clearing of all others.
#[test]
fn a_task_that_panics_while_it_is_dropped_keeps_nobody_alive() {
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("as it was told to");
        }
    }
    let (told, dropped) = (Rc::new(RefCell::new(0)), Rc::new(Cell::new(0)));
    let heard = Rc::clone(&told);
    let builder = EventLoop::builder().on_unhandled(move |_| *heard.borrow_mut() += 1);
    let event_loop = builder.build().unwrap();
    for _ in 0..3 {
        let (panics, guard) = (Panics, Rc::clone(&dropped));
        event_loop
            .spawn(async move {
                let _held = (panics, guard);
                pending::<()>().await;
            })
            .detach();
    }
    let report = event_loop.close(Duration::ZERO);
    assert_eq!((report.tasks_aborted, *told.borrow()), (3, 3), "{report}");
    assert_eq!(Rc::strong_count(&dropped), 1);
}

/// The thread was waited for two seconds and then left behind, without a word.
#[test]
fn a_thread_that_does_not_end_is_named() {
    let mut network = LoopThread::start("network").unwrap();
    let (release, released) = mpsc::channel::<()>();
    let (began, begins) = mpsc::channel();
    let hung = move || {
        began.send(()).unwrap();
        released.recv().unwrap();
    };
    network.defer(hung).unwrap();
    begins.recv_timeout(PATIENCE).unwrap();
    let Err(ThreadError::StillRuns(still)) = network.join(Duration::ZERO) else {
        panic!("it waits for us")
    };
    assert_eq!(still.thread, "network");
    release.send(()).unwrap();
    assert!(network.join(PATIENCE).is_ok(), "and it can be waited for again");
}

/// A message without an answer was waited for a second; then the log was told, and it was lost.
#[test]
fn an_answer_that_does_not_come_is_an_error_where_it_is_awaited() {
    let event_loop = EventLoop::test();
    let answered = event_loop
        .block_on(async { glassloop::timeout(Duration::from_secs(1), pending::<()>()).await });
    assert_eq!(answered.unwrap().unwrap_err().after(), Duration::from_secs(1));
}

/// To cancel an action, its result was waited for on the host's thread: which it was waiting for.
#[test]
fn to_cancel_from_the_hosts_thread_waits_for_nothing() {
    let (host, network) = (HostQueue::new(), LoopThread::start("network").unwrap());
    assert_eq!(host.drain(PATIENCE).ran, 0, "this thread is the host's");
    let (token, scene) = (CancelToken::new(), host.clone());
    let heard = token.clone();
    let action = network.spawn(move || async move {
        let asked = async { scene.call(|| "may run before it is cancelled").await };
        drop(heard.run_until_cancelled(asked).await);
    });
    token.cancel();
    let ended = host.block_on(action, PATIENCE).expect("in time");
    assert!(ended.is_ok(), "it waited for us, and ended");
}

/// To start and stop a connection, a future was waited for on the host's thread: the same again.
#[test]
fn a_wait_on_the_hosts_thread_for_what_needs_the_host_is_refused_or_drains() {
    let (host, mut network) = (HostQueue::new(), LoopThread::start("network").unwrap());
    let main_menu = host.clone();
    let mut connects = network.spawn(move || async move { main_menu.call(|| "connected").await });
    assert!(!host.drain(Duration::ZERO).more);
    match connects.wait(PATIENCE) {
        Err(CallError::WouldDeadlock) => {
            let connected = host.block_on(connects, PATIENCE).expect("in time");
            assert_eq!(connected.unwrap().unwrap(), "connected");
        }
        answered => assert_eq!(answered.unwrap().unwrap(), "connected", "it drained just then"),
    }
    assert!(network.join(PATIENCE).unwrap().is_clean());
}
