//! Whoever reads a connection, the driver or who receives, takes from one budget a turn; who has
//! spent it is polled again when the turn is over, and not before.

mod common;

use std::rc::Rc;

use common::polls::{counted, most_of_a_turn, receive};
use common::{Loop, close_payload, echo, masked, next_turn};
use glassloop_reactor::{Limits, Options};
use glassloop_ws::{Config, WebSocket};

/// Two bytes and a mask.
const EMPTY_FRAME_BYTES: u64 = 6;

/// Empty messages, so many, from a peer of whom as many as fit lie in the socket at any time.
fn flood(event_loop: &mut Loop, config: Config, messages: usize, task: Task) -> (u64, u64) {
    let (server, raw) = event_loop.raw_client(config);
    task(event_loop, server.socket.clone());
    event_loop.settle();
    let bytes = masked(0x82, b"").repeat(messages);
    let mut left = &bytes[..];
    let most = most_of_a_turn(event_loop, &server, || {
        if let Ok(count) = raw.stream.try_write(left) {
            left = &left[count..];
        }
        while raw.stream.try_read(&mut [0; 65_536]).is_ok_and(|count| count > 0) {}
        !left.is_empty()
    });
    assert_eq!(server.socket.counts().messages_received, messages as u64, "nothing was lost");
    most
}

type Task = fn(&Loop, WebSocket);

fn receiving(event_loop: &Loop, socket: WebSocket) {
    event_loop.spawn(receive(socket, Rc::default()));
}

fn echoing(event_loop: &Loop, socket: WebSocket) {
    event_loop.spawn(echo(socket));
}

/// Receives much, and then nothing for some turns, in which the driver reads.
fn receiving_by_fits(event_loop: &Loop, socket: WebSocket) {
    event_loop.spawn(async move {
        for number in 1_u32.. {
            let Ok(Some(_)) = socket.recv().await else { return };
            if number.is_multiple_of(20_000) {
                for _ in 0..3 {
                    next_turn().await;
                }
            }
        }
    });
}

#[test]
fn who_receives_and_the_driver_share_one_budget() {
    let budget = 64 * 1024;
    for task in [receiving as Task, echoing, receiving_by_fits] {
        let mut event_loop = Loop::with_pipes_of(1 << 20);
        let (bytes, frames) = flood(&mut event_loop, Config::default(), 200_000, task);
        assert_eq!(bytes, budget);
        assert!(frames <= budget.div_ceil(EMPTY_FRAME_BYTES), "{frames} frames");
    }
}

#[test]
fn another_budget_than_the_default_one_is_kept_too() {
    for budget in [1_000, 128 * 1024] {
        let limits = Limits {
            memory_pipe_bytes_max: 8 << 20,
            operations_per_poll_max: 1_000,
            ..Limits::default()
        };
        let mut event_loop = Loop::with(Options { limits, ..Options::default() });
        let mut config = Config::default();
        config.limits.read_bytes_per_turn_max = budget;
        let (bytes, frames) = flood(&mut event_loop, config, 100_000, receiving);
        let budget = budget as u64;
        assert!(bytes <= budget, "{bytes} of {budget}");
        assert!(frames <= budget.div_ceil(EMPTY_FRAME_BYTES), "{frames} frames of {budget}");
    }
}

/// The turns and polls that these bytes take on a loop whose turns go on until nothing is ready.
fn polls_to_empty(bytes: &[u8], pause: bool) -> (u64, u32) {
    let mut event_loop = Loop::with_pipes_of(1 << 20);
    event_loop.refills_max = 4_000;
    let ((socket, driver), raw) = event_loop.accepted(Config::default());
    let polls = Rc::default();
    event_loop.spawn(counted(driver, &polls));
    event_loop.spawn(counted(receive(socket.clone(), Rc::default()), &polls));
    if pause {
        socket.pause();
    }
    event_loop.settle();
    let (turns, before) = (event_loop.turns, polls.get());
    assert_eq!(raw.stream.try_write(bytes).ok(), Some(bytes.len()), "there is room");
    event_loop.settle();
    (event_loop.turns - turns, polls.get() - before)
}

#[test]
fn who_has_spent_it_is_not_polled_before_the_next_turn() {
    let flood: Vec<u8> = (0..64).flat_map(|_| masked(0x82, &[7; 8_000])).collect();
    let (turns, polls) = polls_to_empty(&flood, false);
    assert!(turns <= 10 && polls <= 20, "512 KB took {turns} turns, {polls} polls");
    let (turns, polls) = polls_to_empty(&masked(0x88, &close_payload(1000, "")), false);
    assert!(turns <= 4 && polls <= 6, "a Close took {turns} turns, {polls} polls");
    let (turns, polls) = polls_to_empty(&masked(0x83, b""), false);
    assert!(turns <= 4 && polls <= 6, "a fault took {turns} turns, {polls} polls");
    let (turns, polls) = polls_to_empty(&flood, true);
    assert!(turns <= 4 && polls <= 6, "a socket that is paused took {turns} turns, {polls} polls");
}
