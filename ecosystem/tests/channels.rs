//! Channels, streams and locks of others need nothing but a waker, and that is what they get.

use std::{thread, time::Duration};

use futures::{
    FutureExt, SinkExt, StreamExt,
    channel::{mpsc, oneshot},
    select_biased,
    stream::{self, FuturesUnordered},
};
use glassloop::{EventLoop, sleep, spawn};

const MS: Duration = Duration::from_millis(1);

#[test]
fn a_channel_of_futures_brings_what_a_thread_sends() {
    let (sender, receiver) = mpsc::channel(4);
    let thread = thread::spawn(move || {
        // A thread has no loop of its own, and needs none to wait for room.
        let mut sender = sender;
        futures_block_on(async move {
            for n in 0..1_000_u64 {
                sender.send(n).await.unwrap();
            }
        });
    });
    let sum = glassloop::run(receiver.fold(0, async |sum, n| sum + n));
    thread.join().unwrap();
    assert_eq!(sum.unwrap(), 499_500);
}

/// A loop serves as well as any executor.
fn futures_block_on(future: impl Future<Output = ()> + 'static) {
    EventLoop::new().unwrap().block_on(future).unwrap();
}

#[test]
fn a_stream_of_futures_has_so_many_under_way_as_was_said() {
    let event_loop = EventLoop::test();
    let (most, got) = event_loop
        .block_on(async {
            let (busy, most) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
            let work = stream::iter(0..20).map(async |n| {
                busy.set(busy.get() + 1);
                most.set(most.get().max(busy.get()));
                sleep((20 - n) * MS).await;
                busy.set(busy.get() - 1);
                n
            });
            let got: Vec<u32> = work.buffered(4).collect().await;
            (most.get(), got)
        })
        .unwrap();
    assert_eq!((most, got), (4, (0..20).collect()));
}

#[test]
fn futures_unordered_gives_them_as_they_come() {
    let event_loop = EventLoop::test();
    let came = event_loop.block_on(async {
        let sleepers = [3, 1, 2].map(|n| sleep(n * MS).map(move |()| n));
        sleepers.into_iter().collect::<FuturesUnordered<_>>().collect::<Vec<_>>().await
    });
    assert_eq!(came.unwrap(), [1, 2, 3]);
}

#[test]
fn select_waits_for_a_message_or_a_deadline() {
    let event_loop = EventLoop::test();
    let told = event_loop.block_on(async {
        let (sender, receiver) = oneshot::channel::<&str>();
        let (mut receiver, mut late) = (receiver.fuse(), Box::pin(sleep(5 * MS).fuse()));
        spawn(async move {
            sleep(9 * MS).await;
            sender.send("too late").ok();
        })
        .detach();
        select_biased! { said = receiver => said.unwrap_or("gone"), () = late => "a deadline" }
    });
    assert_eq!(told.unwrap(), "a deadline");
}

#[test]
fn async_channel_is_one_queue_for_threads_and_tasks() {
    let (sender, receiver) = async_channel::bounded(2);
    let threads: Vec<_> = (0..4_u32)
        .map(|n| {
            let sender = sender.clone();
            thread::spawn(move || (0..100).for_each(|m| sender.send_blocking(n * 100 + m).unwrap()))
        })
        .collect();
    drop(sender);
    let got = glassloop::run(receiver.collect::<Vec<_>>());
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let mut got = got.unwrap();
    got.sort_unstable();
    assert_eq!(got, (0..400).collect::<Vec<_>>());
}

#[test]
fn the_channels_of_tokio_need_no_tokio() {
    let got = glassloop::run(async {
        let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
        spawn(async move {
            for n in 0..10 {
                sender.send(n).await.unwrap();
            }
        })
        .detach();
        let mut got = Vec::new();
        while let Some(n) = receiver.recv().await {
            got.push(n);
        }
        got
    });
    assert_eq!(got.unwrap(), (0..10).collect::<Vec<_>>());
}

#[test]
fn the_timers_of_tokio_need_tokio_and_say_so() {
    let event_loop = EventLoop::new().unwrap();
    let told = event_loop.block_on(async {
        let task = spawn(async { tokio::time::sleep(MS).await });
        task.await.unwrap_err().to_string()
    });
    let told = told.unwrap();
    assert!(told.contains("there is no reactor running"), "{told}");
}
