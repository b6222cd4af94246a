//! A manual clock stands still, jumps, or flows at a rate; who watches a loop may tell it so, from
//! any thread, also while the loop blocks or stands. What is due fires in the same order.
#![cfg(test)]
#![cfg(not(miri))]

use std::{
    cell::RefCell,
    rc::Rc,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use glassloop::{
    Builder, Clock, EventLoop, ManualClock, PollerKind, RunError, StepTo, Watch, sleep, spawn,
    yield_now,
};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);
/// Longer than anything takes that doesn't hang.
const LONGEST: Duration = Duration::from_secs(60);

fn builder(clock: &ManualClock) -> Builder {
    EventLoop::builder().clock(Clock::Manual(clock.clone())).poller(PollerKind::TimersOnly)
}

/// A loop whose clock stands still, and that nobody but a watch can move.
fn still() -> EventLoop {
    let clock = Clock::Manual(ManualClock::new());
    EventLoop::builder().clock(clock).poller(PollerKind::TimersOnly).build().unwrap()
}

#[test]
fn on_a_clock_that_flows_a_day_passes_in_its_order() {
    for rate in [1e7, 1e9] {
        let event_loop = still();
        let clock = event_loop.watch().manual_clock().unwrap();
        let fired = Rc::new(RefCell::new(Vec::new()));
        let began = Instant::now();
        let fires = Rc::clone(&fired);
        event_loop
            .block_on(async move {
                let hours = [5, 1, 24, 3, 2].map(|hours| {
                    let fired = Rc::clone(&fires);
                    spawn(async move {
                        sleep(hours * HOUR).await;
                        fired.borrow_mut().push(hours);
                    })
                });
                // All are armed: an hour passes while a task is polled.
                yield_now().await;
                clock.set_rate(rate);
                drop(clock);
                for hour in hours {
                    hour.await.unwrap();
                }
            })
            .unwrap();
        assert_eq!(*fired.borrow(), [1, 2, 3, 5, 24]);
        let least = Duration::from_secs_f64(24.0 * 3_600.0 / rate);
        assert!(began.elapsed() >= least, "never early: {:?}", began.elapsed());
    }
}

#[test]
fn a_loop_that_blocks_hears_that_its_clock_flows() {
    let (told, watch) = mpsc::channel();
    let sleeper = thread::spawn(move || {
        let event_loop = still();
        told.send(event_loop.watch()).unwrap();
        // Somebody holds the clock: it waits.
        let clock = event_loop.watch().manual_clock().unwrap();
        event_loop.block_on(async { sleep(HOUR).await }).map(|()| clock.now())
    });
    let watch: Watch = watch.recv().unwrap();
    let seen = watch.look(LONGEST).unwrap();
    assert_eq!(seen.snapshot.now_ns, 0);
    let clock = watch.manual_clock().unwrap();
    clock.set_rate(1e9);
    let now = sleeper.join().unwrap().unwrap();
    assert!(now >= 3_600_000_000_000, "{now}");
    assert!(watch.manual_clock().is_some_and(|clock| clock.rate() == 1e9), "as long as it is held");
    drop(clock);
    assert!(watch.manual_clock().is_none(), "it went with its loop");
}

#[test]
fn time_that_flows_is_a_way_out_and_time_that_stands_is_none() {
    let event_loop = still();
    let ended = event_loop.block_on(async { sleep(HOUR).await });
    assert!(matches!(ended, Err(RunError::Deadlock(_))), "{ended:?}");
    event_loop.watch().manual_clock().unwrap().set_rate(1e9);
    event_loop.block_on(async { sleep(HOUR).await }).unwrap();
    event_loop.watch().manual_clock().unwrap().set_rate(0.0);
    let ended = event_loop.block_on(async { sleep(HOUR).await });
    assert!(matches!(ended, Err(RunError::Deadlock(_))), "{ended:?}");
    event_loop.watch().manual_clock().unwrap().set_autojump(true);
    event_loop.block_on(async { sleep(HOUR).await }).unwrap();
}

#[test]
fn a_close_waits_by_a_clock_that_flows() {
    let clock = ManualClock::new();
    let event_loop = builder(&clock).build().unwrap();
    let task = event_loop.spawn(async { sleep(HOUR).await });
    clock.set_rate(1e7);
    let report = event_loop.close(1_000_000 * HOUR);
    assert!(task.is_finished() && report.tasks.is_empty(), "{report}");
}

#[test]
fn the_clock_of_a_stopped_loop_jumps_and_nothing_fires_before_it_goes_on() {
    let clock = ManualClock::new();
    let event_loop = builder(&clock).build().unwrap();
    let watch = event_loop.watch();
    let task = event_loop.spawn(async {
        sleep(SECOND).await;
        sleep(SECOND).await;
    });
    // Nothing is armed before the task has run: there is nothing to jump to.
    watch.jump();
    let pump = || event_loop.pump(Duration::from_millis(2)).map(|_| ()).unwrap();
    pump();
    assert_eq!(clock.now(), 0);
    watch.pause();
    pump();
    for _ in 0..3 {
        watch.jump();
        pump();
        assert_eq!(clock.now(), 1_000_000_000, "once: the timer has not fired");
    }
    assert!(watch.stopped(Duration::ZERO).is_some());
    watch.step(StepTo::NextItem);
    pump();
    watch.jump();
    pump();
    assert_eq!((clock.now(), task.is_finished()), (2_000_000_000, false));
    watch.resume();
    pump();
    assert!(task.is_finished());
    // Without a clock that can be moved it means nothing.
    let event_loop = EventLoop::new().unwrap();
    event_loop.watch().jump();
    event_loop.block_on(async {}).unwrap();
    assert!(event_loop.watch().manual_clock().is_none());
}
