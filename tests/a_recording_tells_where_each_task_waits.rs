//! Each run of a recording says where its task came to rest, so that who reads it can follow a task
//! through its source; and says nothing where that isn't known.
#![cfg(test)]
#![cfg(feature = "observe")]

use std::{
    future::{pending, poll_fn},
    mem,
    panic::Location,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use glassloop::{
    EventLoop, Happening, Kind, Outcome, TaskId, call_soon, race, sleep, spawn, timeout, yield_now,
};

const MS: Duration = Duration::from_millis(1);

/// What each run of a kind of item ended as, and in which line of this file.
fn runs(event_loop: &EventLoop, kind: Kind) -> Vec<(TaskId, Outcome, Option<u32>)> {
    let line = |place: &Location<'_>| {
        assert_eq!(place.file(), file!());
        place.line()
    };
    let ran = |what| match what {
        Happening::Ran(item, outcome, place) if item.kind() == kind => {
            Some((item.task_id(), outcome, place.location().map(line)))
        }
        _ => None,
    };
    event_loop.watch().events(0).events.iter().filter_map(|event| ran(event.what)).collect()
}

fn recorded() -> EventLoop {
    let event_loop = EventLoop::test();
    event_loop.record(true);
    event_loop
}

/// Those of the only task.
fn of_one(event_loop: &EventLoop) -> Vec<(Outcome, Option<u32>)> {
    let all = runs(event_loop, Kind::Task);
    assert!(all.iter().all(|(task, ..)| *task == all[0].0), "{all:?}");
    all.into_iter().map(|(_, outcome, line)| (outcome, line)).collect()
}

#[test]
fn each_run_says_at_which_await_its_task_came_to_rest() {
    let event_loop = recorded();
    let line = line!();
    event_loop
        .block_on(async {
            sleep(MS).await;
            yield_now().await;
            timeout(MS, pending::<()>()).await.unwrap_err();
        })
        .unwrap();
    let rested = |lines| (Outcome::Pending, Some(line + lines));
    assert_eq!(of_one(&event_loop), [rested(3), rested(4), rested(5), (Outcome::Finished, None)]);
}

#[test]
fn who_joins_waits_where_it_joins() {
    let event_loop = recorded();
    let line = line!() + 3;
    let main = event_loop.spawn(async {
        let child = spawn(async { sleep(MS).await });
        child.await.unwrap();
    });
    let id = main.id();
    event_loop.block_on(async { main.await.unwrap() }).unwrap();
    let of_main: Vec<_> =
        runs(&event_loop, Kind::Task).into_iter().filter(|(task, ..)| *task == id).collect();
    assert_eq!(of_main, [(id, Outcome::Pending, Some(line)), (id, Outcome::Finished, None)]);
}

#[test]
fn a_wait_that_is_not_ours_has_no_place_and_none_that_is_older() {
    let event_loop = recorded();
    let line = line!();
    event_loop
        .block_on(async {
            sleep(MS).await;
            let mut polls = 0;
            poll_fn(|context| {
                polls += 1;
                if polls == 3 {
                    return Poll::Ready(());
                }
                context.waker().wake_by_ref();
                Poll::Pending
            })
            .await;
            sleep(MS).await;
        })
        .unwrap();
    let rested = |lines| (Outcome::Pending, Some(line + lines));
    let unknown = (Outcome::Pending, None);
    let finished = (Outcome::Finished, None);
    assert_eq!(of_one(&event_loop), [rested(3), unknown, unknown, rested(14), finished]);
}

#[test]
fn of_two_waits_in_one_poll_one_is_told() {
    let event_loop = recorded();
    let line = line!();
    event_loop
        .block_on(async {
            let one = Box::pin(async { sleep(MS).await });
            let other: Pin<Box<dyn Future<Output = ()>>> = Box::pin(async { yield_now().await });
            race([one as Pin<Box<dyn Future<Output = ()>>>, other]).await;
        })
        .unwrap();
    let told = of_one(&event_loop);
    let lines = [Some(line + 3), Some(line + 4)];
    assert!(told[0].0 == Outcome::Pending && lines.contains(&told[0].1), "{told:?}");
    assert_eq!(told[1..], [(Outcome::Finished, None)]);
}

#[test]
fn what_is_waited_for_by_hand_between_two_items_is_nobodys() {
    let event_loop = recorded();
    let mut is_first = true;
    event_loop
        .block_on(poll_fn(move |context| {
            if !mem::take(&mut is_first) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            // In the checkpoint behind this poll.
            glassloop::queue_microtask(|| {
                let mut nap = Box::pin(sleep(MS));
                let mut nobody = Context::from_waker(Waker::noop());
                assert!(nap.as_mut().poll(&mut nobody).is_pending());
                mem::forget(nap);
            })
            .unwrap();
            spawn(poll_fn(|context| {
                context.waker().wake_by_ref();
                Poll::<()>::Pending
            }))
            .detach();
            Poll::Pending
        }))
        .unwrap();
    let told = runs(&event_loop, Kind::Task);
    assert!(told.len() > 2 && told.iter().all(|(_, _, line)| line.is_none()), "{told:?}");
}

#[test]
fn a_callback_is_told_by_where_it_was_asked_for() {
    let event_loop = recorded();
    let line = line!() + 3;
    event_loop
        .block_on(async {
            call_soon(|| ()).unwrap();
            yield_now().await;
        })
        .unwrap();
    let told = runs(&event_loop, Kind::Callback);
    assert!(matches!(told[..], [(_, Outcome::Called, Some(at))] if at == line), "{told:?}");
}

#[test]
fn what_was_waited_for_before_the_recording_is_not_told_of_what_runs_in_it() {
    let event_loop = EventLoop::test();
    event_loop
        .block_on(async {
            sleep(MS).await;
            yield_now().await;
        })
        .unwrap();
    event_loop.record(true);
    let mut is_first = true;
    event_loop
        .block_on(poll_fn(move |context| {
            context.waker().wake_by_ref();
            if mem::take(&mut is_first) { Poll::Pending } else { Poll::Ready(()) }
        }))
        .unwrap();
    assert_eq!(of_one(&event_loop), [(Outcome::Pending, None), (Outcome::Finished, None)]);
}
