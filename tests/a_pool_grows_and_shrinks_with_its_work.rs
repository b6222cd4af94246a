//! A pool has as many threads as its work needs and its limits allow: none before there is a job,
//! one more while jobs wait for jobs that run, fewer when they have nothing to do, none behind its
//! end.
//!
//! Runs under Miri.
#![cfg(test)]

#[path = "common/gate.rs"]
mod gate;
#[path = "common/journal.rs"]
mod journal;
#[path = "common/pools.rs"]
mod pools;

use std::{
    cell::RefCell,
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Wake, Waker},
    thread,
    time::{Duration, Instant},
};

use gate::Gate;
use glassloop::{Pool, PoolLimits};
use pools::{MINUTE, blocked_pool, end, wait};

#[test]
fn as_many_jobs_run_beside_each_other_as_the_pool_may_have_threads() {
    let (pool, gate, most) = (Pool::new(7), Gate::default(), 7);
    let jobs: Vec<_> = (0..20)
        .map(|_| {
            let gate = gate.clone();
            pool.offload(move || gate.pass())
        })
        .collect();
    // All seven come without anybody waking them further; no job waits for one that runs while a
    // thread more may start.
    gate.until_waiting(most);
    assert_eq!((pool.threads(), pool.running().len(), pool.queued()), (most, most, 13));
    gate.open();
    for job in jobs {
        wait(job).unwrap();
    }
    assert_eq!(pool.queued(), 0);
    end(&pool);
}

#[test]
fn a_job_that_comes_while_others_hold_every_thread_starts_one_more() {
    let (pool, gates) = (Pool::new(10), Vec::from_iter((0..10).map(|_| Gate::default())));
    let mut jobs = Vec::new();
    for gate in &gates {
        let passes = gate.clone();
        jobs.push(pool.offload(move || passes.pass()));
        gate.until_waiting(1);
    }
    assert_eq!(pool.threads(), 10);
    for gate in &gates {
        gate.open();
    }
    for job in jobs {
        wait(job).unwrap();
    }
    end(&pool);
}

#[test]
fn threads_that_have_nothing_to_do_end() {
    let limits = PoolLimits { threads_max: 4, idle_ms_max: 1, ..PoolLimits::default() };
    let (pool, gate) = (Pool::with_limits(limits), Gate::default());
    let jobs: Vec<_> = (0..4)
        .map(|_| {
            let gate = gate.clone();
            pool.offload(move || gate.pass())
        })
        .collect();
    gate.until_waiting(4);
    gate.open();
    for job in jobs {
        wait(job).unwrap();
    }
    let began = Instant::now();
    while pool.threads() > 0 {
        assert!(began.elapsed() < MINUTE, "{} threads are left", pool.threads());
        thread::yield_now();
    }
    assert_eq!(wait(pool.offload(|| 5)).unwrap(), 5, "and others start");
    end(&pool);
}

#[test]
fn the_thread_that_rested_last_is_called_first() {
    let pool = Pool::new(2);
    let gates = [Gate::default(), Gate::default()];
    let jobs = gates.clone().map(|gate| {
        pool.offload(move || {
            gate.pass();
            thread::current().id()
        })
    });
    gates.iter().for_each(|gate| gate.until_waiting(1));
    let [first, second] = jobs;
    gates[0].open();
    wait(first).unwrap();
    until_idle(&pool, 1);
    gates[1].open();
    let last = wait(second).unwrap();
    until_idle(&pool, 2);
    for _ in 0..20 {
        assert_eq!(wait(pool.offload(|| thread::current().id())).unwrap(), last);
        until_idle(&pool, 2);
    }
    end(&pool);
}

/// Until so many of its threads lie idle.
fn until_idle(pool: &Pool, many: usize) {
    let began = Instant::now();
    while pool.idle() < many {
        assert!(began.elapsed() < MINUTE, "{pool:?}");
        thread::yield_now();
    }
}

#[test]
fn a_job_that_comes_as_the_last_thread_leaves_is_not_lost() {
    let jobs = if cfg!(miri) { 20 } else { 2_000 };
    for idle_ms_max in [0, 1] {
        let limits = PoolLimits { threads_max: 1, idle_ms_max, ..PoolLimits::default() };
        let pool = Pool::with_limits(limits);
        for n in 0..jobs {
            assert_eq!(wait(pool.offload(move || n)).unwrap(), n);
            // About as long as a thread rests before it leaves.
            (0..n % 40).for_each(|_| thread::yield_now());
        }
        end(&pool);
    }
}

