//! Phase `render`: frames at their rhythm, and idle callbacks when there is nothing else.
//!
//! Runs under Miri.
#![cfg(test)]

#[path = "common/effects.rs"]
mod effects;

use std::{cell::Cell, rc::Rc, thread, time::Duration};

use effects::Effects;
use glassloop::{
    Clock, EventLoop, Limits, ManualClock, PollerKind, Refused, RunPolicy, call_soon,
    queue_microtask, request_idle, request_render, sleep, spawn,
};
use glassloop_reactor::{Flush, Reactor};

const MS: Duration = Duration::from_millis(1);

fn manual(policy: RunPolicy) -> (Rc<EventLoop>, ManualClock) {
    let clock = ManualClock::new();
    let builder = EventLoop::builder().poller(PollerKind::TimersOnly).policy(policy);
    let builder = builder.clock(Clock::Manual(clock.clone())).render_interval(10 * MS);
    (Rc::new(builder.build().unwrap()), clock)
}

fn turn(event_loop: &EventLoop) {
    let events = event_loop.wait().unwrap();
    event_loop.turn(events).unwrap();
}

/// A corked writer that notes when it writes.
struct Corked(Effects);

impl Flush for Corked {
    fn flush(self: Rc<Self>) {
        self.0.note("flush");
    }
}

/// Notes an item, and the microtask that comes right after it.
fn item(effects: &Effects, name: &str) {
    effects.note(name);
    let (effects, name) = (effects.clone(), name.to_owned());
    queue_microtask(move || effects.note(format!("  after {name}"))).unwrap();
}

/// One of everything, asked for in the order opposite to the one in which it must happen.
fn everything(event_loop: &EventLoop, clock: &ManualClock, effects: &Effects) -> Rc<dyn Flush> {
    let log = effects.clone();
    let idle = move |_| {
        item(&log, "idle");
        let log = log.clone();
        request_idle(move |_| log.note("idle asked by idle")).unwrap();
    };
    event_loop.request_idle(idle).unwrap();
    for name in ["render 1", "render 2"] {
        let log = effects.clone();
        let render = move |_| {
            item(&log, name);
            let log = log.clone();
            request_render(move |_| log.note("render asked by render")).unwrap();
        };
        event_loop.request_render(render).unwrap();
    }
    let corked: Rc<dyn Flush> = Rc::new(Corked(effects.clone()));
    event_loop.enter(|| Reactor::current().unwrap()).at_turn_end(Rc::downgrade(&corked));
    let (remote, log) = (event_loop.remote(), effects.clone());
    thread::spawn(move || remote.defer(move || item(&log, "deferred")).unwrap()).join().unwrap();
    let log = effects.clone();
    event_loop.call_later(MS, move || item(&log, "timer")).unwrap();
    let log = effects.clone();
    event_loop.spawn(async move { item(&log, "task") }).detach();
    let log = effects.clone();
    let call = move || {
        item(&log, "callback");
        call_soon(move || item(&log, "made ready")).unwrap();
    };
    event_loop.call_soon(call).unwrap();
    clock.advance(MS);
    corked
}

#[test]
fn the_effects_of_one_turn_are_those_that_are_written_under_each_policy() {
    let all = ["task", "callback", "timer", "deferred"];
    // What runs in the first turn, and whether anything is still ready at its end.
    let written: [(RunPolicy, &[&str], bool); 5] = [
        (RunPolicy::One, &["task"], true),
        (RunPolicy::Batch, &all, true),
        (RunPolicy::ToEmpty, &["task", "callback", "timer", "deferred", "made ready"], false),
        (RunPolicy::Counted(2), &["task", "callback"], true),
        (RunPolicy::Timed(MS), &["task", "callback", "timer", "deferred", "made ready"], false),
    ];
    for (policy, items, more) in written {
        let (event_loop, clock) = manual(policy);
        let effects = Effects::default();
        let _corked = everything(&event_loop, &clock, &effects);
        turn(&event_loop);
        let mut expected = Vec::new();
        for name in items {
            expected.extend([(*name).to_owned(), format!("  after {name}")]);
        }
        expected.push("flush".to_owned());
        // The frame is one step: its checkpoint comes after both.
        let frame = ["render 1", "render 2", "  after render 1", "  after render 2"];
        expected.extend(frame.map(str::to_owned));
        if !more {
            expected.extend(["idle", "  after idle"].map(str::to_owned));
        }
        assert_eq!(effects.take(), expected, "{policy:?}");
    }
}

#[test]
fn what_a_frame_or_an_idle_callback_asks_for_waits_for_the_next() {
    let (event_loop, clock) = manual(RunPolicy::ToEmpty);
    let effects = Effects::default();
    let _corked = everything(&event_loop, &clock, &effects);
    turn(&event_loop);
    effects.take();
    turn(&event_loop);
    assert_eq!(
        effects.take(),
        ["idle asked by idle"],
        "in the next turn, though it was asked once"
    );
    clock.advance(10 * MS);
    turn(&event_loop);
    assert_eq!(effects.take(), ["render asked by render"; 2]);
}

