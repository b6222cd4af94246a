//! Whatever comes while a loop is stopped or stepped is heard: an order from within an item, a
//! look, a host that comes as it is asked to. And its time is counted as that of any loop.
#![cfg(test)]
#![cfg(not(miri))]

#[path = "common/guest_host.rs"]
mod guest_host;
#[path = "common/stepper.rs"]
mod stepper;
#[path = "common/until.rs"]
mod until;

use std::{
    cell::Cell,
    future::pending,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use glassloop::{EventLoop, Limits, RunPolicy, StepTo, sleep, yield_now};
use guest_host::Host;
use stepper::pump;
use until::until;

/// Longer than anything takes that doesn't hang.
const LONGEST: Duration = Duration::from_secs(60);
const MOMENT: Duration = Duration::from_millis(2);

#[test]
fn an_order_from_within_an_item_is_heard_by_a_host_that_pumps() {
    let woken = Arc::new(AtomicUsize::new(0));
    for to in [StepTo::NextItem, StepTo::NextTurn] {
        let event_loop = EventLoop::new().unwrap();
        let (watch, wakes) = (event_loop.watch(), Arc::clone(&woken));
        event_loop.on_wake(move || {
            wakes.fetch_add(1, SeqCst);
        });
        let orders = watch.clone();
        let task = event_loop.spawn(async move {
            orders.resume();
            yield_now().await;
        });
        let other = event_loop.spawn(yield_now());
        watch.pause();
        pump(&event_loop);
        watch.step(to);
        // The host comes as often as it is asked to.
        while event_loop.pump(Duration::ZERO).unwrap().more {}
        assert!(task.is_finished() && other.is_finished(), "{to}: it was told to go on");
    }
    assert!(woken.load(SeqCst) > 0);
}

#[test]
#[cfg(unix)]
fn an_order_given_while_an_item_runs_is_heard_by_a_descriptor() {
    let event_loop = EventLoop::new().unwrap();
    event_loop.descriptor().unwrap();
    let (watch, orders) = (event_loop.watch(), event_loop.watch());
    let steps = Rc::new(Cell::new(0));
    let counted = Rc::clone(&steps);
    event_loop
        .spawn(async move {
            loop {
                counted.set(counted.get() + 1);
                // The next step, from within this one.
                orders.step(StepTo::NextItem);
                yield_now().await;
            }
        })
        .detach();
    watch.step(StepTo::NextItem);
    for _ in 0..100 {
        assert!(event_loop.pump(Duration::ZERO).unwrap().more, "there is an order to look at");
    }
    assert!(steps.get() > 20, "{}", steps.get());
}

#[test]
fn who_looks_while_an_item_is_stepped_is_answered() {
    let event_loop = EventLoop::new().unwrap();
    let (watch, begun) = (event_loop.watch(), Arc::new(AtomicBool::new(false)));
    let (begins, goes_on) = (Arc::clone(&begun), Arc::new(AtomicBool::new(false)));
    let holds = Arc::clone(&goes_on);
    event_loop
        .spawn(async move {
            begins.store(true, SeqCst);
            while !holds.load(SeqCst) {
                thread::yield_now();
            }
        })
        .detach();
    event_loop.spawn(pending::<()>()).detach();
    watch.step(StepTo::NextItem);
    let remote = event_loop.remote();
    let looks = thread::spawn(move || {
        until(|| begun.load(SeqCst));
        let asked = watch.ask();
        goes_on.store(true, SeqCst);
        let seen = asked.wait(LONGEST).unwrap();
        remote.stop();
        seen
    });
    event_loop.run().unwrap();
    let seen = looks.join().unwrap();
    assert!(seen.fresh && seen.snapshot.stopped.is_some());
}

#[test]
fn a_stopped_guest_with_an_exact_clock_is_not_spun() {
    let precise = glassloop::Precision::Precise;
    let event_loop = Rc::new(EventLoop::builder().timeout_precision(precise).build().unwrap());
    let host = Host::new();
    let guest = host.start(&event_loop);
    let fired = Rc::new(Cell::new(0));
    let fires = Rc::clone(&fired);
    event_loop
        .spawn(async move {
            loop {
                sleep(MOMENT).await;
                fires.set(fires.get() + 1);
            }
        })
        .detach();
    host.serve_until(&|| fired.get() > 2);
    let watch = event_loop.watch();
    watch.pause();
    host.park(&event_loop);
    // Its timer is due by now, and is nobody's.
    let due = event_loop.snapshot();
    until(|| event_loop.snapshot().now_ns > due.now_ns + 10_000_000);
    let (ticks, polls) = (host.posted(), fired.get());
    for _ in 0..3 {
        drop(watch.ask());
        host.park(&event_loop);
    }
    let made = host.posted() - ticks;
    assert!(made <= 6, "{made} ticks for three looks");
    assert_eq!(fired.get(), polls);
    watch.resume();
    host.serve_until(&|| fired.get() > polls + 2);
    guest.end();
}

#[test]
fn the_time_in_which_a_loop_stood_is_nobodys_stall() {
    let limits = Limits { stall_ms_min: 50, ..Limits::default() };
    let event_loop = EventLoop::builder().limits(limits).build().unwrap();
    let watch = event_loop.watch();
    for _ in 0..3 {
        event_loop.spawn(async {}).detach();
    }
    watch.step(StepTo::NextItem);
    pump(&event_loop);
    let began = event_loop.snapshot().now_ns;
    until(|| event_loop.snapshot().now_ns > began + 100_000_000);
    watch.resume();
    pump(&event_loop);
    let reactor = event_loop.enter(glassloop_reactor::Reactor::current).unwrap();
    let stall = reactor.last_stall();
    assert!(stall.is_none(), "{stall:?}");
}

#[test]
fn a_step_keeps_a_phase_within_its_time_and_a_pump_within_its_budget() {
    let clock = glassloop::ManualClock::new();
    let builder = EventLoop::builder().clock(glassloop::Clock::Manual(clock.clone()));
    let builder = builder.policy(RunPolicy::Timed(Duration::from_millis(1)));
    let event_loop = builder.poller(glassloop::PollerKind::TimersOnly).build().unwrap();
    let ran = Rc::new(Cell::new(0_u32));
    for _ in 0..100 {
        let (ran, clock) = (Rc::clone(&ran), clock.clone());
        let item = async move {
            ran.set(ran.get() + 1);
            clock.advance(Duration::from_millis(5));
        };
        event_loop.spawn(item).detach();
    }
    event_loop.watch().step(StepTo::NextTurn);
    let pumped = event_loop.pump(MOMENT).unwrap();
    assert!(ran.get() <= 2, "{} items of 5 ms in a turn of one", ran.get());
    assert!(!pumped.more, "it stands");
}

#[test]
fn a_step_after_others_runs_one_item_and_one_to_a_task_comes_before_its_next_poll() {
    let event_loop = EventLoop::new().unwrap();
    let (watch, polls) = (event_loop.watch(), Rc::new(Cell::new(0)));
    let tasks = [0, 1, 2].map(|_| {
        let polls = Rc::clone(&polls);
        event_loop.spawn(async move {
            loop {
                polls.set(polls.get() + 1);
                yield_now().await;
            }
        })
    });
    for _ in 0..3 {
        watch.pause();
        pump(&event_loop);
        watch.step(StepTo::NextItem);
        pump(&event_loop);
        watch.resume();
        event_loop.pump(Duration::ZERO).map(|_| ()).unwrap();
        event_loop.pump(Duration::ZERO).map(|_| ()).unwrap();
        let before = polls.get();
        watch.step(StepTo::NextItem);
        pump(&event_loop);
        assert_eq!(polls.get(), before + 1);
    }
    tasks.iter().for_each(|task| task.abort());
    watch.resume();
    event_loop.run().unwrap();
    // One that sleeps while the loop stands, as that of an idle server does.
    let polls = Rc::new(Cell::new(0));
    let counted = Rc::clone(&polls);
    let task = event_loop.spawn(async move {
        loop {
            counted.set(counted.get() + 1);
            sleep(MOMENT).await;
        }
    });
    pump(&event_loop);
    watch.pause();
    pump(&event_loop);
    for seen in 1..4 {
        watch.step(StepTo::Task(task.id()));
        until(|| {
            pump(&event_loop);
            watch.stopped(Duration::ZERO).is_some()
        });
        assert_eq!(polls.get(), seen);
    }
}
