//! Every order that the memory model allows, for the words that threads share.
//!
//! These are models of the shipped files: the inbox, the wake word, the condition variable, the
//! wakers, and the loop itself around them. Run with
//! `RUSTFLAGS='--cfg loom' cargo test --release --test loom`; with `--cfg drain_before_disarm` as
//! well the loop empties its queue before it disarms the word, and the models must fail.
#![cfg(loom)]

use std::{cell::Cell, rc::Rc, sync::Arc, task::Waker};

use glassloop::{Clock, EventLoop, ManualClock, PollerKind, Refused};
use glassloop_executor::{Left, inbox};
use glassloop_reactor::{Notifier, Parker, Unblock};
use loom::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

/// A loop without descriptors and with a clock that stands still.
fn event_loop() -> EventLoop {
    EventLoop::builder()
        .clock(Clock::Manual(ManualClock::new()))
        .poller(PollerKind::TimersOnly)
        .build()
        .unwrap()
}

fn place() -> &'static std::panic::Location<'static> {
    std::panic::Location::caller()
}

fn model(f: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.max_branches = 20_000;
    builder.check(f);
}

/// Counts what ran, outside of loom's world: a plain count of this thread.
fn counted(ran: &Arc<AtomicUsize>) -> impl FnOnce() + Send + 'static {
    let ran = Arc::clone(ran);
    move || {
        ran.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_call_left_while_the_loop_parks_is_run() {
    model(|| {
        let event_loop = event_loop();
        let remote = event_loop.remote();
        let ran = Arc::new(AtomicUsize::new(0));
        let call = counted(&ran);
        let sender = thread::spawn(move || {
            remote.defer(call).unwrap();
            // Only the call may bring the loop back, not the end of the last remote.
            std::mem::forget(remote);
        });
        while ran.load(Ordering::Relaxed) == 0 {
            let events = event_loop.wait().unwrap();
            event_loop.turn(events).unwrap();
        }
        sender.join().unwrap();
    });
}

#[test]
fn a_call_left_while_the_loop_spins_and_then_parks_is_taken() {
    model(|| {
        let parker = Arc::new(Parker::new());
        let notifier = Arc::new(Notifier::new(Unblock::Parker(Arc::clone(&parker))));
        let (inbox, outlet) = inbox(16, Waker::from(Arc::clone(&notifier)));
        let sender = thread::spawn(move || inbox.defer(|| {}, place()).unwrap());
        let (mut taken, mut parked) = (0, 0);
        while taken == 0 {
            // As the wait of a loop with `spin_us`: it looks first, and blocks only then.
            if !notifier.spin(2) && notifier.arm_wait() {
                parked += 1;
                parker.park(None);
                notifier.after_wait();
            }
            if notifier.disarm() {
                outlet.take(10, |_, _| taken += 1);
            }
        }
        sender.join().unwrap();
        assert!(notifier.wake_calls() <= parked, "a loop that spins is not woken");
    });
}

#[test]
fn two_senders_are_both_heard_each_in_its_order() {
    model(|| {
        let event_loop = event_loop();
        let last = Rc::new(Cell::new([0, 0]));
        let heard = Arc::new(std::sync::Mutex::new(Vec::new()));
        let senders: Vec<_> = (0..2)
            .map(|sender| {
                let (remote, heard) = (event_loop.remote(), Arc::clone(&heard));
                thread::spawn(move || {
                    for call in 1..=2 {
                        let heard = Arc::clone(&heard);
                        remote.defer(move || heard.lock().unwrap().push((sender, call))).unwrap();
                    }
                    std::mem::forget(remote);
                })
            })
            .collect();
        let mut seen = 0;
        while seen < 4 {
            let events = event_loop.wait().unwrap();
            event_loop.turn(events).unwrap();
            for (sender, call) in std::mem::take(&mut *heard.lock().unwrap()) {
                let mut order: [usize; 2] = last.get();
                assert_eq!(order[sender] + 1, call, "sender {sender} out of order");
                order[sender] = call;
                last.set(order);
                seen += 1;
            }
        }
        senders.into_iter().for_each(|sender| sender.join().unwrap());
    });
}

#[test]
fn a_call_that_meets_the_close_is_run_or_reported_or_refused() {
    model(|| {
        let event_loop = event_loop();
        let remote = event_loop.remote();
        let ran = Arc::new(AtomicUsize::new(0));
        let call = counted(&ran);
        let sender = thread::spawn(move || match remote.defer(call) {
            Ok(()) => 1,
            Err(Refused::Closed(_)) => 0,
            Err(other) => panic!("expected Closed, came {other:?}"),
        });
        let report = event_loop.close(std::time::Duration::ZERO);
        let accepted = sender.join().unwrap();
        assert_eq!(ran.load(Ordering::Relaxed) + report.calls.len(), accepted);
    });
}

#[test]
fn a_host_is_called_once_for_each_parking() {
    model(|| {
        let (notifier, outlet, inbox) = parts();
        let kicks = Arc::new(AtomicUsize::new(0));
        let kick = Arc::clone(&kicks);
        notifier.set_on_wake(Box::new(move || {
            kick.fetch_add(1, Ordering::Relaxed);
        }));
        let senders: Vec<_> = (0..2)
            .map(|_| {
                let inbox = Arc::clone(&inbox);
                thread::spawn(move || inbox.defer(|| {}, place()).unwrap())
            })
            .collect();
        // A pump: take what is there, park with the host, and go on only if that failed.
        let mut taken = 0;
        let mut take = || {
            if notifier.disarm() {
                outlet.take(10, |_, _| taken += 1);
            }
        };
        take();
        let parked = loop {
            if notifier.park() {
                break kicks.load(Ordering::Relaxed);
            }
            take();
        };
        senders.into_iter().for_each(|sender| sender.join().unwrap());
        let kicked = kicks.load(Ordering::Relaxed);
        assert!(parked <= kicked && kicked <= 1, "one parking, {kicked} calls of the host");
        notifier.unpark_by_host();
        take();
        assert_eq!(taken, 2, "everything left is found");
        assert!(kicked == 1 || parked == 0);
    });
}

#[test]
fn a_stop_ends_the_run_whenever_it_comes() {
    model(|| {
        let event_loop = event_loop();
        let remote = event_loop.remote();
        let keep = event_loop.remote();
        let stopper = thread::spawn(move || {
            remote.stop();
            std::mem::forget(remote);
        });
        event_loop.run().unwrap();
        stopper.join().unwrap();
        drop(keep);
    });
}

#[test]
fn a_task_woken_from_another_thread_is_polled_again() {
    model(|| {
        let event_loop = event_loop();
        let _keep = event_loop.remote();
        let flag = Arc::new(AtomicUsize::new(0));
        let slot = Arc::new(std::sync::Mutex::new(None::<Waker>));
        let (seen, waker) = (Arc::clone(&flag), Arc::clone(&slot));
        let task = event_loop.spawn(std::future::poll_fn(move |cx| {
            *waker.lock().unwrap() = Some(cx.waker().clone());
            match seen.load(Ordering::Acquire) {
                0 => std::task::Poll::Pending,
                _ => std::task::Poll::Ready(()),
            }
        }));
        let events = event_loop.wait().unwrap();
        event_loop.turn(events).unwrap();
        let waker = slot.lock().unwrap().take().expect("the task has waited");
        let other = thread::spawn(move || {
            // Twice: the second wake may find the first one still in the inbox.
            waker.wake_by_ref();
            flag.store(1, Ordering::Release);
            waker.wake();
        });
        while !task.is_finished() {
            let events = event_loop.wait().unwrap();
            event_loop.turn(events).unwrap();
        }
        other.join().unwrap();
    });
}

#[test]
fn what_the_inbox_accepted_is_there_once_the_count_says_so() {
    model(|| {
        let (_notifier, outlet, inbox) = parts();
        let sender = {
            let inbox = Arc::clone(&inbox);
            thread::spawn(move || inbox.defer(|| {}, place()).is_ok())
        };
        inbox.close();
        let mut found = 0;
        while inbox.calls() > 0 {
            outlet.take(10, |left, _| {
                assert!(matches!(left, Left::Call(_)));
                inbox.release(1);
                found += 1;
            });
            thread::yield_now();
        }
        assert_eq!(sender.join().unwrap(), found == 1);
    });
}

/// The shipped halves without a loop around them.
fn parts() -> (Arc<Notifier>, glassloop_executor::Outlet, Arc<glassloop_executor::Inbox>) {
    let notifier = Arc::new(Notifier::new(Unblock::Parker(Arc::new(Parker::new()))));
    let (inbox, outlet) = inbox(16, Waker::from(Arc::clone(&notifier)));
    (notifier, outlet, inbox)
}
