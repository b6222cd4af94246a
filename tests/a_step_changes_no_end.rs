//! What ends a loop ends it also while it is stepped, and as it does one that nobody stops: the
//! turn is made to its end, what is to run outside comes behind it, and nobody is held up.
#![cfg(test)]
#![cfg(not(miri))]

#[path = "common/stepper.rs"]
mod stepper;
#[path = "common/until.rs"]
mod until;

use std::{
    cell::{Cell, RefCell},
    future::{pending, poll_fn},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
        mpsc,
    },
    task::{Poll, Waker},
    thread,
    time::Duration,
};

use glassloop::{EventLoop, LoopThread, RunError, StepTo, net, outside, spawn, stop, yield_now};
use stepper::{pump, stepped};
use until::until;

/// Longer than anything takes that doesn't hang.
const LONGEST: Duration = Duration::from_secs(60);

/// What a program says, in order.
#[derive(Clone, Default)]
struct Said(Rc<RefCell<Vec<&'static str>>>);

impl Said {
    fn say(&self, what: &'static str) {
        self.0.borrow_mut().push(what);
    }

    fn take(&self) -> Vec<&'static str> {
        self.0.take()
    }
}

/// Runs what a thread does that may hang, and says whether it did not.
fn ends(f: impl FnOnce() + Send + 'static) -> bool {
    let (told, heard) = mpsc::channel();
    thread::spawn(move || {
        f();
        told.send(()).ok();
    });
    heard.recv_timeout(LONGEST).is_ok()
}

#[test]
fn a_run_that_has_nothing_left_ends_after_orders_as_before_them() {
    assert!(ends(|| {
        let event_loop = EventLoop::new().unwrap();
        let watch = event_loop.watch();
        watch.pause();
        watch.resume();
        event_loop.run().unwrap();
        let ended = event_loop.block_on(async move {
            watch.pause();
            watch.resume();
            pending::<()>().await;
        });
        assert!(matches!(ended, Err(RunError::Deadlock(_))), "{ended:?}");
    }));
}

#[test]
fn the_turn_in_which_a_run_ends_is_made_to_its_end() {
    let lives = |is_stepped: bool| {
        let (event_loop, said) = (EventLoop::new().unwrap(), Said::default());
        let says = said.clone();
        let program = async move {
            let waker: Rc<RefCell<Option<Waker>>> = Rc::default();
            let (woken, other) = (Rc::clone(&waker), says.clone());
            spawn(async move {
                other.say("other");
                woken.take().unwrap().wake();
                yield_now().await;
                other.say("other once more");
            })
            .detach();
            let mut is_first = true;
            poll_fn(move |context| {
                waker.replace(Some(context.waker().clone()));
                if std::mem::take(&mut is_first) { Poll::Pending } else { Poll::Ready(()) }
            })
            .await;
            says.say("main ends");
        };
        let run = || event_loop.block_on(program).unwrap();
        if is_stepped {
            stepped(&event_loop, |_| StepTo::NextItem, run).0
        } else {
            run()
        }
        said.take()
    };
    assert_eq!(lives(false), ["other", "main ends", "other once more"]);
    assert_eq!(lives(true), lives(false));
}

#[test]
fn a_stop_from_an_item_ends_the_turn_and_then_the_run() {
    let lives = |is_stepped: bool| {
        let (event_loop, said) = (EventLoop::new().unwrap(), Said::default());
        let (here, there) = event_loop.enter(|| net::duplex().unwrap());
        let [first, second, frame] = [said.clone(), said.clone(), said.clone()];
        event_loop
            .spawn(async move {
                first.say("stops");
                stop();
            })
            .detach();
        event_loop
            .spawn(async move {
                second.say("other");
                here.write_all(b"x").await.unwrap();
            })
            .detach();
        drop(event_loop.request_render(move |_| frame.say("frame")).unwrap());
        if is_stepped {
            event_loop.watch().step(StepTo::NextItem);
        }
        event_loop.run().unwrap();
        drop(there);
        said.take()
    };
    assert_eq!(lives(false), ["stops", "other", "frame"]);
    assert_eq!(lives(true), lives(false));
}

#[test]
fn what_is_to_run_outside_comes_behind_the_turn() {
    let lives = |is_stepped: bool| {
        let (event_loop, said) = (EventLoop::new().unwrap(), Said::default());
        let [first, second] = [said.clone(), said.clone()];
        event_loop
            .spawn(async move {
                first.say("a");
                let dialog = first.clone();
                outside(move || dialog.say("outside")).await;
                first.say("a again");
            })
            .detach();
        event_loop.spawn(async move { second.say("b") }).detach();
        for _ in 0..10 {
            if is_stepped {
                event_loop.watch().step(StepTo::NextItem);
            }
            pump(&event_loop);
        }
        said.take()
    };
    assert_eq!(lives(false), ["a", "b", "outside", "a again"]);
    assert_eq!(lives(true), lives(false));
}

#[test]
fn a_pause_behind_a_stop_or_a_close_holds_nobody_up() {
    let (holds, begun) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
    let mut thread = LoopThread::start("stopped").unwrap();
    let (held, begins) = (Arc::clone(&holds), Arc::clone(&begun));
    thread
        .defer(move || {
            begins.store(true, SeqCst);
            while held.load(SeqCst) {
                thread::yield_now();
            }
        })
        .unwrap();
    until(|| begun.load(SeqCst));
    thread.stop(Duration::ZERO);
    thread.watch().pause();
    holds.store(false, SeqCst);
    thread.join(LONGEST).unwrap();
    // A run that was stopped may be stopped by who watches it when it runs again.
    let event_loop = EventLoop::new().unwrap();
    event_loop.stop();
    event_loop.watch().pause();
    event_loop.run().unwrap();
    event_loop.watch().pause();
    pump(&event_loop);
    assert!(event_loop.watch().stopped(Duration::ZERO).is_some());
}

#[test]
fn a_turn_that_was_cut_has_its_end_before_a_close() {
    #[derive(Default)]
    struct Turns(Cell<i64>);

    impl glassloop::Observer for Turns {
        fn turn_began(&self, _: u64) {
            self.0.set(self.0.get() + 1);
        }

        fn turn_ended(&self, _: u64, _: usize) {
            self.0.set(self.0.get() - 1);
        }
    }

    let event_loop = EventLoop::new().unwrap();
    let turns = Rc::new(Turns::default());
    event_loop.observe(Rc::clone(&turns) as Rc<dyn glassloop::Observer>);
    for _ in 0..3 {
        event_loop.spawn(pending::<()>()).detach();
    }
    event_loop.watch().step(StepTo::NextItem);
    pump(&event_loop);
    assert_eq!(turns.0.get(), 1, "it stands within a turn");
    assert_eq!(event_loop.close(Duration::ZERO).tasks_aborted, 3);
    assert_eq!(turns.0.get(), 0);
}
