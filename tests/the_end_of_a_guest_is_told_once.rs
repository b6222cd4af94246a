//! However a guest ends, whoever started it is told once, nothing of its loop is lost, and nobody
//! waits for a host that doesn't come.
#![cfg(test)]
#![cfg(not(miri))]

#[path = "common/guest_host.rs"]
mod guest_host;

use std::{
    cell::{Cell, RefCell},
    io::Write,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
        mpsc,
    },
    thread,
    time::Duration,
};

use glassloop::{
    CallError, EventLoop, Events, Guest, GuestEnd, GuestTick, Phase, Refused, RunError, net,
    outside, spawn, yield_now,
};
use glassloop_reactor::Reactor;
use guest_host::{BUDGET, Event, Host};

fn parked() -> (Host, Rc<EventLoop>, Guest) {
    let (host, event_loop) = (Host::new(), Rc::new(EventLoop::new().unwrap()));
    let guest = host.start(&event_loop);
    host.park(&event_loop);
    (host, event_loop, guest)
}

#[test]
fn an_ended_guest_is_an_ordinary_loop() {
    let (host, event_loop, guest) = parked();
    let task = event_loop.spawn(async { yield_now().await });
    guest.end();
    assert!(matches!(host.run(), GuestEnd::Stopped));
    assert!(!task.is_finished());
    event_loop.block_on(task).unwrap().unwrap();
    // And a guest again.
    let guest = host.start(&event_loop);
    let task = event_loop.spawn(async { 7 });
    host.serve_until(&|| task.is_finished());
    assert!(!guest.has_ended());
    assert!(event_loop.close(Duration::ZERO).is_clean());
    assert!(guest.has_ended(), "a close ends it");
}

#[test]
fn what_the_helper_has_heard_by_then_is_not_lost() {
    for round in 0..200 {
        let (host, event_loop, guest) = parked();
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let mut peer = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, _) = listener.accept().unwrap();
        let stream = event_loop.enter(|| net::TcpStream::from_std(stream)).unwrap();
        let reader = event_loop.spawn(async move { stream.read(&mut [0; 8]).await.unwrap() });
        host.park(&event_loop);
        // The byte may come before the end, or after it; the kernel tells of it once.
        peer.write_all(b"!").unwrap();
        for _ in 0..round {
            std::hint::spin_loop();
        }
        guest.end();
        let read = event_loop
            .block_on(async move { glassloop::timeout(Duration::from_secs(10), reader).await });
        assert_eq!(read.unwrap().expect("in time").unwrap(), 1);
    }
}

#[test]
fn a_tick_that_is_let_go_of_abandons_the_guest() {
    let (host, event_loop, guest) = parked();
    let remote = event_loop.remote();
    let mut accepted = remote.call(|| 7);
    let tick = host.next_tick();
    thread::spawn(move || drop(tick)).join().unwrap();
    assert!(matches!(host.run(), GuestEnd::Abandoned));
    assert!(guest.has_ended());
    assert!(matches!(remote.defer(|| ()), Err(Refused::Closed(_))), "nobody would run it");
    assert!(matches!(event_loop.pump(BUDGET), Err(RunError::Guest)), "until it is ended");
    guest.end();
    assert!(host.is_idle(), "told once");
    event_loop.close(Duration::from_secs(1));
    assert_eq!(accepted.wait(Duration::from_secs(10)).unwrap(), 7, "accepted is accepted");
}

#[test]
fn a_host_that_quits_with_its_queue_abandons_the_guest() {
    let (told, hears) = mpsc::channel();
    let event_loop = Rc::new(EventLoop::new().unwrap());
    let (queue, events) = mpsc::channel::<GuestTick>();
    let post = move |tick| drop(queue.send(tick));
    let guest = Guest::start(&event_loop, post, move |end| told.send(end).unwrap()).unwrap();
    drop(events);
    // The helper finds nobody.
    let mut waits = event_loop.remote().call(|| ());
    assert!(matches!(hears.recv(), Ok(GuestEnd::Abandoned)));
    drop(guest);
    drop(event_loop);
    let answer = waits.wait(Duration::from_secs(10));
    assert!(matches!(answer, Ok(()) | Err(CallError::Cancelled)), "{answer:?}");
    assert!(hears.recv().is_err(), "told once");
}

#[test]
fn a_post_that_panics_abandons_the_guest() {
    let (told, hears) = mpsc::channel();
    let event_loop = Rc::new(EventLoop::new().unwrap());
    let post = |_: GuestTick| panic!("the host's own affair");
    let guest = Guest::start(&event_loop, post, move |end| told.send(end).unwrap()).unwrap();
    event_loop.spawn(async {}).detach();
    assert!(matches!(hears.recv(), Ok(GuestEnd::Abandoned)));
    drop(guest);
    assert!(hears.recv().is_err(), "told once");
    assert!(event_loop.block_on(async { 7 }).is_ok(), "its own thread may still run it");
}

