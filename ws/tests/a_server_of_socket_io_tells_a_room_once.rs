//! A server of Socket.IO and its rooms: an event for many is encoded once, reaches each of them
//! whole and in order, and nobody's slowness delays anybody else. And our own client is served.
#![cfg(test)]
#![cfg(feature = "socketio")]

mod common;
#[path = "common/sio_server.rs"]
mod sio_server;

use std::{cell::RefCell, rc::Rc};

use common::{REQUEST, Raw, masked};
use glassloop_ws::Server as HttpServer;
use glassloop_ws::socketio::{
    Binary, Client, Disconnect, Events, NamespaceState, Server, ServerLimits, Socket,
};
use serde_json::json;
use sio_server::{Came, Fixture, Peer, SECOND, fixture, fixture_with, serve};

fn enter_all(it: &mut Fixture, count: usize) -> Vec<(Peer, Socket, Events)> {
    (0..count).map(|_| it.enter("/")).collect()
}

#[test]
fn an_event_for_many_is_encoded_once_and_heard_by_its_room_alone() {
    let mut it = fixture(&["/", "/other"]);
    let guests = enter_all(&mut it, 5);
    let (elsewhere, other, _events) = it.enter("/other");
    for (_, socket, _) in &guests[..3] {
        assert!(socket.join("room") && !socket.join("room"));
    }
    assert!(other.join("room"), "a room of another namespace");
    let all = guests[0].1.all();
    assert_eq!((all.members(), all.to("room").members(), all.to("none").members()), (5, 3, 0));
    let told = all.to("room").emit("a", (1, json!({"b": 2}))).unwrap();
    assert_eq!((told.sent, told.encodings, told.full, told.closed), (3, 1, 0, 0));
    let to_others = guests[1].1.to("room").emit("but me", ()).unwrap();
    assert_eq!(to_others.sent, 2);
    let everybody = all.emit("all", ()).unwrap();
    assert_eq!((everybody.sent, everybody.encodings), (5, 1));
    assert_eq!(guests[4].1.others().emit("others", ()).unwrap().sent, 4);
    // Who is in two of them hears once; and each has a room of its own.
    guests[4].1.join("second");
    guests[0].1.join("second");
    assert_eq!(all.to("room").to("second").emit("union", ()).unwrap().sent, 4);
    assert_eq!(all.to(guests[3].1.id()).emit("you", ()).unwrap().sent, 1);
    assert_eq!(all.but(&guests[0].1).to("second").emit("second", ()).unwrap().sent, 1);
    assert!(guests[2].1.leave("room") && !guests[2].1.leave("room"));
    assert_eq!(all.to("room").emit("fewer", ()).unwrap().sent, 2);

    let heard: Vec<_> = guests.iter().map(|(peer, ..)| peer.texts(&mut it).join(" ")).collect();
    let (a, all) = (r#"42["a",1,{"b":2}]"#, r#"42["all"]"#);
    let (but, others, union) = (r#"42["but me"]"#, r#"42["others"]"#, r#"42["union"]"#);
    assert_eq!(heard[0], [a, but, all, others, union, r#"42["fewer"]"#].join(" "));
    assert_eq!(heard[1], [a, all, others, union, r#"42["fewer"]"#].join(" "));
    assert_eq!(heard[2], [a, but, all, others, union].join(" "));
    assert_eq!(heard[3], [all, others, r#"42["you"]"#].join(" "));
    assert_eq!(heard[4], [all, union, r#"42["second"]"#].join(" "));
    assert!(elsewhere.texts(&mut it).is_empty());
}

#[test]
fn who_has_left_hears_nothing_and_is_in_no_room() {
    let mut it = fixture(&["/"]);
    let mut guests = enter_all(&mut it, 3);
    guests.iter().for_each(|(_, socket, _)| assert!(socket.join("room")));
    let room = guests[0].1.all().to("room");
    guests[0].1.disconnect();
    let (peer, gone, _events) = guests.remove(1);
    peer.vanish(&mut it);
    assert_eq!((room.members(), gone.is_connected()), (1, false));
    assert_eq!(room.emit("a", ()).unwrap().sent, 1);
    assert_eq!(guests[0].0.texts(&mut it), ["41"]);
    assert_eq!(guests[1].0.texts(&mut it), [r#"42["a"]"#]);
    // Nor is one of whose room nobody else knows.
    drop(guests);
    it.event_loop.settle();
    assert_eq!(room.members(), 0);
}

#[test]
fn an_event_for_many_stays_in_order_with_what_each_was_sent_alone() {
    let mut it = fixture(&["/"]);
    let guests = enter_all(&mut it, 2);
    let all = guests[0].1.all();
    let bytes = Binary::from(vec![1, 2, 3]);
    let mut expected = Vec::new();
    for round in 0..3 {
        guests[0].1.emit("alone", round).unwrap();
        let told = all.emit("many", (round, &bytes, &bytes)).unwrap();
        assert_eq!((told.sent, told.encodings), (2, 1));
        expected.push(format!(r#"42["alone",{round}]"#));
        let places = r#"{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}"#;
        expected.push(format!(r#"452-["many",{round},{places}]"#));
        expected.extend(["3".to_owned(), "3".to_owned()]);
    }
    let told: Vec<_> = guests[0].0.heard(&mut it).iter().map(shown).collect();
    assert_eq!(told, expected);
    expected.retain(|text| !text.contains("alone"));
    assert_eq!(guests[1].0.heard(&mut it).iter().map(shown).collect::<Vec<_>>(), expected);
}

/// A text as it is, bytes by their number.
fn shown(message: &glassloop_ws::Message) -> String {
    message.as_text().map_or_else(|| message.len().to_string(), str::to_owned)
}

#[test]
fn a_slow_reader_delays_nobody_and_gets_its_packets_whole() {
    let mut limits = ServerLimits::default();
    limits.buffered_events_max = 4;
    let mut config = glassloop_ws::Config::default();
    config.limits.outgoing_bytes_max = 300_000;
    let mut it = fixture_with(&["/"], |server| server.limits(limits).config(config));
    let guests = enter_all(&mut it, 2);
    let (all, slow, quick) = (guests[0].1.all(), &guests[0].0, &guests[1].0);
    slow.socket.pause();
    let bytes = Binary::from(vec![7; 50_000]);
    let (mut missed, mut rounds) = (Vec::new(), 0);
    while missed.len() < 3 {
        let told = all.emit("n", (rounds, &bytes, &bytes)).unwrap();
        assert_eq!(told.sent + told.buffered + told.full, 2, "{told:?}");
        if told.full > 0 {
            missed.push(rounds);
        }
        assert_eq!(quick.heard(&mut it).len(), 3, "round {rounds}");
        rounds += 1;
        assert!(rounds < 1_000);
    }
    assert_eq!(guests[0].1.buffered(), 4);
    slow.socket.resume();
    let heard = slow.heard(&mut it);
    let numbers: Vec<u64> = heard
        .chunks(3)
        .map(|packet| {
            let text = packet[0].as_text().expect("a packet begins with its text");
            assert!(packet[1..].iter().all(|bytes| bytes.len() == 50_000) && packet.len() == 3);
            let number = text.strip_prefix(r#"452-["n","#).unwrap().split(',').next().unwrap();
            number.parse().unwrap()
        })
        .collect();
    let kept: Vec<u64> = (0..rounds).filter(|round| !missed.contains(round)).collect();
    assert_eq!(numbers, kept);
}

#[test]
fn what_waited_for_a_sign_of_life_leaves_before_what_is_told_to_all_at_that_sign() {
    let held = Rc::new(RefCell::new(None));
    let holds = Rc::clone(&held);
    let io = Server::new().namespace("/", move |socket, mut events, _| {
        holds.replace(Some(socket.clone()));
        async move {
            while events.recv().await.is_some() {
                assert_eq!(socket.all().emit("second", ()).unwrap().buffered, 1);
            }
        }
    });
    let mut it = serve(io.attach(HttpServer::new()).unwrap(), Came::default());
    let mut raw = Raw::new(it.dial());
    let request = String::from_utf8(REQUEST.to_vec()).unwrap();
    let request = request.replace("/chat", "/socket.io/?EIO=4&transport=websocket");
    raw.write(&mut it.event_loop, request.as_bytes());
    raw.take(&mut it.event_loop);
    raw.write(&mut it.event_loop, &masked(0x81, b"40"));
    raw.take(&mut it.event_loop);
    // The time is over, and nobody has looked yet.
    it.event_loop.clock.advance(SECOND * 45);
    held.take().unwrap().emit("first", ()).unwrap();
    raw.write(&mut it.event_loop, &masked(0x81, br#"42["sign"]"#));
    let (said, has_ended) = raw.take(&mut it.event_loop);
    let said = String::from_utf8_lossy(&said).into_owned();
    let (first, second) = (said.find("first").unwrap(), said.find("second").unwrap());
    assert!(first < second && !has_ended, "{said}");
}

#[test]
fn rooms_are_bounded() {
    let mut limits = ServerLimits::default();
    limits.rooms_per_socket_max = 2;
    let mut it = fixture_with(&["/"], |server| server.limits(limits));
    let (_peer, socket, _events) = it.enter("/");
    assert!(socket.join("a") && socket.join("b") && !socket.join("c"));
    assert!(socket.leave("a") && socket.join("c"));
}

#[test]
fn our_own_client_is_served_and_comes_back() {
    let mut it = fixture(&["/", "/chat"]);
    let handle = it.handle.clone();
    let streams = move || {
        let dialed = glassloop_reactor::net::duplex().map(|(here, there)| {
            handle.admit(there);
            here
        });
        std::future::ready(dialed.map_err(glassloop_ws::Error::Io))
    };
    let builder = Client::to("http://memory").unwrap().seed(7).streams(streams);
    let (client, driver) = builder.start().unwrap();
    it.event_loop.spawn(driver);
    let chat = client.namespace("/chat").auth(json!({"name": "me"}));
    let (chat, mut news) = chat.start().unwrap();
    it.event_loop.settle();
    let (socket, mut events, auth) = it.came.last();
    assert_eq!((auth, chat.state().is_connected()), (Some(json!({"name": "me"})), true));

    let asked = chat.emit_with_ack("ask", ("a", Binary::from(vec![5])), SECOND).unwrap();
    let asked = it.event_loop.spawn(asked);
    it.event_loop.settle();
    let event = events.try_recv().unwrap();
    assert_eq!(event.arguments::<(String, Binary)>().unwrap().1, Binary::from(vec![5]));
    event.ack(Binary::from(vec![6])).unwrap();
    it.event_loop.settle();
    let answer = asked.take().unwrap().unwrap();
    assert_eq!(answer.arguments::<(Binary,)>().unwrap().0, Binary::from(vec![6]));

    let asked = it.event_loop.spawn(socket.emit_with_ack("and you", (), SECOND).unwrap());
    assert_eq!(socket.all().emit("all", 1_u32).unwrap().sent, 1);
    it.event_loop.settle();
    news.try_recv().unwrap().ack("fine").unwrap();
    assert_eq!(news.try_recv().unwrap().name(), "all");
    it.event_loop.settle();
    assert_eq!(asked.take().unwrap().unwrap().argument::<String>(0).unwrap(), "fine");

    // Pings keep both of them; the client sees none of that.
    for _ in 0..10 {
        it.event_loop.pass(SECOND * 25);
    }
    assert!(chat.state().is_connected() && socket.is_connected());
    socket.disconnect();
    it.event_loop.settle();
    let NamespaceState::Disconnected(why) = chat.state() else { panic!("{}", chat.state()) };
    assert!(matches!(why, Disconnect::ByServer));
    chat.connect();
    it.event_loop.settle();
    let (socket, _events, _) = it.came.last();
    assert!(chat.state().is_connected() && socket.is_connected());
    client.disconnect();
    it.event_loop.settle();
    assert!(matches!(it.event_loop.block_on(socket.closed()), Disconnect::ByClient));
    assert_eq!(it.handle.connections(), 0);
}

#[test]
fn a_server_that_stops_ends_each_of_its_clients_sockets() {
    let mut it = fixture(&["/"]);
    let (peer, socket, mut events) = it.enter("/");
    let stopped = it.event_loop.spawn(it.handle.stop(SECOND));
    it.event_loop.settle();
    assert_eq!((peer.code(&mut it), stopped.take().unwrap().dropped), (Some(1001), 0));
    let why = it.event_loop.block_on(socket.closed());
    assert!(matches!(why, Disconnect::TransportClose(_)), "{why}");
    assert!(it.event_loop.block_on(events.recv()).is_none());
}
