//! asyncio: tasks, who keeps them, and what waits for several.

use std::{cell::Cell, future::Future, future::pending, pin::Pin, rc::Rc, time::Duration};

use async_lock::Semaphore;
use glassloop::{
    CancelToken, EventLoop, JoinError, Scope, TaskLocal, call_soon, gather, race, scope, shield,
    sleep, spawn, timeout, try_gather, yield_now,
};

use crate::{MS, SECOND, effects::Effects};

/// Says when it is dropped.
struct Dropped(Effects, &'static str);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.note(self.1);
    }
}

#[test]
fn asyncio_create_task_is_kept_alive_by_the_loop() {
    let (event_loop, effects) = (EventLoop::test(), Effects::default());
    let notes = effects.clone();
    // asyncio keeps a weak reference: a task that nobody holds may vanish in its middle.
    event_loop
        .spawn(async move {
            sleep(SECOND).await;
            notes.note("done");
        })
        .detach();
    event_loop.run().unwrap();
    assert_eq!(effects.take(), ["done"]);
}

#[test]
fn asyncio_sleep_zero_gives_the_others_their_turn() {
    let (event_loop, effects) = (EventLoop::test(), Effects::default());
    for name in ["a", "b"] {
        let notes = effects.clone();
        let steps = async move {
            for step in 1..=2 {
                notes.note(format_args!("{name}{step}"));
                yield_now().await;
            }
        };
        event_loop.spawn(steps).detach();
    }
    event_loop.run().unwrap();
    assert_eq!(effects.take(), ["a1", "b1", "a2", "b2"]);
    // Of a timer, even one of no time, this is not promised.
    let yields = event_loop.block_on(async {
        let timer = spawn(sleep(Duration::ZERO));
        let mut yields = 0;
        while !timer.is_finished() {
            yield_now().await;
            yields += 1;
        }
        yields
    });
    assert!(yields.unwrap() > 1);
}

