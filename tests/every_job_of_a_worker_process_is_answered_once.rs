//! A job of a worker process is answered once: with its result, or with what became of the worker
//! that had it, which another replaces.
//!
//! The workers are this very program, started again in the role of one. Whose they are, and how
//! long, is the matter of `a_worker_process_belongs_to_its_pool.rs`.
#![cfg(test)]
#![cfg(all(target_os = "linux", feature = "process-pool"))]

#[path = "common/seed.rs"]
mod seed;
#[path = "common/until.rs"]
mod until;
#[path = "common/workers.rs"]
mod workers;

use std::{cell::Cell, os::unix::process::ExitStatusExt, process::Stdio, rc::Rc};

use glassloop::{
    gather,
    process::{Command, ProcessError, ProcessPool, ProcessPoolLimits, worker},
    sleep, spawn, timeout,
};
use rustix::process::{Signal, kill_process, test_kill_process};
use seed::Seed;
use until::until_told;
use workers::{MS, again, limits, pid, pool, run};

#[test]
fn a_job_has_its_name_its_arguments_and_its_result() {
    run(async {
        let pool = pool(2);
        assert_eq!(pool.call::<u64>("sum", &[1, 2, 3]).await.unwrap(), 6);
        assert_eq!(pool.call::<u64>("double", &21).await.unwrap(), 42);
        let doubles = gather((0..100_u64).map(|n| pool.call::<u64>("double", &n))).await;
        let doubles = Vec::from_iter(doubles.into_iter().map(Result::unwrap));
        assert_eq!(doubles, Vec::from_iter((0..100).map(|n| 2 * n)));
        // Longer than any socket holds, both ways.
        assert_eq!(pool.call::<String>("write", &3_000_000).await.unwrap().len(), 3_000_000);
        assert_eq!(pool.call::<usize>("hear", &"x".repeat(3_000_000)).await.unwrap(), 3_000_000);
        assert_eq!(pool.workers().len(), 2);
    });
}

#[test]
fn its_output_and_its_input_are_its_own() {
    run(async {
        let pool = pool(1);
        pool.call::<()>("print", &"not a frame").await.unwrap();
        assert_eq!(pool.call::<usize>("read", &()).await.unwrap(), 0);
        assert_eq!(pool.call::<u64>("double", &1).await.unwrap(), 2);
    });
}

#[test]
fn what_is_wrong_with_a_job_is_told_and_its_worker_goes_on() {
    run(async {
        let pool = pool(1);
        let id = pool.call::<u32>("id", &()).await.unwrap();
        let error = pool.call::<u64>("panic", &"out of paper").await.unwrap_err();
        assert_eq!(error.to_string(), "job `panic` panicked in its worker: out of paper");
        let error = pool.call::<u64>("triple", &1).await.unwrap_err().to_string();
        assert!(error.starts_with("expected one of the worker's jobs (abort, double, exit, "));
        assert!(error.ends_with("came `triple`"), "{error}");
        let error = pool.call::<u64>("double", &"two").await.unwrap_err();
        assert!(matches!(error, ProcessError::Arguments(..)), "{error}");
        assert!(error.to_string().contains("expected u64"), "{error}");
        let error = pool.call::<String>("double", &2).await.unwrap_err();
        assert!(matches!(error, ProcessError::Answer(..)), "{error}");
        let maps = std::collections::HashMap::from([(vec![1], 2)]);
        let error = pool.call::<u64>("double", &maps).await.unwrap_err();
        assert!(error.to_string().contains("key must be a string"), "{error}");
        assert_eq!(pool.call::<u32>("id", &()).await.unwrap(), id, "the same worker");
        assert_eq!(pool.workers(), [id]);
    });
}

#[test]
fn one_whose_worker_dies_is_told_how_and_another_takes_its_place() {
    run(async {
        let pool = pool(1);
        let first = pool.call::<u32>("id", &()).await.unwrap();
        let Err(ProcessError::Died(job, how)) = pool.call::<u64>("exit", &7).await else {
            panic!("it has exited")
        };
        assert_eq!((&*job, how.code()), ("exit", Some(7)));
        let error = pool.call::<u64>("abort", &()).await.unwrap_err().to_string();
        assert!(error.contains("the worker that had job `abort` ended") && error.contains("6"));
        let napping = pool.call::<u64>("nap", &60_000);
        sleep(5 * MS).await;
        while pool.workers().is_empty() {
            sleep(MS).await;
        }
        kill_process(pid(pool.workers()[0]), Signal::KILL).unwrap();
        let Err(ProcessError::Died(_, how)) = napping.await else { panic!("it was killed") };
        assert_eq!(how.signal(), Some(9));
        assert_ne!(pool.call::<u32>("id", &()).await.unwrap(), first);
    });
}

#[test]
fn one_that_takes_too_long_is_killed_by_the_limit_or_by_who_loses_patience() {
    run(async {
        let limits = ProcessPoolLimits { job_ms_max: 50, ..limits(1) };
        let strict = ProcessPool::with_limits(again(), limits);
        let id = strict.call::<u32>("id", &()).await.unwrap();
        let error = strict.call::<u64>("nap", &60_000).await.unwrap_err();
        assert_eq!(error.to_string(), "job `nap` had no result within 50ms; its worker was killed");
        assert_ne!(strict.call::<u32>("id", &()).await.unwrap(), id);

        let patient = pool(1);
        let id = patient.call::<u32>("id", &()).await.unwrap();
        assert!(timeout(5 * MS, patient.call::<u64>("nap", &60_000)).await.is_err());
        // The one behind it doesn't wait for a minute.
        assert_ne!(patient.call::<u32>("id", &()).await.unwrap(), id);
        until_told(|| test_kill_process(pid(id)).is_err()).await;
    });
}

