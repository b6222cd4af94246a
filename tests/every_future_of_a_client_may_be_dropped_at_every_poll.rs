//! Every future of a reconnecting client may be dropped at every poll: no message is lost or sent
//! twice, nothing is left, and what the docs say of the drop is what happens.

#![cfg(test)]
#![cfg(feature = "ws")]

mod common;
#[path = "common/peers.rs"]
mod peers;

use std::{rc::Rc, time::Duration};

use common::dropping::{Probe, Program, drop_at_every_poll};
use glassloop::{
    EventLoop, sleep, snapshot, spawn,
    ws::{self, Error, Message, Reconnect, ReconnectLimits, Reconnecting, WebSocket},
};
use peers::{Peers, to_peers};

/// A client that finds a peer after 10 ms, each time, and keeps three messages.
fn reconnect(peers: &Peers) -> Reconnect {
    let mut limits = ReconnectLimits::default();
    limits.buffered_messages_max = 3;
    to_peers(peers, Duration::from_millis(10)).limits(limits).seed(1)
}

fn client(peers: &Peers) -> Reconnecting {
    ws::reconnect(reconnect(peers)).unwrap()
}

/// The peer of the next connection.
async fn peer(peers: &Peers) -> WebSocket {
    loop {
        if let Some(peer) = peers.borrow_mut().pop() {
            return peer;
        }
        sleep(Duration::from_millis(1)).await;
    }
}

/// Ends a client, and waits until no other task is left.
async fn ended(client: Reconnecting) {
    client.disconnect();
    client.finished().await;
    drop(client);
    while snapshot().tasks.len() > 1 {
        sleep(Duration::from_millis(1)).await;
    }
}

type Row = (&'static str, Program, usize);

macro_rules! row {
    ($name:literal, $polls:literal, $program:expr) => {
        ($name, |probe| Box::pin($program(probe)), $polls)
    };
}

const TABLE: &[Row] = &[
    row!("Reconnecting::recv", 3, async |probe: Probe| {
        let peers = Peers::default();
        let client = client(&peers);
        let talks = {
            let peers = Rc::clone(&peers);
            spawn(async move {
                // The first says nothing and goes; the future outlives it.
                drop(peer(&peers).await);
                let second = peer(&peers).await;
                for word in ["one", "two", "three"] {
                    second.send(word.into()).await.unwrap();
                    sleep(Duration::from_millis(5)).await;
                }
                second.closed().await;
            })
        };
        let mut received: Vec<Message> = Vec::new();
        if let Some(first) = probe.drive(client.recv()).await {
            received.extend(first.unwrap());
        }
        while received.len() < 3 {
            received.extend(client.recv().await.unwrap());
        }
        assert_eq!(received, ["one", "two", "three"].map(Message::from));
        assert!(client.waits().is_empty());
        client.disconnect();
        talks.await.unwrap();
        ended(client).await;
    }),
    row!("Reconnecting::send", 2, async |probe: Probe| {
        let peers = Peers::default();
        let client = client(&peers);
        for _ in 0..3 {
            assert!(client.try_send("filler".into()).is_taken());
        }
        let sent = probe.drive(client.send("probed".into())).await;
        client.send("after".into()).await.unwrap();
        let peer = peer(&peers).await;
        let mut expected = vec!["filler"; 3];
        expected.extend(sent.map(|_| "probed"));
        expected.push("after");
        for word in expected {
            assert_eq!(peer.recv().await.unwrap(), Some(word.into()));
        }
        drop(peer);
        ended(client).await;
    }),
    row!("Reconnecting::opened", 2, async |probe: Probe| {
        let peers = Peers::default();
        let client = client(&peers);
        if let Some(opened) = probe.drive(client.opened()).await {
            opened.unwrap();
            assert!(client.state().is_open());
        }
        client.opened().await.unwrap();
        ended(client).await;
    }),
    row!("Reconnecting::finished", 2, async |probe: Probe| {
        let peers = Peers::default();
        let client = client(&peers);
        client.opened().await.unwrap();
        client.disconnect();
        if let Some(why) = probe.drive(client.finished()).await {
            assert!(why.is_none());
        }
        drop(peers.take());
        ended(client).await;
    }),
    row!("ReconnectDriver", 4, async |probe: Probe| {
        let peers = Peers::default();
        let (client, driver) = reconnect(&peers).start().unwrap();
        assert!(client.try_send("hello".into()).is_taken());
        let leaves = {
            let client = client.clone();
            spawn(async move {
                sleep(Duration::from_millis(100)).await;
                client.disconnect();
            })
        };
        let ended_well = probe.drive(driver).await.is_some_and(|why| why.is_none());
        leaves.await.unwrap();
        // Whoever waits learns how it ended, and what was not sent can be had.
        assert!(client.state().is_over());
        assert_eq!(client.finished().await.is_none(), ended_well);
        let unsent = client.take_unsent().len();
        let arrived = match peers.take().pop() {
            Some(peer) => usize::from(matches!(peer.recv().await, Ok(Some(_)))),
            None => 0,
        };
        assert!(unsent + arrived == 1, "{unsent} unsent, {arrived} arrived");
        let refused = client.send("late".into()).await;
        assert_eq!(matches!(refused, Err(Error::Disconnected)), ended_well);
        ended(client).await;
    }),
];

#[test]
fn each_row_of_the_table_leaves_nothing_behind() {
    for (name, program, polls_min) in TABLE {
        let polls = drop_at_every_poll(name, EventLoop::test, *program);
        assert!(polls >= *polls_min, "{name} was ready after {polls} polls: it was hardly dropped");
    }
}