#[test]
fn however_often_it_is_requested_there_is_one_frame_an_interval() {
    let clock = ManualClock::new().with_autojump();
    let builder = EventLoop::builder().poller(PollerKind::TimersOnly).render_interval(10 * MS);
    let event_loop = builder.clock(Clock::Manual(clock.clone())).build().unwrap();
    let frames = Effects::default();
    let log = frames.clone();
    let ran = event_loop.block_on(async move {
        for _ in 0..35 {
            let (log, clock) = (log.clone(), clock.clone());
            request_render(move |_| log.note(clock.now() / 1_000_000)).unwrap();
            sleep(MS).await;
        }
        // The last one is still to be drawn: the loop waits for it.
        sleep(20 * MS).await;
    });
    ran.unwrap();
    let mut at = frames.take();
    assert_eq!(at.len(), 35, "each request is called once");
    at.dedup();
    assert_eq!(at, ["0", "10", "20", "30", "40"], "at the rhythm of the interval");
}

#[test]
fn a_frame_is_told_its_time_and_can_be_taken_back() {
    let (event_loop, clock) = manual(RunPolicy::Batch);
    clock.advance(5 * MS);
    let times = Rc::new(Cell::new(None));
    let told = Rc::clone(&times);
    let kept = event_loop.request_render(move |at| told.set(Some(at))).unwrap();
    let never = event_loop.request_render(|_| unreachable!("it was taken back")).unwrap();
    let idle = event_loop.request_idle(|_| unreachable!("it was taken back")).unwrap();
    assert!(never.cancel() && idle.cancel());
    assert!(!never.is_pending() && kept.is_pending());
    turn(&event_loop);
    assert!(!kept.is_pending() && !kept.cancel());
    let at = Clock::Manual(clock).instant(5_000_000);
    assert_eq!(times.get(), Some(at));
}

#[test]
fn an_idle_callback_is_told_how_long_nothing_is_due() {
    let (event_loop, clock) = manual(RunPolicy::Batch);
    let left = Rc::new(Cell::new(Vec::new()));
    let ask = |event_loop: &EventLoop| {
        let (told, clock) = (Rc::clone(&left), clock.clone());
        let idle = move |time: glassloop::IdleTime| {
            let before = time.left();
            // An `advance` would be news from outside, and end the idling.
            clock.jump_to(clock.now() + 3_000_000);
            told.set([told.take(), vec![before, time.left()]].concat());
        };
        event_loop.request_idle(idle).unwrap();
    };
    ask(&event_loop);
    turn(&event_loop);
    assert_eq!(left.take(), [50 * MS, 47 * MS], "nothing is due: as long as `idle_us_max`");
    event_loop.call_later(8 * MS, || ()).unwrap();
    for _ in 0..4 {
        ask(&event_loop);
    }
    turn(&event_loop);
    let told = [8, 5, 5, 2, 2, 0].map(|ms| ms * MS);
    assert_eq!(left.take(), told, "the fourth would run when the timer is due");
    turn(&event_loop);
    assert_eq!(left.take(), [50 * MS, 47 * MS], "it runs in the turn of the timer");
}

#[test]
fn idle_callbacks_wait_as_long_as_anything_is_ready() {
    let (event_loop, _clock) = manual(RunPolicy::One);
    let effects = Effects::default();
    let log = effects.clone();
    event_loop.request_idle(move |_| log.note("idle")).unwrap();
    for name in ["a", "b", "c"] {
        let log = effects.clone();
        event_loop.call_soon(move || log.note(name)).unwrap();
    }
    for _ in 0..3 {
        turn(&event_loop);
    }
    assert_eq!(effects.take(), ["a", "b", "c", "idle"]);
}

#[test]
#[cfg_attr(miri, ignore = "a panic takes Miri longer than an idle callback may")]
fn a_panic_while_drawing_is_told_and_the_rest_is_drawn() {
    let told = Rc::new(Cell::new(0));
    let count = Rc::clone(&told);
    let builder = EventLoop::builder().poller(PollerKind::TimersOnly);
    let builder = builder.on_unhandled(move |_| count.set(count.get() + 1));
    let event_loop = builder.build().unwrap();
    let effects = Effects::default();
    let (first, second) = (effects.clone(), effects.clone());
    event_loop.request_render(|_| panic!("no canvas")).unwrap();
    event_loop.request_render(move |_| first.note("drawn")).unwrap();
    event_loop.request_idle(|_| panic!("no time")).unwrap();
    event_loop.request_idle(move |_| second.note("idled")).unwrap();
    turn(&event_loop);
    assert_eq!(effects.take(), ["drawn", "idled"]);
    assert_eq!(told.get(), 2);
}

