//! What a host does with a loop that is kept, or run again, it does as with any other: runs it
//! twice, pumps it, steps it, closes it, goes on behind the end of the recording.
#![cfg(test)]

#[path = "common/seed.rs"]
mod seed;
#[path = "common/stepper.rs"]
mod stepper;

use std::{
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use glassloop::{
    Clock, EventLoop, Limits, ManualClock, Observer, PollerKind, Recording, RunError, RunPolicy,
    StepTo, on_resume, sleep, spawn, yield_now,
};
use seed::Seed;
use stepper::stepped;

fn real_loop() -> EventLoop {
    EventLoop::builder().poller(PollerKind::TimersOnly).build().unwrap()
}

/// Runs a program on a loop that is kept, and on others that run that again, each made so.
fn kept_and_again<T>(
    make: impl Fn() -> EventLoop,
    again: usize,
    program: impl Fn(&EventLoop) -> Result<T, RunError>,
) -> Recording {
    let first = make().keep();
    program(&first).unwrap();
    let recording = first.recording().unwrap();
    for round in 0..again {
        let event_loop = make().replay(&recording).unwrap();
        let ended = program(&event_loop);
        let replayed = event_loop.replayed().unwrap();
        assert!(ended.is_ok() && replayed.is_whole(), "{round}: {replayed}");
    }
    recording
}

/// Leaves so many calls, each so long after the one before it; they count.
fn leaves(event_loop: &EventLoop, calls: usize, pause: Duration) -> Arc<AtomicUsize> {
    let (remote, called) = (event_loop.remote(), Arc::<AtomicUsize>::default());
    let counts = Arc::clone(&called);
    let leaves = move || {
        for _ in 0..calls {
            let counts = Arc::clone(&counts);
            let counts = move || {
                counts.fetch_add(1, SeqCst);
            };
            remote.defer(counts).unwrap();
            thread::sleep(pause);
        }
    };
    thread::Builder::new().name("leaves".to_owned()).spawn(leaves).unwrap();
    called
}

#[test]
fn runs_that_end_by_themselves_end_where_they_ended() {
    let program = |event_loop: &EventLoop| {
        for rounds in 1..4 {
            let yields = async move {
                for _ in 0..rounds {
                    yield_now().await;
                }
            };
            event_loop.spawn(yields).detach();
            event_loop.run()?;
        }
        let stuck = event_loop.block_on(std::future::pending::<()>());
        assert!(matches!(stuck, Err(RunError::Deadlock(_))), "{stuck:?}");
        event_loop.block_on(yield_now())
    };
    kept_and_again(EventLoop::test, 2, program);
    // The last handle of another thread ends a run: it may go sooner or later.
    kept_and_again(real_loop, 5, |event_loop| {
        leaves(event_loop, 3, Duration::from_micros(300));
        event_loop.run()?;
        event_loop.block_on(yield_now())
    });
}

#[test]
fn a_host_that_pumps_gets_the_same_turns() {
    kept_and_again(real_loop, 10, |event_loop| {
        let called = leaves(event_loop, 100, Duration::from_micros(50));
        let works = event_loop.spawn(async {
            for _ in 0..10 {
                sleep(Duration::from_micros(500)).await;
                let began = Instant::now();
                while began.elapsed() < Duration::from_micros(200) {}
            }
        });
        while called.load(SeqCst) < 100 || !works.is_finished() {
            event_loop.pump(Duration::from_millis(2)).map(drop)?;
            thread::sleep(Duration::from_micros(100));
        }
        Ok(())
    });
}

#[test]
fn a_clock_that_is_suspended_by_another_thread_is_so_again() {
    let program = |event_loop: &EventLoop| {
        let clock = event_loop.watch().manual_clock().unwrap();
        let remote = event_loop.remote();
        let moves = move || {
            thread::sleep(Duration::from_millis(2));
            clock.suspend(Duration::from_secs(3_600));
            thread::sleep(Duration::from_millis(2));
            remote.defer(|| {}).unwrap();
            clock.advance(Duration::from_secs(10));
        };
        thread::Builder::new().name("moves".to_owned()).spawn(moves).unwrap();
        event_loop.block_on(async {
            on_resume(|gap| assert_eq!(gap, Duration::from_secs(3_600))).unwrap();
            sleep(Duration::from_secs(3_605)).await;
        })
    };
    let make = || {
        let clock = Clock::Manual(ManualClock::new());
        EventLoop::builder().clock(clock).poller(PollerKind::TimersOnly).build().unwrap()
    };
    kept_and_again(make, 3, program);
}

#[test]
fn behind_the_end_of_a_recording_time_goes_on_as_the_clock_does() {
    let sleeps = |event_loop: &EventLoop, millis| {
        event_loop.block_on(async move { sleep(Duration::from_millis(millis)).await })
    };
    let first = real_loop().keep();
    sleeps(&first, 30).unwrap();
    let recording = first.recording().unwrap();
    // This loop is later than the recording, and one on a manual clock is where that puts it.
    thread::sleep(Duration::from_millis(20));
    for make in [real_loop, EventLoop::test] {
        let again = make().replay(&recording).unwrap();
        sleeps(&again, 30).unwrap();
        assert!(again.replayed().unwrap().is_whole());
        let before = again.snapshot();
        sleeps(&again, 50).unwrap();
        let after = again.snapshot();
        assert_eq!(after.turn - before.turn, 2, "it neither spins nor waits for long");
        let took = after.now_ns - before.now_ns;
        assert!((50_000_000..2_000_000_000).contains(&took), "{took} ns");
        assert!(again.replayed().unwrap().beyond > 0);
    }
    // The same behind a difference.
    let other = real_loop().replay(&recording).unwrap();
    assert!(matches!(sleeps(&other, 31), Err(RunError::Differs(_))));
    let before = other.snapshot();
    sleeps(&other, 20).unwrap();
    let took = other.snapshot().now_ns - before.now_ns;
    assert!((20_000_000..2_000_000_000).contains(&took), "{took} ns");
}

#[test]
fn what_was_held_back_comes_behind_the_end() {
    let yields = |event_loop: &EventLoop| event_loop.block_on(yield_now());
    let first = EventLoop::test().keep();
    yields(&first).unwrap();
    let again = EventLoop::test().replay(&first.recording().unwrap()).unwrap();
    // A call that nobody left then.
    let called = leaves(&again, 1, Duration::ZERO);
    while again.snapshot().queues[2].depth == 0 {
        thread::yield_now();
    }
    yields(&again).unwrap();
    assert!(again.replayed().unwrap().is_whole());
    assert_eq!(called.load(SeqCst), 0, "it has no place in the recording");
    again.run().unwrap();
    assert_eq!(called.load(SeqCst), 1);
}

#[test]
fn a_recording_that_is_full_says_so_and_is_run_again_as_far_as_it_goes() {
    let limits = Limits { recording_events_max: 40, ..Limits::default() };
    let make = || {
        let builder = EventLoop::builder().limits(limits).poller(PollerKind::TimersOnly);
        builder.build().unwrap()
    };
    let yields = |event_loop: &EventLoop| {
        event_loop.block_on(async {
            for _ in 0..1_000 {
                yield_now().await;
            }
        })
    };
    let first = make().keep();
    yields(&first).unwrap();
    let recording = first.recording().unwrap();
    assert!(recording.is_cut() && recording.turns() < 20, "{}", recording.turns());
    assert!((30..60).contains(&recording.events().len()), "{}", recording.events().len());
    let lines = recording.to_string();
    assert!(lines.contains("\ncut\n") && lines.lines().count() < 160, "{}", lines.lines().count());
    assert_eq!(lines.parse::<Recording>().unwrap(), recording);
    let again = make().replay(&recording).unwrap();
    yields(&again).unwrap();
    let replayed = again.replayed().unwrap();
    assert!(replayed.is_whole() && replayed.beyond > 2_000, "{replayed}");
}

#[test]
fn steps_observers_and_lints_change_nothing() {
    struct Nobody;
    impl Observer for Nobody {}
    let program = |event_loop: &EventLoop| {
        let called = leaves(event_loop, 10, Duration::from_micros(200));
        event_loop.block_on(async move {
            let naps = spawn(async {
                for _ in 0..10 {
                    sleep(Duration::from_micros(300)).await;
                }
            });
            while called.load(SeqCst) < 10 {
                sleep(Duration::from_micros(100)).await;
            }
            naps.await.unwrap();
        })
    };
    let recording = kept_and_again(real_loop, 1, program);
    let again = real_loop().replay(&recording).unwrap();
    let seed = Seed::new(1);
    let steps = move |_: &_| if seed.below(2) == 0 { StepTo::NextItem } else { StepTo::NextTurn };
    let (ended, made) = stepped(&again, steps, || program(&again));
    assert!(ended.is_ok() && made > 10, "{ended:?}, {made} steps");
    assert!(again.replayed().unwrap().is_whole());

    let watched = real_loop().replay(&recording).unwrap();
    watched.observe(Rc::new(Nobody));
    watched.lint(true);
    let ended = program(&watched);
    assert!(ended.is_ok(), "{ended:?}");
    assert!(watched.replayed().unwrap().is_whole());
}

#[test]
fn nobody_switches_the_recording_of_a_kept_loop_off() {
    let event_loop = EventLoop::test().keep();
    event_loop.record(false);
    event_loop.watch().record(false);
    event_loop.block_on(async { yield_now().await }).unwrap();
    // Born; and twice a wait, a turn and a run, with a wake in the first.
    assert_eq!(event_loop.recording().unwrap().events().len(), 8);
    event_loop.close(Duration::ZERO);
    assert!(event_loop.recording().is_some(), "also when it is closed");
}

#[test]
fn who_is_no_new_loop_is_told_why() {
    let panics = |does: fn()| {
        let panic = std::panic::catch_unwind(does).unwrap_err();
        *panic.downcast::<String>().unwrap()
    };
    let with_a_timer = panics(|| {
        let event_loop = EventLoop::test();
        event_loop.call_later(Duration::from_millis(5), || {}).unwrap();
        drop(event_loop.keep());
    });
    assert!(with_a_timer.contains("has a timer or a call"), "{with_a_timer}");
    let with_a_call = panics(|| {
        let event_loop = EventLoop::test();
        event_loop.remote().defer(|| {}).unwrap();
        drop(event_loop.seed(1));
    });
    assert!(with_a_call.contains("has a timer or a call"), "{with_a_call}");
    let with_a_seed = panics(|| {
        let recording = EventLoop::test().keep().recording().unwrap();
        drop(EventLoop::test().seed(3).replay(&recording));
    });
    assert!(with_a_seed.contains("that of the recording, None; came one with Some(3)"));
}

#[test]
fn a_recording_with_any_of_its_times_changed_is_run_without_harm() {
    let program = |event_loop: &EventLoop| {
        event_loop.block_on(async {
            for _ in 0..3 {
                sleep(Duration::from_millis(3)).await;
                yield_now().await;
            }
        })
    };
    let first = EventLoop::test().keep();
    program(&first).unwrap();
    let text = first.recording().unwrap().to_string();
    let lines: Vec<_> = text.lines().collect();
    let clocks = (0..lines.len()).filter(|at| lines[*at].starts_with("clock"));
    let mut differing = 0;
    for at in clocks {
        for time in ["clock 0", "clock 1", "clock 4611686018427387000"] {
            let mut lines = lines.clone();
            lines[at] = time;
            let Ok(recording) = lines.join("\n").parse::<Recording>() else { continue };
            let again = EventLoop::test().replay(&recording).unwrap();
            differing += usize::from(program(&again).is_err());
            drop(again);
        }
    }
    assert!(differing > 10, "{differing}");
}

#[test]
fn keeping_changes_neither_the_order_nor_the_turns() {
    for policy in [RunPolicy::Batch, RunPolicy::One, RunPolicy::ToEmpty, RunPolicy::Counted(2)] {
        let events = |event_loop: EventLoop| {
            event_loop.record(true);
            event_loop.set_policy(policy);
            let yields = async |rounds| {
                for _ in 0..rounds {
                    yield_now().await;
                    sleep(Duration::from_millis(1)).await;
                }
            };
            let program = async move {
                let other = spawn(async move { yields(5).await });
                yields(3).await;
                other.await.unwrap();
            };
            event_loop.block_on(program).unwrap();
            event_loop.watch().events(0).events
        };
        let kept = events(EventLoop::test().keep());
        assert!(kept.len() > 40);
        assert_eq!(kept, events(EventLoop::test()), "{policy:?}");
    }
}
