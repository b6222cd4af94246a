//! A reconnecting client, one promise at a time: what its hook may do, when it gives up, what the
//! program may tell it, and that it says so.

mod common;

use std::future::pending;
use std::time::Duration;

use common::client::{Client, client, endpoint, text, texts};
use common::{Loop, Raw, masked};
use glassloop_ws::{Error, Opened, Reconnect, ReconnectLimits, ReconnectState, TrySend};

#[test]
fn the_hook_has_the_connection_before_what_is_buffered_and_before_who_receives() {
    let mut it = client(|it| {
        it.resubscribe(async |opened: Opened| {
            opened.socket().send("subscribe".into()).await?;
            let answer = opened.socket().recv().await?;
            assert_eq!(answer, Some("subscribed".into()));
            Ok(())
        })
    });
    assert!(it.client.try_send("buffered".into()).is_taken());
    let received = it.event_loop.spawn(it.client.recv());
    for round in 0..3 {
        let mut raw = it.answer();
        assert_eq!(texts(&mut raw), ["subscribe"], "round {round}");
        assert!(matches!(it.client.state(), ReconnectState::Resubscribing));
        raw.write(&mut it.event_loop, &text("subscribed"));
        it.event_loop.settle();
        assert!(it.client.state().is_open() && received.borrow().is_none());
        assert_eq!(texts(&mut raw), if round == 0 { vec!["buffered"] } else { vec![] });
        drop(raw);
        it.wait_out();
    }
    it.answer();
    let circle = ["connecting", "resubscribing", "open", "waiting"];
    assert_eq!(it.names()[..12], circle.repeat(3));
}

#[test]
fn a_hook_that_fails_or_takes_too_long_is_a_failure_and_loses_nothing() {
    let mut rounds = 0;
    let mut it = client(move |it| {
        it.resubscribe(move |_| {
            rounds += 1;
            async move {
                match rounds {
                    1 => Err(std::io::Error::other("no such topic").into()),
                    2 => pending().await,
                    _ => Ok(()),
                }
            }
        })
    });
    assert!(it.client.try_send("kept".into()).is_taken());
    let mut raw = it.answer();
    raw.write(&mut it.event_loop, b"\x88\x02\x03\xe8"); // it agrees to the Close
    it.event_loop.settle();
    drop(raw);
    it.wait_out();
    let mut raw = it.answer();
    it.event_loop.pass(Duration::from_secs(10));
    raw.write(&mut it.event_loop, b"\x88\x02\x03\xe8");
    it.event_loop.settle();
    drop(raw);
    it.wait_out();
    assert_eq!(texts(&mut it.answer()), ["kept"]);
    let states = it.states.take();
    let whys: Vec<_> = states.iter().filter(|state| state.starts_with("waiting")).collect();
    assert!(whys[0].contains("after failure 1") && whys[0].ends_with("no such topic"), "{whys:?}");
    assert!(whys[1].contains("after failure 2") && whys[1].contains("10000 ms"), "{whys:?}");
}

#[test]
fn a_fatal_refusal_ends_it_and_hands_back_what_was_not_sent() {
    let mut it = client(|it| it);
    assert!(it.client.try_send("unsent".into()).is_taken());
    *it.refuses.borrow_mut() = Some(Box::new(|| Error::BadUpgrade {
        status: 101,
        expected: "a proof",
        came: "none".to_owned(),
    }));
    let receiving = it.event_loop.spawn(it.client.recv());
    it.event_loop.settle();
    let why = it.driver.borrow_mut().take().expect("it is over").expect("it gave up");
    assert!(matches!(*why, Error::BadUpgrade { .. }));
    assert!(matches!(receiving.borrow_mut().take(), Some(Err(Error::Over(_)))));
    assert_eq!(it.client.try_send("more".into()), TrySend::Closed("more".into()));
    let refused = it.event_loop.block_on(it.client.send("more".into()));
    assert!(matches!(refused, Err(Error::Over(_))), "{refused:?}");
    assert_eq!(it.client.take_unsent(), ["unsent".into()]);
    assert_eq!(it.names(), ["connecting", "over"]);
}

#[test]
fn the_first_connect_is_tried_again_and_the_limits_end_it() {
    let io = || Error::Io(std::io::ErrorKind::ConnectionRefused.into());
    let mut it = client(|it| {
        let mut limits = ReconnectLimits::default();
        limits.failures_max = 3;
        it.limits(limits)
    });
    *it.refuses.borrow_mut() = Some(Box::new(io));
    it.wait_out();
    it.wait_out();
    let why = it.driver.borrow_mut().take().expect("it is over").expect("it gave up");
    let Error::GaveUp { failures: 3, last, .. } = &*why else { panic!("{why}") };
    assert!(matches!(**last, Error::Io(_)));
    assert_eq!(it.client.counts().attempts, 3);

    let mut it = client(|it| {
        let mut limits = ReconnectLimits::default();
        limits.outage_ms_max = 20_000;
        it.limits(limits)
    });
    *it.refuses.borrow_mut() = Some(Box::new(io));
    while it.driver.borrow().is_none() {
        it.wait_out();
    }
    let why = it.driver.borrow_mut().take().expect("it is over").expect("it gave up");
    let Error::GaveUp { millis, .. } = &*why else { panic!("{why}") };
    assert!((5_000..20_000).contains(millis), "{why}");
}

