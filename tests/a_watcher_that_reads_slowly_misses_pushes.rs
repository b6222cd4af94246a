//! The inspector's live socket pushes at the rhythm that was asked for, and never into a socket
//! that is behind: who reads slowly misses pushes, is told how many, and costs the memory of one.

#![cfg(test)]
#![cfg(feature = "ws")]

#[path = "common/watchers.rs"]
mod watchers;
#[path = "common/web.rs"]
mod web;

use std::time::Duration;

use glassloop::{
    sleep,
    ws::{self, Message},
};
use serde_json::Value;
use watchers::{serve, watch};
use web::in_memory;

fn told(message: &Message, key: &str) -> u64 {
    let push: Value = serde_json::from_str(message.as_text().unwrap()).unwrap();
    assert_eq!(push["state"]["process"]["pid"], std::process::id());
    push[key].as_u64().unwrap()
}

#[test]
fn pushes_come_at_the_rhythm_that_was_asked_for() {
    in_memory(65_536, async |clock| {
        let handle = serve();
        for (query, every_ms) in [("", 250), ("?every_ms=50", 50), ("?every_ms=60000", 60_000)] {
            let socket = watch(&handle, query).await.unwrap();
            let mut last = None;
            for expected in 0..5 {
                let message = socket.recv().await.unwrap().unwrap();
                assert_eq!((told(&message, "push"), told(&message, "missed")), (expected, 0));
                let now = clock.now();
                let passed = last.replace(now).map(|last| now - last);
                assert!(passed.is_none_or(|it| it == every_ms * 1_000_000), "{passed:?}");
            }
            socket.close(ws::code::NORMAL, "").unwrap();
        }
        for query in ["?every_ms=49", "?every_ms=0", "?every_ms=60001", "?every=50", "?internal=2"]
        {
            let error = watch(&handle, query).await.expect_err(query);
            let body = error.body_text().unwrap().into_owned();
            assert!(error.to_string().contains("400") && body.contains("expected"), "{body}");
        }
    });
}

#[test]
fn who_reads_slowly_is_told_how_many_it_missed_and_misses_no_other() {
    in_memory(512, async |_| {
        let handle = serve();
        let socket = watch(&handle, "?every_ms=50").await.unwrap();
        assert_eq!(told(&socket.recv().await.unwrap().unwrap(), "push"), 0);
        socket.pause();
        sleep(Duration::from_secs(10)).await;
        socket.resume();
        let (mut push, mut missed) = (0, 0);
        while missed == 0 {
            let message = socket.recv().await.unwrap().unwrap();
            push += 1;
            assert_eq!(told(&message, "push"), push, "what is sent is numbered without a gap");
            missed = told(&message, "missed");
        }
        // Ten seconds went by, and the round after: each of their 201 was sent or missed.
        assert!(push < 10 && missed + push == 201, "{push} sent, {missed} missed");
    });
}
