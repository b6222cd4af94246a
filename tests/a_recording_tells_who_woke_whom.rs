//! While a loop is recorded, each wake names who woke whom, and each task knows where its time
//! went.
#![cfg(test)]
#![cfg(feature = "observe")]

use std::{cell::Cell, rc::Rc, thread, time::Duration};

use glassloop::{
    By, Clock, Entry, Event, EventLoop, Happening, Kind, Limits, ManualClock, Outcome, Phase,
    PollerKind, TaskId, net, sleep, spawn, yield_now,
};

const MS: Duration = Duration::from_millis(1);

fn recorded_loop() -> (EventLoop, ManualClock) {
    let clock = ManualClock::new().with_autojump();
    let builder = EventLoop::builder().clock(Clock::Manual(clock.clone()));
    let event_loop = builder.poller(PollerKind::TimersOnly).build().unwrap();
    event_loop.record(true);
    (event_loop, clock)
}

fn events(event_loop: &EventLoop) -> Vec<Event> {
    event_loop.watch().events(0).events
}

fn is_task(entry: Entry, id: TaskId) -> bool {
    entry.is_task() && entry.id() == id
}

/// Who woke this task, each time that it joined the ready queue, its birth first.
fn wakes_of(event_loop: &EventLoop, id: TaskId) -> Vec<By> {
    let of = |event: Event| match event.what {
        Happening::Woke(entry, by) if is_task(entry, id) => Some(by),
        Happening::Born(born, by, _) if born == id => Some(by),
        _ => None,
    };
    events(event_loop).into_iter().filter_map(of).collect()
}

fn task(id: TaskId) -> By {
    By::Item(Entry::new(Kind::Task, id.index, id.generation))
}

#[test]
fn a_wake_names_the_timer_the_source_or_the_task_that_it_came_from() {
    let (event_loop, _clock) = recorded_loop();
    let ids = event_loop
        .block_on(async {
            let (here, there) = net::duplex().unwrap();
            let reader = spawn(async move { here.read(&mut [0; 8]).await.map(|_| ()) });
            let sleeper = spawn(async move {
                sleep(5 * MS).await;
                there.try_write(b"hello").unwrap();
                sleep(MS).await;
            });
            let joiner = spawn(async move {
                let id = sleeper.id();
                sleeper.await.unwrap();
                id
            });
            let ids = (reader.id(), joiner.id());
            reader.await.unwrap().unwrap();
            let sleeper = joiner.await.unwrap();
            (ids.0, sleeper, ids.1)
        })
        .unwrap();
    let (reader, sleeper, joiner) = ids;
    let main = match wakes_of(&event_loop, reader)[..] {
        [By::Item(main), By::Source(source)] => {
            assert_eq!(source.index, 0, "the first end of the pair");
            main.id()
        }
        ref other => panic!("{other:?}"),
    };
    let of_sleeper = wakes_of(&event_loop, sleeper);
    assert!(matches!(of_sleeper[..], [by, By::Timer(_), By::Timer(_)] if by == task(main)));
    let By::Timer(place) = of_sleeper[1] else { panic!("{of_sleeper:?}") };
    assert!(place.location().is_some_and(|place| place.file() == file!()));
    assert_eq!(wakes_of(&event_loop, joiner), [task(main), task(sleeper)]);
    let of_main = wakes_of(&event_loop, main);
    assert_eq!(of_main, [By::Host, task(reader), task(joiner)], "born before the run");
}

#[test]
fn a_wake_of_another_thread_and_of_oneself_are_told_apart() {
    let (event_loop, _clock) = recorded_loop();
    let remote = event_loop.remote();
    let id = event_loop
        .block_on(async move {
            let waiting = spawn(async move {
                yield_now().await;
                let answer = remote.call(|| 7);
                answer.await.unwrap()
            });
            let id = waiting.id();
            assert_eq!(waiting.await.unwrap(), 7);
            id
        })
        .unwrap();
    let wakes = wakes_of(&event_loop, id);
    let [_, yielded, answered] = wakes[..] else { panic!("{wakes:?}") };
    assert_eq!(yielded, task(id));
    let By::Item(call) = answered else { panic!("{answered:?}") };
    assert_eq!(call.kind(), Kind::Deferred, "the call that answered it");
    assert!(call.deferred_at().location().is_some_and(|place| place.file() == file!()));
    let called = |event: &Event| event.what == Happening::Woke(call, By::Thread);
    assert_eq!(events(&event_loop).iter().filter(|event| called(event)).count(), 1);

    let (event_loop, _clock) = recorded_loop();
    let call = event_loop.remote().call(|| ());
    let id = {
        let waiting = event_loop.spawn(call);
        let id = waiting.id();
        event_loop.block_on(waiting).unwrap().unwrap().unwrap();
        id
    };
    assert_eq!(wakes_of(&event_loop, id)[0], By::Host);
}

#[test]
fn a_task_that_is_alone_in_its_turns_has_each_of_them_recorded() {
    let (event_loop, _clock) = recorded_loop();
    let yields = 100;
    event_loop
        .block_on(async move {
            for _ in 0..yields {
                yield_now().await;
            }
        })
        .unwrap();
    let events = events(&event_loop);
    let turns: Vec<_> = events.iter().filter_map(turn).collect();
    assert_eq!(turns, (1..=event_loop.snapshot().turn).collect::<Vec<_>>());
    assert_eq!(turns.len() as u64, yields + 1, "a poll each");
    let each = events.chunk_by(|_, next| !matches!(next.what, Happening::Waited(_)));
    for (number, of_turn) in each.enumerate().skip(1) {
        let [waited, began, rest @ ..] = of_turn else { panic!("{of_turn:?}") };
        assert!(matches!(waited.what, Happening::Waited(0)) && turn(began).is_some(), "{number}");
        assert!(matches!(rest.last(), Some(Event { what: Happening::Ran(..), .. })), "{rest:?}");
    }
}

