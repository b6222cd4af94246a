//! Who watches the events of a loop is sent each of them once, in order, or told how many were
//! overwritten before they could be; with the places that they name.

#![cfg(test)]
#![cfg(feature = "ws")]

#[path = "common/batches.rs"]
mod batches;
#[path = "common/watchers.rs"]
mod watchers;
#[path = "common/web.rs"]
mod web;

use std::{collections::HashMap, time::Duration};

use batches::Batch;
use glassloop::{
    By, Event, Happening, Watch, sleep,
    ws::{Message, ServerHandle, WebSocket},
};
use serde_json::Value;
use watchers::{serve, watch};
use web::in_memory;

/// What a watcher was told so far.
#[derive(Default)]
struct Told {
    events: Vec<(u64, Event)>,
    lost: u64,
    places: HashMap<String, String>,
    states: usize,
    pushes: usize,
}

impl Told {
    fn take(&mut self, watch: &Watch, message: &Message) {
        let Some(text) = message.as_text() else { return self.batch(watch, message.as_bytes()) };
        let push: Value = serde_json::from_str(text).unwrap();
        self.pushes += 1;
        for (id, place) in push["places"].as_object().into_iter().flatten() {
            let known = self.places.insert(id.clone(), place.as_str().unwrap().to_owned());
            assert_eq!(known, None, "a place is told once");
        }
        if let Some(loops) = push["state"]["loops"].as_array() {
            self.states += 1;
            let row = loops.iter().find(|it| it["loop"]["number"] == watch.name().number);
            let tasks = row.unwrap()["tasks"].as_array().unwrap();
            assert!(tasks.iter().all(|task| task["times"]["polls"]["buckets"].is_null()));
        }
    }

    fn batch(&mut self, watch: &Watch, bytes: &[u8]) {
        let batch = Batch::read(bytes);
        assert_eq!(batch.number, watch.name().number);
        let next = self.events.last().map_or(0, |(number, _)| number + 1);
        assert_eq!(
            batch.first,
            next + batch.lost,
            "nothing is told twice, and what is missing is counted"
        );
        assert!(batch.turn <= watch.now().turn);
        self.lost += batch.lost;
        self.events.extend(batch.events());
    }
}

/// The loop that runs this, which is recorded, and a watcher of its events.
async fn watch_this_loop() -> (Watch, ServerHandle, WebSocket) {
    let watched = glassloop::remote().watch();
    watched.record(true);
    let handle = serve();
    let query = format!("?every_ms=50&events=1&loop={}", watched.name().number);
    let socket = watch(&handle, &query).await.unwrap();
    (watched, handle, socket)
}

#[test]
fn every_event_of_a_loop_is_pushed_in_its_order_with_the_places_it_names() {
    in_memory(65_536, async |_| {
        let (watched, handle, socket) = watch_this_loop().await;
        let mut told = Told::default();
        while told.pushes < 12 {
            told.take(&watched, &socket.recv().await.unwrap().unwrap());
        }
        assert!(told.states >= 2 && told.states < told.pushes, "{} states", told.states);
        let all = watched.events(0);
        assert_eq!((told.lost, all.lost), (0, 0));
        let sent: Vec<_> = told.events.iter().map(|(_, event)| *event).collect();
        assert!(sent.len() > 50, "{}", sent.len());
        assert_eq!(sent, all.events[..sent.len()]);
        for event in sent {
            if let Happening::Woke(_, By::Timer(place)) = event.what {
                let place = place.location().unwrap();
                let written = format!("{}:{}", place.file(), place.line());
                assert!(told.places.values().any(|told| *told == written), "{written}");
            }
        }
        for wrong in ["?events=1&loop=999999", "?events=2", "?event=1"] {
            watch(&handle, wrong).await.expect_err(wrong);
        }
    });
}

#[test]
fn who_reads_slowly_is_told_how_many_events_it_lost() {
    in_memory(65_536, async |_| {
        let (watched, _handle, socket) = watch_this_loop().await;
        let mut told = Told::default();
        while told.events.is_empty() {
            told.take(&watched, &socket.recv().await.unwrap().unwrap());
        }
        // More than the ring holds, while nobody reads.
        socket.pause();
        for _ in 0..40_000 {
            sleep(Duration::from_millis(1)).await;
        }
        socket.resume();
        let end = watched.events(0).next;
        while told.events.last().is_none_or(|(number, _)| *number < end) {
            told.take(&watched, &socket.recv().await.unwrap().unwrap());
        }
        assert!(told.lost > 10_000, "{} lost", told.lost);
        let last = told.events.last().map_or(0, |(number, _)| number + 1);
        assert_eq!(told.events.len() as u64 + told.lost, last);
    });
}
