//! A name that is being looked up is a way out: the loop waits for it, is told of no deadlock, and
//! its clock doesn't jump meanwhile.
#![cfg(test)]

#[path = "common/journal.rs"]
mod journal;

use std::{
    future::{Future, pending, poll_fn},
    net::SocketAddr,
    task::Poll,
    time::Duration,
};

use glassloop::{
    Clock, EventLoop, Limits, ManualClock, PollerKind, Resolver, RunError,
    net::{TcpStream, lookup},
    spawn, timeout,
};

const HOUR: Duration = Duration::from_secs(3_600);

#[test]
fn a_loop_that_waits_for_a_name_alone_is_not_stuck() {
    journal::take();
    // What only looks stuck would be told at once.
    let limits = Limits { suspected_after_ms: 0, ..Limits::default() };
    let builder = EventLoop::builder().poller(PollerKind::TimersOnly).limits(limits);
    let event_loop = builder.build().unwrap();
    for _ in 0..50 {
        let found = event_loop.block_on(lookup("localhost", 80)).unwrap().unwrap();
        assert!(found.iter().all(|address| address.ip().is_loopback()), "{found:?}");
    }
    let lines = journal::take();
    assert!(!lines.iter().any(|line| line.contains("suspected")), "{lines:?}");
    // With nobody to wait for, it is.
    let stuck = event_loop.block_on(pending::<()>());
    assert!(matches!(stuck, Err(RunError::Deadlock(_))), "{stuck:?}");
    event_loop.close(Duration::ZERO);
}

#[test]
fn a_name_that_was_answered_is_no_way_out_though_nobody_took_it() {
    let event_loop = EventLoop::builder().poller(PollerKind::TimersOnly).build().unwrap();
    let asked = event_loop.block_on(async {
        let mut named = Box::pin(lookup("localhost", 80));
        poll_fn(|cx| Poll::Ready(named.as_mut().poll(cx).is_pending())).await.then_some(named)
    });
    let stuck = event_loop.block_on(pending::<()>());
    assert!(matches!(stuck, Err(RunError::Deadlock(_))), "{stuck:?}");
    drop(asked);
    event_loop.close(Duration::ZERO);
}

#[test]
fn a_clock_that_jumps_waits_for_a_name() {
    let clock = ManualClock::new().with_autojump();
    let builder = EventLoop::builder().poller(PollerKind::TimersOnly);
    let event_loop = builder.clock(Clock::Manual(clock.clone())).build().unwrap();
    let found = event_loop.block_on(async {
        for _ in 0..50 {
            timeout(HOUR, lookup("localhost", 80)).await.unwrap().unwrap();
        }
    });
    found.unwrap();
    assert_eq!(clock.now(), 0);
    event_loop.block_on(async { glassloop::sleep(HOUR).await }).unwrap();
    assert_eq!(clock.now(), 3_600_000_000_000, "nobody waits for a name: it jumps");
    event_loop.close(Duration::ZERO);
}

/// The line of the one lookup below.
const LOOKUP_LINE: u32 = line!() + 3;

async fn look_up() {
    lookup("localhost", 80).await.unwrap();
}

#[test]
fn a_snapshot_says_which_name_is_waited_for_and_where() {
    let event_loop = EventLoop::test();
    let wait = event_loop.block_on(async {
        // The thread may be so quick that there is nothing to wait for.
        for _ in 0..1_000 {
            let named = spawn(look_up());
            glassloop::yield_now().await;
            let snapshot = glassloop::snapshot();
            named.await.unwrap();
            let wait = snapshot.tasks.into_iter().flat_map(|task| task.waits).next();
            if wait.is_some() {
                return wait;
            }
        }
        None
    });
    let wait = wait.unwrap().expect("one of a thousand waits");
    assert_eq!((wait.operation, wait.of.as_str()), ("lookup", "name `localhost`"));
    let place = wait.place.unwrap();
    assert_eq!((place.file(), place.line()), (file!(), LOOKUP_LINE));
    event_loop.close(Duration::ZERO);
}

#[test]
fn a_resolver_of_the_programs_own_is_asked_instead() {
    let clock = ManualClock::new().with_autojump();
    let resolver = Resolver::new(|host, port| {
        assert_eq!(host, "silex.test");
        Box::pin(async move {
            glassloop::sleep(HOUR).await;
            Ok(vec![SocketAddr::from(([127, 0, 0, 1], port))])
        })
    });
    let builder = EventLoop::builder().poller(PollerKind::TimersOnly).resolver(resolver);
    let event_loop = builder.clock(Clock::Manual(clock.clone())).build().unwrap();
    let found = event_loop.block_on(lookup("silex.test", 80)).unwrap().unwrap();
    assert_eq!(found, [SocketAddr::from(([127, 0, 0, 1], 80))]);
    assert_eq!(clock.now(), 3_600_000_000_000, "its own sleep is no name of ours");
    let connect =
        async { timeout(HOUR / 2, TcpStream::connect_host("silex.test", 80)).await.map(drop) };
    assert!(event_loop.block_on(connect).unwrap().is_err());
    event_loop.close(Duration::ZERO);
}
