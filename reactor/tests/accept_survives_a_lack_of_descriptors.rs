//! An accept that fails for want of descriptors loses no connection, though no edge tells of it
//! again; and it doesn't spin.

#![cfg(test)]
#![cfg(unix)]

mod common;

use std::{
    env,
    fs::File,
    future::Future,
    net::TcpStream as StdStream,
    process::Command,
    sync::Mutex,
    task::{Context, Poll},
    time::Duration,
};

use common::{Count, Harness, poll_with};
use glassloop_reactor::{
    Clock, ManualClock, Options,
    net::{TcpListener, TcpStream},
};

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

/// Takes every descriptor that is left but so many.
fn hoard_all_but(left: usize) -> Vec<File> {
    let mut hoard = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        hoard.push(file);
    }
    hoard.truncate(hoard.len().saturating_sub(left));
    hoard
}

fn run_out_and_recover() {
    log::set_logger(&Keeper).unwrap();
    log::set_max_level(log::LevelFilter::Warn);
    let clock = ManualClock::new();
    let mut options = Options { clock: Clock::Manual(clock.clone()), ..Options::default() };
    // All that wait are accepted in one poll.
    options.limits.operations_per_poll_max = 32;
    let harness = Harness::new(options);
    let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let clients: Vec<StdStream> = (0..20).map(|_| StdStream::connect(address).unwrap()).collect();
    let mut hoard = hoard_all_but(5);
    let mut accepted: Vec<TcpStream> = Vec::new();
    harness.settle();
    while let Poll::Ready(stream) = poll_with(|cx| listener.poll_accept(cx)) {
        accepted.push(stream.unwrap().0);
    }
    assert_eq!(accepted.len(), 5);
    let put_off = || harness.reactor.counts().accepts_put_off;
    assert_eq!(put_off(), 1, "pending, not an error");
    // Time stands still: so does the listener, however often it is asked and turned.
    for _ in 0..100 {
        harness.turn(Duration::ZERO);
        assert!(poll_with(|cx| listener.poll_accept(cx)).is_pending());
    }
    assert_eq!(put_off(), 1);
    // It rests for 1, 2, 4, 8, 16, 32, 50, 50 .. ms.
    let mut tries = Vec::new();
    for millisecond in 1..=300 {
        clock.advance(Duration::from_millis(1));
        harness.turn(Duration::ZERO);
        let before = put_off();
        assert!(poll_with(|cx| listener.poll_accept(cx)).is_pending());
        if put_off() > before {
            tries.push(millisecond);
        }
    }
    assert_eq!(tries, [1, 3, 7, 15, 31, 63, 113, 163, 213, 263]);
    let timer = harness.reactor.timer_views().remove(0);
    assert_eq!((timer.operation, timer.place.file()), ("accept", file!()));
    accepted.push(rest_with_a_future(&harness, &clock, &listener, &mut hoard));
    hoard.clear();
    clock.advance(Duration::from_millis(50));
    harness.turn(Duration::ZERO);
    while let Poll::Ready(stream) = poll_with(|cx| listener.poll_accept(cx)) {
        accepted.push(stream.unwrap().0);
    }
    assert_eq!(accepted.len(), clients.len());
    assert_eq!(harness.reactor.counts().timers_armed, 0);
    let lines = LINES.lock().unwrap().clone();
    assert_eq!(lines.len(), 1, "one episode, one line: {lines:?}");
    assert!(lines[0].starts_with("accept: listener"), "{lines:?}");
}

/// A future rests with a timer of its own, which goes with it, and which wakes it once a descriptor
/// was freed. Gives what it accepted.
fn rest_with_a_future(
    harness: &Harness,
    clock: &ManualClock,
    listener: &TcpListener,
    hoard: &mut Vec<File>,
) -> TcpStream {
    let armed = || harness.reactor.counts().timers_armed;
    let before = armed();
    let mut dropped = Box::pin(listener.accept());
    assert!(harness.poll_once(&mut dropped).is_pending());
    assert_eq!(armed(), before + 1);
    drop(dropped);
    assert_eq!(armed(), before);
    let mut accept = Box::pin(listener.accept());
    let (count, waker) = Count::waker();
    let mut cx = Context::from_waker(&waker);
    assert!(accept.as_mut().poll(&mut cx).is_pending());
    hoard.pop();
    let put_off = harness.reactor.counts().accepts_put_off;
    clock.advance(Duration::from_millis(50));
    harness.turn(Duration::ZERO);
    assert_eq!(count.get(), 1);
    let Poll::Ready(accepted) = accept.as_mut().poll(&mut cx) else { panic!("there is one") };
    assert_eq!(harness.reactor.counts().accepts_put_off, put_off);
    accepted.unwrap().0
}

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Keeps what was warned of.
struct Keeper;

impl log::Log for Keeper {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        LINES.lock().unwrap().push(record.args().to_string());
    }

    fn flush(&self) {}
}
