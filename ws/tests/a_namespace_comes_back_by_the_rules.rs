//! A namespace of Socket.IO is let in with what it has to show, and comes back by the rules: which
//! depend on who wanted it to go, on what the server says, and on the program.
#![cfg(test)]
#![cfg(feature = "socketio")]

mod common;
#[path = "common/sio.rs"]
mod sio;

use std::{cell::RefCell, rc::Rc};

use glassloop_ws::socketio::{ClientLimits, Disconnect, EmitError, Namespace, NamespaceState};
use serde_json::json;
use sio::{SECOND, fixture, fixture_with};

#[test]
fn credentials_are_computed_anew_for_each_connection() {
    let mut it = fixture();
    let mut round = 0;
    let (_root, _events) = it.namespace_with("/", |namespace| {
        namespace.auth_with(move || {
            round += 1;
            async move {
                glassloop_reactor::sleep(SECOND).await;
                match round {
                    3 => Err("no token today".to_owned()),
                    round => Ok(json!({ "token": round })),
                }
            }
        })
    });
    for round in 1..3 {
        let peer = it.answer();
        assert!(peer.texts(&mut it).is_empty(), "it isn't there yet");
        it.event_loop.pass(SECOND);
        assert_eq!(peer.texts(&mut it), [format!(r#"40{{"token":{round}}}"#)]);
        peer.say(&mut it, r#"40{"sid":"s"}"#);
        peer.vanish(&mut it);
        it.wait_out();
    }
    let peer = it.answer();
    it.event_loop.pass(SECOND);
    assert_eq!(peer.texts(&mut it), ["1"], "nobody is left who wants the connection");
    let last = it.heard().pop().unwrap();
    assert_eq!(last, r#"/ refused: expected to be let in, came "no token today""#);
}

#[test]
fn a_refusal_is_an_object_or_a_text_and_is_for_one_namespace_alone() {
    let mut it = fixture();
    let (root, _e) = it.namespace("/");
    let (admin, _f) = it.namespace("/admin");
    let (other, _g) = it.namespace("/other");
    let peer = it.answer();
    peer.say(&mut it, r#"44/admin,{"message":"not you","data":{"code":3}}"#);
    peer.say(&mut it, r#"44/other,"Unable to connect""#);
    peer.say(&mut it, r#"40{"sid":"r"}"#);
    let NamespaceState::Refused(why) = admin.state() else { panic!("{}", admin.state()) };
    assert_eq!((&*why.message, why.data), ("not you", Some(json!({"code": 3}))));
    let NamespaceState::Refused(why) = other.state() else { panic!("{}", other.state()) };
    assert_eq!((&*why.message, why.data), ("Unable to connect", None));
    assert!(root.state().is_connected());
    peer.texts(&mut it);
    // It isn't asked for again, before the program does.
    peer.vanish(&mut it);
    it.wait_out();
    let peer = it.answer();
    assert_eq!(peer.texts(&mut it), ["40"]);
    admin.connect();
    assert_eq!(peer.texts(&mut it), ["40/admin,"]);
    peer.say(&mut it, r#"40/admin,{"sid":"a"}"#);
    assert!(it.event_loop.block_on(admin.connected()).is_ok());
    assert!(it.event_loop.block_on(other.connected()).is_err());
}

#[test]
fn who_comes_back_depends_on_who_wanted_it_to_go() {
    let mut it = fixture();
    let (root, _events) = it.namespace("/");
    // The server shows it out: it stays out, and with nobody left the connection is closed.
    let peer = it.open();
    peer.say(&mut it, "41");
    assert_eq!(it.heard(), ["/ connected as s", "/ disconnected: io server disconnect"]);
    assert_eq!(peer.texts(&mut it), ["1"]);
    assert_eq!(peer.end.take().unwrap().code, 1000);
    it.event_loop.pass(SECOND * 100);
    assert!(!it.is_dialing() && it.client().state().to_string() == "idle");
    // The program wants it again: at once.
    root.connect();
    assert!(it.is_dialing());
    let peer = it.open();
    root.emit("before", ()).unwrap();
    root.disconnect();
    assert_eq!(peer.texts(&mut it), [r#"42["before"]"#, "41", "1"]);
    assert!(matches!(root.state(), NamespaceState::Disconnected(Disconnect::ByClient)));
    it.event_loop.pass(SECOND * 100);
    assert!(!it.is_dialing());
    root.connect();
    let peer = it.open();
    it.heard();
    // The transport goes: it comes back.
    peer.say(&mut it, "1");
    assert!(it.heard()[0].starts_with("/ disconnected: transport close"));
    it.wait_out();
    let peer = it.open();
    it.heard();
    // Nonsense: it comes back.
    peer.say(&mut it, "4nonsense");
    assert!(it.heard()[0].starts_with("/ disconnected: parse error: expected"));
    assert_eq!(peer.end.take().unwrap().code, 1002);
    it.wait_out();
    let _peer = it.open();
    it.heard();
    // Silence, for longer than promised: it comes back.
    it.event_loop.pass(SECOND * 45);
    assert!(it.heard().is_empty());
    it.event_loop.pass(SECOND);
    assert!(it.heard()[0].starts_with("/ disconnected: ping timeout"));
    it.wait_out();
    assert!(it.is_dialing());
}

#[test]
fn a_session_is_given_back_by_pid_and_offset() {
    let mut it = fixture();
    let (_root, mut events) = it.namespace_with("/", |it| it.auth(json!({"token": 1})));
    let peer = it.answer();
    assert_eq!(peer.texts(&mut it), [r#"40{"token":1}"#]);
    peer.say(&mut it, r#"40{"sid":"s","pid":"p"}"#);
    peer.say(&mut it, r#"42["a","no offset",1]"#);
    peer.say(&mut it, r#"42["b",{"x":1},"o1"]"#);
    peer.say(&mut it, r#"42["c",2,"o2"]"#);
    peer.say(&mut it, r#"42["d",2,3]"#);
    peer.vanish(&mut it);
    it.wait_out();
    let peer = it.answer();
    assert_eq!(peer.texts(&mut it), [r#"40{"offset":"o2","pid":"p","token":1}"#]);
    it.heard();
    peer.say(&mut it, r#"40{"sid":"s","pid":"p"}"#);
    assert_eq!(it.heard(), ["/ connected as s again"]);
    peer.vanish(&mut it);
    it.wait_out();
    let peer = it.answer();
    assert_eq!(peer.texts(&mut it), [r#"40{"offset":"o2","pid":"p","token":1}"#]);
    // The server has forgotten it.
    it.heard();
    peer.say(&mut it, r#"40{"sid":"t","pid":"q"}"#);
    assert_eq!(it.heard(), ["/ connected as t"]);
    peer.vanish(&mut it);
    it.wait_out();
    let peer = it.answer();
    assert_eq!(peer.texts(&mut it), [r#"40{"pid":"q","token":1}"#]);
    let names: Vec<_> =
        std::iter::from_fn(|| events.try_recv()).map(|it| it.name().to_owned()).collect();
    assert_eq!(names, ["a", "b", "c", "d"]);
}

#[test]
fn events_before_the_namespace_is_let_in_are_kept_within_bounds() {
    let mut it = fixture_with(|builder| {
        let mut limits = ClientLimits::default();
        limits.early_events_max = 2;
        builder.limits(limits)
    });
    let (_root, mut events) = it.namespace("/");
    let peer = it.answer();
    peer.say(&mut it, r#"42["auth","ok"]"#);
    peer.say(&mut it, r#"427["ask"]"#);
    assert!(events.try_recv().is_none());
    peer.say(&mut it, r#"40{"sid":"s"}"#);
    assert_eq!(events.try_recv().unwrap().name(), "auth");
    peer.texts(&mut it);
    events.try_recv().unwrap().ack(()).unwrap();
    assert_eq!(peer.texts(&mut it), ["437[]"]);
    peer.vanish(&mut it);
    it.wait_out();
    let peer = it.answer();
    for _ in 0..3 {
        peer.say(&mut it, r#"42["too early"]"#);
    }
    assert_eq!(peer.end.take().unwrap().code, 1002);
    assert!(events.try_recv().is_none());
}

#[test]
fn a_sink_may_do_anything_and_hears_of_what_it_does() {
    let mut it = fixture();
    let slot = Rc::new(RefCell::new(None::<Namespace>));
    let (leaves, heard) = (Rc::clone(&slot), Rc::clone(&it.heard));
    let (root, _events) = it.namespace_with("/", |namespace| {
        namespace.on_state(move |state| {
            heard.borrow_mut().push(format!("begins {state}"));
            let root: &RefCell<Option<Namespace>> = &leaves;
            if state.is_connected()
                && let Some(root) = root.take()
            {
                root.emit("hello and", ()).unwrap();
                root.disconnect();
                root.connect();
            }
            heard.borrow_mut().push(format!("ends {state}"));
        })
    });
    slot.replace(Some(root.clone()));
    root.emit("waits", ()).unwrap();
    let peer = it.open();
    assert_eq!(peer.texts(&mut it), [r#"42["hello and"]"#, r#"42["waits"]"#, "41", "40"]);
    let states = ["connected as s", "disconnected: io client disconnect", "connecting"];
    let told = |state| [format!("begins {state}"), format!("ends {state}"), format!("/ {state}")];
    assert_eq!(it.heard(), states.map(told).concat());
    peer.say(&mut it, r#"40{"sid":"t"}"#);
    assert!(root.state().is_connected());

    // Its last handle goes within it.
    let (other, events) = it.namespace_with("/other", |namespace| {
        let (heard, held) = (Rc::clone(&it.heard), Rc::clone(&slot));
        namespace.on_state(move |state| {
            let held: &RefCell<Option<Namespace>> = &held;
            if state.is_connected() {
                heard.borrow_mut().push("goes".to_owned());
                drop(held.take());
            }
        })
    });
    slot.replace(Some(other));
    drop(events);
    assert_eq!(peer.texts(&mut it), ["40/other,"]);
    it.heard();
    peer.say(&mut it, r#"40/other,{"sid":"o"}"#);
    assert_eq!(peer.texts(&mut it), ["41/other,"]);
    let left = "/other disconnected: io client disconnect";
    assert_eq!(it.heard(), ["goes", "/other connected as o", left, "/other over"]);
}

#[test]
fn a_client_that_ends_leaves_each_namespace_with_what_was_accepted() {
    let mut it = fixture();
    let (root, mut events) = it.namespace("/");
    let (admin, _other) = it.namespace("/admin");
    let peer = it.answer();
    peer.texts(&mut it);
    peer.say(&mut it, r#"40{"sid":"r"}"#);
    it.heard();
    root.emit("last", ()).unwrap();
    admin.emit("never", ()).unwrap();
    it.client().disconnect();
    peer.say(&mut it, r#"42["on its way"]"#);
    // The other one was not let in yet: the server would take its goodbye for a fault.
    assert_eq!(peer.texts(&mut it), [r#"42["last"]"#, "41", "1"]);
    assert_eq!(peer.end.take().unwrap().code, 1000);
    assert_eq!(it.driver.take().map(|why| why.is_none()), Some(true));
    let left =
        ["/ disconnected: io client disconnect", "/admin disconnected: io client disconnect"];
    assert_eq!(it.heard(), [&left[..], &["/ over", "/admin over"]].concat());
    assert!(matches!(root.emit("more", ()), Err(EmitError::Over(None))));
    assert!(it.event_loop.block_on(events.recv()).is_none());
    assert!(matches!(
        it.client().namespace("/new").start().unwrap().0.state(),
        NamespaceState::Over(None)
    ));
}

#[test]
fn the_last_handle_ends_it_and_events_are_handles_too() {
    let mut it = fixture();
    let (root, mut events) = it.namespace("/");
    let peer = it.open();
    let other = root.clone();
    drop((root, other));
    it.drop_client();
    assert!(peer.texts(&mut it).is_empty(), "who receives is there still");
    peer.say(&mut it, r#"42["hello"]"#);
    assert_eq!(events.try_recv().unwrap().name(), "hello");
    drop(events);
    assert_eq!(peer.texts(&mut it), ["41", "1"]);
    assert_eq!(peer.end.take().unwrap().code, 1000);
    assert_eq!(it.driver.take().map(|why| why.is_none()), Some(true));
}

#[test]
fn a_namespace_that_was_dropped_may_be_had_again() {
    let mut it = fixture();
    let (root, events) = it.namespace("/");
    let peer = it.open();
    assert!(it.client().namespace("/").start().is_err(), "it is in use");
    drop((root, events));
    let _again = it.namespace("/");
    assert_eq!(peer.texts(&mut it), ["41", "40"]);
}
