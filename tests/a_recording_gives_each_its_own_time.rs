//! While a loop is recorded, each item, snapshot, wait and queue has its own time, and never that
//! of another; and a snapshot is nobody's stall.
#![cfg(test)]
#![cfg(feature = "observe")]

use std::{cell::Cell, future::poll_fn, rc::Rc, task::Poll, time::Duration};

use glassloop::{
    By, Clock, Event, EventLoop, Happening, ManualClock, PollerKind, Watch, call_later, outside,
    queue_microtask, sleep, spawn, yield_now,
};

const MS: Duration = Duration::from_millis(1);

fn recorded_loop() -> (EventLoop, ManualClock) {
    let clock = ManualClock::new().with_autojump();
    let builder = EventLoop::builder().clock(Clock::Manual(clock.clone()));
    let event_loop = builder.poller(PollerKind::TimersOnly).build().unwrap();
    event_loop.record(true);
    (event_loop, clock)
}

#[test]
fn a_task_is_busy_scheduled_or_idle_by_the_loops_own_clock() {
    let (event_loop, clock) = recorded_loop();
    let works = clock.clone();
    let worker = event_loop.spawn(async move {
        works.advance(3 * MS);
        sleep(10 * MS).await;
        works.advance(2 * MS);
        std::future::pending::<()>().await;
    });
    let first = event_loop.spawn(async move { clock.advance(4 * MS) });
    event_loop.block_on(async { sleep(50 * MS).await }).unwrap();
    drop(first);
    let snapshot = event_loop.snapshot();
    let line = snapshot.task(worker.id()).unwrap();
    let times = line.times.expect("it was recorded");
    assert_eq!((times.since_ns, times.busy_ns), (0, 5_000_000));
    assert_eq!((times.polls.count(), times.delays.count()), (2, 2));
    assert_eq!(times.polls.max(), 3 * MS);
    assert_eq!(times.scheduled_ns, 0, "nobody was before it");
    assert!(matches!(line.woken_by, Some(By::Timer(_))));
    let recorded = snapshot.recorded.as_ref().unwrap();
    assert!(recorded.on && recorded.times.polls.count() >= 5);
    assert_eq!(recorded.times.polls.max(), 4 * MS);
    assert_eq!(recorded.times.waited_ns, 48_000_000, "of 57 ms they worked 9");
    assert_eq!(recorded.times.lateness.count(), 2);
    let ended: Vec<_> = recorded.ended.iter().map(|(task, _)| (&*task.name, task.polls)).collect();
    assert_eq!(ended[0], ("main", 2));
    assert_eq!(ended.len(), 2, "{ended:?}");
}

#[test]
fn who_yields_stands_in_line_while_the_others_run() {
    let (event_loop, clock) = recorded_loop();
    let works = |times: u32| {
        let clock = clock.clone();
        event_loop.spawn(async move {
            for _ in 0..4 {
                clock.advance(times * MS);
                yield_now().await;
            }
            std::future::pending::<()>().await;
        })
    };
    let (one, other) = (works(1), works(10));
    event_loop.block_on(async { sleep(1_000 * MS).await }).unwrap();
    let snapshot = event_loop.snapshot();
    let times = |id| snapshot.task(id).unwrap().times.expect("it was recorded");
    // Five polls each, in turns, of which the last does no work. The first waits for nobody.
    let (one, other) = (times(one.id()), times(other.id()));
    assert_eq!((one.busy_ns, one.scheduled_ns), (4_000_000, 4 * 10_000_000));
    assert_eq!((other.busy_ns, other.scheduled_ns), (40_000_000, 4 * 1_000_000));
    assert_eq!((one.delays.count(), one.delays.max()), (5, 10 * MS));
    assert_eq!((other.delays.count(), other.delays.max()), (5, MS));
}

#[test]
fn who_is_woken_by_a_microtask_after_its_poll_stands_in_line_from_then_on() {
    let (event_loop, clock) = recorded_loop();
    let mut polls = 0;
    let waits = event_loop.spawn(poll_fn(move |context| {
        polls += 1;
        let waker = context.waker().clone();
        if polls == 1 {
            queue_microtask(move || waker.wake()).unwrap();
        }
        Poll::<()>::Pending
    }));
    event_loop.spawn(async move { clock.advance(10 * MS) }).detach();
    event_loop.block_on(async { sleep(100 * MS).await }).unwrap();
    let times = event_loop.snapshot().task(waits.id()).unwrap().times.expect("it was recorded");
    assert_eq!((times.polls.count(), times.delays.count()), (2, 2));
    assert_eq!((times.scheduled_ns, times.delays.max()), (10_000_000, 10 * MS));
}