#[test]
fn a_tick_on_another_thread_abandons_the_guest() {
    let (host, event_loop, _guest) = parked();
    event_loop.spawn(async {}).detach();
    let tick = host.next_tick();
    thread::spawn(move || tick.run(BUDGET)).join().unwrap();
    assert!(matches!(host.run(), GuestEnd::Abandoned));
    assert_eq!(event_loop.snapshot().tasks.len(), 1, "it has run nothing there");
}

#[test]
fn a_tick_that_comes_after_the_end_does_nothing() {
    let (host, event_loop, guest) = parked();
    let task = event_loop.spawn(async {});
    let tick = host.next_tick();
    guest.end();
    tick.run(BUDGET);
    assert!(!task.is_finished());
    assert!(matches!(host.run(), GuestEnd::Stopped));
    assert!(host.is_idle());
}

#[test]
fn a_guest_may_be_dropped_by_its_own_task() {
    let (host, event_loop, guest) = parked();
    let kept = Rc::new(RefCell::new(Some(guest)));
    let (drops, went_on) = (Rc::clone(&kept), Rc::new(Cell::new(false)));
    let goes_on = Rc::clone(&went_on);
    let task = event_loop.spawn(async move {
        drops.take();
        yield_now().await;
        goes_on.set(true);
    });
    assert!(matches!(host.run(), GuestEnd::Stopped));
    assert!(!task.is_finished() && !went_on.get(), "that turn was the last");
    event_loop.block_on(task).unwrap().unwrap();
    assert!(went_on.get() && kept.borrow().is_none());
}

#[test]
fn the_last_handle_of_the_loop_may_go_before_its_guest() {
    let (host, event_loop, guest) = parked();
    event_loop.spawn(async { glassloop::stop() }).detach();
    drop(event_loop);
    assert!(matches!(host.run(), GuestEnd::Stopped));
    drop(guest);
}

#[test]
fn the_host_may_stop_the_loop_between_two_ticks() {
    let (host, event_loop, guest) = parked();
    event_loop.stop();
    assert!(matches!(host.run(), GuestEnd::Stopped));
    assert!(guest.has_ended());
    let (host, event_loop, _guest) = {
        drop(guest);
        parked()
    };
    let remote = event_loop.remote();
    thread::spawn(move || remote.stop()).join().unwrap();
    assert!(matches!(host.run(), GuestEnd::Stopped));
}

#[test]
fn within_a_dialog_ticks_come_and_a_stop_ends_the_guest() {
    let (host, event_loop, guest) = parked();
    let host = Rc::new(host);
    // The dialog runs its host's own loop.
    let (dialog, open) = (Rc::clone(&host), Rc::new(Cell::new(true)));
    let shown = Rc::clone(&open);
    let asks = event_loop.spawn(async move {
        let serve = move || dialog.serve_until(&|| !shown.get());
        outside(serve).await;
        "closed"
    });
    let turns = Rc::new(Cell::new(0));
    let counted = Rc::clone(&turns);
    event_loop
        .spawn(async move {
            while counted.get() < 100 {
                counted.set(counted.get() + 1);
                spawn(async { yield_now().await }).await.unwrap();
            }
            open.set(false); // another task, while the dialog is open
        })
        .detach();
    host.serve_until(&|| asks.is_finished());
    assert_eq!(turns.get(), 100);

    // A second dialog, which ends with its guest.
    let (dialog, ends) = (Rc::clone(&host), Rc::new(Cell::new(None)));
    let ended = Rc::clone(&ends);
    let asks =
        event_loop.spawn(async move { outside(move || ended.set(Some(dialog.run()))).await });
    event_loop
        .spawn(async {
            yield_now().await;
            glassloop::stop();
        })
        .detach();
    while ends.take().is_none() {
        assert!(host.step().is_none());
    }
    assert!(guest.has_ended() && host.is_idle());
    event_loop.block_on(asks).unwrap().unwrap();
}

#[test]
fn nothing_of_the_helper_is_left_when_the_guest_has_ended() {
    let (_host, event_loop, guest) = parked();
    guest.end();
    let held = Arc::new(());
    let holds = Arc::clone(&held);
    let post = move |tick| {
        let _held = &holds;
        drop::<GuestTick>(tick);
    };
    let guest = Guest::start(&event_loop, post, |_| ()).unwrap();
    assert_eq!(Arc::strong_count(&held), 2);
    guest.end();
    assert_eq!(Arc::strong_count(&held), 1, "its thread had it, too");
}

#[test]
fn an_end_gives_no_tick_and_calls_the_system_only_where_nobody_has_seen_to_that() {
    for round in 0..500 {
        let (host, event_loop, guest) = parked();
        // The helper may wait by now, or be about to.
        for _ in 0..round * 10 {
            std::hint::spin_loop();
        }
        let has_come = round % 2 == 0;
        if has_come {
            event_loop.spawn(async {}).detach();
        }
        guest.end();
        let counts = event_loop.snapshot().reactor;
        assert_eq!(counts.blocked, 1);
        assert!(host.posted() <= u64::from(has_come), "round {round}: a tick for nothing");
        let least = u64::from(has_come);
        assert!((least..=1).contains(&counts.wake_calls), "round {round}: {counts:?}");
    }
}

