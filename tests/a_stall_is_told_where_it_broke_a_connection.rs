//! An action holds the loop for longer than the server's patience. The connection breaks; the
//! state says which task it was and for how long; the client comes back, and what waited arrives.
#![cfg(test)]
#![cfg(feature = "ws")]

#[path = "common/peers.rs"]
mod peers;

use std::{cell::RefCell, future::pending, rc::Rc, sync::Arc, time::Duration};

use glassloop::{
    Clock, EventLoop, ManualClock, PollerKind, sleep, spawn,
    ws::{self, Error, ReconnectState},
};
use peers::{Peers, to_peers};

/// What is logged, of this thread alone.
struct Logger;

thread_local! {
    static LOGGED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

impl log::Log for Logger {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= log::Level::Warn
    }

    fn log(&self, record: &log::Record<'_>) {
        LOGGED.with_borrow_mut(|logged| logged.push(record.args().to_string()));
    }

    fn flush(&self) {}
}

type States = Rc<RefCell<Vec<ReconnectState>>>;

#[test]
fn the_state_names_the_task_that_held_the_loop_and_what_waited_arrives_once() {
    log::set_logger(&Logger).expect("the only test of this process");
    log::set_max_level(log::LevelFilter::Warn);
    let clock = ManualClock::new().with_autojump();
    let builder = EventLoop::builder().clock(Clock::Manual(clock.clone()));
    let event_loop = builder.poller(PollerKind::TimersOnly).build().unwrap();
    let why = event_loop.block_on(async move {
        let (peers, states) = (Peers::default(), States::default());
        let noted = Rc::clone(&states);
        let client = to_peers(&peers, Duration::ZERO)
            .on_state(move |state| noted.borrow_mut().push(state.clone()))
            .acknowledged();
        let client = ws::reconnect(client).unwrap();
        client.opened().await.unwrap();
        client.send("before".into()).await.unwrap();
        let first = peers.borrow_mut().pop().unwrap();
        assert_eq!(first.recv().await.unwrap(), Some("before".into()));
        client.acknowledge(1);
        sleep(Duration::from_secs(1)).await;

        let says = client.clone();
        let export = async move {
            // It leaves when the action lets the loop go on, and by then nobody is there.
            says.send("from within".into()).await.unwrap();
            clock.advance(Duration::from_secs(31));
            pending::<()>().await;
        };
        let line = line!() + 1;
        spawn(export).named("export").detach();
        sleep(Duration::from_millis(1)).await;
        drop(first); // the peer's patience was over
        while client.state().is_open() {
            sleep(Duration::from_millis(1)).await;
        }
        client.send("meanwhile".into()).await.unwrap();
        client.opened().await.unwrap();
        let second = peers.borrow_mut().pop().unwrap();
        for text in ["from within", "meanwhile"] {
            assert_eq!(second.recv().await.unwrap(), Some(text.into()));
        }
        client.acknowledge(3);
        client.disconnect();
        assert_eq!(second.recv().await.unwrap(), None, "nothing comes twice");
        assert!(client.finished().await.is_none() && client.take_unsent().is_empty());
        let waiting = states.borrow().iter().find_map(|state| match state {
            ReconnectState::Waiting { why, .. } => Some(Arc::clone(why)),
            _ => None,
        });
        (waiting.expect("it waited once"), line)
    });
    let (why, line) = why.unwrap();
    let Error::Closed(info) = &*why else { panic!("{why}") };
    let stall = info.stall.as_ref().expect("the loop stood still before the end");
    assert_eq!(stall.millis, 31_000, "{why}");
    let export = format!("`export`, {}:{line}", file!());
    let (label, mut names) = (&stall.label, stall.label.split(" or "));
    assert!(names.any(|name| name.ends_with(&export)), "expected {export}, came {label}");
    let text = why.to_string();
    assert!(text.contains("stood still for 31000 ms in ") && text.contains("export"), "{text}");
    let logged = LOGGED.take();
    let told = logged.iter().find(|line| line.starts_with("reconnecting in "));
    assert!(told.is_some_and(|line| line.contains(&text)), "expected {text}, came {logged:?}");
}