#[test]
fn a_loop_that_waits_only_for_a_frame_is_not_stuck() {
    let event_loop = EventLoop::test();
    let drawn = event_loop.block_on(async {
        let (told, drawn) = (Rc::new(Cell::new(false)), Rc::new(Cell::new(false)));
        let (tell, waker) = (Rc::clone(&told), Rc::new(Cell::new(None::<std::task::Waker>)));
        let wake = Rc::clone(&waker);
        // Two frames: the second is due an interval after the first.
        request_render(move |_| {
            request_render(move |_| {
                tell.set(true);
                if let Some(waker) = wake.take() {
                    waker.wake();
                }
            })
            .unwrap();
        })
        .unwrap();
        let wait = std::future::poll_fn(|cx| {
            if told.get() {
                return std::task::Poll::Ready(());
            }
            waker.set(Some(cx.waker().clone()));
            std::task::Poll::Pending
        });
        wait.await;
        drawn.set(true);
        drawn.get()
    });
    assert!(drawn.unwrap());
}

#[test]
fn what_is_past_the_limit_or_after_the_end_comes_back() {
    let mut limits = Limits::default();
    limits.executor.callbacks_max = 1;
    let builder = EventLoop::builder().poller(PollerKind::TimersOnly).limits(limits);
    let event_loop = builder.build().unwrap();
    event_loop.request_render(|_| ()).unwrap();
    assert!(matches!(event_loop.request_idle(|_| ()), Err(Refused::Full(_))));
    let report = event_loop.close(Duration::from_secs(1));
    assert!(report.is_clean(), "a close draws what was requested: {report}");
    assert!(matches!(event_loop.request_render(|_| ()), Err(Refused::Closed(_))));
    assert!(matches!(event_loop.request_idle(|_| ()), Err(Refused::Closed(_))));
}

#[test]
fn a_task_that_becomes_ready_ends_the_idling() {
    let (event_loop, _clock) = manual(RunPolicy::Batch);
    let effects = Effects::default();
    let (first, second) = (effects.clone(), effects.clone());
    let idle = move |_| {
        first.note("idle 1");
        spawn(async move { first.note("task") }).detach();
    };
    event_loop.request_idle(idle).unwrap();
    event_loop.request_idle(move |_| second.note("idle 2")).unwrap();
    turn(&event_loop);
    turn(&event_loop);
    assert_eq!(effects.take(), ["idle 1", "task", "idle 2"]);
}

/// Somebody who watches, and does nothing.
struct Watcher;

impl glassloop::Observer for Watcher {}

#[test]
fn a_frame_that_is_due_is_drawn_in_the_turn_that_asked_for_it_watched_or_not() {
    for watched in [true, false] {
        let effects = Effects::default();
        let (event_loop, _clock) = manual(RunPolicy::Batch);
        if watched {
            event_loop.observe(Rc::new(Watcher));
        }
        let log = effects.clone();
        let busy = async move {
            for number in 0..3 {
                log.note(number);
                if number == 1 {
                    let log = log.clone();
                    request_render(move |_| log.note("drawn")).unwrap();
                }
                glassloop::yield_now().await;
            }
        };
        event_loop.block_on(busy).unwrap();
        assert_eq!(effects.take(), ["0", "1", "drawn", "2"], "watched: {watched}");
    }
}

/// A reply that leaves in phase `flush`, over a socket of the system.
struct Reply(glassloop::net::TcpStream);

impl Flush for Reply {
    fn flush(self: Rc<Self>) {
        assert_eq!(self.0.try_write(b"reply").unwrap(), 5);
    }
}

#[test]
#[cfg_attr(miri, ignore = "a socket of the system")]
fn the_peer_has_a_corked_reply_before_an_idle_callback_of_50_ms_begins() {
    use std::{
        io::Read,
        net::{Ipv4Addr, TcpListener},
        time::Instant,
    };

    let event_loop = EventLoop::new().unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let ours = event_loop.block_on(glassloop::net::TcpStream::connect(address)).unwrap().unwrap();
    let (mut peer, _) = listener.accept().unwrap();
    peer.set_nonblocking(true).unwrap();
    let reply: Rc<dyn Flush> = Rc::new(Reply(ours));
    let had = Rc::new(Cell::new(None));
    let (told, corked) = (Rc::clone(&had), Rc::downgrade(&reply));
    event_loop
        .call_soon(move || {
            let sent = Instant::now();
            Reactor::current().unwrap().at_turn_end(corked);
            let idle = move |_| {
                // Asked first thing: what is there now was there before this began.
                let read = peer.read(&mut [0; 8]).unwrap_or(0);
                told.set(Some((read, sent.elapsed())));
                while sent.elapsed() < 50 * MS {}
            };
            request_idle(idle).unwrap();
        })
        .unwrap();
    turn(&event_loop);
    let (read, after) = had.get().expect("nothing else is ready: the same turn idles");
    assert_eq!(read, 5, "the idle callback began {after:?} after the reply was corked");
}