#[test]
fn a_loop_that_asks_without_a_rest_has_not_waited() {
    fn waited() -> u64 {
        glassloop::snapshot().recorded.unwrap().times.waited_ns
    }
    /// Asks for itself so often; what the loop has waited by the end.
    fn again(left: u32, told: Rc<Cell<u64>>) {
        let callback = move || if left > 0 { again(left - 1, told) } else { told.set(waited()) };
        call_later(Duration::ZERO, callback).unwrap();
    }
    let event_loop = EventLoop::new().unwrap();
    event_loop.record(true);
    let (first, last) = (Rc::new(Cell::new(1)), Rc::new(Cell::new(2)));
    event_loop.enter(|| {
        again(0, Rc::clone(&first));
        again(1_000, Rc::clone(&last));
    });
    event_loop.run().unwrap();
    assert!(event_loop.snapshot().turn >= 1_000);
    assert_eq!(last.get(), first.get(), "what the host did before the run, and no more");
}

/// Twice the host has the thread for 7 ms and then turns the loop so: no wait and no turn had them.
fn the_host_has_its_own_time(turned: fn(&EventLoop)) {
    let (event_loop, clock) = recorded_loop();
    let watch = event_loop.watch();
    for _ in 0..2 {
        clock.advance(7 * MS);
        event_loop.call_soon(|| ()).unwrap();
        turned(&event_loop);
    }
    let waited = |event: &Event| matches!(event.what, Happening::Waited(_));
    let waits = watch.events(0).events.into_iter().filter(waited);
    assert!(waits.into_iter().all(|event| event.took_ns == 0));
    let times = event_loop.snapshot().recorded.unwrap().times;
    assert_eq!(Duration::from_nanos(times.waited_ns), 14 * MS, "of 14 ms nobody worked");
    assert_eq!(times.turns.max(), Duration::ZERO);
}

#[test]
fn what_the_host_did_before_is_no_wait_and_no_part_of_a_turn() {
    the_host_has_its_own_time(|event_loop| event_loop.run().unwrap());
    the_host_has_its_own_time(|event_loop| event_loop.block_on(async {}).unwrap());
    the_host_has_its_own_time(|event_loop| {
        let pumped = event_loop.pump(Duration::ZERO).unwrap();
        assert!(!pumped.more);
    });
    the_host_has_its_own_time(|event_loop| {
        let events = event_loop.wait().unwrap();
        event_loop.turn(events).unwrap();
    });
}

#[test]
fn what_was_done_outside_of_a_turn_is_neither_the_loops_work_nor_the_next_items() {
    for others in [0, 1] {
        let (event_loop, clock) = recorded_loop();
        let watch = event_loop.watch();
        let main = async move {
            // With another one ready the loop goes on without a look at the clock.
            (0..others).for_each(|_| spawn(async { yield_now().await }).detach());
            outside(move || clock.advance(10_000 * MS)).await;
        };
        event_loop.block_on(main).unwrap();
        let times = event_loop.snapshot().recorded.unwrap().times;
        assert_eq!(Duration::from_nanos(times.waited_ns), 10_000 * MS, "beside {others}");
        let ran = |event: &Event| matches!(event.what, Happening::Ran(..));
        let runs = watch.events(0).events.into_iter().filter(ran);
        assert_eq!(runs.map(|event| event.took_ns).max(), Some(0), "beside {others}");
    }
}

/// The first event that this finds, from this number on.
fn first<T>(event_loop: &EventLoop, from: u64, found: impl Fn(Event) -> Option<T>) -> Option<T> {
    event_loop.watch().events(from).events.into_iter().find_map(found)
}

