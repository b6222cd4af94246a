//! What grows with time: delays, queues; and futures that are large from the beginning.

use super::*;
use glassloop::{interval, sleep, yield_now};

// ---- timer-drift ----

#[test]
fn timer_drift_is_found() {
    let (event_loop, clock) = linting();
    event_loop
        .block_on(async move {
            for _ in 0..102 {
                sleep(10 * MS).await;
                work(&clock, 2 * MS);
            }
        })
        .unwrap();
    let finding = the_finding(&event_loop, Lint::TimerDrift);
    assert!(finding.reason.contains("10.0ms") && finding.reason.contains("200.0ms"), "{finding}");
    assert!(finding.place.is_some());
}

#[test]
fn timer_drift_is_silent_on_an_interval_and_where_it_hardly_matters() {
    let (event_loop, clock) = linting();
    event_loop
        .block_on(async move {
            let mut ticks = interval(10 * MS);
            for _ in 0..250 {
                ticks.tick().await;
                work(&clock, 2 * MS);
            }
            let mut next = sleep(Duration::ZERO).deadline();
            for _ in 0..250 {
                next += 10 * MS;
                glassloop::sleep_until(next).await;
                work(&clock, 2 * MS);
            }
            for _ in 0..250 {
                sleep(30 * MS).await;
                work(&clock, 2 * MS);
            }
            // It keeps the time by itself.
            for round in 0..250 {
                let busy = (2 + round % 2) * MS;
                work(&clock, busy);
                sleep(10 * MS - busy).await;
            }
            for _ in 0..250 {
                let rest = sleep(10 * MS);
                work(&clock, 2 * MS);
                rest.await;
            }
        })
        .unwrap();
    all_silent(&event_loop);
}

// ---- unbounded-growth ----

/// So many rounds, a second apart, in each of which callbacks are asked for that come that late.
fn grows(rounds: u32, each: u32, after: Duration) -> EventLoop {
    let (event_loop, _) = linting();
    event_loop
        .block_on(async move {
            for _ in 0..rounds {
                for _ in 0..each {
                    drop(glassloop::call_later(after, || ()).unwrap());
                }
                sleep(SECOND).await;
            }
        })
        .unwrap();
    event_loop
}

#[test]
fn unbounded_growth_is_found() {
    let event_loop = grows(12, 150, 100 * SECOND);
    let finding = the_finding(&event_loop, Lint::UnboundedGrowth);
    assert!(
        finding.subject.contains("callbacks") && finding.reason.contains("from 150 to 1650"),
        "{finding}"
    );
}

#[test]
fn unbounded_growth_is_silent_on_a_queue_that_is_long_or_grows_a_little() {
    all_silent(&grows(30, 500, 5 * SECOND));
    all_silent(&grows(30, 10, 100 * SECOND));
}

// ---- large-future ----

/// Holds so many bytes across an await.
async fn holds<const BYTES: usize>() -> u8 {
    let buffer = [1_u8; BYTES];
    yield_now().await;
    buffer[BYTES - 1]
}

#[test]
fn large_future_is_found() {
    let (event_loop, _) = linting();
    let large = event_loop.spawn(holds::<16_384>()).named("large");
    event_loop.block_on(async move { large.await.unwrap() }).unwrap();
    let finding = the_finding(&event_loop, Lint::LargeFuture);
    assert!(finding.subject.contains("`large`") && finding.place.is_some(), "{finding}");
}

#[test]
fn large_future_is_silent_on_one_that_is_boxed() {
    let (event_loop, _) = linting();
    let boxed = event_loop.spawn(Box::pin(holds::<16_384>()));
    let small = event_loop.spawn(holds::<15_000>());
    event_loop.block_on(async move { (boxed.await.unwrap(), small.await.unwrap()) }).unwrap();
    all_silent(&event_loop);
}
