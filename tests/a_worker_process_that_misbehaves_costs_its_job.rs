//! A worker process that talks nonsense, talks instead of listening, falls silent or leaves others
//! behind costs the job that it had, which is told so, and is killed with all that it has started.
//!
//! Such workers are scripts of a shell: no program of ours would do it.
#![cfg(test)]
#![cfg(all(target_os = "linux", feature = "process-pool"))]

#[path = "common/until.rs"]
mod until;
#[path = "common/workers.rs"]
mod workers;

use std::{
    env, fs,
    process::{self, Stdio},
};

use glassloop::{
    gather,
    process::{Command, ProcessError, ProcessPool, ProcessPoolLimits},
};
use rustix::process::test_kill_process;
use until::until_told;
use workers::{again, limits, pid, pool, run};

/// A greeting: there is a job of the name `double`.
const GREETS: &str = r#"printf '\025\0\0\0\0\0\0\0\0\0\0\0\0\0\0["double"]' >&0"#;
/// The answer to its first call, whatever that was: 2.
const ANSWERS: &str = r"printf '\022\0\0\0\2\1\0\0\0\0\0\0\0\6\0double2' >&0";
/// Hears a byte of a call.
const HEARS: &str = "head -c 1 >/dev/null";

/// Leaves another process with its channel, which is of another group by then.
const BEYOND: &str = r#"exec 3<&0; read < <(setsid sh -c "echo; exec sleep 3" <&3);"#;

/// A worker that greets, and then does this.
fn that(does: &str) -> ProcessPool {
    ProcessPool::with_limits(script(&format!("{GREETS}; {does}")), limits(1))
}

fn script(does: &str) -> Command {
    let mut command = Command::new("bash");
    command.args(["-c", does]).stderr(Stdio::null());
    command
}

