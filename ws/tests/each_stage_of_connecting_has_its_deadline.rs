//! Each stage of a client's connecting ends at its own deadline, and all of them at one; the error
//! says which stage it was. Of several addresses a dead one delays the next by a stagger.

mod common;

use std::cell::Cell;
use std::future::{pending, ready};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use common::{Loop, Opened, Output};
use glassloop_reactor::net::TcpListener;
use glassloop_reactor::{Options, PollerKind, Resolver, Script, Step, sleep};
use glassloop_ws::{Config, ConnectStage, Endpoint, Error};

const URL: &str = "ws://example.test:7/";

fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

/// A loop of scripted peers. Names have these addresses after so long.
fn scripted(script: Script, addresses: &[&str], after: Duration) -> Loop {
    let options = Options { poller: PollerKind::Scripted, script, ..Options::default() };
    let event_loop = Loop::with(options);
    let addresses: Vec<SocketAddr> = addresses.iter().map(|text| address(text)).collect();
    event_loop.reactor.set_resolver(Resolver::new(move |_, _| {
        let addresses = addresses.clone();
        Box::pin(async move {
            sleep(after).await;
            Ok(addresses)
        })
    }));
    event_loop
}

fn silent(at: &str) -> Script {
    Script::new(0).listens(address(at), [Step::After(Duration::from_secs(3_600))])
}

fn connecting(event_loop: &Loop) -> Output<Opened> {
    event_loop.spawn(Endpoint::new(URL).expect("good").connect())
}

/// The error, which comes after so long and not before.
fn error_after(event_loop: &mut Loop, connected: &Output<Opened>, wait_ms: u64) -> Error {
    event_loop.settle();
    let mut now = 0;
    // Step by step: what follows a stage is armed when the stage ends.
    for next in (0..wait_ms).step_by(50).skip(1).chain([wait_ms - 1]) {
        event_loop.pass(millis(next - now));
        now = next;
    }
    assert!(connected.borrow().is_none(), "{now} ms are within the deadline");
    event_loop.pass(millis(1));
    let error = connected.borrow_mut().take().expect("the deadline has passed");
    error.expect_err("no connection")
}

fn timed_out(error: &Error) -> (ConnectStage, u64) {
    match error {
        Error::HandshakeTimeout { stage, millis } => (*stage, *millis),
        other => panic!("expected a deadline, came {other}"),
    }
}

#[test]
fn a_silent_resolver_is_left_after_six_seconds() {
    let mut event_loop = Loop::new();
    event_loop.reactor.set_resolver(Resolver::new(|_, _| Box::pin(pending())));
    let connected = connecting(&event_loop);
    let error = error_after(&mut event_loop, &connected, 6_000);
    assert_eq!(timed_out(&error), (ConnectStage::Resolve, 6_000));
    assert_eq!(
        error.to_string(),
        "expected a connection within 6000 ms, came the deadline in the look-up of the name"
    );
}

#[test]
fn an_address_that_says_nothing_is_left_after_six_seconds() {
    let mut event_loop = scripted(silent("10.0.0.1:7"), &["10.0.0.1:7"], Duration::ZERO);
    let connected = connecting(&event_loop);
    let error = error_after(&mut event_loop, &connected, 6_000);
    assert_eq!(timed_out(&error), (ConnectStage::Connect, 6_000));
    assert_eq!(event_loop.reactor.counts().sources, 0, "the socket is gone");
}

#[test]
fn a_server_that_says_nothing_is_left_after_eight_seconds() {
    let script = Script::new(0).listens(address("10.0.0.1:7"), [Step::ReadToEnd]);
    let transcript = script.transcript();
    let mut event_loop = scripted(script, &["10.0.0.1:7"], Duration::ZERO);
    let connected = connecting(&event_loop);
    let error = error_after(&mut event_loop, &connected, 8_000);
    assert_eq!(timed_out(&error), (ConnectStage::Upgrade, 8_000));
    assert!(transcript.received(0).starts_with(b"GET / HTTP/1.1\r\nHost: example.test:7\r\n"));
}

#[test]
fn stages_that_are_slow_each_within_its_time_end_with_the_whole() {
    let mut event_loop = scripted(silent("10.0.0.1:7"), &["10.0.0.1:7"], millis(5_000));
    let connected = connecting(&event_loop);
    let error = error_after(&mut event_loop, &connected, 10_000);
    assert_eq!(timed_out(&error), (ConnectStage::Connect, 10_000));
}

