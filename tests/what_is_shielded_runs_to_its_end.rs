//! What is shielded runs to its end, whoever stops waiting; a scope waits for it as for a child.
//!
//! Runs under Miri.

#![cfg(test)]

mod common;

use std::{cell::Cell, future::pending, rc::Rc, time::Duration};

use common::{settle, telling_loop};
use glassloop::{EventLoop, scope, shield, sleep};

const MS: Duration = Duration::from_millis(1);

#[test]
fn what_is_shielded_is_waited_for_and_never_ended() {
    let event_loop = EventLoop::test();
    let done = Rc::new(Cell::new(0));
    let doing = Rc::clone(&done);
    let error = event_loop.block_on(async move {
        let work = move |after: u32, doing: &Rc<Cell<u32>>| {
            let doing = Rc::clone(doing);
            async move {
                sleep(after * MS).await;
                doing.set(doing.get() + 1);
            }
        };
        let seen = Rc::clone(&doing);
        let failed = scope(|s| async move {
            let inside = Rc::clone(&doing);
            s.spawn(async move {
                shield(work(30, &inside)).await.unwrap();
                Ok(())
            });
            s.spawn(async {
                sleep(MS).await;
                Err::<(), _>("early".to_owned())
            });
            shield(work(20, &doing)).await.unwrap();
            Ok(())
        });
        let error = failed.await.unwrap_err();
        assert_eq!(seen.get(), 2, "both were waited for");
        error.into_error()
    });
    assert_eq!(error.unwrap().as_deref(), Some("early"));
    assert_eq!(done.get(), 2);
}

#[test]
fn a_shield_outlives_who_waits_for_it() {
    let event_loop = EventLoop::test();
    let done = Rc::new(Cell::new(false));
    let doing = Rc::clone(&done);
    event_loop
        .block_on(async move {
            let work = async move {
                sleep(20 * MS).await;
                doing.set(true);
                7
            };
            assert!(glassloop::timeout(10 * MS, shield(work)).await.is_err());
        })
        .unwrap();
    assert!(!done.get());
    event_loop.run().unwrap();
    assert!(done.get());
    assert_eq!(event_loop.block_on(async { shield(async { 7 }).await.unwrap() }).unwrap(), 7);
}

#[test]
fn a_failure_that_a_dropped_scope_had_not_returned_goes_to_on_unhandled() {
    let (event_loop, told) = telling_loop();
    let holder = event_loop.spawn(async {
        let running = scope(|s| async move {
            s.spawn(shield(pending::<Result<(), String>>()).into_result());
            s.spawn(async { Err::<(), _>("unseen".to_owned()) }).named("child");
            pending::<Result<(), String>>().await
        });
        running.await
    });
    settle(&event_loop);
    assert_eq!(told.borrow().len(), 0, "the scope waits for the shield");
    holder.abort();
    settle(&event_loop);
    assert_eq!(*told.borrow(), ["`child` in a scope"]);
}

/// A shield as a child that never fails.
trait IntoResult {
    fn into_result(self) -> impl Future<Output = Result<(), String>> + 'static;
}

impl<T: 'static> IntoResult for glassloop::Shield<T> {
    async fn into_result(self) -> Result<(), String> {
        self.await.map(drop).map_err(|error| error.to_string())
    }
}