#[test]
fn the_time_of_a_snapshot_is_its_own() {
    let event_loop = EventLoop::new().unwrap();
    // It takes a while to tell of them all.
    for _ in 0..20_000 {
        event_loop.spawn(std::future::pending::<()>()).detach();
    }
    event_loop.record(true);
    let watch = event_loop.watch();
    // In one run, which goes on with what it has and asks nobody for the time.
    let turns = |before: fn(&Watch)| {
        let watch = event_loop.watch();
        let turns = async move {
            yield_now().await;
            before(&watch);
            yield_now().await;
            yield_now().await;
        };
        event_loop.block_on(turns).unwrap();
    };
    turns(|_| ());
    let ran = |event: Event| matches!(event.what, Happening::Ran(..)).then_some(event.took_ns);
    let published = |event: Event| match event.what {
        Happening::Published(1) => Some(event.took_ns),
        _ => None,
    };
    // What comes next is quick, unless the machine stopped just then: not each time.
    let mut quick = [false; 2];
    for _ in 0..20 {
        let from = watch.events(u64::MAX).next;
        turns(|watch| drop(watch.ask()));
        let took = first(&event_loop, from, published).expect("it was asked for");
        let after = watch.events(from).events;
        let after = after.into_iter().skip_while(|event| published(*event).is_none());
        quick[0] |= after.filter_map(ran).next().unwrap() < took / 4;

        event_loop.record(false);
        let from = watch.events(u64::MAX).next;
        turns(|watch| watch.record(true));
        assert_eq!(first(&event_loop, from, published), None, "nobody looked");
        quick[1] |= first(&event_loop, from, ran).unwrap() < took / 4;
    }
    assert_eq!(quick, [true; 2], "of a look, and of a recording that begins");
}

#[test]
fn a_recording_that_begins_in_an_item_counts_none_of_it_for_the_next() {
    let (event_loop, clock) = recorded_loop();
    event_loop.record(false);
    let from = event_loop.watch().events(u64::MAX).next;
    let event_loop = Rc::new(event_loop);
    let itself = Rc::clone(&event_loop);
    event_loop
        .block_on(async move {
            let next = spawn(async {});
            itself.record(true);
            clock.advance(300 * MS);
            next.await.unwrap();
        })
        .unwrap();
    let ran = |event: Event| matches!(event.what, Happening::Ran(..)).then_some(event.took_ns);
    assert_eq!(first(&event_loop, from, ran), Some(0));
}

#[test]
fn the_time_of_microtasks_is_neither_a_snapshots_nor_the_next_items() {
    let (event_loop, clock) = recorded_loop();
    let watch = event_loop.watch();
    let asked = event_loop.watch();
    let work = Rc::new(move || {
        let clock = clock.clone();
        queue_microtask(move || clock.advance(300 * MS)).unwrap();
    });
    let first = Rc::clone(&work);
    event_loop.call_soon(move || first()).unwrap();
    event_loop.call_soon(|| ()).unwrap();
    let last = move || {
        drop(asked.ask());
        work();
    };
    event_loop.call_soon(last).unwrap();
    event_loop.run().unwrap();
    let told = |what| matches!(what, Happening::Ran(..) | Happening::Published(1));
    let events = watch.events(0).events.into_iter().filter(|event| told(event.what));
    let took: Vec<_> = events.map(|event| (event.what, event.took_ns)).collect();
    assert_eq!(took.len(), 4, "three callbacks and a look: {took:?}");
    assert!(took.iter().all(|(_, took_ns)| *took_ns == 0), "{took:?}");
}

#[test]
fn a_queue_that_is_never_empty_is_as_old_as_that() {
    let event_loop = EventLoop::new().unwrap();
    event_loop.record(true);
    let seen = event_loop.block_on(async {
        for _ in 0..4 {
            spawn(async {
                loop {
                    yield_now().await;
                }
            })
            .detach();
        }
        let mut seen = Vec::new();
        // The turns are run in place, and the clock is read for the loop now and then.
        for _ in 0..3 {
            for _ in 0..1_000 {
                yield_now().await;
            }
            let snapshot = glassloop::snapshot();
            seen.push((snapshot.now_ns, snapshot.queues[0].age_ns));
        }
        seen
    });
    let seen = seen.unwrap();
    let [(first, _), .., (last, age)] = seen[..] else { panic!("{seen:?}") };
    assert!(last > first && age >= Some(last - first), "{seen:?}");
}
