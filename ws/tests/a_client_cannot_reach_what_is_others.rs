//! A server of Socket.IO between its clients: none reaches what is meant for another, none ends
//! another's connection, and what one costs is bounded.
#![cfg(test)]
#![cfg(feature = "socketio")]

mod common;
#[path = "common/sio_server.rs"]
mod sio_server;

use std::{
    cell::RefCell,
    future::{Future, poll_fn},
    pin::Pin,
    sync::Arc,
    task::{Context, Wake, Waker},
};

use glassloop_ws::socketio::{Binary, EmitError, Server, ServerLimits};
use glassloop_ws::{Job, Server as HttpServer};
use serde_json::Value;
use sio_server::{Came, Fixture, SECOND, fixture, fixture_with};

#[test]
fn who_vanishes_behind_a_full_inbox_is_missed_at_once() {
    let mut it = fixture(&["/"]);
    let (peer, socket, _events) = it.enter("/");
    for _ in 0..1_030 {
        peer.say(&mut it, r#"42["n"]"#);
    }
    peer.vanish(&mut it);
    it.event_loop.pass(SECOND);
    assert!(!socket.is_connected());
}

#[test]
fn a_stop_is_told_behind_a_full_inbox() {
    let mut it = fixture(&["/"]);
    let (peer, socket, _events) = it.enter("/");
    for _ in 0..1_030 {
        peer.say(&mut it, r#"42["n"]"#);
    }
    let stopped = it.event_loop.spawn(it.handle.stop(SECOND));
    it.event_loop.settle();
    it.event_loop.pass(SECOND);
    assert!(!socket.is_connected());
    assert_eq!(stopped.take().unwrap().dropped, 0);
}

#[test]
fn an_answer_to_who_was_there_before_answers_nobody() {
    let mut it = fixture(&["/"]);
    let (peer, socket, _events) = it.enter("/");
    drop(it.event_loop.spawn(socket.emit_with_ack("delete all?", (), SECOND).unwrap()));
    assert_eq!(peer.texts(&mut it), [r#"420["delete all?"]"#]);
    socket.disconnect();
    assert_eq!(peer.texts(&mut it), ["41"]);
    let (socket, _events) = it.enter_too(&peer, "/");
    let asked = it.event_loop.spawn(socket.emit_with_ack("keep all?", (), SECOND).unwrap());
    // node's client answers, whatever became of its socket meanwhile.
    peer.say(&mut it, r#"430["yes, delete"]"#);
    assert!(asked.borrow().is_none());
    assert!(peer.texts(&mut it).contains(&r#"421["keep all?"]"#.to_owned()));
    peer.say(&mut it, r#"431["yes, keep"]"#);
    assert!(asked.take().is_some_and(|answer| answer.is_ok()));
}

#[test]
fn nobody_joins_the_room_of_one_alone() {
    let mut it = fixture(&["/"]);
    let (peer, socket, _events) = it.enter("/");
    let (other, nosy, _others) = it.enter("/");
    assert!(!nosy.join(socket.id()));
    let told = socket.all().to(socket.id()).emit("for you alone", ()).unwrap();
    assert_eq!((told.sent, socket.all().members()), (1, 2));
    assert_eq!(peer.texts(&mut it), [r#"42["for you alone"]"#]);
    assert!(other.texts(&mut it).is_empty());
    // It counts once, whether or not it is also in a room.
    assert!(socket.join("room") && nosy.join("room"));
    assert_eq!(socket.all().to("room").to(socket.id()).members(), 2);
}

#[test]
fn places_of_attachments_that_a_client_made_up_are_not_passed_on_beside_bytes() {
    let mut it = fixture(&["/"]);
    let (peer, socket, mut events) = it.enter("/");
    let (other, _other, _others) = it.enter("/");
    for number in [9, 0] {
        let place = format!(r#"{{"_placeholder":true,"num":{number}}}"#);
        peer.say(&mut it, &format!(r#"42["tell",{place}]"#));
        let (words,): (Value,) = events.try_recv().unwrap().arguments().unwrap();
        let told = socket.others().emit("told", (&words, Binary::from(vec![7])));
        assert!(matches!(told, Err(EmitError::Arguments(_))), "{told:?}");
    }
    assert!(other.heard(&mut it).is_empty());
}

#[test]
fn an_event_for_many_has_as_many_attachments_as_one_for_one() {
    let mut it = fixture(&["/"]);
    let (peer, socket, _events) = it.enter("/");
    let eleven = vec![Binary::from(vec![1]); 11];
    assert!(matches!(socket.emit("own", (&eleven,)), Err(EmitError::Arguments(_))));
    assert!(matches!(socket.all().emit("many", (&eleven,)), Err(EmitError::Arguments(_))));
    assert!(peer.heard(&mut it).is_empty());
}

#[test]
fn what_a_client_has_kept_for_it_is_bounded() {
    let mut limits = ServerLimits::default();
    limits.ping_interval_ms = u64::MAX;
    let mut it = fixture_with(&["/", "/a"], |server| server.limits(limits));
    let (peer, socket, _events) = it.enter("/");
    assert!(!socket.join(&"x".repeat(1_025)) && socket.join(&"x".repeat(1_024)));
    let long = "x".repeat(65_536);
    peer.say(&mut it, &format!(r#"40/a,{{"token":"{long}"}}"#));
    let refused = peer.texts(&mut it);
    assert!(refused[0].starts_with("44/a,") && refused[0].contains("at most 65536 bytes"));
    // A number that timers of JavaScript take.
    let hello: Value = serde_json::from_str(&it.open().texts(&mut it)[0][1..]).unwrap();
    let millis = |field: &str| hello[field].as_u64().unwrap();
    assert!(millis("pingInterval") + millis("pingTimeout") <= i32::MAX as u64, "{hello}");
}

#[test]
fn a_socket_that_has_gone_keeps_nothing_and_answers_nobody() {
    let mut it = fixture(&["/"]);
    let (peer, socket, mut events) = it.enter("/");
    peer.say(&mut it, r#"421["ask"]"#);
    let event = events.try_recv().unwrap();
    peer.socket.pause();
    while socket.emit("n", "x".repeat(100_000)).is_ok() && socket.buffered() < 20 {
        it.event_loop.settle();
    }
    socket.disconnect();
    assert!(!socket.is_connected());
    peer.vanish(&mut it);
    it.event_loop.pass(SECOND * 100);
    assert_eq!((socket.buffered(), it.handle.connections()), (0, 0));
    assert!(matches!(event.ack(()), Err(EmitError::Gone)));
}

/// A waker of a host that runs what it wakes at once: so something acts in the midst of a post.
struct AtOnce(Waker);

thread_local! {
    static ACT: RefCell<Option<Box<dyn FnOnce()>>> = const { RefCell::new(None) };
}

impl Wake for AtOnce {
    fn wake(self: Arc<Self>) {
        let act = ACT.with(|act| act.borrow_mut().take());
        act.into_iter().for_each(|act| act());
        self.0.wake_by_ref();
    }
}

#[test]
fn a_goodbye_never_lands_between_the_messages_of_an_event_for_many() {
    let came = Came::default();
    let server = Server::new().route(came.route("/")).attach(HttpServer::new()).unwrap();
    let event_loop = common::Loop::new();
    let spawn = event_loop.spawner();
    let (handle, serving) = server
        .serve([], move |mut job: Job| {
            spawn(Box::pin(poll_fn(move |cx| {
                let waker = Waker::from(Arc::new(AtOnce(cx.waker().clone())));
                Pin::new(&mut job).poll(&mut Context::from_waker(&waker))
            })));
        })
        .expect("good routes");
    event_loop.spawn(serving);
    let mut it = Fixture { event_loop, handle, came };
    let (peer, socket, _events) = it.enter("/");
    peer.socket.pause();
    let bytes = Binary::from(vec![7; 2_500_000]);
    let out = socket.clone();
    ACT.with(|act| *act.borrow_mut() = Some(Box::new(move || out.disconnect())));
    let told = socket.all().emit("n", (&bytes, &bytes, &bytes)).unwrap();
    assert!(ACT.with(|act| act.borrow().is_none()), "it ran: {told:?}");
    peer.socket.resume();
    it.event_loop.settle();
    let kind = |text: Option<&str>| text.map_or("bytes".to_owned(), |text| text[..2].to_owned());
    let heard = peer.heard(&mut it);
    let heard: Vec<_> = heard.iter().map(|message| kind(message.as_text())).collect();
    assert_eq!(heard, ["45", "bytes", "bytes", "bytes", "41"]);
}