#[test]
fn a_program_that_is_no_worker_is_told_for_what_it_is() {
    run(async {
        let shell = |script: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script]).stdout(Stdio::null());
            command
        };
        let hasty = ProcessPoolLimits { start_ms_max: 200, ..limits(1) };
        for (command, came) in [
            (shell("exit 3"), "came its end, exit status: 3"),
            (shell("printf nonsense >&0; sleep 60"), "expected a message of at most"),
            (shell("printf '\\2\\0\\0\\0xx' >&0; sleep 60"), "expected a kind of frame, came 120"),
            (shell("sleep 60"), "came nothing within 200ms"),
        ] {
            let limits = if came.contains("200ms") { hasty } else { limits(1) };
            let pool = ProcessPool::with_limits(command, limits);
            let error = pool.call::<u64>("double", &1).await.unwrap_err();
            assert!(matches!(error, ProcessError::NotStarted(..)), "{error}");
            let said = error.to_string();
            assert!(said.contains("for job `double`") && said.contains(came), "{said}");
            assert!(said.contains("expected the greeting of a worker"), "{said}");
        }
        let nowhere = ProcessPool::with_limits(Command::new("/no such program"), hasty);
        let error = nowhere.call::<u64>("double", &1).await.unwrap_err();
        assert!(error.to_string().contains("No such file"), "{error}");
    });
}

#[test]
fn jobs_wait_in_order_up_to_a_bound_and_those_that_are_dropped_never_begin() {
    run(async {
        let pool =
            ProcessPool::with_limits(again(), ProcessPoolLimits { jobs_max: 2, ..limits(1) });
        pool.call::<u32>("id", &()).await.unwrap();
        let nap = pool.call::<u64>("nap", &50);
        while pool.queued() > 0 {
            sleep(MS).await;
        }
        for _ in 0..1_000 {
            drop(pool.call::<u64>("double", &1));
        }
        let waits = [1_u64, 2].map(|n| pool.call::<u64>("double", &n));
        let error = pool.call::<u64>("double", &3).await.unwrap_err();
        assert!(matches!(error, ProcessError::Full(_)), "{error}");
        let [first, second] = waits;
        assert_eq!((first.await.unwrap(), second.await.unwrap()), (2, 4));
        assert!(nap.is_finished(), "it was asked for before");
        assert_eq!(nap.await.unwrap(), 50);
    });
}

#[test]
fn jobs_whose_worker_is_idle_do_not_count_as_waiting() {
    run(async {
        let pool =
            ProcessPool::with_limits(again(), ProcessPoolLimits { jobs_max: 1, ..limits(2) });
        let nap = pool.call::<u64>("nap", &60_000);
        until_told(|| pool.queued() == 0).await;
        assert_eq!(pool.call::<u64>("double", &1).await.unwrap(), 2);
        // Of the two workers one is at the nap. Its comrade takes the first of these.
        let [first, waits] = [1_u64, 2].map(|n| pool.call::<u64>("double", &n));
        let error = pool.call::<u64>("double", &3).await.unwrap_err();
        assert!(matches!(error, ProcessError::Full(_)), "{error}");
        assert_eq!((first.await.unwrap(), waits.await.unwrap()), (2, 4));
        drop(nap);
    });
}

#[test]
#[should_panic(expected = "expected a job of a new name, came `sum` once more")]
fn two_jobs_of_one_name_are_refused() {
    drop(worker().job("sum", |n: u64| n).job("sum", |n: u64| n));
}

#[test]
fn of_a_thousand_jobs_among_murders_each_is_answered_or_failed_once() {
    for seed in Seed::all(1) {
        run(async move {
            const JOBS: u64 = 1_000;
            let pool = pool(4);
            let (answered, failed) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
            let tasks = Vec::from_iter((0..JOBS).map(|n| {
                let (job, call) = match n % 2 {
                    0 => (n, pool.call::<u64>("double", &n)),
                    _ => (1, pool.call::<u64>("nap", &1)),
                };
                let (answered, failed) = (Rc::clone(&answered), Rc::clone(&failed));
                spawn(async move {
                    match call.await {
                        Ok(result) => {
                            assert_eq!(result, if n % 2 == 0 { 2 * n } else { job });
                            answered.set(answered.get() + 1);
                        }
                        Err(ProcessError::Died(_, how)) => {
                            assert_eq!(how.signal(), Some(9));
                            failed.set(failed.get() + 1);
                        }
                        Err(other) => panic!("{other}"),
                    }
                })
            }));
            let murders = Rc::new(Cell::new(0));
            let counts = Rc::clone(&murders);
            let victims = pool.clone();
            let murderer = spawn(async move {
                loop {
                    sleep(10 * MS).await;
                    let workers = victims.workers();
                    if let Some(&victim) = workers.get(seed.below(workers.len().max(1))) {
                        kill_process(pid(victim), Signal::KILL).ok();
                        counts.set(counts.get() + 1);
                    }
                }
            });
            for task in tasks {
                task.await.unwrap();
            }
            murderer.abort();
            assert!(murderer.await.is_err());
            assert_eq!(answered.get() + failed.get(), JOBS);
            assert!(failed.get() <= murders.get() && murders.get() > 0, "{}", failed.get());
            println!(
                "{} answered, {} failed, {} killed",
                answered.get(),
                failed.get(),
                murders.get()
            );
        });
    }
}
