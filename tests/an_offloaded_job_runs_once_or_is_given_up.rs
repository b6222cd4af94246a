//! A job that is offloaded runs once, on a thread of its pool, or never, and then whoever waits is
//! told why. What it captured is dropped once, whatever becomes of it.
//!
//! How many threads there are is the matter of `a_pool_grows_and_shrinks_with_its_work.rs`, how a
//! loop ends while jobs run that of `no_job_holds_up_the_end_of_its_loop.rs`.
//!
//! Runs under Miri.
#![cfg(test)]

#[path = "common/gate.rs"]
mod gate;
#[path = "common/journal.rs"]
mod journal;
#[path = "common/pools.rs"]
mod pools;
#[path = "common/seed.rs"]
mod seed;

use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Waker},
    thread,
    time::Duration,
};

use gate::Gate;
use glassloop::{EventLoop, Offload, OffloadError, Pool, PoolLimits, offload, spawn, yield_now};
use pools::{MINUTE, blocked_pool, end, wait};
use seed::Seed;

/// Counts how often it is dropped.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

#[test]
fn a_job_runs_on_a_thread_of_the_pool_and_its_value_comes_back() {
    let here = thread::current().id();
    let value = glassloop::run(async {
        offload(|| (thread::current().id(), thread::current().name().map(str::to_owned))).await
    });
    let (thread, name) = value.unwrap().unwrap();
    assert_ne!(thread, here);
    assert_eq!(name.as_deref(), Some("glassloop-pool"));
}

#[test]
fn a_job_is_queued_when_it_is_offloaded_not_when_it_is_awaited() {
    let (pool, gate) = (Pool::new(1), Gate::default());
    let passes = gate.clone();
    let job = pool.offload(move || passes.pass());
    gate.until_waiting(1);
    gate.open();
    wait(job).unwrap();
    end(&pool);
}

#[test]
fn a_panic_travels_to_whoever_awaits_and_its_thread_goes_on() {
    let pool = Pool::new(1);
    let first = wait(pool.offload(|| thread::current().id())).unwrap();
    let error = wait(pool.offload(|| -> u8 { panic!("out of paper") })).unwrap_err();
    assert_eq!(error.to_string(), "the job panicked: out of paper");
    let OffloadError::Panicked(panic) = error else { panic!("{error:?}") };
    assert_eq!(panic.into_payload().downcast_ref(), Some(&"out of paper"));
    assert_eq!(wait(pool.offload(|| thread::current().id())).unwrap(), first);
    end(&pool);
}

#[test]
fn jobs_of_a_pool_of_one_run_in_order() {
    let (pool, gate, blocker) = blocked_pool(PoolLimits::default());
    let seen = Arc::<Mutex<Vec<usize>>>::default();
    let jobs: Vec<_> = (0..100)
        .map(|n| {
            let seen = Arc::clone(&seen);
            pool.offload(move || seen.lock().unwrap().push(n))
        })
        .collect();
    gate.open();
    for job in jobs {
        wait(job).unwrap();
    }
    wait(blocker).unwrap();
    assert_eq!(*seen.lock().unwrap(), Vec::from_iter(0..100));
    end(&pool);
}

#[test]
fn one_that_is_dropped_before_a_thread_comes_never_runs_and_lets_go_at_once() {
    let (pool, gate, blocker) = blocked_pool(PoolLimits::default());
    let (dropped, ran) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    let (captured, runs) = (Counted(Arc::clone(&dropped)), Arc::clone(&ran));
    let job = pool.offload(move || {
        runs.fetch_add(1, SeqCst);
        drop(captured);
    });
    assert_eq!(pool.queued(), 1);
    drop(job);
    assert_eq!((pool.queued(), dropped.load(SeqCst)), (0, 1), "dropped here, with the future");
    gate.open();
    wait(blocker).unwrap();
    end(&pool);
    assert_eq!((ran.load(SeqCst), dropped.load(SeqCst)), (0, 1));
}

