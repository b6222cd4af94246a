//! A client of Socket.IO: what is emitted arrives once and in order, whatever becomes of the
//! connection; what comes reaches its namespace; and each answer comes, or it is said why not.
#![cfg(test)]
#![cfg(feature = "socketio")]

mod common;
#[path = "common/sio.rs"]
mod sio;

use std::{cell::RefCell, rc::Rc};

use glassloop_ws::socketio::{
    AckError, Binary, ClientLimits, EmitError, Namespace, NamespaceState,
};
use serde_json::{Value, json};
use sio::{HELLO, SECOND, fixture, fixture_with, silent};

#[test]
fn several_namespaces_share_one_connection() {
    let mut it = fixture();
    let (root, mut root_events) = it.namespace("/");
    let (admin, mut admin_events) = it.namespace("/admin");
    let peer = it.answer();
    assert_eq!(peer.texts(&mut it), ["40", "40/admin,"]);
    root.emit("early", ()).unwrap();
    peer.say(&mut it, r#"40{"sid":"r"}"#);
    assert_eq!(peer.texts(&mut it), [r#"42["early"]"#]);
    peer.say(&mut it, r#"40/admin,{"sid":"a"}"#);
    admin.emit("hello", ("you", 1)).unwrap();
    assert_eq!(peer.texts(&mut it), [r#"42/admin,["hello","you",1]"#]);
    assert_eq!(it.heard(), ["/ connected as r", "/admin connected as a"]);

    peer.say(&mut it, r#"42/admin,["news",7]"#);
    peer.say(&mut it, r#"42["weather","fine"]"#);
    let news = admin_events.try_recv().unwrap();
    assert_eq!((news.name(), news.arguments::<(u64,)>().unwrap()), ("news", (7,)));
    let weather = root_events.try_recv().unwrap();
    assert_eq!(weather.arguments::<(String,)>().unwrap(), ("fine".to_owned(),));
    assert!(root_events.try_recv().is_none() && admin_events.try_recv().is_none());
}

#[test]
fn an_answer_comes_or_it_is_said_why_not() {
    let mut it = fixture();
    let (root, _events) = it.namespace("/");
    let peer = it.open();
    let asks = |it: &sio::Fixture, what: &str| {
        it.event_loop.spawn(root.emit_with_ack("ask", (what,), SECOND).unwrap())
    };
    let (first, second, third) = (asks(&it, "a"), asks(&it, "b"), asks(&it, "c"));
    let asked = [r#"420["ask","a"]"#, r#"421["ask","b"]"#, r#"422["ask","c"]"#];
    assert_eq!(peer.texts(&mut it), asked);
    peer.say(&mut it, r#"431["yes",2]"#);
    let answer = second.take().unwrap().unwrap();
    assert_eq!(answer.arguments::<(String, u64)>().unwrap(), ("yes".to_owned(), 2));
    // Unknown, or a second time: nobody cares.
    peer.say(&mut it, r#"431["again"]"#);
    peer.say(&mut it, "4399[]");
    assert!(first.borrow().is_none());
    it.event_loop.pass(SECOND);
    assert!(matches!(first.take(), Some(Err(AckError::TimedOut(SECOND)))));
    assert!(matches!(third.take(), Some(Err(AckError::TimedOut(_)))));

    let lost = asks(&it, "d");
    it.event_loop.settle();
    peer.vanish(&mut it);
    let Some(Err(AckError::Disconnected(why))) = lost.take() else { panic!("it is said why") };
    assert_eq!(why.as_str(), "transport close");
    assert!(root.state().to_string().starts_with("disconnected: transport close"));
}

#[test]
fn a_server_is_answered_when_the_program_likes_or_never() {
    let mut it = fixture();
    let (root, mut events) = it.namespace("/");
    let peer = it.open();
    peer.texts(&mut it);
    for ask in [r#"425["now"]"#, r#"426["later"]"#, r#"427["never"]"#, r#"42["unasked"]"#] {
        peer.say(&mut it, ask);
    }
    events.try_recv().unwrap().ack(("at once",)).unwrap();
    let later = events.try_recv().unwrap().responder().unwrap();
    drop(events.try_recv().unwrap());
    assert!(events.try_recv().unwrap().responder().is_none());
    root.emit("between", ()).unwrap();
    later.ack((Binary::from(vec![1, 2]), "bytes")).unwrap();
    let heard = peer.heard(&mut it);
    let texts: Vec<_> = heard.iter().filter_map(|it| it.as_text()).collect();
    let answer = r#"461-6[{"_placeholder":true,"num":0},"bytes"]"#;
    assert_eq!(texts, [r#"435["at once"]"#, r#"42["between"]"#, answer]);
    assert_eq!(heard[3].as_bytes(), [1, 2]);

    // Who had asked on a connection that is gone hears nothing.
    peer.say(&mut it, r#"428["old"]"#);
    let old = events.try_recv().unwrap().responder().unwrap();
    peer.vanish(&mut it);
    it.wait_out();
    let peer = it.open();
    assert!(matches!(old.ack(()), Err(EmitError::Gone)));
    assert!(peer.texts(&mut it).is_empty());
}

#[test]
fn attachments_pass_both_ways_and_pings_between_them() {
    let mut it = fixture();
    let (root, mut events) = it.namespace("/files");
    let peer = it.open();
    root.emit("put", (Binary::from(vec![1]), json!({"x": 1}), Binary::from(vec![2, 3]))).unwrap();
    let heard = peer.heard(&mut it);
    let put =
        r#"452-/files,["put",{"_placeholder":true,"num":0},{"x":1},{"_placeholder":true,"num":1}]"#;
    assert_eq!(heard[0].as_text(), Some(put));
    assert_eq!((heard[1].as_bytes(), heard[2].as_bytes()), (&[1][..], &[2, 3][..]));

    peer.say(&mut it, put);
    peer.say_bytes(&mut it, &[9]);
    peer.say(&mut it, "2");
    assert!(events.try_recv().is_none());
    peer.say_bytes(&mut it, &[8, 7]);
    let (first, object, last): (Binary, Value, Binary) =
        events.try_recv().unwrap().arguments().unwrap();
    assert_eq!((&*first.0, object, &*last.0), (&[9][..], json!({"x": 1}), &[8, 7][..]));
    assert_eq!(peer.texts(&mut it), ["3"], "a ping is answered, and nothing else is said");
}

#[test]
fn what_is_emitted_in_an_outage_leaves_in_order_behind_what_the_sinks_say() {
    let mut it = fixture();
    let slot = Rc::new(RefCell::new(None));
    let emits = Rc::clone(&slot);
    let (root, _events) = it.namespace_with("/", |namespace| {
        namespace.on_state(move |state| {
            let root: &RefCell<Option<Namespace>> = &emits;
            if let (NamespaceState::Connected(session), Some(root)) = (state, &*root.borrow()) {
                root.emit("i am", (&*session.sid,)).unwrap();
                root.emit("and here", ()).unwrap();
            }
        })
    });
    slot.replace(Some(root.clone()));
    root.emit("one", ()).unwrap();
    root.emit("two", ()).unwrap();
    assert_eq!(root.buffered(), 2);
    let peer = it.open();
    let sinks = [r#"42["i am","s"]"#, r#"42["and here"]"#];
    assert_eq!(peer.texts(&mut it), [&sinks[..], &[r#"42["one"]"#, r#"42["two"]"#]].concat());
    peer.vanish(&mut it);
    for number in 0..5 {
        root.emit("n", (number,)).unwrap();
    }
    it.wait_out();
    let peer = it.open();
    let numbers: Vec<_> = (0..5).map(|number| format!(r#"42["n",{number}]"#)).collect();
    let texts = peer.texts(&mut it);
    assert_eq!(texts[..2], sinks);
    assert_eq!(texts[2..], numbers);
    slot.take();
}

#[test]
fn the_buffer_is_bounded_and_can_be_taken_back() {
    let mut it = fixture_with(|builder| {
        let mut limits = ClientLimits::default();
        limits.buffered_events_max = 2;
        builder.limits(limits)
    });
    let (root, _events) = it.namespace("/");
    root.emit("a", ()).unwrap();
    let asked = root.emit_with_ack("b", (1,), SECOND).unwrap();
    assert!(matches!(root.emit("c", ()), Err(EmitError::Full { events: 2, .. })));
    assert!(matches!(root.emit("disconnect", ()), Err(EmitError::Reserved(_))));
    assert!(!root.emit_volatile("v", ()).unwrap(), "it is worth nothing later");
    let room = it.event_loop.spawn(root.room());
    it.event_loop.settle();
    assert!(room.borrow().is_none());
    let taken = root.take_buffered();
    assert_eq!(
        taken.iter().map(|data| data.json()).collect::<Vec<_>>(),
        [r#"["a"]"#, r#"["b",1]"#]
    );
    assert!(matches!(it.event_loop.block_on(asked), Err(AckError::TakenBack)));
    assert!(room.take().is_some_and(|room| room.is_ok()));

    // An event whose answer nobody awaits any more never leaves; neither does one that is late.
    drop(root.emit_with_ack("dropped", (), SECOND).unwrap());
    let late = it.event_loop.spawn(root.emit_with_ack("late", (), SECOND).unwrap());
    it.event_loop.pass(SECOND);
    assert!(matches!(late.take(), Some(Err(AckError::TimedOut(_)))));
    root.emit("last", ()).unwrap();
    let peer = it.open();
    assert_eq!(peer.texts(&mut it), [r#"42["last"]"#]);
    assert!(root.emit_volatile("v", (1,)).unwrap());
    assert_eq!(peer.texts(&mut it), [r#"42["v",1]"#]);
}

#[test]
fn an_event_longer_than_the_server_takes_costs_itself_alone() {
    let mut it = fixture();
    let (root, _events) = it.namespace("/");
    let long = "x".repeat(200);
    let early = it.event_loop.spawn(root.emit_with_ack("early", (&*long,), SECOND).unwrap());
    root.emit("short", ()).unwrap();
    let hello = r#"0{"sid":"e","pingInterval":25000,"pingTimeout":20000,"maxPayload":100}"#;
    let peer = it.answer_with(hello);
    peer.texts(&mut it);
    peer.say(&mut it, r#"40{"sid":"s"}"#);
    assert_eq!(peer.texts(&mut it), [r#"42["short"]"#]);
    assert!(matches!(early.take(), Some(Err(AckError::TooLong { bytes: 215, bytes_max: 100 }))));
    let refused = root.emit("now", (&*long,));
    assert!(
        matches!(refused, Err(EmitError::TooLong { bytes: 212, bytes_max: 100 })),
        "{refused:?}"
    );
    let refused = root.emit("now", Binary::from(vec![0; 101]));
    assert!(matches!(refused, Err(EmitError::TooLong { bytes: 101, .. })), "{refused:?}");
    root.emit("fits", (&"x".repeat(87)[..],)).unwrap();
    assert_eq!(peer.texts(&mut it)[0].len(), 100);
}

#[test]
fn a_peer_that_does_not_read_costs_no_turns() {
    let mut it = fixture();
    let (root, _events) = it.namespace("/");
    let peer = it.open();
    peer.socket.pause();
    for _ in 0..5 {
        root.emit("long", ("x".repeat(200_000),)).unwrap();
    }
    it.event_loop.settle();
    assert!(root.buffered() > 0);
    peer.socket.resume();
    assert_eq!(peer.texts(&mut it).len(), 5);
    assert_eq!(root.buffered(), 0);
}

#[test]
fn what_the_socket_takes_after_the_end_began_is_not_sent_again() {
    let mut it = fixture();
    let (root, _events) = it.namespace("/");
    let peer = it.open();
    peer.texts(&mut it);
    root.emit("long", ("x".repeat(200_000),)).unwrap();
    // The loop stands still, and the silence of the server is found out before the rest has left.
    it.event_loop.pass(SECOND * 47);
    assert_eq!(peer.texts(&mut it).len(), 1);
    it.wait_out();
    let peer = it.open();
    assert!(peer.texts(&mut it).is_empty());
    assert_eq!(root.buffered(), 0);
}

#[test]
fn an_event_whose_answer_came_too_late_leaves_over_no_other_connection() {
    let mut it = fixture();
    let (root, _events) = it.namespace("/");
    let peer = it.open();
    peer.socket.pause();
    root.emit("long", ("x".repeat(200_000),)).unwrap();
    let late = it.event_loop.spawn(root.emit_with_ack("late", (), SECOND).unwrap());
    drop(root.emit_with_ack("dropped", (), SECOND).unwrap());
    it.event_loop.pass(SECOND * 2);
    assert!(matches!(late.take(), Some(Err(AckError::TimedOut(_)))));
    peer.vanish(&mut it);
    it.wait_out();
    let texts = it.open().texts(&mut it);
    assert!(texts.iter().all(|text| text.contains("long")), "{texts:?}");
}

#[test]
fn room_is_room_for_what_was_refused() {
    let mut it = fixture_with(|builder| {
        let mut limits = ClientLimits::default();
        limits.buffered_bytes_max = 100;
        builder.limits(limits)
    });
    let (root, _events) = it.namespace("/");
    root.emit("half", ("x".repeat(50),)).unwrap();
    assert!(matches!(root.emit("more", ("x".repeat(50),)), Err(EmitError::Full { .. })));
    let room = it.event_loop.spawn(root.room());
    it.event_loop.settle();
    assert!(room.borrow().is_none());
    it.open();
    assert!(room.take().is_some_and(|room| room.is_ok()));
    root.emit("more", ("x".repeat(50),)).unwrap();
}

#[test]
fn who_wants_another_connection_sends_over_that() {
    let mut it = fixture();
    let (root, _events) = it.namespace("/");
    let peer = it.open();
    peer.texts(&mut it);
    it.client().reconnect_now();
    root.emit("fresh", ()).unwrap();
    assert!(peer.texts(&mut it).is_empty());
    assert_eq!(it.open().texts(&mut it), [r#"42["fresh"]"#]);
}

#[test]
fn what_a_server_would_not_take_is_refused_at_once() {
    let mut it = fixture();
    let (root, _events) = it.namespace("/");
    let peer = it.open();
    peer.texts(&mut it);
    let many: Vec<Binary> = (0..11).map(|byte| Binary::from(vec![byte])).collect();
    assert!(matches!(root.emit("many", (many,)), Err(EmitError::Arguments(_))));
    assert!(peer.heard(&mut it).is_empty());
}

#[test]
fn answers_that_nobody_reads_are_bounded() {
    let mut it = fixture_with(|builder| {
        let mut limits = ClientLimits::default();
        limits.buffered_events_max = 4;
        builder.limits(limits)
    });
    let (root, mut events) = it.namespace("/");
    let peer = it.open();
    peer.socket.pause();
    let mut refused = 0;
    for number in 0..100 {
        peer.say(&mut it, &format!(r#"42{number}["ask"]"#));
        let answered = events.try_recv().unwrap().ack(("x".repeat(100_000),));
        refused += u32::from(matches!(answered, Err(EmitError::Full { .. })));
    }
    assert!(root.buffered() <= 8 && refused > 80, "{} wait, {refused} refused", root.buffered());
}

#[test]
fn a_long_event_comes_in_one_frame() {
    let mut it = fixture();
    let (_root, mut events) = it.namespace("/");
    let mut config = silent();
    config.limits.outgoing_frame_bytes_max = usize::MAX;
    config.limits.outgoing_bytes_max = usize::MAX;
    let peer = it.answer_as(config, HELLO).expect("an attempt");
    peer.say(&mut it, r#"40{"sid":"s"}"#);
    let long = "x".repeat(5 << 20);
    peer.say(&mut it, &format!(r#"42["long","{long}"]"#));
    assert_eq!(events.try_recv().unwrap().arguments::<(String,)>().unwrap().0, long);
}