#[test]
fn a_pool_of_none_has_a_thread_and_room_for_a_job() {
    let limits = PoolLimits { threads_max: 0, jobs_max: 0, ..PoolLimits::default() };
    let pool = Pool::with_limits(limits);
    assert_eq!(wait(pool.offload(|| 1)).unwrap(), 1);
    end(&pool);
}

#[test]
fn a_close_waits_for_no_drop_and_no_waker_past_its_deadline() {
    // A result that nobody takes, whose drop blocks: its job still runs, and is named.
    struct Blocks(Gate);
    impl Drop for Blocks {
        fn drop(&mut self) {
            self.0.pass();
        }
    }
    let (pool, ends, drops) = (Pool::new(1), Gate::default(), Gate::default());
    let (passes, value) = (ends.clone(), Blocks(drops.clone()));
    let job = pool.offload(move || {
        passes.pass();
        value
    });
    ends.until_waiting(1);
    drop(job);
    ends.open();
    drops.until_waiting(1);
    let report = pool.close(Duration::ZERO);
    assert_eq!((report.running.len(), drops.waiting()), (1, 1), "{report}");
    drops.open();
    end(&pool);

    // A waker that blocks is left to itself.
    struct Stubborn(Gate);
    impl Wake for Stubborn {
        fn wake(self: Arc<Self>) {
            self.0.pass();
        }
    }
    let (pool, ends, wakes) = (Pool::new(1), Gate::default(), Gate::default());
    let passes = ends.clone();
    let mut job = pin!(pool.offload(move || passes.pass()));
    let waker = Waker::from(Arc::new(Stubborn(wakes.clone())));
    assert!(job.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    ends.open();
    wakes.until_waiting(1);
    assert!(pool.close(Duration::ZERO).is_clean());
    assert_eq!(wakes.waiting(), 1);
    wakes.open();
    end(&pool);
}

#[test]
fn a_pool_may_be_held_by_its_own_thread_alone() {
    struct Holds {
        dropped: Arc<AtomicUsize>,
        _pool: Pool,
    }
    impl Drop for Holds {
        fn drop(&mut self) {
            self.dropped.fetch_add(1, SeqCst);
        }
    }
    thread_local! {
        static HELD: RefCell<Option<Holds>> = const { RefCell::new(None) };
    }
    let dropped = Arc::<AtomicUsize>::default();
    let pool = Pool::with_limits(PoolLimits { idle_ms_max: 1, ..PoolLimits::default() });
    let holds = Holds { dropped: Arc::clone(&dropped), _pool: pool.clone() };
    wait(pool.offload(move || HELD.with(|held| *held.borrow_mut() = Some(holds)))).unwrap();
    drop(pool);
    let began = Instant::now();
    while dropped.load(SeqCst) == 0 {
        assert!(began.elapsed() < MINUTE);
        thread::yield_now();
    }
}

#[test]
fn a_pool_lives_as_long_as_somebody_waits_for_one_of_its_jobs() {
    journal::take();
    let gate = Gate::default();
    let passes = gate.clone();
    let job = Pool::new(1).offload(move || {
        passes.pass();
        1
    });
    gate.open();
    assert_eq!(wait(job).unwrap(), 1);
    assert_eq!(journal::take(), [""; 0], "it ended with its last job, and in silence");
}

#[test]
fn a_pool_may_end_inside_its_own_job() {
    journal::take();
    let (gate, pool) = (Gate::default(), Pool::new(1));
    let (passes, last) = (gate.clone(), pool.clone());
    let job = pool.offload(move || {
        passes.pass();
        let report = last.close(MINUTE);
        drop(last);
        (report, journal::take())
    });
    drop(pool);
    gate.open();
    let (report, told) = wait(job).unwrap();
    assert!(report.is_clean(), "it doesn't wait for itself: {report}");
    assert_eq!(told, [""; 0]);
}

#[test]
fn a_pool_that_is_dropped_while_a_job_runs_for_nobody_says_so() {
    journal::take();
    let (pool, gate, blocker) = blocked_pool(PoolLimits::default());
    let blocker = blocker.named("export");
    drop(blocker);
    drop(pool);
    let told = journal::take();
    assert_eq!(told.len(), 1, "{told:?}");
    for part in ["WARN: the pool made at", "job `export`, offloaded at", "has run for"] {
        assert!(told[0].contains(part), "{told:?}");
    }
    gate.open();
}
