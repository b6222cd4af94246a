//! What a child process reads and writes are streams that wait for room; its output is taken to the
//! end, within bounds of size and time, and neither side ever waits for the other for ever.
//!
//! The cases that libuv tests under these names are marked with them.
#![cfg(test)]
#![cfg(all(target_os = "linux", feature = "process"))]

#[path = "common/children.rs"]
mod children;

use std::{fs, io, process::Stdio, time::Duration};

use children::{alone, children, run, shell};
use glassloop::{process::Command, spawn};

const MINUTE: Duration = Duration::from_secs(60);
const MS: Duration = Duration::from_millis(1);

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
        // It ends at once; who has its output is another.
        let mut command = shell("sleep 60 & exit 0");
        let error = command.own_group().time_max(50 * MS).output().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(error.to_string().contains("but another process has its output"), "{error}");
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
fn one_that_waits_for_its_input_is_given_the_end_of_it() {
    let _alone = alone();
    run(async {
        let output = Command::new("cat").stdin(Stdio::piped()).output().await?;
        assert!(output.status.success());
        Ok(())
    });
}

#[test]
fn what_an_output_takes_is_taken_once_and_what_was_said_of_streams_stays() {
    let _alone = alone();
    run(async {
        let stdout = fs::read_link("/proc/self/fd/1")?;
        let script = "[ \"$(readlink /proc/$$/fd/1)\" = \"$OURS\" ]";
        let mut command = shell(script);
        command.env("OURS", &stdout);
        assert_eq!(command.output().await?.status.code(), Some(1), "a pipe");
        assert_eq!(command.status().await?.code(), Some(0), "what this program has");
        let silent = shell("echo loud").stdout(Stdio::null()).output().await?;
        assert_eq!(silent.stdout, b"");
        let file = fs::File::open("/proc/self/status")?;
        assert!(!Command::new("cat").stdin(file).output().await?.stdout.is_empty());
        Ok(())
    });
}