#[test]
fn one_that_is_detached_before_a_thread_comes_runs_all_the_same_unless_its_pool_ends() {
    let (pool, gate, blocker) = blocked_pool(PoolLimits::default());
    let ran = Arc::<AtomicUsize>::default();
    let detach = |pool: &Pool| {
        let runs = Arc::clone(&ran);
        pool.offload(move || runs.fetch_add(1, SeqCst)).detach();
    };
    detach(&pool);
    assert_eq!(pool.queued(), 1);
    gate.open();
    wait(blocker).unwrap();
    // One thread: what is behind it comes after it.
    wait(pool.offload(|| {})).unwrap();
    assert_eq!(ran.load(SeqCst), 1);
    let passes = Gate::default();
    let held = passes.clone();
    pool.offload(move || held.pass()).detach();
    passes.until_waiting(1);
    detach(&pool);
    let report = pool.close(Duration::ZERO);
    assert_eq!((report.running.len(), report.refused), (1, 1));
    passes.open();
    assert_eq!(ran.load(SeqCst), 1);
}

#[test]
fn one_that_is_dropped_while_it_runs_goes_on_and_its_value_is_dropped_on_its_thread() {
    let dropped = Arc::<AtomicUsize>::default();
    let (pool, gate) = (Pool::new(1), Gate::default());
    let (passes, value) = (gate.clone(), Counted(Arc::clone(&dropped)));
    let job = pool.offload(move || {
        passes.pass();
        value
    });
    gate.until_waiting(1);
    drop(job);
    assert_eq!(dropped.load(SeqCst), 0);
    gate.open();
    end(&pool);
    assert_eq!(dropped.load(SeqCst), 1);
}

#[test]
fn jobs_that_are_given_up_take_no_place_from_others() {
    let (pool, gate, blocker) = blocked_pool(PoolLimits { jobs_max: 2, ..PoolLimits::default() });
    let first = pool.offload(|| 1);
    for _ in 0..1_000 {
        drop(pool.offload(|| 2));
    }
    let second = pool.offload(|| 3);
    let error = wait(pool.offload(|| 4)).unwrap_err();
    assert!(matches!(error, OffloadError::Full), "{error:?}");
    gate.open();
    assert_eq!([wait(first).unwrap(), wait(second).unwrap()], [1, 3]);
    wait(blocker).unwrap();
    end(&pool);
}

#[test]
fn a_closed_pool_refuses_and_drops_what_the_job_captured() {
    let pool = Pool::new(3);
    assert_eq!(wait(pool.offload(|| 1)).unwrap(), 1);
    end(&pool);
    let dropped = Arc::<AtomicUsize>::default();
    let captured = Counted(Arc::clone(&dropped));
    let error = wait(pool.offload(move || drop(captured))).unwrap_err();
    assert!(matches!(error, OffloadError::Closed), "{error:?}");
    assert_eq!((dropped.load(SeqCst), pool.threads()), (1, 0));
}

#[test]
fn a_close_runs_what_waits_and_gives_up_what_its_deadline_finds() {
    let (pool, gate, blocker) = blocked_pool(PoolLimits::default());
    let waiting = pool.offload(|| 1);
    let opens = thread::spawn({
        let gate = gate.clone();
        move || gate.open()
    });
    assert!(pool.close(MINUTE).is_clean(), "what waited has run");
    assert_eq!(wait(waiting).unwrap(), 1);
    wait(blocker).unwrap();
    opens.join().unwrap();

    let (pool, gate, blocker) = blocked_pool(PoolLimits::default());
    let waiting = pool.offload(|| 1);
    let report = pool.close(Duration::ZERO);
    assert_eq!((report.running.len(), report.refused), (1, 1), "{report}");
    assert!(report.running[0].born.file().ends_with("pools.rs"), "{report}");
    let error = wait(waiting).unwrap_err();
    assert!(matches!(error, OffloadError::Closed), "{error:?}");
    gate.open();
    wait(blocker).unwrap();
    end(&pool);
}

#[test]
fn a_panic_that_nobody_awaits_is_told_to_the_log() {
    let (pool, gate) = (Pool::new(1), Gate::default());
    let passes = gate.clone();
    wait(pool.offload(journal::take)).unwrap();
    let job = pool.offload(move || {
        passes.pass();
        panic!("out of paper");
    });
    gate.until_waiting(1);
    drop::<Offload<()>>(job.named("print"));
    gate.open();
    let told = wait(pool.offload(journal::take)).unwrap();
    assert_eq!(
        told,
        ["ERROR: nobody asked for the result of the job `print`: the job panicked: out of paper"]
    );
    end(&pool);
}