async fn after(time: u32, result: Result<u32, &'static str>) -> Result<u32, &'static str> {
    sleep(time * MS).await;
    result
}

#[test]
fn asyncio_gather_gives_results_in_the_order_of_the_arguments() {
    let event_loop = EventLoop::test();
    let all = event_loop.block_on(gather([after(9, Ok(1)), after(3, Err("no")), after(6, Ok(3))]));
    // As with `return_exceptions=True`.
    assert_eq!(all.unwrap(), [Ok(1), Err("no"), Ok(3)]);
    let effects = Effects::default();
    let others = |time, result| {
        let dropped = Dropped(effects.clone(), "dropped");
        async move {
            let ended = after(time, result).await;
            drop(dropped);
            ended
        }
    };
    // As without it, but for the others: asyncio's go on, ours are dropped first.
    let futures = [others(9, Ok(1)), others(3, Err("no"))];
    let notes = effects.clone();
    event_loop
        .block_on(async move {
            assert_eq!(try_gather(futures).await, Err("no"));
            assert_eq!(notes.take(), ["dropped", "dropped"]);
        })
        .unwrap();
}

#[test]
fn asyncio_wait_for_drops_what_is_late() {
    let effects = Effects::default();
    let (dropped, notes) = (Dropped(effects.clone(), "dropped"), effects.clone());
    EventLoop::test()
        .block_on(async move {
            let late = async move {
                let _dropped = dropped;
                pending::<()>().await;
            };
            let error = timeout(SECOND, late).await.unwrap_err();
            notes.note(error.after().as_secs());
        })
        .unwrap();
    assert_eq!(effects.take(), ["dropped", "1"]);
}

#[test]
fn asyncio_shield_leaves_the_work_running() {
    let effects = Effects::default();
    let notes = effects.clone();
    let saves = async move {
        sleep(2 * SECOND).await;
        notes.note("saved");
    };
    EventLoop::test()
        .block_on(async move {
            assert!(timeout(SECOND, shield(saves)).await.is_err());
            sleep(2 * SECOND).await;
        })
        .unwrap();
    assert_eq!(effects.take(), ["saved"]);
}

#[test]
fn asyncio_wait_first_completed_is_a_race_whose_losers_are_dropped() {
    let effects = Effects::default();
    let (dropped, notes) = (Dropped(effects.clone(), "hare dropped"), effects.clone());
    let runners: [Pin<Box<dyn Future<Output = &str>>>; 2] = [
        Box::pin(async move {
            let _dropped = dropped;
            sleep(2 * SECOND).await;
            "hare"
        }),
        Box::pin(async {
            sleep(SECOND).await;
            "tortoise"
        }),
    ];
    let won = EventLoop::test().block_on(async move {
        let won = race(runners).await;
        notes.note("won");
        won
    });
    assert_eq!(won.unwrap(), (1, "tortoise"));
    assert_eq!(effects.take(), ["hare dropped", "won"]);
}

#[test]
fn asyncio_task_group_is_a_scope_that_leaves_nobody_behind() {
    let effects = Effects::default();
    let (dropped, notes) = (Dropped(effects.clone(), "sibling dropped"), effects.clone());
    let failed = EventLoop::test().block_on(async move {
        let failed = scope(|group: Scope<&str>| async move {
            group.spawn(async move {
                let _dropped = dropped;
                pending::<Result<(), &str>>().await
            });
            group.spawn(async { after(5, Err::<u32, _>("no disk")).await.map(drop) });
            Ok(())
        });
        let failed = failed.await.unwrap_err().into_error();
        notes.note("ended");
        failed
    });
    assert_eq!(failed.unwrap(), Some("no disk"));
    assert_eq!(effects.take(), ["sibling dropped", "ended"]);
    // Given up, it leaves nobody behind either.
    let dropped = Dropped(effects.clone(), "child dropped");
    let late = EventLoop::test().block_on(async move {
        let group = scope(|group: Scope<&str>| async move {
            group.spawn(async move {
                let _dropped = dropped;
                pending::<Result<(), &str>>().await
            });
            pending::<Result<(), &str>>().await
        });
        timeout(SECOND, group).await.is_err()
    });
    assert!(late.unwrap());
    assert_eq!(effects.take(), ["child dropped"]);
}

#[test]
fn asyncio_task_cancel_drops_the_future_and_cannot_be_caught() {
    let effects = Effects::default();
    let dropped = Dropped(effects.clone(), "its guard ran");
    let cancelled = EventLoop::test().block_on(async move {
        let task = spawn(async move {
            let _dropped = dropped;
            pending::<()>().await;
        });
        yield_now().await;
        task.abort();
        task.await
    });
    assert!(matches!(cancelled, Ok(Err(JoinError::Cancelled))));
    assert_eq!(effects.take(), ["its guard ran"]);
    // Who wants to tidy up with awaits takes a token.
    let tidied = EventLoop::test().block_on(async {
        let token = CancelToken::new();
        let asked = token.clone();
        let task = spawn(async move {
            asked.cancelled().await;
            sleep(SECOND).await;
            "tidied up"
        });
        token.cancel();
        task.await.unwrap()
    });
    assert_eq!(tidied.unwrap(), "tidied up");
}

#[test]
fn asyncio_queue_is_async_channel_and_a_full_one_waits() {
    let (event_loop, effects) = (EventLoop::test(), Effects::default());
    let (sender, receiver) = async_channel::bounded(2);
    let (puts, gets) = (effects.clone(), effects.clone());
    event_loop
        .spawn(async move {
            for n in 1..=4 {
                sender.send(n).await.unwrap();
                puts.note(format_args!("put {n}"));
            }
        })
        .detach();
    event_loop
        .block_on(async move {
            sleep(SECOND).await;
            while let Ok(n) = receiver.recv().await {
                gets.note(format_args!("got {n}"));
            }
        })
        .unwrap();
    let did = effects.take();
    assert_eq!(did[..3], ["put 1", "put 2", "got 1"], "the third waited for a place");
    let got: Vec<_> = did.iter().filter(|line| line.starts_with("got")).collect();
    assert_eq!(got, ["got 1", "got 2", "got 3", "got 4"]);
}

#[test]
fn asyncio_semaphore_is_async_locks_and_keeps_to_its_number() {
    let event_loop = EventLoop::test();
    let (places, inside) = (Rc::new(Semaphore::new(3)), Rc::new(Cell::new(0)));
    let most = Rc::new(Cell::new(0));
    let ten = (0..10).map(|_| {
        let (places, inside, most) = (Rc::clone(&places), Rc::clone(&inside), Rc::clone(&most));
        async move {
            let _place = places.acquire().await;
            inside.set(inside.get() + 1);
            most.set(most.get().max(inside.get()));
            sleep(SECOND).await;
            inside.set(inside.get() - 1);
        }
    });
    event_loop.block_on(gather(ten.collect::<Vec<_>>())).unwrap();
    assert_eq!(most.get(), 3);
}

static REQUEST: TaskLocal<u32> = TaskLocal::new();

#[test]
fn asyncio_contextvars_go_along_to_tasks_and_callbacks() {
    let effects = Effects::default();
    let (notes, called) = (effects.clone(), effects.clone());
    EventLoop::test()
        .block_on(async move {
            REQUEST.set(7);
            let child = spawn(async move {
                notes.note(REQUEST.get().unwrap());
                REQUEST.set(8);
            });
            call_soon(move || called.note(REQUEST.get().unwrap())).unwrap();
            child.await.unwrap();
            assert_eq!(REQUEST.get(), Some(7), "what a child sets is its own");
        })
        .unwrap();
    assert_eq!(effects.take(), ["7", "7"]);
}
