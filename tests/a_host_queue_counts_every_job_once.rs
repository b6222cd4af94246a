//! Each job that a host was asked for is counted once: as run, refused, or ended by what ended it.
#![cfg(test)]

#[path = "common/mod.rs"]
mod common;
#[path = "common/seed.rs"]
mod seed;

use std::{
    future::{Future, IntoFuture},
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Wake, Waker},
    thread,
    time::Duration,
};

use common::OnDrop;
use glassloop::{Chunk, HostCall, HostError, HostQueue, HostStatistics, JobContext, Refused};
use seed::Seed;

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

/// What became of what one thread asked for.
#[derive(Default)]
struct Asked {
    deferred: usize,
    handed_back: usize,
    answered: usize,
    lost: usize,
}

impl Asked {
    /// Leaves four jobs without a result and asks for four with one.
    fn of(host: &HostQueue, ran: &[Arc<AtomicUsize>; 2]) -> Asked {
        let mut asked = Asked::default();
        let count = |at: usize| {
            let ran = Arc::clone(&ran[at]);
            move || _ = ran.fetch_add(1, SeqCst)
        };
        let calls: Vec<_> = (0..4)
            .map(|_| {
                match host.defer(count(0)) {
                    Ok(()) => asked.deferred += 1,
                    Err(Refused::Closed(_)) => asked.handed_back += 1,
                    Err(other) => panic!("there is room: {other}"),
                }
                host.call(count(1))
            })
            .collect();
        for call in calls {
            match call.wait(PATIENCE) {
                Ok(()) => asked.answered += 1,
                Err(HostError::Closed) => asked.lost += 1,
                Err(other) => panic!("it is answered: {other}"),
            }
        }
        asked
    }
}

/// Eight threads ask for jobs while the host drains and closes its queue.
fn close_under_fire(round: usize) {
    let (host, ran) = (HostQueue::new(), <[Arc<AtomicUsize>; 2]>::default());
    let askers: Vec<_> = (0..8)
        .map(|_| {
            let (host, ran) = (host.clone(), ran.clone());
            thread::spawn(move || Asked::of(&host, &ran))
        })
        .collect();
    for _ in 0..round % 7 {
        host.drain(Duration::ZERO);
    }
    host.close();
    let all: Vec<Asked> = askers.into_iter().map(|asker| asker.join().unwrap()).collect();
    let sum = |of: fn(&Asked) -> usize| all.iter().map(of).sum::<usize>();
    let [deferred, called] = ran.each_ref().map(|ran| ran.load(SeqCst));
    assert_eq!(sum(|it| it.deferred + it.handed_back), 32);
    assert_eq!(sum(|it| it.answered + it.lost), 32, "round {round}: each call is answered");
    assert_eq!(sum(|it| it.answered), called, "round {round}: what ran is what was answered");
    let statistics = host.statistics();
    let [ran_all, lost, refused] = [statistics.ran, statistics.lost, statistics.refused]
        .map(|count| usize::try_from(count).unwrap());
    assert_eq!((ran_all, statistics.queued), (deferred + called, 0), "round {round}");
    assert_eq!(ran_all + lost + refused, 64, "round {round}: {statistics:?}");
    // What was deferred ran or was lost; what was called was refused at once or lost as well.
    let dropped = sum(|it| it.deferred) - deferred;
    assert_eq!(dropped + sum(|it| it.lost + it.handed_back), lost + refused, "round {round}");
    assert!(ran.iter().all(|ran| Arc::strong_count(ran) == 1), "round {round}: none is left");
}

#[test]
fn eight_threads_that_ask_while_the_queue_closes_are_all_answered() {
    (0..if cfg!(miri) { 3 } else { 1_000 }).for_each(close_under_fire);
}

/// Notes the statistics of a queue at the moment when it is woken, or dropped.
#[derive(Clone)]
struct Looks(HostQueue, Arc<Mutex<Vec<HostStatistics>>>);

impl Looks {
    fn at(host: &HostQueue) -> Looks {
        Looks(host.clone(), Arc::default())
    }

    fn look(&self) {
        self.1.lock().unwrap().push(self.0.statistics());
    }

    /// What was seen: ran, panicked, cancelled, timed out, lost.
    fn seen(&self) -> Vec<[u64; 5]> {
        let seen = std::mem::take(&mut *self.1.lock().unwrap());
        let counts =
            |it: HostStatistics| [it.ran, it.panicked, it.cancelled, it.timed_out, it.lost];
        seen.into_iter().map(counts).collect()
    }
}

impl Wake for Looks {
    fn wake(self: Arc<Self>) {
        self.look();
    }
}

/// Awaits a call with a waker that looks at the statistics, until `answer` has answered it. What
/// was seen then: exactly once.
fn seen_by<T: Send + 'static>(host: &HostQueue, call: HostCall<T>, answer: &dyn Fn()) -> [u64; 5] {
    let looks = Arc::new(Looks::at(host));
    let (waker, mut calling) = (Waker::from(Arc::clone(&looks)), pin!(call.into_future()));
    let mut cx = Context::from_waker(&waker);
    assert!(calling.as_mut().poll(&mut cx).is_pending());
    answer();
    assert!(calling.poll(&mut cx).is_ready());
    let seen = looks.seen();
    assert_eq!(seen.len(), 1);
    seen[0]
}

