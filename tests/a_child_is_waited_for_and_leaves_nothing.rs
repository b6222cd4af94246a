//! A process that a loop starts is spoken to, waited for and ended without holding the loop, and
//! leaves nothing: no zombie, no descriptor, nobody of its group.
//!
//! The cases that libuv tests under these names are marked with them.
#![cfg(test)]
#![cfg(all(target_os = "linux", feature = "process"))]

use std::{
    collections::HashSet,
    fs, io,
    os::unix::process::ExitStatusExt,
    process::{self, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use glassloop::{
    EventLoop, WaitsOn, gather,
    process::{Child, Command},
    sleep, spawn, timeout,
};
use rustix::process::{Pid, test_kill_process, test_kill_process_group};

const MINUTE: Duration = Duration::from_secs(60);
const MS: Duration = Duration::from_millis(1);

/// One test at a time: what they count is of the whole process.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs it on a loop of its own, which it leaves clean.
fn run<F: Future<Output = io::Result<()>> + 'static>(future: F) {
    let event_loop = EventLoop::new().unwrap();
    event_loop.block_on(future).unwrap().unwrap();
    let report = event_loop.close(MINUTE);
    assert!(report.is_clean(), "{report}");
}

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap()
}

/// The children of this process, zombies among them.
fn children() -> HashSet<u32> {
    let mut children = HashSet::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Ok(id) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // `pid (name) state ppid ..`: a name may hold anything but an end to itself.
        let parent = stat.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(1));
        if parent.and_then(|parent| parent.parse().ok()) == Some(process::id()) {
            children.insert(id);
        }
    }
    children
}

/// Until this process has no child: who is dropped is waited for by another thread.
fn until_childless() {
    let began = Instant::now();
    while !children().is_empty() {
        assert!(began.elapsed() < MINUTE, "left: {:?}", children());
        std::thread::yield_now();
    }
}

/// `spawn_exit_code`
#[test]
fn the_exit_code_or_the_signal_is_what_it_was() {
    let _alone = alone();
    run(async {
        for code in [0, 1, 7, 255] {
            let status = shell(&format!("exit {code}")).status().await?;
            assert_eq!((status.code(), status.signal()), (Some(code), None));
        }
        let status = shell("kill -15 $$").status().await?;
        assert_eq!((status.code(), status.signal()), (None, Some(15)));
        Ok(())
    });
    assert!(children().is_empty());
}

/// `spawn_stdin`, `spawn_stdout`: both at once, more than any pipe holds.
#[test]
fn what_it_reads_and_writes_are_streams_that_wait_for_room() {
    let _alone = alone();
    run(async {
        let sent = Vec::from_iter((0..1_000_000_u32).map(|n| (n % 251) as u8));
        let mut cat = Command::new("cat");
        let mut cat = cat.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (stdin, stdout) = (cat.stdin.take().unwrap(), cat.stdout.take().unwrap());
        let bytes = sent.clone();
        let write = spawn(async move { stdin.write_all(&bytes).await });
        let mut back = vec![0; sent.len()];
        stdout.read_exact(&mut back).await?;
        assert!(back == sent, "as it was sent");
        write.await.unwrap()?;
        // Its stdin has ended with the task that had it.
        assert!(cat.wait().await?.success());
        assert_eq!(stdout.read(&mut [0]).await?, 0);
        Ok(())
    });
}

#[test]
fn a_wait_ends_what_it_reads_so_that_neither_waits_for_the_other() {
    let _alone = alone();
    run(async {
        let mut cat = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
        assert!(cat.wait().await?.success());
        assert!(cat.stdin.is_none());
        Ok(())
    });
}

#[test]
fn its_output_is_taken_to_the_end_beside_its_complaints() {
    let _alone = alone();
    run(async {
        let script =
            "i=0; while [ $i -lt 3000 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done";
        let output = shell(script).output().await?;
        let lines = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().lines().count();
        assert!(output.status.success());
        assert_eq!((lines(output.stdout), lines(output.stderr)), (3_000, 3_000));
        // It read nothing, not what this program is given.
        assert_eq!(shell("cat").output().await?.stdout, b"");
        Ok(())
    });
}

