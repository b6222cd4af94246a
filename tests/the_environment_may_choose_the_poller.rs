//! `GLASSLOOP_POLLER` decides where a loop blocks whose program has chosen no poller.
//!
//! The environment of a process is its own: each case is this test again, in a process of its own.
#![cfg(test)]

use std::{
    env,
    io::ErrorKind,
    process::{Command, Output},
    time::Duration,
};

use glassloop::{
    EventLoop, PollerKind,
    net::{self, TcpListener, TcpStream},
};

/// Runs the ignored test of that name with the variable set.
fn run(name: &str, value: &str) -> Output {
    let test = env::current_exe().expect("a test knows its own file");
    let mut command = Command::new(test);
    command.args(["--ignored", "--exact", name]).env("GLASSLOOP_POLLER", value);
    command.output().expect("it can be run again")
}

#[track_caller]
fn expect_success(name: &str, value: &str) {
    let ran = run(name, value);
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && said.contains("1 passed"), "{value}: {said}");
}

/// What a loop of that poller does with a listener of port 0: its address's port, or an error.
fn bound(event_loop: &EventLoop) -> Result<u16, ErrorKind> {
    let listen = || TcpListener::bind("127.0.0.1:0".parse().unwrap());
    let listener = event_loop.enter(listen).map_err(|error| error.kind())?;
    Ok(listener.local_addr().unwrap().port())
}

#[test]
#[ignore = "a part: run by the others with the variable set"]
fn part_no_descriptors() {
    assert_eq!(bound(&EventLoop::new().unwrap()), Err(ErrorKind::Unsupported));
    // What the program says itself counts more.
    let builder = EventLoop::builder().poller(PollerKind::Mio);
    assert!(bound(&builder.build().unwrap()).is_ok());
}

#[test]
#[ignore = "a part: run by the others with the variable set"]
fn part_a_script() {
    assert_eq!(bound(&EventLoop::new().unwrap()), Ok(61_000), "the first port of a script");
    assert_eq!(bound(&EventLoop::test()), Err(ErrorKind::Unsupported), "it isn't asked there");
}

#[test]
#[ignore = "a part: run by the others with the variable set"]
fn part_the_kernel() {
    let event_loop = EventLoop::new().unwrap();
    let listen = || TcpListener::bind("127.0.0.1:0".parse().unwrap());
    let listener = event_loop.enter(listen).unwrap();
    let stream = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    assert!(event_loop.enter(|| TcpStream::from_std(stream)).is_ok());
    assert!(event_loop.enter(net::duplex).is_ok());
}

#[test]
#[ignore = "a part: run by the others with the variable set"]
fn part_a_name_that_means_nothing() {
    let error = EventLoop::new().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let said = error.to_string();
    for part in ["GLASSLOOP_POLLER", "`mio`, `timers`, `scripted`", "\"epoll\""] {
        assert!(said.contains(part), "{said}");
    }
    // Whoever has chosen is not asked.
    EventLoop::test().close(Duration::ZERO);
}

#[test]
fn each_name_chooses_its_poller() {
    expect_success("part_no_descriptors", "timers");
    expect_success("part_a_script", "scripted");
    expect_success("part_a_script", "scripted:7");
    expect_success("part_the_kernel", "mio");
}

#[test]
fn a_name_that_means_nothing_is_an_error_that_says_so() {
    expect_success("part_a_name_that_means_nothing", "epoll");
    assert!(!run("part_no_descriptors", "mio").status.success(), "a part can fail");
}
