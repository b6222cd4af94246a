//! A connection that ends after our own stall says who held the loop, and where that was spawned.
#![cfg(test)]
#![cfg(feature = "ws")]

use std::{future::pending, time::Duration};

use glassloop::{Clock, EventLoop, ManualClock, PollerKind, net::duplex, spawn};

#[test]
fn the_end_of_a_connection_names_the_task_that_held_the_loop() {
    let clock = ManualClock::new().with_autojump();
    let builder = EventLoop::builder().clock(Clock::Manual(clock.clone()));
    let event_loop = builder.poller(PollerKind::TimersOnly).build().unwrap();
    let line = line!() + 14;
    let info = event_loop.block_on(async move {
        let (here, there) = duplex().unwrap();
        let peer = spawn(async move { glassloop_ws::accept(there).await.unwrap() });
        let (socket, driver) = glassloop_ws::connect_on(here, "ws://peer/").await.unwrap();
        spawn(driver).detach();
        let peer = peer.await.unwrap();
        glassloop::sleep(Duration::from_secs(1)).await;

        let (long, short) = (clock.clone(), clock);
        let export = async move {
            long.advance(Duration::from_secs(31));
            pending::<()>().await;
        };
        spawn(export).named("export").detach();
        // The clock is read after each item now. A shorter stall right after it explains less.
        glassloop::sleep(Duration::from_millis(1)).await;
        let tidy = async move { short.advance(Duration::from_millis(500)) };
        spawn(tidy).named("tidy").await.unwrap();
        drop(peer);
        socket.closed().await
    });
    let info = info.unwrap();
    let stall = info.stall.as_ref().expect("the loop stood still before the end");
    assert_eq!(stall.millis, 31_000, "{info}");
    let export = format!("`export`, {}:{line}", file!());
    let (label, mut names) = (&stall.label, stall.label.split(" or "));
    assert!(names.any(|name| name.ends_with(&export)), "expected {export}, came {label}");
}
