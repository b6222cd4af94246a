//! `EventLoop::test().seed(n)` finds what a program takes for granted and nobody promised.
//!
//! One seed gives one run. A planted order bug is found within a thousand seeds, and the seed that
//! found it finds it again; what is promised holds under every one of them.
#![cfg(test)]

use std::{
    cell::RefCell,
    collections::BTreeSet,
    process::Command,
    rc::Rc,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use glassloop::{EventLoop, Limits, RunError, call_soon, net, sleep, spawn, yield_now};

const SEEDS: u64 = 1_000;

/// What happened, in order.
type Told = Rc<RefCell<Vec<String>>>;

/// A switchboard that takes for granted that who logged in first is heard first: a fault, as
/// nothing orders what two sockets tell in one turn. Whether it fell over.
fn switchboard(event_loop: &EventLoop) -> bool {
    let ended = event_loop.block_on(async {
        let members = Rc::new(RefCell::new(0_i32));
        let (mut near, mut far) = (Vec::new(), Vec::new());
        for change in [1, -1] {
            let (ours, theirs) = net::duplex().unwrap();
            let members = Rc::clone(&members);
            far.push(spawn(async move {
                theirs.read(&mut [0; 8]).await.unwrap();
                *members.borrow_mut() += change;
                let left = *members.borrow();
                assert!(left >= 0, "{left} members");
            }));
            near.push(ours);
        }
        yield_now().await;
        for ours in &near {
            ours.write_all(b"hello").await.unwrap();
        }
        for task in far {
            task.await?;
        }
        Ok::<(), glassloop::JoinError>(())
    });
    ended.unwrap().is_err()
}

#[test]
fn a_planted_order_bug_is_found_by_a_seed_that_finds_it_again() {
    assert!(!switchboard(&EventLoop::test()), "it works, as long as nobody looks");
    let falls = |seed| switchboard(&EventLoop::test().seed(seed));
    let found: Vec<u64> = (0..SEEDS).filter(|seed| falls(*seed)).collect();
    let first = *found.first().expect("no seed has found it");
    assert!((0..10).all(|_| falls(first)), "seed {first} finds it again");
    // Half of them, as two orders are alike.
    let share = SEEDS / 4..=SEEDS * 3 / 4;
    assert!(share.contains(&(found.len() as u64)), "{} of {SEEDS}", found.len());
}

/// Work of every kind at once, in several rounds; what each did is told.
fn everything_at_once(event_loop: &EventLoop) -> Vec<String> {
    let told = Told::default();
    let tell = {
        let told = Rc::clone(&told);
        move |what: String| told.borrow_mut().push(what)
    };
    event_loop
        .block_on(async move {
            let mut tasks = Vec::new();
            for peer in 0..4 {
                let ((near, far), tell) = (net::duplex().unwrap(), tell.clone());
                tasks.push(spawn(async move {
                    for round in 0..5 {
                        near.write_all(&[round]).await.unwrap();
                        sleep(Duration::from_millis(1)).await;
                    }
                }));
                tasks.push(spawn(async move {
                    let mut byte = [0];
                    while far.read(&mut byte).await.unwrap() > 0 {
                        tell(format!("peer {peer} round {}", byte[0]));
                    }
                }));
            }
            for number in 0..5 {
                let tell = tell.clone();
                call_soon(move || tell(format!("callback {number}"))).unwrap();
            }
            for timer in 0..5 {
                let tell = tell.clone();
                tasks.push(spawn(async move {
                    sleep(Duration::from_millis(2)).await;
                    tell(format!("timer {timer}"));
                }));
            }
            for task in tasks {
                task.await.unwrap();
            }
        })
        .unwrap();
    told.take()
}

/// What was told of one of them, in order.
fn of<'a>(told: &'a [String], who: &str) -> Vec<&'a str> {
    told.iter().filter(|what| what.starts_with(who)).map(String::as_str).collect()
}

#[test]
fn one_seed_gives_one_run_and_many_give_many_that_keep_every_promise() {
    let plain = everything_at_once(&EventLoop::test());
    let mut runs = BTreeSet::new();
    for seed in 0..SEEDS / 10 {
        let told = everything_at_once(&EventLoop::test().seed(seed));
        assert_eq!(told, everything_at_once(&EventLoop::test().seed(seed)), "seed {seed}");
        assert_eq!(told.len(), plain.len(), "seed {seed}: nothing is lost, nothing comes twice");
        for peer in 0..4 {
            let name = format!("peer {peer}");
            assert_eq!(of(&told, &name), of(&plain, &name), "seed {seed}: bytes in order");
        }
        assert_eq!(
            of(&told, "callback"),
            of(&plain, "callback"),
            "seed {seed}: first-in first-out"
        );
        assert_eq!(of(&told, "timer"), of(&plain, "timer"), "seed {seed}: equal deadlines");
        runs.insert(told);
    }
    assert!(runs.len() as u64 > SEEDS / 20, "{} runs of {}", runs.len(), SEEDS / 10);
}

/// Two threads leave ten calls each, before the loop has made its first turn.
fn two_threads(event_loop: &EventLoop) -> Vec<(u32, u32)> {
    let heard = Arc::<Mutex<Vec<_>>>::default();
    for thread in 0..2 {
        let (remote, heard) = (event_loop.remote(), Arc::clone(&heard));
        let leaves = move || {
            for call in 0..10 {
                let heard = Arc::clone(&heard);
                remote.defer(move || heard.lock().unwrap().push((thread, call))).unwrap();
            }
        };
        thread::spawn(leaves).join().unwrap();
    }
    event_loop.run().unwrap();
    let heard = heard.lock().unwrap();
    heard.clone()
}

