//! Lines 1 and 2: an inspector that somebody asked for, on loopback.
#![cfg(test)]

use std::{env, process::Command};

use glassloop_inspector::{Builder, init, try_init};

use crate::logged;

const CHILD: &str = "GLASSLOOP_TEST_CHILD";
const VARIABLE: &str = "GLASSLOOP_INSPECT";

/// 1.
#[test]
fn nothing_opens_and_no_thread_starts_unless_somebody_asks() {
    for value in [None, Some(""), Some("0"), Some("yes"), Some("0.0.0.0:0"), Some("10.0.0.1:0")] {
        let mut child = Command::new(env::current_exe().unwrap());
        child.args(["--exact", "asked_for::a_child_that_may_be_inspected", "--test-threads=1"]);
        child.env(CHILD, "1").env_remove(VARIABLE);
        if let Some(value) = value {
            child.env(VARIABLE, value);
        }
        let output = child.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{value:?}: {said}");
    }
}

/// It is alone in its process, so that nobody else opens anything meanwhile.
#[test]
fn a_child_that_may_be_inspected() {
    if env::var_os(CHILD).is_none() {
        return;
    }
    logged::listen();
    let before = (open_files(), threads());
    let started = init();
    assert!(started.is_none(), "{started:?}");
    assert_eq!((open_files(), threads()), before);
    let is_error = env::var(VARIABLE).is_ok_and(|value| value.len() > 1);
    let told: Vec<_> = logged::lines().drain(..).collect();
    assert_eq!(told.len(), usize::from(is_error), "{told:?}");
    let says_why = |line: &String| line.starts_with("ERROR") && line.contains("expected");
    assert!(told.iter().all(says_why), "{told:?}");
    assert_eq!(try_init().is_err(), is_error, "what can't be meant is told, and starts nothing");
    assert_eq!((open_files(), threads()), before);
}

#[cfg(target_os = "linux")]
fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

#[cfg(target_os = "linux")]
fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

#[cfg(not(target_os = "linux"))]
fn open_files() -> usize {
    0
}

#[cfg(not(target_os = "linux"))]
fn threads() -> usize {
    0
}

/// 2.
#[test]
fn an_address_that_others_can_reach_is_refused() {
    for address in ["0.0.0.0:0", "[::]:0", "192.168.1.2:0", "[fe80::1]:0", "[::ffff:127.0.0.1]:0"] {
        let parsed: std::net::SocketAddr = address.parse().unwrap();
        let error = Builder::new().address(parsed).start().expect_err(address);
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
        let said = error.to_string();
        assert!(said.contains("expected a loopback address") && said.contains(address), "{said}");
    }
}