#[test]
fn who_is_answered_finds_it_counted() {
    let host = HostQueue::new();
    let drain = || assert_eq!(host.drain(Duration::ZERO).ran, 1);
    assert_eq!(seen_by(&host, host.call(|| ()), &drain), [1, 0, 0, 0, 0]);
    let panics = host.call(|| -> () { panic!("as it was told to") });
    assert_eq!(seen_by(&host, panics, &drain), [1, 1, 0, 0, 0]);
    let in_steps = host.call_chunked(|_| Chunk::Done(()));
    assert_eq!(seen_by(&host, in_steps, &drain), [2, 1, 0, 0, 0]);
    let panics = host.call_chunked(|_| -> Chunk<()> { panic!("as it was told to") });
    assert_eq!(seen_by(&host, panics, &drain), [2, 2, 0, 0, 0]);
    let close = || assert_eq!(host.close(), 1);
    assert_eq!(seen_by(&host, host.call(|| ()), &close), [2, 2, 0, 0, 1]);
}

/// What a job captured goes before its answer: who sees the one sees the other.
#[test]
fn what_is_dropped_unrun_is_counted_by_then() {
    let host = HostQueue::new();
    let looks = Looks::at(&host);
    let holds = |looks: &Looks| {
        let held = looks.clone();
        let held = OnDrop::new(move || held.look());
        move |_: &JobContext| -> Chunk<()> {
            let _held = &held;
            Chunk::More
        }
    };
    let dropped = host.call_chunked(holds(&looks));
    drop(dropped);
    assert_eq!(looks.seen(), [[0, 0, 1, 0, 0]]);
    let waited = host.call_chunked(holds(&looks)).wait(Duration::ZERO);
    assert!(matches!(waited, Err(HostError::TimedOut)));
    assert_eq!(looks.seen(), [[0, 0, 1, 1, 0]]);
    // Cancelled in its step, it ends where it would wait for the next one.
    let (held, kept) = (holds(&looks), Arc::new(Mutex::new(None::<HostCall<()>>)));
    let its_own = Arc::clone(&kept);
    let call = host.call_chunked(move |context| {
        its_own.lock().unwrap().as_ref().unwrap().cancel();
        held(context)
    });
    kept.lock().unwrap().replace(call);
    assert_eq!(host.drain(PATIENCE).ran, 1);
    assert_eq!(looks.seen(), [[0, 0, 2, 1, 0]]);
    let closed = host.call_chunked(holds(&looks));
    assert_eq!((host.close(), looks.seen()), (1, vec![[0, 0, 2, 1, 1]]));
    assert!(closed.is_resolved());
}

/// Asks for one job in a way that the seed decides, and waits for it or gives it up in another.
fn ask_somehow(host: &HostQueue, seed: &Seed) {
    let (ran, steps) = (Arc::new(AtomicUsize::new(0)), 1 + seed.below(3));
    let counted = Arc::clone(&ran);
    let call = if seed.below(2) == 0 {
        host.call(move || _ = counted.fetch_add(steps, SeqCst))
    } else {
        host.call_chunked(move |_| match counted.fetch_add(1, SeqCst) + 1 {
            step if step == steps => Chunk::Done(()),
            _ => Chunk::More,
        })
    };
    (0..seed.below(200)).for_each(|_| std::hint::spin_loop());
    match seed.below(4) {
        0 => drop(call),
        1 => {
            call.cancel();
            let ended = call.wait(PATIENCE);
            assert!(matches!(ended, Ok(()) | Err(HostError::Cancelled)), "{ended:?}");
        }
        2 => {
            let ended = call.wait(Duration::from_micros(seed.below(50) as u64));
            assert!(matches!(ended, Ok(()) | Err(HostError::TimedOut)), "{ended:?}");
        }
        _ => {
            call.wait(PATIENCE).unwrap();
            assert_eq!(ran.load(SeqCst), steps);
        }
    }
    assert!(ran.load(SeqCst) <= steps);
}

#[test]
fn however_calls_are_given_up_each_is_counted_once() {
    for round in 0..if cfg!(miri) { 1 } else { 100 } {
        let host = HostQueue::new();
        let serves = host.clone();
        let main = thread::spawn(move || {
            while !serves.is_closed() {
                serves.block_on(std::future::pending::<()>(), Duration::from_micros(200)).ok();
            }
        });
        let askers: Vec<_> = (0..4)
            .map(|asker| {
                let (host, seed) = (host.clone(), Seed::new(round * 4 + asker));
                thread::spawn(move || (0..50).for_each(|_| ask_somehow(&host, &seed)))
            })
            .collect();
        askers.into_iter().for_each(|asker| asker.join().unwrap());
        host.close();
        main.join().unwrap();
        let it = host.statistics();
        let ended = it.ran + it.cancelled + it.timed_out + it.lost;
        assert_eq!((ended, it.queued, it.panicked, it.refused), (200, 0, 0, 0), "{it:?}");
    }
}
