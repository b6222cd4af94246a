//! Each job that a host was asked for is counted once: as run, refused, or ended by what ended it.
#![cfg(test)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use glassloop::HostQueue;

/// For what comes at once unless it never comes.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn the_statistics_tell_how_the_host_serves() {
    let host = HostQueue::new();
    let _calls: Vec<_> = (0..3).map(|_| host.call(|| ())).collect();
    let statistics = host.statistics();
    assert_eq!(statistics.queued, 3);
    assert_eq!(host.drain(Duration::ZERO).ran, 1, "one in any case");
    let statistics = host.statistics();
    assert_eq!((statistics.queued, statistics.ran), (2, 1));
    assert!(statistics.waited_p95 < PATIENCE && statistics.oldest_wait < PATIENCE);
    assert_eq!(host.drain(PATIENCE).ran, 2);
    assert_eq!(host.statistics().oldest_wait, Duration::ZERO);
}

#[test]
fn eight_threads_that_ask_while_the_queue_closes_are_all_answered() {
    let rounds = if cfg!(miri) { 3 } else { 1_000 };
    for round in 0..rounds {
        let host = HostQueue::new();
        let ran = Arc::new(AtomicUsize::new(0));
        let askers: Vec<_> = (0..8)
            .map(|_| {
                let (host, ran) = (host.clone(), Arc::clone(&ran));
                thread::spawn(move || {
                    let asked: Vec<_> = (0..4)
                        .map(|_| {
                            let ran = Arc::clone(&ran);
                            host.call(move || _ = ran.fetch_add(1, SeqCst))
                        })
                        .collect();
                    asked.into_iter().filter_map(|call| call.wait(PATIENCE).ok()).count()
                })
            })
            .collect();
        for _ in 0..round % 7 {
            host.drain(Duration::ZERO);
        }
        host.close();
        let answered: usize = askers.into_iter().map(|asker| asker.join().unwrap()).sum();
        assert_eq!(answered, ran.load(SeqCst), "round {round}: what ran is what was answered");
        let statistics = host.statistics();
        let ended = statistics.ran + statistics.lost + statistics.refused;
        assert_eq!((ended, statistics.queued), (32, 0), "round {round}: {statistics:?}");
    }
}
