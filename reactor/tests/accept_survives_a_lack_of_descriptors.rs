//! An accept that fails for want of descriptors loses no connection, though no edge tells of it
//! again.

#![cfg(test)]
#![cfg(unix)]

mod common;

use std::{env, fs::File, io, net::TcpStream as StdStream, process::Command};

use common::Harness;
use glassloop_reactor::net::TcpListener;

/// The limit is the process's, so a child takes it upon itself.
const CHILD: &str = "GLASSLOOP_TEST_FEW_DESCRIPTORS";

#[test]
#[cfg_attr(miri, ignore = "Miri starts no processes")]
fn connections_wait_until_there_are_descriptors_again() {
    if env::var_os(CHILD).is_some() {
        return run_out_and_recover();
    }
    let test = "connections_wait_until_there_are_descriptors_again";
    let script = format!("ulimit -n 64 && exec \"$0\" --exact {test} --nocapture");
    let child = Command::new("sh")
        .args(["-c", &script])
        .arg(env::current_exe().unwrap())
        .env(CHILD, "1")
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success(), "{output}");
}

fn run_out_and_recover() {
    let harness = Harness::kernel();
    let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let clients: Vec<StdStream> = (0..20).map(|_| StdStream::connect(address).unwrap()).collect();
    let mut hoard = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        hoard.push(file);
    }
    hoard.truncate(hoard.len().saturating_sub(5));
    let mut accepted = Vec::new();
    let error = loop {
        match harness.block_on(listener.accept()) {
            Ok((stream, _)) => accepted.push(stream),
            Err(error) => break error,
        }
    };
    assert_eq!(accepted.len(), 5, "came {error}");
    // EMFILE has no ErrorKind of its own.
    assert_ne!(error.kind(), io::ErrorKind::WouldBlock);
    harness.settle();
    hoard.clear();
    while accepted.len() < clients.len() {
        accepted.push(harness.block_on(listener.accept()).unwrap().0);
    }
}
