//! A worker process is there for its pool, and no longer: it ends with the pool, with the loop,
//! with the process of both, whatever it is at; and a program that is none by mistake starts no
//! others.
#![cfg(test)]
#![cfg(all(target_os = "linux", feature = "process-pool"))]

#[path = "common/until.rs"]
mod until;
#[path = "common/workers.rs"]
mod workers;

use std::{env, process::Stdio, rc::Rc, time::Duration};

use glassloop::{
    EventLoop, TaskLocal, WaitsOn,
    process::{Command, ProcessError, ProcessPool},
    sleep, spawn,
};
use rustix::process::{Signal, kill_process, test_kill_process};
use until::{until, until_told};
use workers::{MINUTE, MS, limits, pid, pool, run};

/// This program once more, in another role.
fn in_role(role: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", role, "--ignored", "--nocapture"]).stderr(Stdio::null());
    command
}

#[test]
#[ignore = "another test starts it as a program"]
fn the_role_of_one_that_is_no_worker_by_mistake() {
    run(async {
        let pool = ProcessPool::new(in_role("the_role_of_one_that_is_no_worker_by_mistake"));
        let error = pool.call::<u64>("double", &1).await.unwrap_err().to_string();
        assert!(error.contains("this process was itself started as a worker"), "{error}");
    });
}

#[test]
fn a_program_that_forgets_to_be_a_worker_does_not_start_itself_without_end() {
    run(async {
        let mut command = in_role("the_role_of_one_that_is_no_worker_by_mistake");
        command.stdout(Stdio::null());
        let pool = ProcessPool::with_limits(command, limits(1));
        let error = pool.call::<u64>("double", &1).await.unwrap_err().to_string();
        assert!(error.contains("came its end, exit status: 0"), "it was told so itself: {error}");
    });
}

#[test]
#[ignore = "another test starts it as a program"]
fn the_role_of_a_pool() {
    run(async {
        let pool = pool(1);
        println!("\nworker {}", pool.call::<u32>("id", &()).await.unwrap());
        pool.call::<u64>("nap", &60_000).await.unwrap();
    });
}

#[test]
fn a_worker_ends_with_its_pool_whatever_it_is_at() {
    run(async {
        let mut command = in_role("the_role_of_a_pool");
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let (out, mut text) = (child.stdout.take().unwrap(), String::new());
        let worker = loop {
            let mut bytes = [0; 1_024];
            let read = out.read(&mut bytes).await.unwrap();
            text += &String::from_utf8_lossy(&bytes[..read]);
            let line = text.lines().find_map(|line| line.strip_prefix("worker "));
            if let Some(id) = line.filter(|_| text.ends_with('\n')) {
                break pid(id.parse().unwrap());
            }
            assert!(read > 0, "{text}");
        };
        test_kill_process(worker).unwrap();
        child.kill().unwrap();
        child.wait().await.unwrap();
        until_told(|| test_kill_process(worker).is_err()).await;
    });
}

#[test]
fn a_loop_that_takes_no_more_tasks_says_so_and_goes_on() {
    let mut limits = glassloop::Limits::default();
    limits.executor.tasks_max = 2;
    let event_loop = EventLoop::builder().limits(limits).build().unwrap();
    event_loop
        .block_on(async {
            let pool = pool(1);
            let other = spawn(std::future::pending::<()>());
            let error = pool.call::<u64>("double", &1).await.unwrap_err();
            assert!(error.to_string().contains("tasks_max"), "{error}");
            other.abort();
            assert!(other.await.is_err());
            assert_eq!(pool.call::<u64>("double", &1).await.unwrap(), 2);
        })
        .unwrap();
    assert!(event_loop.close(MINUTE).is_clean());
}

#[test]
fn one_that_dies_with_nothing_to_do_costs_no_job() {
    run(async {
        let pool = pool(1);
        for _ in 0..3 {
            let id = pool.call::<u32>("id", &()).await.unwrap();
            kill_process(pid(id), Signal::KILL).unwrap();
            until_told(|| pool.workers().is_empty()).await;
            assert!(test_kill_process(pid(id)).is_err(), "no zombie of it is left");
        }
    });
}

#[test]
fn who_waits_for_one_is_shown_and_a_pool_ends_with_its_last_handle() {
    run(async {
        let pool = pool(1);
        let id = pool.call::<u32>("id", &()).await.unwrap();
        let waits = spawn(pool.call::<u64>("nap", &60_000));
        let behind = spawn(pool.call::<u64>("double", &1));
        drop(pool);
        sleep(5 * MS).await;
        let snapshot = glassloop::snapshot();
        let wait = |task| {
            let wait = &snapshot.task(task).unwrap().waits[0];
            (wait.operation, wait.of.clone(), wait.on)
        };
        let of = format!("job `nap` in process {id}");
        assert_eq!(wait(waits.id()), ("process call", of, WaitsOn::Thread));
        let of = "job `double`, queued".to_owned();
        assert_eq!(wait(behind.id()), ("process call", of, WaitsOn::Thread));
        waits.abort();
        assert_eq!(behind.await.unwrap().unwrap(), 2, "another worker has done it");
        until_told(|| test_kill_process(pid(id)).is_err()).await;
        drop(waits);
    });
}

#[test]
fn a_pool_that_is_closed_tells_whoever_waits_and_whoever_comes() {
    run(async {
        let (pool, other) = {
            let pool = pool(1);
            (pool.clone(), pool)
        };
        let id = pool.call::<u32>("id", &()).await.unwrap();
        let nap = pool.call::<u64>("nap", &60_000);
        let behind = pool.call::<u64>("double", &1);
        until_told(|| pool.queued() == 1).await;
        other.close();
        for call in [nap, behind, pool.call("double", &2)] {
            let error = call.await.unwrap_err();
            assert!(matches!(error, ProcessError::Closed(_)), "{error}");
        }
        until_told(|| pool.workers().is_empty()).await;
        assert!(test_kill_process(pid(id)).is_err());
    });
}

#[test]
fn whoever_calls_first_leaves_no_value_with_the_worker() {
    static REQUEST: TaskLocal<Rc<()>> = TaskLocal::new();
    run(async {
        let (pool, request) = (pool(1), Rc::new(()));
        let call = async { pool.call::<u64>("double", &1).await.unwrap() };
        assert_eq!(REQUEST.scope(Rc::clone(&request), call).await, 2);
        assert_eq!(Rc::strong_count(&request), 1, "the worker is there, and doesn't hold it");
        assert_eq!(pool.workers().len(), 1);
    });
}

#[test]
fn a_loop_that_ends_takes_its_workers_along_and_tells_whoever_waits() {
    let event_loop = EventLoop::new().unwrap();
    let (held, id) = event_loop
        .block_on(async {
            let pool = pool(1);
            let id = pool.call::<u32>("id", &()).await.unwrap();
            let nap = pool.call::<u64>("nap", &60_000);
            sleep(5 * MS).await;
            (nap, id)
        })
        .unwrap();
    event_loop.close(Duration::ZERO);
    until(|| test_kill_process(pid(id)).is_err());
    let next = EventLoop::new().unwrap();
    let error = next.block_on(held).unwrap().unwrap_err();
    assert!(matches!(error, ProcessError::Closed(_)), "{error}");
}