#[test]
fn a_waker_of_another_kind_is_woken_and_replaced_like_any() {
    let (pool, gate, blocker) = blocked_pool(PoolLimits::default());
    let counts = [0, 1].map(|_| Arc::<AtomicUsize>::default());
    struct Counts(Arc<AtomicUsize>);
    impl std::task::Wake for Counts {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    let wakers = counts.clone().map(|count| Waker::from(Arc::new(Counts(count))));
    let mut blocker = pin!(blocker);
    for waker in &wakers {
        for _ in 0..2 {
            assert!(blocker.as_mut().poll(&mut Context::from_waker(waker)).is_pending());
        }
    }
    gate.open();
    end(&pool);
    assert_eq!(counts.map(|count| count.load(SeqCst)), [0, 1], "who asked last is woken, once");
    assert!(blocker.as_mut().poll(&mut Context::from_waker(&wakers[0])).is_ready());
}

#[test]
fn a_waker_whose_drop_panics_disturbs_nobody_who_polls_after_it() {
    struct Panics;
    impl std::task::Wake for Panics {
        fn wake(self: Arc<Self>) {}
    }
    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }
    let (pool, gate, blocker) = blocked_pool(PoolLimits::default());
    let mut blocker = pin!(blocker);
    let waker = Waker::from(Arc::new(Panics));
    assert!(blocker.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    // The last one is the cell's.
    drop(waker);
    assert!(blocker.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    gate.open();
    end(&pool);
    assert!(blocker.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
}

#[test]
fn of_many_jobs_from_many_threads_each_runs_once_or_is_dropped_once() {
    let (threads, jobs) = if cfg!(miri) { (2, 20) } else { (4, 2_000) };
    for seed in Seed::all(if cfg!(miri) { 1 } else { 10 }) {
        let limits = PoolLimits { threads_max: 3, idle_ms_max: 1, jobs_max: 1 << 20 };
        let pool = Pool::with_limits(limits);
        let [ran, dropped, taken] = [0, 1, 2].map(|_| Arc::<AtomicUsize>::default());
        let senders = Vec::from_iter((0..threads).map(|n| {
            let (pool, taken) = (pool.clone(), Arc::clone(&taken));
            let (ran, dropped) = (Arc::clone(&ran), Arc::clone(&dropped));
            let seed = Seed::new(seed.get() * 100 + n);
            thread::spawn(move || {
                let mut held = Vec::new();
                for _ in 0..jobs {
                    let (captured, ran) = (Counted(Arc::clone(&dropped)), Arc::clone(&ran));
                    let job = pool.offload(move || {
                        ran.fetch_add(1, SeqCst);
                        captured
                    });
                    match seed.below(3) {
                        0 => drop(job),
                        1 => held.push(job),
                        _ => {
                            wait(job).unwrap();
                            taken.fetch_add(1, SeqCst);
                        }
                    }
                    if seed.below(50) == 0 {
                        held.clear();
                    }
                }
            })
        }));
        senders.into_iter().for_each(|sender| sender.join().unwrap());
        end(&pool);
        let [ran, dropped, taken] = [ran, dropped, taken].map(|count| count.load(SeqCst));
        assert_eq!(dropped, usize::try_from(threads * jobs).unwrap());
        assert!(taken <= ran && ran <= dropped, "{taken} {ran} {dropped}");
        assert_eq!(pool.queued(), 0);
    }
}

#[test]
fn many_tasks_of_a_loop_offload_at_once() {
    let (tasks, jobs) = if cfg!(miri) { (4, 3) } else { (100, 50) };
    let event_loop = EventLoop::new().unwrap();
    let sum = event_loop.block_on(async move {
        let task = |n: u64| async move {
            let mut sum = 0;
            for job in 0..jobs {
                sum += offload(move || n * job).await.unwrap();
                yield_now().await;
            }
            sum
        };
        let tasks = Vec::from_iter((0..tasks).map(|n| spawn(task(n))));
        let mut sum = 0;
        for task in tasks {
            sum += task.await.unwrap();
        }
        sum
    });
    assert_eq!(sum.unwrap(), (tasks * (tasks - 1) / 2) * (jobs * (jobs - 1) / 2));
    assert!(event_loop.close(MINUTE).is_clean());
}