#[test]
fn the_program_may_say_what_is_worth_another_attempt() {
    let mut it = client(|it| it.retry_if(|error| matches!(error, Error::Closed(_))));
    drop(it.answer());
    it.wait_out();
    *it.refuses.borrow_mut() = Some(Box::new(|| std::io::Error::other("gone").into()));
    drop(it.answer());
    it.wait_out();
    assert!(it.client.state().is_over(), "{}", it.client.state());
}

#[test]
fn reconnect_now_ends_a_delay_and_replaces_a_connection() {
    let mut it = client(|it| it);
    drop(it.answer());
    it.event_loop.settle();
    assert!(matches!(it.client.state(), ReconnectState::Waiting { .. }));
    it.client.reconnect_now();
    let mut half_open = it.answer();
    assert!(it.client.state().is_open());
    assert!(it.client.try_send("said".into()).is_taken());
    it.client.reconnect_now();
    assert_eq!(it.client.try_send("for the next".into()), TrySend::Buffered(16));
    let opened = it.event_loop.spawn(it.client.opened());
    it.event_loop.settle();
    assert!(opened.borrow().is_none(), "the old one counts no more");
    let mut next = it.answer();
    assert!(matches!(opened.borrow_mut().take(), Some(Ok(()))));
    assert!(half_open.read(), "the old one has ended");
    assert_eq!(texts(&mut half_open), ["said"]);
    assert_eq!(texts(&mut next), ["for the next"], "and nothing is said twice");
    let waits = ["connecting", "open", "waiting", "connecting", "open", "connecting", "open"];
    assert_eq!(it.names(), waits);
}

#[test]
fn disconnect_ends_an_attempt_and_a_delay_at_once() {
    for delayed in [false, true] {
        let mut it = client(|it| it);
        it.event_loop.settle();
        if delayed {
            drop(it.answer());
            it.event_loop.settle();
        }
        it.client.disconnect();
        it.event_loop.settle();
        assert!(it.driver.borrow_mut().take().expect("it is over").is_none());
        assert!(it.dialed.borrow_mut().pop().is_none_or(|far| Raw::new(far).read()));
    }
}

#[test]
fn the_last_handle_disconnects() {
    let Client { mut event_loop, client, driver, dialed, .. } = client(|it| it);
    event_loop.settle();
    drop(client.clone());
    event_loop.settle();
    assert!(driver.borrow().is_none());
    drop(client);
    event_loop.settle();
    assert!(driver.borrow_mut().take().expect("it is over").is_none());
    drop(dialed);
}

#[test]
fn a_driver_that_is_dropped_says_so() {
    let event_loop = Loop::new();
    let (client, driver) = Reconnect::to(endpoint()).start().expect("a loop");
    drop(driver);
    let ReconnectState::Over { why: Some(why), .. } = client.state() else {
        panic!("{}", client.state());
    };
    assert!(why.to_string().contains("driver"), "{why}");
    assert_eq!(client.try_send("x".into()), TrySend::Closed("x".into()));
    drop(event_loop);
}

#[test]
fn a_masked_frame_of_a_server_ends_the_connection_and_not_the_client() {
    let mut it = client(|it| it);
    let mut raw = it.answer();
    raw.write(&mut it.event_loop, &masked(0x81, b"odd"));
    it.event_loop.settle();
    drop(raw);
    it.wait_out();
    it.answer();
    assert!(it.client.state().is_open());
    assert_eq!(it.client.counts().opened, 2);
}

#[test]
fn only_a_connection_that_stood_for_a_while_ends_the_row_of_failures() {
    let mut it = client(|it| it);
    for (stands_ms, failures) in [(1_000, 1), (9_999, 2), (10_000, 1), (0, 2)] {
        let raw = it.answer();
        it.event_loop.pass(Duration::from_millis(stands_ms));
        drop(raw);
        it.event_loop.settle();
        let text = it.client.state().to_string();
        assert!(text.contains(&format!("after failure {failures}:")), "{stands_ms} ms: {text}");
        it.wait_out();
    }
    // As for one that the program replaces.
    let _raw = it.answer();
    it.event_loop.pass(Duration::from_secs(10));
    it.client.reconnect_now();
    drop(it.answer());
    it.event_loop.settle();
    let text = it.client.state().to_string();
    assert!(text.contains("after failure 1:"), "{text}");
}
