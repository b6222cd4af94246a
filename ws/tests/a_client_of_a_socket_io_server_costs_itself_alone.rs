//! A server of Socket.IO and clients that ask without end, read nothing, or have the program panic:
//! each costs itself alone, and a bounded amount.
#![cfg(test)]
#![cfg(feature = "socketio")]

mod common;
#[path = "common/sio_server.rs"]
mod sio_server;

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use glassloop_ws::Server as HttpServer;
use glassloop_ws::socketio::{ConnectError, Disconnect, Server, ServerLimits};
use sio_server::{Came, Fixture, Peer, SECOND, fixture, serve};

/// Says this until the server hears no more.
fn say_on(it: &mut Fixture, peer: &Peer, text: impl Fn(u32) -> String) {
    for number in 0..20_000 {
        if !peer.socket.try_send((&*text(number)).into()).is_taken() {
            return;
        }
        it.event_loop.settle();
    }
}

#[test]
fn who_asks_and_never_reads_is_heard_no_more() {
    let mut limits = ServerLimits::default();
    limits.buffered_events_max = 10;
    // What was heard already finds room for its answers: twice as much may wait.
    limits.received_events_max = 4;
    let asked = Rc::new(RefCell::new(0));
    let counts = Rc::clone(&asked);
    let io = Server::new().limits(limits).namespace("/", move |_socket, mut events, _| {
        let counts = Rc::clone(&counts);
        async move {
            while let Some(event) = events.recv().await {
                *counts.borrow_mut() += 1;
                drop(event.ack("x".repeat(10_000)));
            }
        }
    });
    let mut it = serve(io.attach(HttpServer::new()).unwrap(), Came::default());
    let peer = it.greeted();
    peer.say(&mut it, "40");
    peer.texts(&mut it);
    peer.socket.pause();
    say_on(&mut it, &peer, |number| format!(r#"42{number}["ask"]"#));
    let heard = *asked.borrow();
    assert!((10..1_500).contains(&heard), "{heard} were heard");
    // It reads again, and all is answered.
    peer.socket.resume();
    it.event_loop.settle();
    let answers = peer.texts(&mut it).len();
    assert!(answers == *asked.borrow() && answers > heard, "{answers}");
}

#[test]
fn who_is_refused_again_and_again_and_never_reads_is_heard_no_more() {
    let (asked, came) = (Rc::new(Cell::new(0)), Came::default());
    let counts = Rc::clone(&asked);
    let admin = came.route("/admin").admit(move |_, _| {
        counts.set(counts.get() + 1);
        Err(ConnectError::new("no").with_data("x".repeat(10_000).into()))
    });
    let mut it = serve(Server::new().route(admin).attach(HttpServer::new()).unwrap(), came);
    let peer = it.greeted();
    peer.socket.pause();
    say_on(&mut it, &peer, |_| "40/admin,".to_owned());
    let heard = asked.get();
    assert!((10..1_500).contains(&heard), "{heard} were heard");
    peer.socket.resume();
    assert_eq!(peer.texts(&mut it).len(), asked.get());
    assert!(asked.get() > heard, "the others lay in its way");
}

#[test]
fn nothing_is_done_for_what_comes_behind_a_fault_or_a_goodbye() {
    for last in ["abc", "1"] {
        let mut it = fixture(&["/", "/a"]);
        let (peer, _socket, mut events) = it.enter("/");
        for text in [r#"42["before"]"#, last, r#"42["behind"]"#, "40/a,"] {
            assert!(peer.socket.try_send(text.into()).is_taken());
        }
        it.event_loop.settle();
        assert_eq!(events.try_recv().unwrap().name(), "before");
        assert!(events.try_recv().is_none() && it.came.is_empty(), "{last}");
    }
}

#[test]
fn a_program_that_panics_for_one_client_ends_that_one_alone() {
    let came = Came::default();
    let io =
        Server::new().route(came.route("/")).namespace("/a", |_socket, mut events, _| async move {
            while let Some(event) = events.recv().await {
                assert!(event.name() != "panic", "it was asked to");
            }
        });
    let everybody = io.of("/").unwrap();
    let mut it = serve(io.attach(HttpServer::new()).unwrap(), came);
    let (peer, socket, _events) = it.enter("/");
    let (other, other_socket, _others) = it.enter("/");
    for each in [&peer, &other] {
        each.say(&mut it, "40/a,");
        each.say(&mut it, r#"42/a,["fine"]"#);
        assert_eq!(each.texts(&mut it).len(), 1);
    }
    assert_eq!(everybody.members(), 2);
    peer.say(&mut it, r#"42/a,["panic"]"#);
    assert_eq!(peer.code(&mut it), Some(1011));
    let why = it.event_loop.block_on(socket.closed());
    assert!(matches!(why, Disconnect::TransportClose(_) | Disconnect::TransportError(_)), "{why}");
    assert!(other_socket.is_connected() && everybody.members() == 1);
    assert_eq!(it.handle.connections(), 1);
}

#[test]
fn what_the_program_still_does_for_who_has_left_counts_as_a_namespace() {
    let mut limits = ServerLimits::default();
    limits.namespaces_per_connection_max = 3;
    let io = Server::new().limits(limits).namespace("/", |socket, events, _| async move {
        drop(events);
        socket.closed().await;
        glassloop_reactor::sleep(SECOND).await;
    });
    let mut it = serve(io.attach(HttpServer::new()).unwrap(), Came::default());
    let peer = it.greeted();
    for _ in 0..3 {
        peer.say(&mut it, "40");
        peer.say(&mut it, "41");
    }
    peer.say(&mut it, "40");
    let said = peer.texts(&mut it);
    assert_eq!((said.len(), &*said[3]), (4, r#"44{"message":"Too many namespaces"}"#));
    it.event_loop.pass(SECOND);
    peer.say(&mut it, "40");
    assert!(peer.texts(&mut it)[0].starts_with(r#"40{"sid""#));
    // It is polled to its end, also behind the end of the connection.
    peer.vanish(&mut it);
    assert_eq!(it.handle.connections(), 1);
    it.event_loop.pass(SECOND);
    assert_eq!(it.handle.connections(), 0);
}

#[test]
fn nobody_takes_what_is_said_and_the_socket_is_read_no_more() {
    let mut it = fixture(&["/"]);
    let (peer, socket, mut events) = it.enter("/");
    let long = "x".repeat(10_000);
    say_on(&mut it, &peer, |_| format!(r#"42["n","{long}"]"#));
    let mut taken = 0;
    while events.try_recv().is_some() {
        taken += 1;
    }
    assert!((100..120).contains(&taken), "a mebibyte: {taken} events");
    it.event_loop.settle();
    assert!(events.try_recv().is_some() && socket.is_connected());
}
