//! A namespace of Socket.IO that is left, or whose client ends, at any moment: nobody waits for
//! ever, nothing of the old membership reaches the next, and the server hears nothing that it would
//! take for a fault.
#![cfg(test)]
#![cfg(feature = "socketio")]

mod common;
#[path = "common/sio.rs"]
mod sio;

use std::{cell::RefCell, rc::Rc};

use glassloop_ws::socketio::{
    AckError, ClientLimits, Disconnect, EmitError, Events, Namespace, NamespaceState,
};
use serde_json::json;
use sio::{SECOND, fixture, fixture_with};

#[test]
fn a_server_hears_no_goodbye_before_its_answer_and_no_greeting_beside_a_goodbye() {
    let mut it = fixture();
    let (root, _events) = it.namespace("/");
    let (_other, _others) = it.namespace("/other");
    let peer = it.answer();
    assert_eq!(peer.texts(&mut it), ["40", "40/other,"]);
    root.disconnect();
    root.connect();
    assert!(peer.texts(&mut it).is_empty(), "it has not answered");
    peer.say(&mut it, r#"40{"sid":"one"}"#);
    assert!(!root.state().is_connected(), "that was for who has left");
    assert_eq!(peer.texts(&mut it), ["41", "40"], "a ping and its pong lie between");
    peer.say(&mut it, r#"40{"sid":"two"}"#);
    assert_eq!(root.state().to_string(), "connected as two");

    // Another one of the same name waits, too, and a refusal needs no goodbye.
    drop((root, _events));
    let (root, _events) = it.namespace("/");
    let mut heard = Vec::new();
    // Turn by turn: what comes in one read of the server's.
    while heard.len() < 2 {
        let read = it.read_once(&peer);
        assert!(read.len() < 2, "{read:?} in one read");
        heard.extend(read);
    }
    assert_eq!(heard, ["41", "40"]);
    drop(root);
    drop(_events);
    peer.say(&mut it, r#"44"no""#);
    let (_root, _events) = it.namespace("/");
    assert_eq!(peer.texts(&mut it), ["40"]);
}

#[test]
fn who_leaves_while_its_credentials_are_computed_is_not_let_in() {
    let mut it = fixture();
    let (_other, _others) = it.namespace("/other");
    let slot = Rc::new(RefCell::new(None::<Namespace>));
    let leaves = Rc::clone(&slot);
    let (root, _events) = it.namespace_with("/", |namespace| {
        namespace.auth_with(move || {
            let leaves = Rc::clone(&leaves);
            async move {
                leaves.borrow().as_ref().unwrap().disconnect();
                Ok(json!({}))
            }
        })
    });
    slot.replace(Some(root.clone()));
    let peer = it.answer();
    assert_eq!(peer.texts(&mut it), ["40/other,"]);
    assert!(matches!(root.state(), NamespaceState::Disconnected(Disconnect::ByClient)));
    // It may hold the last handles, too.
    let slot = Rc::new(RefCell::new(None::<(Namespace, Events)>));
    let drops = Rc::clone(&slot);
    let held = it.namespace_with("/held", |namespace| {
        namespace.auth_with(move || {
            drop(drops.take());
            async { Ok(json!({})) }
        })
    });
    slot.replace(Some(held));
    assert!(peer.texts(&mut it).is_empty());
}

#[test]
fn credentials_that_panic_or_are_no_object_cost_their_namespace_alone() {
    let mut it = fixture();
    let (panics, _a) = it.namespace_with("/a", |it| it.auth_with(async || panic!("on purpose")));
    let (text, _b) = it.namespace_with("/b", |namespace| namespace.auth(json!("token")));
    let (long, _c) = it.namespace_with("/c", |it| it.auth(json!({ "token": "x".repeat(200) })));
    let (good, _d) = it.namespace_with("/d", |namespace| namespace.auth(json!({})));
    let hello = r#"0{"sid":"e","pingInterval":25000,"pingTimeout":20000,"maxPayload":100}"#;
    let peer = it.answer_with(hello);
    assert_eq!(peer.texts(&mut it), ["40/d,{}"]);
    for (namespace, word) in [(panics, "panicked"), (text, "object"), (long, "at most 100 bytes")] {
        let state = namespace.state().to_string();
        assert!(state.starts_with("refused") && state.contains(word), "{state}");
    }
    assert!(matches!(good.state(), NamespaceState::Connecting));
}

#[test]
fn an_answer_is_for_the_membership_in_which_it_was_asked_for() {
    let mut it = fixture();
    let (root, mut events) = it.namespace("/");
    let (_other, _others) = it.namespace("/other");
    let peer = it.open();
    peer.texts(&mut it);
    peer.say(&mut it, r#"421["q"]"#);
    let old = events.try_recv().unwrap().responder().unwrap();
    peer.say(&mut it, "41");
    root.connect();
    assert_eq!(peer.texts(&mut it), ["40"]);
    peer.say(&mut it, r#"40{"sid":"t"}"#);
    assert!(matches!(old.ack(("old",)), Err(EmitError::Gone)));
    // One that could not leave any more is worth nothing on the next connection.
    peer.say(&mut it, r#"422["q"]"#);
    let late = events.try_recv().unwrap().responder().unwrap();
    it.event_loop.clock.advance(SECOND * 50);
    late.ack(("late",)).unwrap();
    it.event_loop.settle();
    it.wait_out();
    let peer = it.open();
    assert!(peer.texts(&mut it).is_empty());
}

#[test]
fn nobody_waits_for_ever_on_a_namespace_that_was_dropped() {
    let mut it = fixture();
    let (root, mut events) = it.namespace("/");
    let next = it.event_loop.spawn(events.recv());
    let asked = it.event_loop.spawn(root.emit_with_ack("ask", (), SECOND * 9).unwrap());
    let connected = it.event_loop.spawn(root.connected());
    it.event_loop.settle();
    drop((root, events));
    it.event_loop.settle();
    assert!(matches!(next.take(), Some(None)));
    assert!(matches!(asked.take(), Some(Err(AckError::Over(None)))));
    assert!(connected.take().is_some_and(|connected| connected.is_err()));
}

#[test]
fn what_was_not_sent_can_be_had_once_it_is_over() {
    let mut it = fixture();
    let (root, _events) = it.namespace("/");
    root.emit("precious", (1,)).unwrap();
    it.client().disconnect();
    it.event_loop.settle();
    assert!(matches!(root.state(), NamespaceState::Over(None)));
    let taken = root.take_buffered();
    assert_eq!(taken.iter().map(|data| data.json()).collect::<Vec<_>>(), [r#"["precious",1]"#]);
}

#[test]
fn a_client_that_is_over_keeps_nothing_of_the_programs() {
    let mut it = fixture();
    let token = Rc::new(());
    let weak = Rc::downgrade(&token);
    let slot = Rc::new(RefCell::new(None::<Namespace>));
    let (held, also) = (Rc::clone(&slot), Rc::clone(&token));
    let (root, events) = it.namespace_with("/", |namespace| {
        let namespace = namespace.on_state(move |_| drop(Rc::clone(&also)));
        namespace.auth_with(move || {
            drop((Rc::clone(&token), held.borrow().clone()));
            async { Ok(json!({})) }
        })
    });
    slot.replace(Some(root.clone()));
    drop(slot);
    it.answer();
    it.client().disconnect();
    it.event_loop.settle();
    drop((root, events));
    assert!(weak.upgrade().is_none());
}

#[test]
fn to_leave_what_was_not_wanted_changes_nothing() {
    let mut it = fixture();
    let (root, _events) = it.namespace("/");
    let peer = it.answer();
    peer.say(&mut it, r#"44"no""#);
    root.disconnect();
    root.disconnect();
    assert_eq!(it.heard().len(), 1);
    assert!(matches!(root.state(), NamespaceState::Refused(_)));
}

#[test]
fn room_comes_when_a_namespace_is_left_with_what_waited() {
    let mut it = fixture_with(|builder| {
        let mut limits = ClientLimits::default();
        limits.buffered_events_max = 4;
        builder.limits(limits)
    });
    let (root, _events) = it.namespace("/");
    let (_other, _others) = it.namespace("/other");
    let peer = it.open();
    peer.texts(&mut it);
    peer.socket.pause();
    while root.emit("long", ("x".repeat(100_000),)).is_ok() {
        it.event_loop.settle();
    }
    let room = it.event_loop.spawn(root.room());
    it.event_loop.settle();
    assert!(room.borrow().is_none());
    root.disconnect();
    it.event_loop.settle();
    assert!(room.take().is_some_and(|room| room.is_ok()));
}

#[test]
fn a_server_reads_no_event_beside_the_goodbye_behind_it() {
    // Node's drops such an event: it looks at it when nobody is there any more.
    let reads = |it: &mut sio::Fixture, peer: &sio::Peer, last: &str| {
        let mut all = Vec::new();
        while all.last().is_none_or(|read: &Vec<String>| !read.contains(&last.to_owned())) {
            let read = it.read_once(peer);
            all.extend((!read.is_empty()).then_some(read));
        }
        all
    };
    let mut it = fixture();
    let (root, _events) = it.namespace("/");
    let (other, _others) = it.namespace("/other");
    let peer = it.open();
    peer.texts(&mut it);
    root.emit("a", ()).unwrap();
    root.disconnect();
    assert_eq!(root.state().to_string(), "disconnected: io client disconnect");
    assert_eq!(reads(&mut it, &peer, "41"), [[r#"42["a"]"#], ["41"]]);
    other.emit("b", ()).unwrap();
    it.client().disconnect();
    let goodbyes = vec!["41/other,".to_owned(), "1".to_owned()];
    assert_eq!(reads(&mut it, &peer, "1"), [vec![r#"42/other,["b"]"#.to_owned()], goodbyes]);
    it.event_loop.settle();
    assert_eq!(peer.end.take().unwrap().code, 1000);
}

#[test]
fn who_is_shown_out_while_it_leaves_says_no_goodbye() {
    let mut it = fixture();
    let (root, events) = it.namespace("/");
    let (_other, _others) = it.namespace("/other");
    let peer = it.open();
    peer.texts(&mut it);
    // Both at once: the server would take a goodbye from nobody for a fault.
    drop(peer.socket.try_send("41".into()));
    root.disconnect();
    assert!(peer.texts(&mut it).is_empty());
    root.connect();
    assert_eq!(peer.texts(&mut it), ["40"]);
    peer.say(&mut it, r#"40{"sid":"s"}"#);
    drop(peer.socket.try_send("41".into()));
    drop((root, events));
    assert!(peer.texts(&mut it).is_empty());
}
