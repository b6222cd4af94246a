//! A stop ends idle connections, and answers what has come on them by then: it leaves them a while
//! in which to ask, looks once more, and ends its own half first. What crosses that end is counted.

#![cfg(test)]
#![cfg(feature = "ws")]

#[path = "common/web.rs"]
mod web;

use std::{future::poll_fn, pin::pin, task::Poll, time::Duration};

use glassloop::{
    sleep, spawn,
    ws::{self, Response, Server, ServerHandle, ServerLimits},
};
use web::{Client, in_memory};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
/// More than a socket takes at once.
const LONG: usize = 300_000;
const MS: Duration = Duration::from_millis(1);
const MINUTE: Duration = Duration::from_secs(60);

fn serve(stop_idle_ms_max: u64) -> ServerHandle {
    let mut limits = ServerLimits::default();
    limits.stop_idle_ms_max = stop_idle_ms_max;
    let server = Server::new().get("/", |_| Response::text("home"));
    let server = server.get("/long", |_| Response::text("x".repeat(LONG))).limits(limits);
    ws::serve(server, []).expect("a good route")
}

/// One that has asked once, and is idle.
async fn idle(server: &ServerHandle) -> Client {
    let mut client = Client::enter(server);
    let answer = client.get("/", "").await;
    assert!(!answer.has("Connection: close"), "{}", answer.head);
    client
}

#[test]
fn who_is_idle_at_a_stop_may_ask_once_more() {
    in_memory(65_536, async |clock| {
        let server = serve(250);
        let (mut early, mut late) = (idle(&server).await, idle(&server).await);
        let (mut fresh, silent) = (Client::enter(&server), idle(&server).await);
        sleep(MS).await;
        let stopped = clock.now();
        let stop = server.stop(MINUTE);
        for (client, after) in [(&mut early, 0), (&mut fresh, 100), (&mut late, 149)] {
            sleep(after * MS).await;
            let answer = client.get("/", "").await;
            assert_eq!((answer.text(), answer.has("Connection: close")), ("home", true));
            assert!(!client.read().await, "that was the last one");
        }
        drop((early, fresh, late));
        assert!(silent.rest().await.is_empty(), "it goes without a word: nothing was asked");
        let took = Duration::from_nanos(clock.now() - stopped);
        assert_eq!(took, 250 * MS, "a millisecond after the last answer");
        let report = stop.await;
        assert_eq!((report.closed, report.broken, report.dropped), (4, 0, 0), "{report}");
        assert_eq!((server.counts().requests, server.counts().missed), (6, 0));
    });
}

#[test]
fn what_has_come_is_answered_though_no_event_has_told_of_it() {
    in_memory(65_536, async |_| {
        for is_fresh in [false, true] {
            let server = serve(0);
            let client = if is_fresh { Client::enter(&server) } else { idle(&server).await };
            sleep(MS).await;
            // It asks in the turn in which the server looks, and just before that.
            let asking = spawn(async move {
                client.stream.try_write(REQUEST).expect("room");
                client
            });
            let stop = server.stop(MINUTE);
            let mut client = asking.await.expect("it is not aborted");
            let answer = client.answer().await;
            assert_eq!((answer.text(), answer.has("Connection: close")), ("home", true));
            drop(client);
            assert_eq!((stop.await.closed, server.counts().missed), (1, 0));
        }
    });
}

#[test]
fn a_part_of_a_request_is_waited_for_and_answered() {
    in_memory(65_536, async |_| {
        let server = serve(0);
        let mut client = idle(&server).await;
        sleep(MS).await;
        client.stream.try_write(&REQUEST[..1]).expect("room");
        let stop = server.stop(MINUTE);
        sleep(5_000 * MS).await;
        client.say(&REQUEST[1..]).await;
        let answer = client.answer().await;
        assert_eq!((answer.text(), answer.has("Connection: close")), ("home", true));
        drop(client);
        assert_eq!(stop.await.closed, 1);
    });
}

#[test]
fn what_comes_when_the_patience_with_an_idle_client_ends_is_answered() {
    in_memory(65_536, async |_| {
        let server = serve(0);
        let keep_alive_ms = ServerLimits::default().keep_alive_ms_max;
        let mut client = Client::enter(&server);
        let mut nap = pin!(sleep(Duration::from_millis(keep_alive_ms)));
        // Armed before the server's own, it wakes us first, in the same turn.
        let is_armed = poll_fn(|cx| Poll::Ready(nap.as_mut().poll(cx).is_pending())).await;
        assert!(is_armed);
        assert_eq!(client.get("/", "").await.text(), "home");
        nap.await;
        client.stream.try_write(REQUEST).expect("room");
        assert_eq!(client.answer().await.text(), "home");
        assert_eq!(server.counts().missed, 0);
    });
}

