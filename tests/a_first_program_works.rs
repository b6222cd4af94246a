//! What a newcomer tries first: a task, a timer, a call from another thread, a socket.
//!
//! Runs under Miri.
#![cfg(test)]

use std::{cell::RefCell, rc::Rc, sync::mpsc, thread, time::Duration};

use glassloop::{
    CancelToken, EventLoop, call_later, call_soon,
    net::{TcpListener, TcpStream, duplex},
    sleep, spawn, timeout, yield_now,
};

type Log = Rc<RefCell<Vec<&'static str>>>;

fn log() -> (Log, impl Fn(&'static str) + Clone + 'static) {
    let log = Log::default();
    let write = log.clone();
    (log, move |line| write.borrow_mut().push(line))
}

#[test]
fn a_task_gives_its_result_to_whoever_awaits_it() {
    let event_loop = EventLoop::test();
    let sum = event_loop.block_on(async {
        let tasks: Vec<_> = (1..=10).map(|n| spawn(async move { n * n })).collect();
        let mut sum = 0;
        for task in tasks {
            sum += task.await.unwrap();
        }
        sum
    });
    assert_eq!(sum.unwrap(), 385);
}

#[test]
fn an_hour_of_timers_passes_at_once_on_the_clock_that_jumps() {
    let event_loop = EventLoop::test();
    let (lines, log) = log();
    let run = event_loop.block_on(async move {
        let (first, second) = (log.clone(), log.clone());
        let sleeper = spawn(async move {
            sleep(Duration::from_secs(3_600)).await;
            second("slept an hour");
        });
        call_later(Duration::from_secs(1), move || first("called after a second")).unwrap();
        assert!(timeout(Duration::from_secs(60), std::future::pending::<()>()).await.is_err());
        log("timed out after a minute");
        sleeper.await.unwrap();
    });
    run.unwrap();
    let expected = ["called after a second", "timed out after a minute", "slept an hour"];
    assert_eq!(*lines.borrow(), expected);
}

#[test]
fn a_callback_is_called_in_the_next_batch() {
    let event_loop = EventLoop::test();
    let (lines, log) = log();
    let run = event_loop.block_on(async move {
        let soon = log.clone();
        call_soon(move || soon("called")).unwrap();
        log("asked");
        yield_now().await;
        log("went on");
    });
    run.unwrap();
    assert_eq!(*lines.borrow(), ["asked", "called", "went on"]);
}

#[test]
fn another_thread_calls_and_spawns_and_gets_its_answers() {
    let event_loop = EventLoop::new().unwrap();
    let remote = event_loop.remote();
    let other = thread::spawn(move || {
        let patience = Duration::from_secs(60);
        let called = remote.call(|| 7).wait(patience).unwrap();
        let spawned = remote.spawn(|| async {
            let local = Rc::new(2);
            yield_now().await;
            *local
        });
        let mut spawned = spawned;
        (called, spawned.wait(patience).unwrap())
    });
    event_loop.run().unwrap();
    assert_eq!(other.join().unwrap(), (7, 2));
}

#[test]
fn calls_of_one_thread_run_in_their_order() {
    let event_loop = EventLoop::new().unwrap();
    let remote = event_loop.remote();
    let (sender, receiver) = mpsc::channel();
    let other = thread::spawn(move || {
        for number in 0..100 {
            let sender = sender.clone();
            remote.defer(move || sender.send(number).unwrap()).unwrap();
        }
    });
    event_loop.run().unwrap();
    other.join().unwrap();
    assert_eq!(receiver.try_iter().collect::<Vec<_>>(), (0..100).collect::<Vec<_>>());
}

#[test]
fn a_token_cancelled_by_another_thread_ends_the_wait_for_it() {
    let event_loop = EventLoop::new().unwrap();
    let token = CancelToken::new();
    let other = token.clone();
    let cancelled = token.cancelled();
    let thread = thread::spawn(move || other.cancel());
    event_loop.block_on(cancelled).unwrap();
    thread.join().unwrap();
    assert!(token.is_cancelled());
}

#[test]
fn bytes_come_back_from_a_tcp_echo() {
    let echo = glassloop::run(async {
        let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let server = spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            echo_one(&stream).await;
        });
        let client = TcpStream::connect(address).await.unwrap();
        let answer = ask(&client, b"hello").await;
        server.await.unwrap();
        answer
    });
    assert_eq!(echo.unwrap(), b"hello");
}

#[test]
fn bytes_come_back_through_a_memory_socket() {
    let event_loop = EventLoop::test();
    let echo = event_loop.block_on(async {
        let (near, far) = duplex().unwrap();
        let server = spawn(async move { echo_one(&far).await });
        let answer = ask(&near, b"hello").await;
        server.await.unwrap();
        answer
    });
    assert_eq!(echo.unwrap(), b"hello");
}

async fn echo_one(stream: &TcpStream) {
    let mut bytes = [0; 64];
    let read = stream.read(&mut bytes).await.unwrap();
    stream.write_all(&bytes[..read]).await.unwrap();
}

async fn ask(stream: &TcpStream, question: &[u8]) -> Vec<u8> {
    stream.write_all(question).await.unwrap();
    let mut bytes = [0; 64];
    let read = stream.read(&mut bytes).await.unwrap();
    bytes[..read].to_vec()
}
