//! What brings threads of its own works: they wake our tasks as they wake anybody's.

mod common;

use std::{thread, time::Duration};

use common::serve;
use glassloop::{EventLoop, gather, offload, snapshot, spawn, yield_now};

#[test]
fn a_timer_of_async_io_wakes_from_its_own_thread() {
    let event_loop = EventLoop::new().unwrap();
    let (seen, wakes) = event_loop
        .block_on(async {
            let timer = spawn(async_io::Timer::after(Duration::from_millis(50)));
            yield_now().await;
            let seen = snapshot();
            timer.await.unwrap();
            (seen, snapshot().executor.wakes)
        })
        .unwrap();
    assert!(seen.timers.is_empty() && seen.sources.is_empty(), "the loop has none of its own");
    assert_eq!(wakes[glassloop::Cause::Thread as usize], 1, "another thread woke the task");
}

#[test]
fn a_job_of_blocking_wakes_from_its_own_thread() {
    let here = thread::current().id();
    let there = glassloop::run(blocking::unblock(|| thread::current().id())).unwrap();
    assert_ne!(here, there);
}

#[test]
fn a_client_that_blocks_is_offloaded() {
    let event_loop = EventLoop::new().unwrap();
    let bodies = event_loop.block_on(async {
        let address = serve().unwrap();
        let asks = (0..10).map(|n| {
            offload(move || {
                let mut answer = ureq::get(format!("http://{address}/{n}")).call()?;
                answer.body_mut().read_to_string()
            })
        });
        gather(asks).await
    });
    let bodies = bodies.unwrap().into_iter().map(|body| body.unwrap().unwrap());
    assert_eq!(bodies.collect::<Vec<_>>(), (0..10).map(|n| format!("/{n}")).collect::<Vec<_>>());
}

#[test]
fn a_client_that_blocks_for_too_long_is_given_up() {
    let given_up = glassloop::run(async {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asks = offload(move || {
            let config = ureq::Agent::config_builder().timeout_global(Some(common::PATIENCE));
            let agent: ureq::Agent = config.build().into();
            agent.get(format!("http://{address}/")).call().is_ok()
        });
        let late = glassloop::timeout(Duration::from_millis(20), asks).await.is_err();
        drop(listener); // who asked is told that nobody is there any more
        late
    });
    assert!(given_up.unwrap());
}