#[test]
fn what_crosses_the_end_of_an_idle_connection_is_counted_and_sees_an_orderly_end() {
    in_memory(65_536, async |clock| {
        let server = serve(0);
        let (client, quiet) = (idle(&server).await, idle(&server).await);
        let (stopped, stop) = (clock.now(), server.stop(MINUTE));
        sleep(MS).await;
        client.stream.try_write(REQUEST).expect("the server still reads");
        let mut buffer = [0; 16];
        let read = client.stream.read(&mut buffer).await;
        assert_eq!(read.expect("an end, and no reset"), 0);
        drop(client);
        let report = stop.await;
        assert_eq!((report.closed, report.broken, report.dropped), (2, 0, 0), "{report}");
        let lingered = Duration::from_nanos(clock.now() - stopped);
        assert_eq!(lingered, 1_000 * MS, "the other has not ended its half");
        assert_eq!(server.counts().missed, 1);
        drop(quiet);
    });
}

#[test]
fn a_stop_with_little_patience_leaves_the_idle_half_of_it() {
    in_memory(65_536, async |clock| {
        let server = serve(250);
        let client = idle(&server).await;
        let (stopped, stop) = (clock.now(), server.stop(100 * MS));
        assert!(client.rest().await.is_empty());
        assert_eq!(Duration::from_nanos(clock.now() - stopped), 50 * MS);
        assert_eq!(stop.await.closed, 1);
    });
}

#[test]
fn who_was_told_to_stay_before_a_stop_has_a_while_behind_its_answer() {
    in_memory(65_536, async |clock| {
        // The while, and what a stop of 1 s has left behind an answer that took 600 ms: half of it.
        for (patience, silence) in [(MINUTE, 250 * MS), (1_000 * MS, 200 * MS)] {
            let server = serve(250);
            let (mut asks, mut silent) = (Client::enter(&server), Client::enter(&server));
            for client in [&asks, &silent] {
                client.say("GET /long HTTP/1.1\r\nHost: a\r\n\r\n").await;
            }
            sleep(MS).await;
            let stop = server.stop(patience);
            sleep(600 * MS).await;
            for client in [&mut asks, &mut silent] {
                let answer = client.answer().await;
                assert!(answer.body.len() == LONG && !answer.has("Connection: close"));
            }
            let answered = clock.now();
            sleep(silence - MS).await;
            let answer = asks.get("/", "").await;
            assert_eq!((answer.text(), answer.has("Connection: close")), ("home", true));
            drop(asks);
            assert!(silent.rest().await.is_empty());
            assert_eq!(Duration::from_nanos(clock.now() - answered), silence);
            let report = stop.await;
            assert_eq!((report.closed, report.dropped), (2, 0), "{report}");
            assert_eq!(server.counts().missed, 0);
        }
    });
}

#[test]
fn what_is_missed_is_counted_whether_or_not_its_client_goes() {
    in_memory(65_536, async |_| {
        // Past `linger_ms_max`, and past the stop.
        for patience in [MINUTE, 100 * MS] {
            let server = serve(0);
            let client = idle(&server).await;
            let stop = server.stop(patience);
            sleep(MS).await;
            client.stream.try_write(REQUEST).expect("the server still reads");
            let report = stop.await;
            assert_eq!((report.closed, report.dropped), (1, 0), "{report}");
            assert_eq!(server.counts().missed, 1, "{patience:?}");
            drop(client);
        }
    });
}

#[test]
fn the_longest_request_that_crosses_the_end_is_read() {
    in_memory(65_536, async |_| {
        let server = serve(0);
        let mut client = idle(&server).await;
        let stop = server.stop(MINUTE);
        sleep(MS).await;
        let length = ServerLimits::default().body_bytes_max;
        let head = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");
        client.say(head).await;
        client.say(vec![b'b'; length]).await;
        sleep(MS).await;
        let read = client.stream.read(&mut [0; 16]).await;
        assert_eq!(read.expect("an end, and no reset"), 0);
        assert!(!client.read().await);
        drop(client);
        assert_eq!((stop.await.closed, server.counts().missed), (1, 1));
    });
}

#[test]
fn who_was_ended_and_stays_past_the_stop_was_not_dropped() {
    in_memory(65_536, async |clock| {
        let server = serve(250);
        let (quiet, mut busy) = (idle(&server).await, idle(&server).await);
        sleep(MS).await;
        busy.stream.try_write(&REQUEST[..1]).expect("room");
        let (stopped, report) = (clock.now(), server.stop(1_000 * MS).await);
        assert_eq!(Duration::from_nanos(clock.now() - stopped), 1_000 * MS);
        assert_eq!((report.closed, report.broken, report.dropped), (1, 0, 1), "{report}");
        assert_eq!(report.still_open.len(), 1, "who had begun to ask");
        drop(quiet);
        assert!(!busy.read().await);
    });
}