/// The greeting and something behind it, in one write.
fn greets_and_talks() -> String {
    GREETS.replace(r#""]'"#, r#""]junk'"#)
}

#[test]
fn one_that_talks_nonsense_costs_its_job_and_is_killed() {
    run(async {
        for (says, came) in [
            (r"printf '\377\377\377\377' >&0", "expected a message of at most 16777216 bytes"),
            (r"printf '\3\0\0\0\2\0\0' >&0", "expected a frame, came 3 bytes"),
            (r"printf '\013\0\0\0\2\143\0\0\0\0\0\0\0\0\0' >&0", "expected the answer to job 1"),
            (r"printf '\021\0\0\0\0\1\0\0\0\0\0\0\0\6\0double' >&0", "expected a result"),
        ] {
            let pool = that(&format!("{HEARS}; {says}; sleep 60"));
            let error = pool.call::<u64>("double", &1).await.unwrap_err();
            let said = error.to_string();
            assert!(said.contains("talked nonsense") && said.contains(came), "{said}");
            assert!(matches!(error, ProcessError::Nonsense(..)), "{error}");
        }
        let sane = that(&format!("head -c 22 >/dev/null; {ANSWERS}; sleep 60"));
        assert_eq!(sane.call::<u64>("double", &1).await.unwrap(), 2, "as a worker is to talk");
    });
}

#[test]
fn one_that_talks_instead_of_listening_does_not_block_its_pool() {
    run(async {
        let long = "x".repeat(3_000_000);
        let error = that("yes >&0").call::<u64>("double", &long).await.unwrap_err();
        assert!(error.to_string().contains("expected a message of at most"), "{error}");
        let hasty = that(&format!("{HEARS}; {ANSWERS}; sleep 60"));
        let error = hasty.call::<u64>("double", &long).await.unwrap_err();
        assert!(error.to_string().contains("expected to be heard to the end"), "{error}");
    });
}

#[test]
fn one_that_is_of_no_use_from_the_beginning_is_not_replaced_without_end() {
    run(async {
        for (does, came) in [
            (format!("{}; sleep 60", greets_and_talks()), "something that nobody had asked for"),
            (format!("{GREETS}; exit 3"), "its end, exit status: 3"),
        ] {
            let pool = ProcessPool::with_limits(script(&does), limits(1));
            for call in gather((0..3).map(|n| pool.call::<u64>("double", &n))).await {
                // One that was given its job before it was seen to end has failed that one.
                match call.unwrap_err() {
                    ProcessError::NotStarted(_, error) => {
                        let said = error.to_string();
                        assert!(said.contains("waits for its first job, came"), "{said}");
                        assert!(said.contains(came), "{said}");
                    }
                    ProcessError::Died(_, how) => assert_eq!(how.code(), Some(3)),
                    ProcessError::Nonsense(_, what) => assert!(does.contains("junk"), "{what}"),
                    other => panic!("{other}"),
                }
            }
        }
    });
}

#[test]
fn one_that_says_no_more_and_lives_on_is_told_from_one_that_died() {
    run(async {
        let mute = that(&format!("{HEARS}; exec 0<&-; sleep 60"));
        let error = mute.call::<u64>("double", &1).await.unwrap_err();
        assert!(matches!(error, ProcessError::Nonsense(..)), "{error}");
        assert!(error.to_string().contains("it lived on"), "{error}");
    });
}

#[test]
fn one_that_dies_is_told_of_though_another_keeps_its_channel_open() {
    run(async {
        // The first ends with the worker's group.
        for keeps in ["sleep 60 <&0 &", BEYOND] {
            let pool = that(&format!("{HEARS}; {keeps} exit 5"));
            let error = pool.call::<u64>("double", &1).await.unwrap_err();
            let ProcessError::Died(_, how) = error else { panic!("{error}") };
            assert_eq!(how.code(), Some(5));
        }
        // What it had said before is an answer all the same.
        let pool = that(&format!("head -c 22 >/dev/null; sleep 3 <&0 & {ANSWERS}; exit 0"));
        assert_eq!(pool.call::<u64>("double", &1).await.unwrap(), 2);
        until_told(|| pool.workers().is_empty()).await;
    });
}

#[test]
fn one_that_dies_in_time_is_not_told_of_as_late() {
    run(async {
        let limits = ProcessPoolLimits { job_ms_max: 900, ..limits(1) };
        let mute = format!("{HEARS}; exec 0<&-; sleep 60");
        let beyond = format!("{HEARS}; {BEYOND} exit 5");
        for (does, came) in [(mute, "it lived on"), (beyond, "exit status: 5")] {
            let pool = ProcessPool::with_limits(script(&format!("{GREETS}; {does}")), limits);
            let error = pool.call::<u64>("double", &1).await.unwrap_err();
            assert!(error.to_string().contains(came), "{error}");
        }
    });
}

#[test]
fn one_of_no_use_costs_no_job_while_others_have_answered() {
    run(async {
        // The first to come is a worker, which waits to be let go with its second job. Whoever
        // comes after it is none.
        let place = env::temp_dir().join(format!("glassloop-no-use-{}", process::id()));
        let [first, second, third] =
            [1, 2, 3].map(|n| ANSWERS.replace(r"\2\1\0", &format!(r"\2\{n}\0")));
        let hears = "head -c 22 >/dev/null";
        let worker = format!(
            "{GREETS}; {hears}; {first}; {hears}; until [ -e go ]; do sleep 0.01; done; {second}; \
             {hears}; {third}; sleep 60"
        );
        let other = format!("echo $$ >came; {}; sleep 60", greets_and_talks());
        fs::create_dir(&place).unwrap();
        let mut command = script(&format!("if mkdir first; then {worker}; else {other}; fi"));
        command.current_dir(&place);
        let pool = ProcessPool::with_limits(command, limits(2));
        assert_eq!(pool.call::<u64>("double", &1).await.unwrap(), 2);
        let busy = pool.call::<u64>("double", &1);
        until_told(|| pool.queued() == 0).await;
        let waits = pool.call::<u64>("double", &1);
        let came = || fs::read_to_string(place.join("came")).ok()?.trim().parse().ok();
        until_told(|| came().is_some()).await;
        let other = pid(came().unwrap());
        until_told(|| test_kill_process(other).is_err()).await;
        fs::write(place.join("go"), "").unwrap();
        assert_eq!((busy.await.unwrap(), waits.await.unwrap()), (2, 2));
        fs::remove_dir_all(place).unwrap();
    });
}

#[test]
fn what_it_has_started_ends_with_it() {
    run(async {
        let pool = pool(1);
        let started = pool.call::<u32>("start", &()).await.unwrap();
        test_kill_process(pid(started)).unwrap();
        pool.call::<u64>("exit", &0).await.unwrap_err();
        until_told(|| test_kill_process(pid(started)).is_err()).await;
    });
}

#[test]
fn another_program_may_stand_between_a_pool_and_its_worker() {
    run(async {
        let mut worker = again();
        let worker = worker.as_std_mut();
        let mut shell = Command::new("sh");
        // What follows keeps the shell from becoming the worker.
        shell.args(["-c", "\"$0\" \"$@\"; exit 9"]);
        shell.arg(worker.get_program()).args(worker.get_args());
        shell.stdout(Stdio::null());
        let pool = ProcessPool::with_limits(shell, limits(1));
        let worker = pool.call::<u32>("id", &()).await.unwrap();
        assert_ne!(pool.workers(), [worker]);
        let error = pool.call::<u64>("exit", &0).await.unwrap_err();
        let ProcessError::Died(_, how) = error else { panic!("{error}") };
        assert_eq!(how.code(), Some(9));
        let worker = pool.call::<u32>("id", &()).await.unwrap();
        drop(pool);
        until_told(|| test_kill_process(pid(worker)).is_err()).await;
    });
}
