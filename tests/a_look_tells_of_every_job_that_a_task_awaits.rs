//! A look at a loop tells of each job that one of its tasks awaits, from when it is queued until it
//! is over, and of who awaits it; of none that another loop awaits; and it walks no long way past
//! jobs that were given up.
//!
//! Runs under Miri.
#![cfg(test)]

#[path = "common/gate.rs"]
mod gate;

use std::{
    collections::BTreeSet,
    future::Future,
    task::{Context, Waker},
    thread,
    time::Duration,
};

use gate::Gate;
use glassloop::{
    EventLoop, JobLine, JobState, Limits, Pool, PoolLimits, WaitsOn, offload, snapshot, spawn,
    yield_now,
};

const MINUTE: Duration = Duration::from_secs(60);

/// A loop whose pool has one thread.
fn narrow() -> EventLoop {
    let pool = PoolLimits { threads_max: 1, ..PoolLimits::default() };
    EventLoop::builder().limits(Limits { pool, ..Limits::default() }).build().unwrap()
}

#[test]
fn many_tasks_await_and_each_finds_its_job() {
    let tasks = if cfg!(miri) { 10 } else { 100 };
    let (event_loop, gate) = (narrow(), Gate::default());
    event_loop
        .block_on(async move {
            let passes = gate.clone();
            offload(move || passes.pass()).named("runs").detach();
            gate.until_waiting(1);
            // So many that nobody awaits lie before them.
            (0..100).for_each(|_| offload(|| ()).named("for nobody").detach());
            let awaits: Vec<_> =
                (0..tasks).map(|_| spawn(async { drop(offload(|| ()).await) })).collect();
            yield_now().await;
            let look = snapshot();
            for task in &awaits {
                let on = look.task(task.id()).unwrap().waits[0].on;
                let job = look.jobs.iter().find(|job| on == WaitsOn::Job(job.number));
                let job = job.expect("the wait is for a job that is told of");
                assert_eq!((job.state, job.awaited_by), (JobState::Queued, Some(task.id())));
            }
            let for_nobody = look.jobs.iter().filter(|job| job.name == "for nobody").count();
            assert_eq!((for_nobody, look.jobs.len()), (64, 1 + 64 + tasks));
            let order: Vec<_> = look.jobs.iter().map(|job| job.number).collect();
            assert!(order.is_sorted(), "who has waited longest comes first: {order:?}");
            gate.open();
            for task in awaits {
                task.await.unwrap();
            }
        })
        .unwrap();
    assert!(event_loop.close(MINUTE).is_clean());
}

/// Threads race here: each of these was missed in one look of some hundreds, not in each.
#[test]
fn a_job_is_told_with_who_awaits_it_from_when_it_is_queued_until_it_is_over() {
    let rounds = if cfg!(miri) { 3 } else { 300 };
    let event_loop = narrow();
    event_loop
        .block_on(async move {
            for _ in 0..rounds {
                let gate = Gate::default();
                let passes = gate.clone();
                let awaits = spawn(async { drop(offload(move || passes.pass()).await) });
                yield_now().await;
                let told = |job: &JobLine| {
                    assert_eq!(job.awaited_by, Some(awaits.id()), "{job:?}");
                    job.state
                };
                let mut states = BTreeSet::new();
                while !states.contains(&JobState::Running) {
                    let look = snapshot();
                    assert_eq!(look.jobs.len(), 1, "it is queued or runs");
                    states.insert(told(&look.jobs[0]));
                    thread::yield_now();
                }
                gate.until_waiting(1);
                gate.open();
                // The task that awaits it isn't polled as long as we look.
                while let Some(job) = snapshot().jobs.first() {
                    assert_eq!(told(job), JobState::Running);
                    thread::yield_now();
                }
                awaits.await.unwrap();
            }
        })
        .unwrap();
    assert!(event_loop.close(MINUTE).is_clean());
}

#[test]
fn a_wait_and_its_job_say_the_same_of_how_far_it_is() {
    let rounds = if cfg!(miri) { 3 } else { 300 };
    let event_loop = narrow();
    event_loop
        .block_on(async move {
            for _ in 0..rounds {
                let slow = || (0..20).for_each(|_| thread::yield_now());
                let awaits = spawn(async move { drop(offload(slow).named("slow").await) });
                yield_now().await;
                loop {
                    let look = snapshot();
                    let Some(wait) = look.task(awaits.id()).unwrap().waits.first() else {
                        // It was through when it was asked for the first time: nobody waited.
                        assert!(awaits.is_finished());
                        break;
                    };
                    let state = look.jobs.first().map_or("done", |job| job.state.name());
                    assert_eq!(wait.of, format!("job `slow`, {state}"));
                    if state == "done" {
                        break;
                    }
                    thread::yield_now();
                }
                awaits.await.unwrap();
            }
        })
        .unwrap();
    assert!(event_loop.close(MINUTE).is_clean());
}

#[test]
#[cfg_attr(miri, ignore = "thousands of jobs take long there")]
fn a_look_walks_no_long_way_past_jobs_that_were_given_up() {
    let (event_loop, gate) = (narrow(), Gate::default());
    let passes = gate.clone();
    event_loop.offload(move || passes.pass()).named("runs").detach();
    gate.until_waiting(1);
    let given_up: Vec<_> = (0..1_500).map(|_| event_loop.offload(|| ())).collect();
    (0..1_500).for_each(|_| event_loop.offload(|| ()).detach());
    drop(given_up);
    // What waits lies behind more than is looked at; the depth of the queue counts it.
    let look = event_loop.snapshot();
    assert_eq!(look.jobs.len(), 1, "{:?}", look.jobs);
    let queue = look.queues.iter().find(|queue| queue.name == "offload").unwrap();
    assert_eq!(queue.depth, 1_500);
    gate.open();
    assert!(event_loop.close(MINUTE).is_clean());
}

#[test]
fn a_job_that_another_loop_awaits_now_is_none_of_this_one() {
    let (first, second, gate) = (EventLoop::test(), EventLoop::test(), Gate::default());
    let (pool, passes) = (Pool::new(1), gate.clone());
    let mut job = Box::pin(pool.offload(move || passes.pass()));
    let innocent = first.spawn(std::future::pending::<()>());
    let job = first.block_on(async move {
        assert!(job.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        Some(job)
    });
    let job = job.unwrap().unwrap();
    gate.until_waiting(1);
    let awaits = second.spawn(job);
    second.block_on(yield_now()).unwrap();
    // Each loop counts its tasks from the same number.
    let job = &second.snapshot().jobs[0];
    assert_eq!(job.awaited_by, Some(awaits.id()));
    let look = first.snapshot();
    assert!(look.jobs.is_empty(), "{:?}", look.jobs);
    assert!(look.tasks.iter().all(|task| task.waits.is_empty()), "{look}");
    assert_eq!(look.task(innocent.id()).unwrap().id, awaits.id());
    gate.open();
    second.block_on(awaits).unwrap().unwrap().unwrap();
    first.close(Duration::ZERO);
    assert!(second.close(MINUTE).is_clean());
    assert!(pool.close(MINUTE).is_clean());
}
