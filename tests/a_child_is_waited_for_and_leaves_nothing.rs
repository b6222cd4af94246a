//! A process that a loop starts is spoken to, waited for and ended without holding the loop, and
//! leaves nothing: no zombie, no descriptor, nobody of its group.
//!
//! What it reads and writes is the matter of `a_child_is_heard_within_bounds.rs`.
//!
//! The cases that libuv tests under these names are marked with them.
#![cfg(test)]
#![cfg(all(target_os = "linux", feature = "process"))]

#[path = "common/children.rs"]
mod children;
#[path = "common/until.rs"]
mod until;

use std::{
    io,
    os::unix::process::ExitStatusExt,
    process::{self, Stdio},
    time::Duration,
};

use glassloop::{EventLoop, WaitsOn, gather, process::Command, sleep, spawn, timeout};
use rustix::process::{
    Pid, Signal, kill_process_group, test_kill_process, test_kill_process_group,
};
use until::until_told;

use children::{alone, children, pid, run, shell, until_childless};

const MINUTE: Duration = Duration::from_secs(60);
const MS: Duration = Duration::from_millis(1);

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

#[test]
fn without_a_loop_nothing_is_started() {
    let _alone = alone();
    let path = std::env::temp_dir().join(format!("glassloop-touched-{}", process::id()));
    let event_loop = EventLoop::test();
    for _ in 0..20 {
        let error = Command::new("touch").arg(&path).spawn().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotConnected, "{error}");
        event_loop.enter(|| Command::new("touch").arg(&path).spawn()).unwrap_err();
    }
    assert!(!path.exists() && children().is_empty());
}

#[test]
fn one_that_ends_takes_along_who_is_left_of_its_group() {
    let _alone = alone();
    run(async {
        let stubborn = "trap '' TERM; while :; do sleep 0.05; done";
        let script = format!("sh -c \"{stubborn}\" & echo started; wait");
        let mut child = shell(&script).own_group().stdout(Stdio::piped()).spawn()?;
        child.stdout.as_ref().unwrap().read_exact(&mut [0; 8]).await?;
        let group = pid(&child);
        // Until it has said that it hears nothing.
        sleep(50 * MS).await;
        assert_eq!(child.end(MINUTE).await?.signal(), Some(15));
        drop(child);
        until_told(|| test_kill_process_group(group).is_err()).await;
        Ok(())
    });
}

#[test]
fn what_is_left_of_a_group_can_be_reached_until_its_first_is_dropped() {
    let _alone = alone();
    run(async {
        for by_drop in [false, true] {
            let mut command = shell("sleep 60 & exit 7");
            let mut child = command.own_group().kill_on_drop(by_drop).spawn()?;
            let group = pid(&child);
            for _ in 0..2 {
                assert_eq!(child.wait().await?.code(), Some(7));
            }
            assert_eq!(child.try_wait()?.unwrap().code(), Some(7));
            assert!(children().contains(&child.id()), "its number is still its own");
            if !by_drop {
                child.kill()?;
            }
            drop(child);
            until_told(|| test_kill_process_group(group).is_err()).await;
            assert!(children().is_empty());
        }
        // Dropped without a word, it leaves them be.
        let mut child = shell("sleep 60 & echo $!; exit 0");
        let mut child = child.own_group().stdout(Stdio::piped()).spawn()?;
        let mut line = [0; 20];
        let read = child.stdout.as_ref().unwrap().read(&mut line).await?;
        let left = std::str::from_utf8(&line[..read]).unwrap().trim().parse().unwrap();
        let (left, group) = (Pid::from_raw(left).unwrap(), pid(&child));
        child.wait().await?;
        drop(child);
        test_kill_process(left)?;
        kill_process_group(group, Signal::KILL)?;
        Ok(())
    });
    assert!(children().is_empty());
}

#[test]
fn an_end_after_a_wait_still_ends_what_is_left_of_a_group() {
    let _alone = alone();
    run(async {
        let mut child = shell("trap '' TERM; sleep 60 & exit 7").own_group().spawn()?;
        let group = pid(&child);
        child.wait().await?;
        assert_eq!(child.end(MINUTE).await?.code(), Some(7));
        drop(child);
        until_told(|| test_kill_process_group(group).is_err()).await;
        Ok(())
    });
}

#[test]
fn one_that_has_left_its_group_is_killed_all_the_same() {
    let _alone = alone();
    run(async {
        // It goes to the group of this program, and leaves a child in its own.
        let script = "use POSIX; if (fork == 0) { sleep 60; exit }
                      setpgid(0, getpgrp(getppid())); $| = 1; print \"ready\\n\"; sleep 60";
        let mut child = Command::new("perl");
        child.args(["-e", script]).own_group().stdout(Stdio::piped());
        let mut child = child.spawn()?;
        let group = pid(&child);
        child.stdout.as_ref().unwrap().read_exact(&mut [0; 6]).await?;
        test_kill_process_group(group)?;
        child.kill()?;
        assert_eq!(child.wait().await?.signal(), Some(9));
        until_told(|| test_kill_process_group(group).is_err()).await;
        Ok(())
    });
    assert!(children().is_empty());
}

#[test]
fn how_one_with_a_group_has_ended_is_what_any_other_would_say() {
    let _alone = alone();
    run(async {
        for script in ["exit 0", "exit 255", "kill -9 $$", "kill -ABRT $$"] {
            let plain = shell(script).status().await?;
            assert_eq!(shell(script).own_group().status().await?, plain, "{script}");
        }
        Ok(())
    });
    assert!(children().is_empty());
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
            match n % 5 {
                0 => assert!(Command::new("true").status().await?.success()),
                1 => drop(Command::new("true").spawn()?),
                2 => drop(Command::new("sleep").arg("60").kill_on_drop(true).spawn()?),
                3 => {
                    let mut child = Command::new("true").own_group().spawn()?;
                    assert!(child.wait().await?.success());
                }
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
        until_told(|| test_kill_process(killed).is_err()).await;
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
        drop(child);
        until_told(|| test_kill_process_group(group).is_err()).await;
        Ok(())
    });
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