fn turn(event: &Event) -> Option<u64> {
    if let Happening::Turn(number) = event.what { Some(number.into()) } else { None }
}

#[test]
fn a_wake_of_who_is_awake_is_told_as_one_that_changed_nothing() {
    let (event_loop, _clock) = recorded_loop();
    let id = event_loop
        .block_on(async {
            let token = glassloop::CancelToken::new();
            let (one, other) = (token.clone(), token.clone());
            let waiting = spawn(async move {
                let both = glassloop::gather([one.cancelled(), other.cancelled()]);
                both.await;
            });
            let id = waiting.id();
            yield_now().await;
            token.cancel();
            waiting.await.unwrap();
            id
        })
        .unwrap();
    let again = |event: &Event| match event.what {
        Happening::WokeAgain(entry, _) => is_task(entry, id),
        _ => false,
    };
    assert_eq!(events(&event_loop).iter().filter(|event| again(event)).count(), 1);
}

#[test]
fn what_a_microtask_wakes_was_woken_by_the_item_before_it() {
    let (event_loop, _clock) = recorded_loop();
    let (waker_of, id) = (Rc::new(Cell::new(None)), Rc::new(Cell::new(TaskId::NONE)));
    let (kept, told) = (Rc::clone(&waker_of), Rc::clone(&id));
    event_loop
        .block_on(async move {
            let mut polled = false;
            let waiting = spawn(std::future::poll_fn(move |cx| {
                kept.set(Some(cx.waker().clone()));
                if std::mem::replace(&mut polled, true) {
                    std::task::Poll::Ready(())
                } else {
                    std::task::Poll::Pending
                }
            }));
            told.set(waiting.id());
            yield_now().await;
            glassloop::queue_microtask(move || waker_of.take().unwrap().wake()).unwrap();
            waiting.await.unwrap();
        })
        .unwrap();
    let wakes = wakes_of(&event_loop, id.get());
    assert_eq!(wakes.len(), 2);
    assert_eq!(wakes[0], wakes[1], "the main task, both times: {wakes:?}");
}

#[test]
fn a_phase_that_had_something_to_do_says_how_much() {
    let (event_loop, _clock) = recorded_loop();
    event_loop
        .block_on(async move {
            let both = glassloop::gather([sleep(MS), sleep(MS)]);
            both.await;
            let remote = glassloop::remote();
            thread::spawn(move || (0..3).for_each(|_| remote.defer(|| ()).unwrap()))
                .join()
                .unwrap();
            yield_now().await;
        })
        .unwrap();
    let served = |event: Event| match event.what {
        Happening::Served(count) => Some((event.phase, count)),
        _ => None,
    };
    let served: Vec<_> = events(&event_loop).into_iter().filter_map(served).collect();
    assert_eq!(served, [(Phase::Timers, 2), (Phase::Deferred, 3)]);
}

#[test]
fn names_of_tasks_that_ended_are_kept_as_many_as_the_limit_says() {
    let limits = Limits { ended_tasks_max: 2, ..Limits::default() };
    let event_loop = EventLoop::builder().limits(limits).build().unwrap();
    event_loop.record(true);
    event_loop
        .block_on(async {
            spawn(async {}).named("first").await.unwrap();
            let aborted = spawn(async {}).named("second");
            aborted.abort();
            aborted.await.unwrap_err();
            spawn(async { panic!("third") }).named("third").await.unwrap_err();
        })
        .unwrap();
    let recorded = event_loop.snapshot().recorded.unwrap();
    let names: Vec<_> = recorded.ended.iter().map(|(task, _)| &*task.name).collect();
    assert_eq!(names, ["main", "third"]);
    let cancelled = |event: &Event| matches!(event.what, Happening::Ran(_, Outcome::Cancelled, _));
    assert_eq!(events(&event_loop).iter().filter(|event| cancelled(event)).count(), 1);
}

#[test]
fn a_task_that_aborts_itself_and_returns_has_ended_once() {
    let event_loop = EventLoop::new().unwrap();
    event_loop.record(true);
    event_loop
        .block_on(async {
            let handle: Rc<Cell<Option<glassloop::JoinHandle<()>>>> = Rc::default();
            let own = Rc::clone(&handle);
            handle.set(Some(spawn(async move { own.take().unwrap().abort() }).named("selfless")));
            yield_now().await;
        })
        .unwrap();
    let recorded = event_loop.snapshot().recorded.unwrap();
    let names: Vec<_> = recorded.ended.iter().map(|(task, _)| &*task.name).collect();
    assert_eq!(names, ["main", "selfless"]);
}

#[test]
fn a_recording_that_begins_inside_a_turn_misses_no_later_one() {
    let event_loop = Rc::new(EventLoop::new().unwrap());
    let itself = Rc::clone(&event_loop);
    // The only task: its turns could be run in place, one after the other.
    let began = event_loop
        .block_on(async move {
            yield_now().await;
            itself.record(true);
            let began = itself.snapshot().turn;
            for _ in 0..3 {
                yield_now().await;
            }
            began
        })
        .unwrap();
    let turn = |event: Event| match event.what {
        Happening::Turn(turn) => Some(u64::from(turn)),
        _ => None,
    };
    let turns: Vec<_> = events(&event_loop).into_iter().filter_map(turn).collect();
    assert_eq!(turns, (began + 1..=event_loop.snapshot().turn).collect::<Vec<_>>());
    assert_eq!(turns.len(), 3);
}