/// `spawn_and_kill`
#[test]
fn one_that_is_killed_is_seen_to_have_been() {
    let _alone = alone();
    run(async {
        let mut child = Command::new("sleep").arg("60").spawn()?;
        assert!(child.try_wait()?.is_none());
        child.kill()?;
        assert_eq!(child.wait().await?.signal(), Some(9));
        assert_eq!(child.wait().await?.signal(), Some(9), "asked again, told again");
        child.kill()?;
        child.terminate()?;
        assert!(child.signal(12_345).unwrap_err().to_string().contains("came 12345"));
        Ok(())
    });
    assert!(children().is_empty());
}

/// `spawn_fails_check_for_waitpid_cleanup`
#[test]
fn one_that_cannot_be_started_is_an_error_and_no_child() {
    let _alone = alone();
    run(async {
        let error = Command::new("/no such program").spawn().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(children().is_empty());
        Ok(())
    });
    // Nor on a loop that can't hear of its end.
    let event_loop = EventLoop::test();
    let error = event_loop.enter(|| Command::new("sleep").arg("60").spawn()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::Unsupported, "{error}");
    until_childless();
}

/// `spawn_closed_process_io`
#[test]
fn writing_to_one_that_reads_no_more_is_an_error() {
    let _alone = alone();
    run(async {
        let mut command = shell("exec 0<&-; echo closed; exec sleep 60");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        child.stdout.as_ref().unwrap().read_exact(&mut [0; 7]).await?;
        let bytes = vec![0; 1 << 20];
        let error = child.stdin.as_ref().unwrap().write_all(&bytes).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        child.kill()?;
        child.wait().await?;
        Ok(())
    });
}

/// `spawn_exercise_sigchld_issue`: many that end at once, each is told.
#[test]
fn of_many_that_end_at_once_each_is_told() {
    let _alone = alone();
    run(async {
        for round in 0..10 {
            let started = Vec::from_iter((0..10).map(|_| Command::new("true").spawn()));
            let waits = started.into_iter().map(async |child| child?.wait().await);
            for ended in gather(waits).await {
                assert!(ended?.success(), "round {round}");
            }
        }
        Ok(())
    });
    assert!(children().is_empty());
}

#[test]
fn of_a_thousand_none_stays_a_zombie_whatever_became_of_its_handle() {
    let _alone = alone();
    run(async {
        for n in 0..1_000 {
            match n % 4 {
                0 => assert!(Command::new("true").status().await?.success()),
                1 => drop(Command::new("true").spawn()?),
                2 => drop(Command::new("sleep").arg("60").kill_on_drop(true).spawn()?),
                _ => {
                    let mut child = Command::new("true").spawn()?;
                    // Given up while it waits.
                    timeout(Duration::ZERO, child.wait()).await.ok();
                }
            }
        }
        Ok(())
    });
    until_childless();
}

#[test]
fn no_descriptor_of_its_parent_is_open_in_it() {
    let _alone = alone();
    // What this program was given itself, by whoever started it, goes on to everybody.
    let list = ["-c", "ls /proc/self/fd | wc -l"];
    let without = process::Command::new("sh").args(list).output().unwrap().stdout;
    run(async move {
        let sleeper = Command::new("sleep").arg("60").stdin(Stdio::piped()).spawn()?;
        let listener = glassloop::net::TcpListener::bind(([127, 0, 0, 1], 0).into())?;
        let pipe = glassloop::net::pipe()?;
        glassloop::offload(|| ()).await.unwrap();
        let listed = Command::new("sh").args(list).output().await?.stdout;
        drop((sleeper, listener, pipe));
        assert_eq!(String::from_utf8_lossy(&listed), String::from_utf8_lossy(&without));
        Ok(())
    });
    // The sleeper lives on, as it was to.
    let left = Vec::from_iter(children());
    assert_eq!(left.len(), 1, "{left:?}");
    let sleeper = Pid::from_raw(i32::try_from(left[0]).unwrap()).unwrap();
    rustix::process::kill_process(sleeper, rustix::process::Signal::KILL).unwrap();
    until_childless();
}

