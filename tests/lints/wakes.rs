//! Wakes: lost, forgotten, for nothing.

use super::*;
use glassloop::{sleep, yield_now};

// ---- lost-wake, forgotten-waker ----

#[test]
fn lost_wake_is_found() {
    let (event_loop, _) = linting();
    let (news, kept) = (Rc::default(), Kept::default());
    let waits = waits_for(&news, &kept);
    event_loop.spawn(waits).named("left alone").detach();
    event_loop
        .block_on(async move {
            yield_now().await;
            // News, and its waker is dropped instead of woken.
            news.set(true);
            kept.take();
            sleep(SECOND).await;
        })
        .unwrap();
    let finding = the_finding(&event_loop, Lint::LostWake);
    assert!(finding.subject.contains("`left alone`") && finding.place.is_some(), "{finding}");
    silent(&event_loop, Lint::ForgottenWaker);
}

#[test]
fn lost_wake_is_silent_while_somebody_holds_the_waker_or_one_of_ours_is_waited_for() {
    let (event_loop, _) = linting();
    let (news, kept) = (Rc::new(Cell::new(false)), Kept::default());
    let waits = waits_for(&news, &kept);
    let task = event_loop.spawn(waits);
    // Joins, scopes and timers hold no clone of a waker.
    let joiner = event_loop.spawn(async move { task.await.unwrap() });
    let never = event_loop.spawn(sleep_on(&event_loop, Duration::MAX));
    event_loop
        .block_on(async move {
            let joined = glassloop::scope(async |scope| {
                scope.spawn(async {
                    sleep(SECOND).await;
                    Ok::<(), String>(())
                });
                scope.spawn(async {
                    sleep(2 * SECOND).await;
                    Ok::<(), String>(())
                });
                Ok(())
            });
            joined.await.unwrap();
            news.set(true);
            let waker = kept.take();
            waker.into_iter().for_each(Waker::wake);
            joiner.await.unwrap();
            never.abort();
        })
        .unwrap();
    all_silent(&event_loop);
}

fn sleep_on(event_loop: &EventLoop, time: Duration) -> impl Future<Output = ()> + use<> {
    event_loop.enter(|| sleep(time))
}

#[test]
fn forgotten_waker_is_found() {
    let (event_loop, _) = linting();
    event_loop
        .spawn(async {
            sleep(MS).await;
            poll_fn(|_| Poll::<()>::Pending).await;
        })
        .named("forgetful")
        .detach();
    event_loop.block_on(async { sleep(SECOND).await }).unwrap();
    let finding = the_finding(&event_loop, Lint::ForgottenWaker);
    assert!(finding.subject.contains("`forgetful`") && finding.place.is_some(), "{finding}");
    silent(&event_loop, Lint::LostWake);
}

#[test]
fn forgotten_waker_is_silent_on_a_waker_that_was_woken_at_once_or_sent_away() {
    let (event_loop, _) = linting();
    let (thread, wakers) = std::sync::mpsc::channel::<Waker>();
    let waker = std::thread::spawn(move || wakers.into_iter().for_each(Waker::wake));
    event_loop
        .block_on(async move {
            for sends in [true, false, true, true] {
                let mut asked = false;
                poll_fn(|cx| {
                    match sends {
                        _ if asked => return Poll::Ready(()),
                        true => thread.send(cx.waker().clone()).unwrap(),
                        false => cx.waker().wake_by_ref(),
                    }
                    asked = true;
                    Poll::Pending
                })
                .await;
            }
        })
        .unwrap();
    waker.join().unwrap();
    all_silent(&event_loop);
}

// ---- spurious-wakes ----

/// A sleeper whose waker somebody has, and so many wakes of it, each with or without news.
fn nudged(wakes: u32, has_news: bool) -> EventLoop {
    let (event_loop, _) = linting();
    let kept = Kept::default();
    let keeps = Rc::clone(&kept);
    let sleeper = event_loop.spawn(async move {
        let mut long = std::pin::pin!(sleep(SECOND));
        poll_fn(|cx| {
            // A queue that leaves its waker anew has got something; a bell that is rung has not.
            if has_news || keeps.borrow().is_none() {
                keeps.replace(Some(cx.waker().clone()));
            }
            long.as_mut().poll(cx)
        })
        .await;
    });
    event_loop
        .block_on(async move {
            yield_now().await;
            for _ in 0..wakes {
                let waker = match has_news {
                    true => kept.take(),
                    false => kept.borrow().clone(),
                };
                waker.into_iter().for_each(Waker::wake);
                yield_now().await;
            }
            kept.take();
            sleeper.await.unwrap();
        })
        .unwrap();
    event_loop
}

#[test]
fn spurious_wakes_are_found() {
    let event_loop = nudged(1_001, false);
    let finding = the_finding(&event_loop, Lint::SpuriousWakes);
    assert!(
        finding.reason.contains("1000 polls") && finding.reason.contains("`main`"),
        "{finding}"
    );
}

#[test]
fn spurious_wakes_are_silent_on_who_gets_further_with_each_wake() {
    for event_loop in [nudged(3_000, true), nudged(999, false)] {
        silent(&event_loop, Lint::SpuriousWakes);
    }
    // Who takes the results of many, one after the other, waits for the others each time.
    let (event_loop, _) = linting();
    let mut tasks: Vec<_> = (0..2_000)
        .map(|number| event_loop.spawn(async move { sleep(number * MS).await }))
        .collect();
    event_loop
        .block_on(poll_fn(move |cx| {
            tasks.retain_mut(|task| std::pin::Pin::new(task).poll(cx).is_pending());
            if tasks.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        }))
        .unwrap();
    all_silent(&event_loop);
}