#[test]
fn deadlines_are_the_program_s_to_set() {
    let mut config = Config::default();
    config.limits.handshake_ms_max = 700;
    config.limits.resolve_ms_max = 300;
    config.limits.connect_ms_max = 500;
    for (resolve_ms, stage, limit_ms, passed_ms) in [
        (10_000, ConnectStage::Resolve, 300, 300),
        (100, ConnectStage::Connect, 500, 100 + 500),
        (250, ConnectStage::Connect, 700, 700),
    ] {
        let mut event_loop = scripted(silent("10.0.0.1:7"), &["10.0.0.1:7"], millis(resolve_ms));
        let endpoint = Endpoint::new(URL).expect("good").config(config.clone());
        let connected = event_loop.spawn(endpoint.connect());
        let error = error_after(&mut event_loop, &connected, passed_ms);
        assert_eq!(timed_out(&error), (stage, limit_ms));
    }
}

/// A client that connects to whoever accepts at this address. When it was there.
fn arrives(event_loop: &mut Loop, url: &str, at: &str) -> Duration {
    let listener = TcpListener::bind(address(at)).expect("nobody else listens there");
    let arrived = Rc::new(Cell::new(None));
    let (noted, reactor) = (Rc::clone(&arrived), Rc::clone(&event_loop.reactor));
    event_loop.spawn(async move {
        let (stream, _) = listener.accept().await.expect("a connection");
        noted.set(Some(Duration::from_nanos(reactor.read_clock())));
        glassloop_ws::accept(stream).await.expect("a good request")
    });
    let connected = event_loop.spawn(Endpoint::new(url).expect("good").connect());
    event_loop.settle();
    for _ in 0..100 {
        if let Some(opened) = connected.borrow_mut().take() {
            drop(opened.expect("a connection"));
            return arrived.get().expect("it was accepted");
        }
        event_loop.pass(millis(10));
    }
    panic!("nobody arrives within a second");
}

#[test]
fn a_dead_address_delays_the_next_by_a_stagger_and_one_that_refuses_not_at_all() {
    let both = ["10.0.0.1:7", "10.0.0.2:7"];
    let mut event_loop = scripted(silent(both[0]), &both, Duration::ZERO);
    assert_eq!(arrives(&mut event_loop, URL, both[1]), millis(250));
    drop(event_loop);
    let refuses = Script::new(0).listens(address(both[0]), [Step::Refuse]);
    let mut event_loop = scripted(refuses, &both, Duration::ZERO);
    assert_eq!(arrives(&mut event_loop, URL, both[1]), Duration::ZERO);
}

#[test]
fn when_no_address_answers_each_is_named() {
    let both = ["10.0.0.1:7", "10.0.0.2:7"];
    let script = Script::new(0).listens(address(both[0]), [Step::Refuse]);
    let mut event_loop = scripted(script, &both, Duration::ZERO);
    let connected = connecting(&event_loop);
    let error = event_loop.wait_for(&connected).expect_err("no connection");
    let told = error.to_string();
    assert!(matches!(error, Error::Io(_)) && !error.is_fatal(), "{told}");
    assert!(both.iter().all(|address| told.contains(address)), "{told}");
}

#[test]
fn a_literal_of_ipv6_needs_no_name() {
    let mut event_loop = scripted(Script::new(0), &[], Duration::ZERO);
    event_loop.reactor.set_resolver(Resolver::new(|host, _| panic!("asked for {host}")));
    assert_eq!(arrives(&mut event_loop, "ws://[fd00::7]:7/", "[fd00::7]:7"), Duration::ZERO);
}

#[test]
fn a_name_without_an_address_is_worth_another_try() {
    let mut event_loop = Loop::new();
    let none = |_: &str, _| Box::pin(ready(Ok(Vec::new()))) as glassloop_reactor::Addresses;
    event_loop.reactor.set_resolver(Resolver::new(none));
    let connected = connecting(&event_loop);
    let error = event_loop.wait_for(&connected).expect_err("no address");
    assert!(matches!(error, Error::Unresolvable { .. }) && !error.is_fatal(), "{error}");
}
