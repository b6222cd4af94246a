//! A thousand clients lose their server in the same instant. When it returns after a minute, they
//! do not come back in the same instant.
#![cfg(test)]
#![cfg(feature = "ws")]

#[path = "common/scripted.rs"]
mod scripted;

use std::{
    cell::RefCell,
    collections::BTreeMap,
    rc::Rc,
    time::{Duration, Instant},
};

use glassloop::{
    Clock, EventLoop, Limits, ManualClock, Script,
    net::TcpListener,
    sleep,
    ws::{self, Endpoint, Reconnect, ReconnectState, Reconnecting, Server, ServerHandle},
};
use scripted::{address, now};

const CLIENTS: usize = 1_000;

/// A loop whose listeners have room for all of them at once.
fn roomy_loop() -> EventLoop {
    let clock = Clock::Manual(ManualClock::new().with_autojump());
    let mut limits = Limits::default();
    limits.reactor.backlog_connections_max = CLIENTS;
    EventLoop::builder().clock(clock).limits(limits).script(Script::new(1)).build().unwrap()
}

fn server() -> ServerHandle {
    let mut limits = ws::ServerLimits::default();
    limits.connections_max = CLIENTS;
    limits.connections_per_address_max = CLIENTS;
    let server = Server::new()
        .limits(limits)
        .websocket("/", |socket, _| async move { while let Ok(Some(_)) = socket.recv().await {} });
    ws::serve(server, [TcpListener::bind(address()).unwrap()]).unwrap()
}

/// A client that notes when it opens. Its seed is its number, for a run without luck.
fn client(seed: u64, opened: &Rc<RefCell<Vec<Instant>>>) -> Reconnecting {
    let opened = Rc::clone(opened);
    let endpoint = Endpoint::new(&format!("ws://{}/", address())).unwrap();
    let client = Reconnect::to(endpoint).seed(seed).on_state(move |state: &ReconnectState| {
        if state.is_open() {
            opened.borrow_mut().push(now());
        }
    });
    ws::reconnect(client).unwrap()
}

#[test]
fn no_tenth_of_a_second_holds_more_than_a_twentieth_of_a_thousand() {
    let event_loop = roomy_loop();
    event_loop
        .block_on(async {
            let opened = Rc::new(RefCell::new(Vec::new()));
            let handle = server();
            let clients: Vec<Reconnecting> =
                (0..CLIENTS).map(|seed| client(seed as u64, &opened)).collect();
            sleep(Duration::from_secs(15)).await;
            assert_eq!(opened.borrow().len(), CLIENTS);
            assert_eq!(handle.stop(Duration::from_secs(1)).await.dropped, 0);
            drop(handle);
            let mut before = opened.take();
            before.dedup();
            assert_eq!(before.len(), 1, "they all came at once");

            sleep(Duration::from_secs(60)).await;
            assert!(opened.borrow().is_empty(), "nobody listens");
            let returned = now();
            let handle = server();
            sleep(Duration::from_secs(31)).await;
            let mut buckets = BTreeMap::new();
            for at in opened.borrow().iter() {
                *buckets.entry((*at - returned).as_millis() / 100).or_insert(0) += 1;
            }
            assert_eq!(buckets.values().sum::<usize>(), CLIENTS, "all are back after the cap");
            let most = buckets.values().max().unwrap();
            println!("{} buckets, {most} at most", buckets.len());
            assert!(*most <= CLIENTS / 20, "{most} came within 100 ms: {buckets:?}");
            let attempts: Vec<u64> = clients.iter().map(|it| it.counts().attempts).collect();
            assert!(attempts.iter().all(|attempts| (4..=30).contains(attempts)), "{attempts:?}");
            drop(clients);
            handle.stop(Duration::from_secs(1)).await;
        })
        .unwrap();
}