#[test]
fn a_child_that_is_dropped_goes_on_unless_it_was_to_be_killed() {
    let _alone = alone();
    run(async {
        let goes_on = Command::new("sleep").arg("60").spawn()?;
        let goes_on = { pid(&goes_on) };
        let killed = pid(&Command::new("sleep").arg("60").kill_on_drop(true).spawn()?);
        let began = Instant::now();
        while test_kill_process(killed).is_ok() {
            assert!(began.elapsed() < MINUTE);
            sleep(MS).await;
        }
        test_kill_process(goes_on)?;
        rustix::process::kill_process(goes_on, rustix::process::Signal::KILL)?;
        Ok(())
    });
    until_childless();
}

#[test]
fn a_group_is_killed_with_its_first() {
    let _alone = alone();
    run(async {
        let script = "sleep 60 & sleep 60 & echo started; wait";
        let mut child = shell(script).own_group().stdout(Stdio::piped()).spawn()?;
        child.stdout.as_ref().unwrap().read_exact(&mut [0; 8]).await?;
        let group = pid(&child);
        test_kill_process_group(group)?;
        child.kill()?;
        assert_eq!(child.wait().await?.signal(), Some(9));
        // Who is killed holds the other end of the pipe no more.
        assert_eq!(child.stdout.as_ref().unwrap().read(&mut [0]).await?, 0);
        let began = Instant::now();
        while test_kill_process_group(group).is_ok() {
            assert!(began.elapsed() < MINUTE);
            sleep(MS).await;
        }
        Ok(())
    });
}

#[test]
fn one_that_takes_too_long_is_killed_with_its_group_and_the_error_says_so() {
    let _alone = alone();
    run(async {
        for script in ["sleep 60", "sleep 60 & sleep 60; wait"] {
            let mut command = shell(script);
            let error = command.own_group().time_max(5 * MS).output().await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
            assert!(error.to_string().contains("expected the child to end within 5ms"), "{error}");
            let error = command.status().await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        }
        assert!(shell("true").time_max(MINUTE).status().await?.success());
        Ok(())
    });
    assert!(children().is_empty());
}

#[test]
fn one_that_writes_without_end_is_killed_at_the_bound() {
    let _alone = alone();
    run(async {
        for (script, stream) in [("yes", "stdout"), ("yes >&2", "stderr")] {
            let error = shell(script).output_bytes_max(100_000).output().await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
            let said = error.to_string();
            assert!(said.contains(&format!("expected at most 100000 bytes of {stream}")), "{said}");
        }
        let exact = shell("printf 12345").output_bytes_max(5).output().await?;
        assert_eq!(exact.stdout, b"12345");
        Ok(())
    });
    assert!(children().is_empty());
}

#[test]
fn one_that_is_asked_to_end_may_and_else_is_killed() {
    let _alone = alone();
    run(async {
        let ready = "echo ready; while :; do sleep 0.01; done";
        for (script, code, signal) in [
            (format!("trap 'exit 3' TERM; {ready}"), Some(3), None),
            (format!("trap '' TERM; {ready}"), None, Some(9)),
        ] {
            let mut child = shell(&script).stdout(Stdio::piped()).spawn()?;
            child.stdout.as_ref().unwrap().read_exact(&mut [0; 6]).await?;
            let grace = if code.is_some() { MINUTE } else { 20 * MS };
            let ended = child.end(grace).await?;
            assert_eq!((ended.code(), ended.signal()), (code, signal));
        }
        Ok(())
    });
    assert!(children().is_empty());
}

#[test]
fn who_waits_for_a_child_is_shown_and_not_stuck() {
    let _alone = alone();
    run(async {
        let mut child = Command::new("sleep").arg("60").kill_on_drop(true).spawn()?;
        let line = line!() + 1;
        let waits = spawn(async move { child.wait().await });
        sleep(MS).await;
        let snapshot = glassloop::snapshot();
        let wait = &snapshot.task(waits.id()).unwrap().waits[0];
        assert_eq!((wait.operation, wait.place.unwrap().line()), ("exit", line));
        assert!(wait.of.starts_with("child ") && matches!(wait.on, WaitsOn::Source(_)), "{wait}");
        waits.abort();
        assert!(waits.await.is_err());
        assert_eq!(glassloop::snapshot().sources.len(), 0);
        Ok(())
    });
    until_childless();
}