#[test]
fn it_may_be_told_to_somebody_who_panics() {
    let event_loop = Rc::new(EventLoop::new().unwrap());
    let told = Arc::new(AtomicU64::new(0));
    let panics = |told: &Arc<AtomicU64>| {
        let told = Arc::clone(told);
        move |_| {
            told.fetch_add(1, SeqCst);
            panic!("the host's own affair")
        }
    };
    // Each of them on this thread, the last by a tick that is let go of.
    let (queue, events) = mpsc::channel();
    let post = move |tick: GuestTick| drop(queue.send(tick));
    Guest::start(&event_loop, post.clone(), panics(&told)).unwrap().end();
    let guest = Guest::start(&event_loop, post.clone(), panics(&told)).unwrap();
    event_loop.spawn(async { glassloop::stop() }).detach();
    events.recv().unwrap().run(BUDGET);
    assert!(guest.has_ended() && told.load(SeqCst) == 2);
    let guest = Guest::start(&event_loop, post, panics(&told)).unwrap();
    event_loop.spawn(async {}).detach();
    drop(events.recv().unwrap());
    assert!(guest.has_ended() && told.load(SeqCst) == 3);
    guest.end();
    assert_eq!(event_loop.block_on(async { 7 }).unwrap(), 7);
}

/// Panics as it is dropped.
struct Bad(Arc<AtomicU64>);

impl Drop for Bad {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
        panic!("the host's own affair");
    }
}

#[test]
fn what_posts_and_who_is_told_may_panic_as_they_go() {
    let event_loop = Rc::new(EventLoop::new().unwrap());
    let dropped = Arc::new(AtomicU64::new(0));
    let bad = || Bad(Arc::clone(&dropped));
    for round in 1..=3 {
        let (host, posts, told) = (Host::new(), bad(), bad());
        let queue = host.queue.clone();
        let post = move |tick| {
            let _posts = &posts;
            queue.send(Event::Tick(tick)).unwrap();
        };
        let guest = Guest::start(&event_loop, post, move |_| drop(told)).unwrap();
        let task = event_loop.spawn(async {});
        host.serve_until(&|| task.is_finished());
        guest.end();
        assert_eq!(dropped.load(SeqCst), round * 2);
    }
    assert!(!event_loop.pump(BUDGET).unwrap().more);
}

#[test]
fn what_was_asked_for_outside_of_the_turn_that_stops_runs_before_the_end() {
    let (host, event_loop, guest) = parked();
    let ended = Rc::new(Cell::new(None));
    let (runs, lives) = (Rc::clone(&ended), Rc::new(guest));
    let sees = Rc::clone(&lives);
    let asks = outside(move || runs.set(Some(sees.has_ended())));
    event_loop.spawn(asks).detach();
    event_loop.spawn(async { glassloop::stop() }).detach();
    assert!(matches!(host.run(), GuestEnd::Stopped));
    assert_eq!(ended.get(), Some(false), "it ran, and the guest was one");
    assert!(lives.has_ended());
}

#[test]
fn a_wait_that_fails_ends_it() {
    let (host, event_loop) = (Host::new(), Rc::new(EventLoop::new().unwrap()));
    // Somebody else has the poller: the guest's wait can only fail.
    let reactor = event_loop.enter(Reactor::current).unwrap();
    let taken = reactor.begin_wait(None, Events::new());
    assert!(taken.blocks());
    let guest = host.start(&event_loop);
    match host.run() {
        GuestEnd::Failed(RunError::Io(error)) => {
            assert!(error.to_string().contains("another thread"), "{error}");
        }
        other => panic!("{other:?}"),
    }
    assert!(guest.has_ended() && host.is_idle());
    assert_eq!(event_loop.snapshot().turn, 0);
    reactor.end_wait(taken).unwrap();
    assert_eq!(event_loop.block_on(async { 7 }).unwrap(), 7);
}

#[test]
fn whoever_watches_the_loop_sees_it_wait_while_the_helper_does_and_no_longer() {
    let (host, event_loop, guest) = parked();
    let watch = event_loop.watch();
    let waits = cfg!(feature = "observe").then_some(Phase::Wait);
    assert_eq!(watch.now().phase, waits);
    event_loop.spawn(async { yield_now().await }).detach();
    host.next_tick().run(Duration::ZERO);
    assert_eq!(watch.now().phase, None, "the host has the thread, and a tick");
    host.next_tick().run(Duration::ZERO);
    assert_eq!(watch.now().phase, waits);
    guest.end();
    assert_eq!(watch.now().phase, None);
}
