//! Chapter 12: a WebSocket, by hand and by the library.

#[path = "../../examples/ch12_a_websocket_on_a_loop.rs"]
#[allow(dead_code)]
mod chapter;

use glassloop::net;
use glassloop_inspector::Names;

use crate::told::{golden_story_with, printed, recorded_loop};

const NAME: &str = "ch12_a_websocket_on_a_loop";

#[test]
fn an_upgrade_a_message_a_ping_and_a_close_that_both_agree_on() {
    let lines = [
        "came: HTTP/1.1 101 Switching Protocols",
        "came: [81, 02, 68, 69]",
        "came: [88, 02, 03, e8]",
        "Ben: closed by the peer with 1000: both sides agreed",
        "Ada hears: Some(Text(Utf8Bytes(b\"hello\")))",
        "Ben is still there",
        "Ada: closed by us with 1000 (good night): both sides agreed",
        "Ben: closed by the peer with 1000 (good night): both sides agreed",
    ];
    assert_eq!(printed(NAME, &[]), lines);
}

#[test]
fn a_ping_is_answered_by_the_task_that_reads_and_ends_no_receive_of_it() {
    let event_loop = recorded_loop();
    let mut names = Names::default();
    let line = event_loop.enter(net::duplex).unwrap();
    names.add(&event_loop.snapshot());
    event_loop.block_on(chapter::program(line)).unwrap().unwrap();
    let story = golden_story_with(NAME, &event_loop, names);
    let turns: Vec<&str> = story.split("\nturn ").collect();
    assert_eq!(turns.len(), 13);
    let (pings, answers, hears) = (turns[4], turns[5], turns[6]); // turns 5, 6 and 7
    assert!(pings.contains("memory 0 became ready and woke task #0.0 `main`"));
    assert!(answers.contains("memory 1 became ready and woke task #1.1 `Ben`"));
    assert!(answers.contains("`Ben` ran 0 ns and waits") && !answers.contains("`ws`"));
    assert!(answers.contains("1 corked writer wrote"));
    assert!(hears.contains("memory 0 became ready and woke task #3.3 `driver`"));
    assert!(hears.contains("woke task #0.0 `main`"));
    assert_eq!(event_loop.snapshot().executor.spawned, 4, "two who talk, and a driver for each");
}

#[test]
fn who_writes_the_bytes_by_hand_needs_no_driver() {
    let event_loop = recorded_loop();
    let line = event_loop.enter(net::duplex).unwrap();
    event_loop.block_on(chapter::by_hand(line)).unwrap().unwrap();
    assert_eq!(event_loop.snapshot().executor.spawned, 3, "main, Ben, and the driver of Ben");
}
