//! A host whose dialog runs a loop of its own finds ours at rest, and may pump it: when the dialog
//! is opened outside of the turn. From within a turn it is refused, and said so.
#![cfg(test)]

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    future::Future,
    pin::Pin,
    rc::Rc,
    sync::mpsc,
    task::{Context, Waker},
    thread,
    time::Duration,
};

use glassloop::{EventLoop, JoinError, JoinHandle, RunError, outside, spawn, yield_now};

/// More than anything here takes: a pump ends when there is no more to do.
const BUDGET: Duration = Duration::from_secs(10);

/// A host with a queue of events; among them, that our loop wants to be pumped.
struct Host {
    event_loop: EventLoop,
    events: RefCell<VecDeque<Box<dyn FnOnce()>>>,
    called: mpsc::Receiver<()>,
    depth: Cell<u32>,
    deepest: Cell<u32>,
    refused: Cell<u32>,
}

impl Host {
    fn new() -> Rc<Host> {
        let (call, called) = mpsc::channel();
        let event_loop = EventLoop::new().unwrap();
        event_loop.on_wake(move || call.send(()).unwrap());
        Rc::new(Host {
            event_loop,
            events: RefCell::default(),
            called,
            depth: Cell::new(0),
            deepest: Cell::new(0),
            refused: Cell::new(0),
        })
    }

    /// Runs the host's loop, as a dialog does, until it is closed.
    fn exec(&self, closed: impl Fn() -> bool) {
        self.depth.set(self.depth.get() + 1);
        self.deepest.set(self.deepest.get().max(self.depth.get()));
        let mut pump = true;
        while !closed() {
            if std::mem::take(&mut pump) || self.called.try_recv().is_ok() {
                match self.event_loop.pump(BUDGET) {
                    Ok(pumped) => pump = pumped.more,
                    Err(RunError::Reentrant) => self.refused.set(self.refused.get() + 1),
                    Err(error) => panic!("{error}"),
                }
                continue;
            }
            let event = self.events.borrow_mut().pop_front();
            event.expect("the host would wait for ever")();
        }
        self.depth.set(self.depth.get() - 1);
    }
}

#[test]
fn from_within_a_turn_it_is_refused_and_the_error_says_what_to_do() {
    let host = Host::new();
    let (inner, closed) = (Rc::clone(&host), Rc::new(Cell::new(false)));
    let close = Rc::clone(&closed);
    host.events.borrow_mut().push_back(Box::new(move || close.set(true)));
    let task = host.event_loop.spawn(async move { inner.exec(|| closed.get()) });
    host.exec(|| task.is_finished());
    assert!(host.refused.get() > 0);
    assert_eq!(host.deepest.get(), 2);
    let text = RunError::Reentrant.to_string();
    assert!(text.contains("outside"), "{text}");
}

#[test]
fn outside_of_the_turn_other_tasks_go_on_while_the_dialog_is_open() {
    let host = Host::new();
    let (inner, answer) = (Rc::clone(&host), Rc::new(Cell::new(None)));
    let (clicked, told) = (Rc::clone(&answer), Rc::clone(&answer));
    let asks = host.event_loop.spawn(async move {
        outside(move || inner.exec(|| clicked.get().is_some())).await;
        told.get()
    });
    let ticks = Rc::new(Cell::new(0));
    let (click, ticked) = (Rc::clone(&answer), Rc::clone(&ticks));
    let other = host.event_loop.spawn(async move {
        for _ in 0..10 {
            ticked.set(ticked.get() + 1);
            yield_now().await;
        }
        click.set(Some("ok"));
    });
    host.exec(|| asks.is_finished());
    assert!(other.is_finished());
    assert_eq!((ticks.get(), host.deepest.get(), host.refused.get()), (10, 2, 0));
    assert_eq!(host.event_loop.block_on(asks).unwrap().unwrap(), Some("ok"));
}

#[test]
fn a_dialog_may_open_another_one() {
    let host = Host::new();
    let open = Rc::new(Cell::new(0));
    let task = |number: u32| {
        let (inner, open) = (Rc::clone(&host), Rc::clone(&open));
        host.event_loop.spawn(async move {
            let opened = Rc::clone(&open);
            outside(move || {
                opened.set(opened.get() + 1);
                inner.exec(|| opened.get() >= 3);
            })
            .await;
            number
        })
    };
    let tasks = [task(1), task(2), task(3)];
    host.exec(|| tasks.iter().all(|task| task.is_finished()));
    assert!(host.deepest.get() >= 2 && host.refused.get() == 0, "{}", host.deepest.get());
}