#[test]
fn calls_of_two_threads_mix_and_each_threads_own_stay_in_order() {
    let plain = two_threads(&EventLoop::test());
    assert!(plain.is_sorted(), "the first thread was there first");
    let mut orders = BTreeSet::new();
    for seed in 0..SEEDS / 10 {
        let heard = two_threads(&EventLoop::test().seed(seed));
        for thread in 0..2 {
            let its = heard.iter().filter(|call| call.0 == thread).map(|call| call.1);
            assert!(its.eq(0..10), "seed {seed}: {heard:?}");
        }
        assert_eq!(heard, two_threads(&EventLoop::test().seed(seed)), "seed {seed}");
        orders.insert(heard);
    }
    assert!(orders.len() as u64 > SEEDS / 20, "{} orders", orders.len());
}

/// Two callbacks; while the first runs another thread leaves a call, and the second asks for a
/// third. In which order they ran.
fn a_call_and_a_third(event_loop: &EventLoop) -> Vec<&'static str> {
    let told = Arc::<Mutex<Vec<_>>>::default();
    let tell = |what| {
        let told = Arc::clone(&told);
        move || told.lock().unwrap().push(what)
    };
    let (first, second, third, call) = (tell("first"), tell("second"), tell("third"), tell("call"));
    let remote = event_loop.remote();
    let leaves = move || {
        first();
        thread::spawn(move || remote.defer(call).unwrap()).join().unwrap();
    };
    event_loop.call_soon(leaves).unwrap();
    let asks = move || {
        second();
        call_soon(third).unwrap();
    };
    event_loop.call_soon(asks).unwrap();
    event_loop.run().unwrap();
    let told = told.lock().unwrap();
    told.clone()
}

#[test]
fn a_run_phase_may_end_anywhere_and_what_is_left_comes_first() {
    let whole = ["first", "second", "third", "call"];
    assert_eq!(a_call_and_a_third(&EventLoop::test()), whole);
    let runs = (0..SEEDS / 10).map(|seed| a_call_and_a_third(&EventLoop::test().seed(seed)));
    let cut = vec!["first", "second", "call", "third"];
    assert_eq!(runs.collect::<BTreeSet<_>>(), BTreeSet::from([whole.to_vec(), cut]));
}

#[test]
fn time_stays_exact_under_a_seed() {
    for seed in 0..SEEDS / 10 {
        let event_loop = EventLoop::test().seed(seed);
        let clock = event_loop.watch().manual_clock().unwrap();
        let began = clock.now();
        let sleeps = async {
            for _ in 0..5 {
                sleep(Duration::from_millis(7)).await;
            }
        };
        event_loop.block_on(sleeps).unwrap();
        assert_eq!(clock.now() - began, 35_000_000, "seed {seed}");
    }
}

/// Set in a child of this test: what is to fail there.
const FAILS: &str = "GLASSLOOP_TEST_FAILS";

#[test]
fn a_failure_tells_its_seed() {
    if let Ok(how) = std::env::var(FAILS) {
        let event_loop = EventLoop::test().seed(4_711);
        let ended = match how.as_str() {
            "nothing" => event_loop.block_on(async {}),
            "panic" => event_loop.block_on(async { panic!("as planned") }),
            "detached" => event_loop.block_on(async {
                spawn(async { panic!("as planned") }).detach();
                sleep(Duration::from_secs(1)).await;
            }),
            "deadlock" => event_loop.block_on(std::future::pending()),
            _ => panic!("{how}"),
        };
        // It isn't a panic of this thread that tells.
        drop(event_loop);
        ended.unwrap();
        return;
    }
    for (how, told) in [("nothing", 0), ("panic", 1), ("detached", 1), ("deadlock", 1)] {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "a_failure_tells_its_seed", "--nocapture"]).env(FAILS, how);
        let output = child.output().unwrap();
        assert_eq!(output.status.success(), how == "nothing", "{how}");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(text.matches("has seed 4711").count(), told, "{how}: {text}");
        assert!(told == 0 || text.contains("a_seed_shuffles"), "where it was made: {text}");
    }
}

#[test]
fn a_seed_comes_before_anything_else() {
    let panics = |seeds: fn()| {
        let payload = std::panic::catch_unwind(seeds).unwrap_err();
        *payload.downcast::<String>().unwrap()
    };
    let twice = panics(|| drop(EventLoop::test().seed(1).seed(2)));
    assert!(twice.contains("has 1, and 2"), "{twice}");
    let late = panics(|| {
        let event_loop = EventLoop::test();
        event_loop.block_on(async {}).unwrap();
        drop(event_loop.seed(3));
    });
    assert!(late.contains("expected a loop that is new"), "{late}");
    let known = panics(|| {
        let event_loop = EventLoop::test();
        let _remote = event_loop.remote();
        drop(event_loop.seed(3));
    });
    assert!(known.contains("seed: expected a loop that is new"), "{known}");
}

#[test]
fn what_was_left_and_not_taken_is_told_at_the_end() {
    for seed in 0..SEEDS / 50 {
        let limits = Limits { items_per_turn_max: 1, ..Limits::default() };
        let builder = EventLoop::builder().limits(limits);
        let event_loop = builder.poller(glassloop::PollerKind::TimersOnly).build().unwrap();
        let event_loop = event_loop.seed(seed);
        let remote = event_loop.remote();
        for _ in 0..10 {
            remote.defer(|| {}).unwrap();
        }
        let events = event_loop.wait().unwrap();
        event_loop.turn(events).unwrap();
        let report = event_loop.close(Duration::ZERO);
        assert_eq!(report.calls.len(), 9, "seed {seed}: {report}");
        assert!(matches!(event_loop.run(), Err(RunError::Closed)));
    }
}
