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

#[test]
fn a_runtime_of_tokio_drives_its_timers_and_sockets_on_threads_of_its_own() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(1).enable_all().build().unwrap();
    let entered = runtime.enter();
    let event_loop = EventLoop::new().unwrap();
    let said = event_loop.block_on(async {
        tokio::time::sleep(Duration::from_millis(1)).await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut here =
            tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let mut there = listener.accept().await.unwrap().0;
        // A task of ours, polled here: what tokio does is to wake it.
        let echo = glassloop::spawn(async move {
            let mut bytes = [0; 5];
            there.read_exact(&mut bytes).await.unwrap();
            there.write_all(&bytes).await.unwrap();
            thread::current().id()
        });
        here.write_all(b"hello").await.unwrap();
        let mut bytes = [0; 5];
        here.read_exact(&mut bytes).await.unwrap();
        let theirs = tokio::spawn(async { thread::current().id() }).await.unwrap();
        assert_ne!(theirs, thread::current().id(), "what is spawned there runs there");
        (bytes, echo.await.unwrap())
    });
    assert_eq!(said.unwrap(), (*b"hello", thread::current().id()));
    drop(entered);
}