#[test]
fn a_loop_that_is_run_is_its_hosts_meanwhile_and_hears_of_other_threads() {
    let host = Host::new();
    let (inner, ran) = (Rc::clone(&host), Rc::new(Cell::new(0)));
    let counted = Rc::clone(&ran);
    let answer = host.event_loop.block_on(async move {
        spawn(async move { counted.set(1) }).detach();
        outside(move || {
            assert!(!inner.event_loop.pump(BUDGET).unwrap().more);
            // It may even be run in here.
            assert_eq!(inner.event_loop.block_on(async { 7 }).unwrap(), 7);
            assert!(!inner.event_loop.pump(BUDGET).unwrap().more);
            let remote = inner.event_loop.remote();
            let call = thread::spawn(move || remote.call(|| 6 * 7)).join().unwrap();
            inner.called.recv_timeout(Duration::from_secs(20)).expect("the host is called");
            assert!(!inner.event_loop.pump(BUDGET).unwrap().more);
            assert!(call.is_resolved());
            "closed"
        })
        .await
    });
    assert_eq!((answer.unwrap(), ran.get()), ("closed", 1));
}

#[test]
fn a_panic_goes_on_where_it_is_awaited() {
    let event_loop = EventLoop::new().unwrap();
    let joined =
        event_loop.block_on(async { spawn(async { outside(|| panic!("no dialog")).await }).await });
    let Err(JoinError::Panicked(panic)) = joined.unwrap() else { panic!("it panicked") };
    assert_eq!(panic.into_payload().downcast_ref(), Some(&"no dialog"));
}

#[test]
fn dropped_before_the_turn_is_over_it_never_runs() {
    let (event_loop, ran) = (EventLoop::new().unwrap(), Rc::new(Cell::new(0)));
    let never = Rc::clone(&ran);
    let task = event_loop.spawn(async move {
        let mut asked = Box::pin(outside(move || never.set(1)));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut asked).poll(&mut cx).is_pending());
        drop(asked);
    });
    assert!(!event_loop.pump(BUDGET).unwrap().more);
    assert!(task.is_finished());
    assert_eq!((ran.get(), Rc::strong_count(&ran)), (0, 1), "and what it held is gone");
}

#[test]
fn between_turns_that_are_made_by_hand_the_next_wait_begins_with_it() {
    let (event_loop, ran) = (EventLoop::new().unwrap(), Rc::new(Cell::new(false)));
    let first = Rc::clone(&ran);
    let task = event_loop.spawn(async move { outside(move || first.set(true)).await });
    let events = event_loop.wait().unwrap();
    event_loop.turn(events).unwrap();
    assert!(!ran.get());
    let events = event_loop.wait().unwrap();
    assert!(ran.get() && !task.is_finished(), "the task goes on in the next turn");
    event_loop.turn(events).unwrap();
    assert!(task.is_finished());
}

#[test]
fn a_wait_within_a_turn_is_refused_and_runs_nothing_there() {
    let event_loop = Rc::new(EventLoop::new().unwrap());
    let (pumped, waits) = (Rc::clone(&event_loop), Rc::clone(&event_loop));
    // In a turn the dialog's pump would be refused.
    let dialog = event_loop.spawn(outside(move || pumped.pump(BUDGET).map(|pumped| pumped.more)));
    let refused = event_loop.spawn(async move { waits.wait().map(drop) });
    let (pumped, refused) = event_loop.block_on(async { (dialog.await, refused.await) }).unwrap();
    assert!(matches!(refused, Ok(Err(RunError::Reentrant))), "{refused:?}");
    assert!(matches!(pumped, Ok(Ok(_))), "{pumped:?}");
}

#[test]
fn a_host_that_does_not_pump_in_its_dialog_is_called_there() {
    let host = Host::new();
    let (remote, called) = (host.event_loop.remote(), Rc::clone(&host));
    let dialog = move || {
        while called.called.try_recv().is_ok() {}
        let defers = thread::spawn(move || remote.defer(|| ()).unwrap());
        defers.join().unwrap();
        called.called.try_iter().count()
    };
    assert_eq!(host.event_loop.block_on(outside(dialog)).unwrap(), 1);
}

#[test]
fn after_a_dialog_that_nobody_waits_for_a_run_blocks_again() {
    let (event_loop, over) = (Rc::new(EventLoop::new().unwrap()), Rc::new(Cell::new(false)));
    let asker: Rc<RefCell<Option<JoinHandle<()>>>> = Rc::default();
    let (pumped, lets_go, closed) = (Rc::clone(&event_loop), Rc::clone(&asker), Rc::clone(&over));
    let dialog = move || {
        lets_go.take().expect("it asks").abort();
        assert!(pumped.pump(Duration::ZERO).unwrap().more, "another task is ready");
        closed.set(true);
    };
    asker.replace(Some(event_loop.spawn(outside(dialog))));
    let counts = || glassloop::snapshot().reactor;
    let waits = async move {
        while !over.get() {
            yield_now().await;
        }
        let before = counts();
        glassloop::sleep(Duration::from_millis(5)).await;
        (counts().waits - before.waits, counts().blocked - before.blocked)
    };
    let (waits, blocked) = event_loop.block_on(waits).unwrap();
    assert!(waits > 0 && waits == blocked, "{waits} waits, of which {blocked} blocked");
}
