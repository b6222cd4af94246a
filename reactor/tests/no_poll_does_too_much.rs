//! One poll does no more operations than its budget, so that one source can't hold the turn.

#![cfg(test)]

mod common;

use std::{cell::Cell, task::Context, time::Duration};

use common::{Count, Harness, both_with};
use glassloop_reactor::{Limits, MissedTicks, interval};

const LIMITS: Limits = Limits {
    operations_per_poll_max: 4,
    events_per_wait_max: 64,
    sources_max: 64,
    memory_pipe_bytes_max: 4_096,
    accept_rest_ms_max: 50,
    lookups_max: 4,
    connect_addresses_max: 4,
    connect_stagger_ms: 250,
    backlog_connections_max: 1,
    transcript_bytes_max: 0,
    wait_after_failed_wake_ms_max: 100,
};

#[test]
fn a_stream_that_always_has_more_yields_after_its_budget() {
    both_with(LIMITS, |harness, here, there| {
        harness.block_on(there.write_all(&[7; 100])).unwrap();
        harness.settle();
        let (count, waker) = Count::waker();
        let mut cx = Context::from_waker(&waker);
        let mut reads = 0;
        harness.reactor.set_owner(1);
        while here.poll_read(&mut cx, &mut [0; 1]).is_ready() {
            reads += 1;
        }
        assert_eq!(reads, 4);
        assert_eq!(count.get(), 1, "whoever yields is woken at once");
        assert!(
            harness
                .reactor
                .take_last_place()
                .is_some_and(|place| { place.file().ends_with("no_poll_does_too_much.rs") })
        );
        // The next item has a budget of its own.
        harness.reactor.set_owner(2);
        assert!(here.poll_read(&mut cx, &mut [0; 1]).is_ready());
    });
}

#[test]
fn an_operation_of_many_bytes_counts_as_several() {
    let limits = Limits { memory_pipe_bytes_max: 64 * 1_024, ..LIMITS };
    both_with(limits, |harness, here, there| {
        harness.block_on(there.write_all(&[7; 40_000])).unwrap();
        harness.settle();
        let (_, waker) = Count::waker();
        let mut reads = 0;
        harness.reactor.set_owner(1);
        while here.poll_read(&mut Context::from_waker(&waker), &mut [0; 16_384]).is_ready() {
            reads += 1;
        }
        assert_eq!(reads, 2, "four operations of 8 KiB");
    });
}

#[test]
fn what_takes_more_than_one_budget_still_gets_done() {
    both_with(LIMITS, |harness, here, there| {
        harness.block_on(there.write_all(&[7; 100])).unwrap();
        let sum = Cell::new(0_u32);
        harness.block_on(async {
            for _ in 0..100 {
                let mut byte = [0; 1];
                here.read_exact(&mut byte).await.unwrap();
                sum.set(sum.get() + u32::from(byte[0]));
            }
        });
        assert_eq!(sum.get(), 700);
        assert!(harness.turns.get() >= 100 / 4, "came {} turns", harness.turns.get());
    });
}

#[test]
fn without_an_owner_a_turn_is_a_budget() {
    both_with(LIMITS, |harness, here, there| {
        harness.block_on(there.write_all(&[7; 100])).unwrap();
        harness.settle();
        let mut reads = 0;
        for _ in 0..3 {
            harness.turn(Duration::ZERO);
            while common::poll_with(|cx| here.poll_read(cx, &mut [0; 1])).is_ready() {
                reads += 1;
            }
        }
        assert_eq!(reads, 12);
    });
}

#[test]
fn a_burst_of_missed_ticks_yields_like_a_busy_stream() {
    let (harness, clock) = Harness::manual();
    let mut ticks = interval(Duration::from_millis(1)).missed_ticks(MissedTicks::Burst);
    clock.advance(Duration::from_secs(1));
    harness.turn(Duration::ZERO);
    let (count, waker) = Count::waker();
    let mut taken = 0;
    while ticks.poll_tick(&mut Context::from_waker(&waker)).is_ready() {
        taken += 1;
    }
    assert_eq!(taken, Limits::default().operations_per_poll_max);
    assert_eq!(count.get(), 1);
}
