//! A guest's turns run on its host's own thread, in ticks that the host is given, and the host
//! gives none when there is nothing to do. Most scenes are twins of those by which trio tests its
//! guest mode.
#![cfg(test)]
#![cfg(not(miri))]

#[path = "common/guest_host.rs"]
mod guest_host;

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    io,
    rc::Rc,
    sync::mpsc,
    task::{Poll, Waker},
    thread,
    time::Duration,
};

use glassloop::{
    Clock, EventLoop, Guest, GuestEnd, ManualClock, Observer, PollerKind, RunError, net, sleep,
    spawn, stop,
};
use guest_host::{BUDGET, Event, Host};

const HOUR: Duration = Duration::from_secs(3600);

/// Rung by one loop, heard by a task of another one on the same thread.
#[derive(Default)]
struct Bell {
    rung: Cell<u32>,
    waker: RefCell<Option<Waker>>,
}

impl Bell {
    fn ring(&self) {
        self.rung.set(self.rung.get() + 1);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    async fn heard(&self) {
        poll_fn(|cx| match self.rung.get() {
            0 => {
                self.waker.replace(Some(cx.waker().clone()));
                Poll::Pending
            }
            rung => {
                self.rung.set(rung - 1);
                Poll::Ready(())
            }
        })
        .await;
    }
}

fn guest() -> (Host, Rc<EventLoop>, Guest) {
    let (host, event_loop) = (Host::new(), Rc::new(EventLoop::new().unwrap()));
    let guest = host.start(&event_loop);
    host.park(&event_loop);
    (host, event_loop, guest)
}

#[test]
fn a_guest_runs_to_its_stop_or_to_its_failure() {
    let (host, event_loop) = (Host::new(), Rc::new(EventLoop::new().unwrap()));
    let task = event_loop.spawn(async {
        glassloop::yield_now().await;
        stop();
        "ok"
    });
    let guest = host.start(&event_loop);
    assert!(matches!(host.run(), GuestEnd::Stopped));
    assert!(guest.has_ended() && task.is_finished());

    let (host, event_loop) = (Host::new(), Rc::new(EventLoop::test()));
    event_loop.spawn(async { panic!("whoops") }).detach();
    let _guest = host.start(&event_loop);
    match host.run() {
        GuestEnd::Failed(RunError::Failed(what)) => assert!(what.contains("whoops"), "{what}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_guest_hears_its_sockets() {
    let (host, event_loop, _guest) = guest();
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let peer = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        io::copy(&mut stream.try_clone().unwrap(), &mut stream).unwrap()
    });
    let task = event_loop.spawn(async move {
        let stream = net::TcpStream::connect(address).await.unwrap();
        let mut buffer = [0; 5];
        for _ in 0..100 {
            stream.write_all(b"hello").await.unwrap();
            stream.read_exact(&mut buffer).await.unwrap();
            assert_eq!(&buffer, b"hello");
        }
    });
    host.serve_until(&|| task.is_finished());
    drop(task);
    host.park(&event_loop);
    assert_eq!(peer.join().unwrap(), 500);
}

#[test]
fn nothing_of_it_has_run_when_the_start_returns() {
    let (host, event_loop) = (Host::new(), Rc::new(EventLoop::new().unwrap()));
    let record = Rc::new(RefCell::new(Vec::new()));
    let note = |what: &'static str| {
        let record = Rc::clone(&record);
        move || record.borrow_mut().push(what)
    };
    let main = note("main");
    event_loop.spawn(async move { main() }).detach();
    let guest = host.start(&event_loop);
    assert!(record.borrow().is_empty());
    let early = note("early");
    event_loop.spawn(async move { early() }).detach();
    let (remote, (tell, told)) = (event_loop.remote(), mpsc::channel());
    remote.defer(move || tell.send("deferred").unwrap()).unwrap();
    host.park(&event_loop);
    assert_eq!(*record.borrow(), ["main", "early"]);
    assert_eq!(told.recv(), Ok("deferred"));
    guest.end();
}

#[test]
fn what_goes_wrong_at_the_start_is_told_by_the_start() {
    let (host, closed) = (Host::new(), Rc::new(EventLoop::new().unwrap()));
    closed.close(Duration::ZERO);
    let refused = Guest::start(&closed, drop, |_| panic!("it never began")).unwrap_err();
    assert!(refused.to_string().contains("closed"), "{refused}");

    let (_host, event_loop, guest) = guest();
    let other = Rc::new(EventLoop::new().unwrap());
    let refused = Guest::start(&other, drop, |_| panic!("it never began")).unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
    assert!(refused.to_string().contains(file!()), "it says where the other was made: {refused}");
    let made_here = event_loop.snapshot();
    assert!(made_here.tasks.is_empty());

    // A second one after the first, and the first one's handle ends nobody else.
    let late = guest;
    event_loop.close(Duration::ZERO);
    assert!(late.has_ended());
    let second = host.start(&other);
    host.park(&other);
    drop(late);
    let task = other.spawn(async { 7 });
    host.serve_until(&|| task.is_finished());
    assert!(!second.has_ended());
}

#[test]
fn the_host_may_wake_a_task_directly() {
    let (host, event_loop, _guest) = guest();
    let waker: Rc<RefCell<Option<Waker>>> = Rc::default();
    let (kept, polls) = (Rc::clone(&waker), Rc::new(Cell::new(0)));
    let counted = Rc::clone(&polls);
    let task = event_loop.spawn(poll_fn(move |cx| {
        counted.set(counted.get() + 1);
        let before = kept.replace(Some(cx.waker().clone()));
        if before.is_some() { Poll::Ready(()) } else { Poll::Pending }
    }));
    host.park(&event_loop);
    assert_eq!((polls.get(), host.is_idle()), (1, true));
    let posted = host.posted();
    waker.borrow().as_ref().unwrap().wake_by_ref();
    host.serve_until(&|| task.is_finished());
    assert_eq!((polls.get(), host.posted()), (2, posted + 1));
}

#[test]
fn a_deadline_that_the_host_sets_earlier_is_met() {
    let (host, event_loop, _guest) = guest();
    let fired = Rc::new(Cell::new(0));
    let count = || {
        let fired = Rc::clone(&fired);
        move || fired.set(fired.get() + 1)
    };
    let later = event_loop.call_later(HOUR, count()).unwrap();
    host.park(&event_loop);
    let posted = host.posted();
    // This one changes nothing that the helper waits for.
    let latest = event_loop.call_later(2 * HOUR, count()).unwrap();
    assert_eq!(host.posted(), posted);
    event_loop.call_later(Duration::from_micros(50), count()).unwrap();
    host.serve_until(&|| fired.get() == 1);
    assert!(later.is_pending() && latest.is_pending());
}

#[test]
fn a_tick_that_finds_nothing_polls_nobody() {
    let (host, event_loop, _guest) = guest();
    let polls = Rc::new(Cell::new(0));
    let counted = Rc::clone(&polls);
    let _sleeper = event_loop.spawn(poll_fn(move |_| {
        counted.set(counted.get() + 1);
        Poll::<()>::Pending
    }));
    host.park(&event_loop);
    let posted = host.posted();
    for seconds in 0..10 {
        // Earlier than the one before, and far away: the helper has to know, and nobody else.
        event_loop.call_later(HOUR - Duration::from_secs(seconds), || ()).unwrap();
        host.park(&event_loop);
    }
    assert_eq!((polls.get(), host.posted()), (1, posted + 10));
}

#[test]
fn each_runs_under_its_own_current_loop() {
    let (host, event_loop, _guest) = guest();
    let hosts_own = EventLoop::new().unwrap();
    hosts_own.enter(|| {
        let before = spawn(async {});
        let seen = Rc::new(Cell::new(0));
        let counted = Rc::clone(&seen);
        let task = event_loop.spawn(async move {
            counted.set(glassloop::snapshot().tasks.len());
            spawn(async {}).detach(); // on the guest's loop
        });
        host.serve_until(&|| task.is_finished());
        host.park(&event_loop);
        assert_eq!(seen.get(), 1, "the task itself, on its loop");
        assert_eq!(hosts_own.snapshot().tasks.len(), 1, "and the host's is current again");
        drop(before);
    });
}

#[test]
fn the_clock_may_be_moved_by_the_host() {
    let clock = ManualClock::new();
    for poller in [PollerKind::TimersOnly, PollerKind::Mio] {
        let builder = EventLoop::builder().clock(Clock::Manual(clock.clone())).poller(poller);
        let event_loop = Rc::new(builder.build().unwrap());
        let host = Host::new();
        let _guest = host.start(&event_loop);
        let task = event_loop.spawn(async { sleep(HOUR).await });
        host.park(&event_loop);
        let posted = host.posted();
        clock.advance(HOUR);
        host.serve_until(&|| task.is_finished());
        assert_eq!(host.posted(), posted + 1);
    }
}

#[test]
fn a_loop_may_be_the_guest_of_another_one() {
    // The host is a loop itself, and its queue the calls of other threads.
    let outer = EventLoop::new().unwrap();
    let inner = Rc::new(EventLoop::new().unwrap());
    let (post, ended) = (outer.remote(), outer.remote());
    let guest = Guest::start(
        &inner,
        move |tick| drop(post.defer(move || tick.run(BUDGET))),
        move |end| {
            assert!(matches!(end, GuestEnd::Stopped));
            ended.stop();
        },
    )
    .unwrap();
    let (to_inner, to_outer) = (Rc::new(Bell::default()), Rc::new(Bell::default()));
    let count = Rc::new(Cell::new(0));
    let (heard, tells, counted) = (Rc::clone(&to_inner), Rc::clone(&to_outer), Rc::clone(&count));
    inner
        .spawn(async move {
            for _ in 0..10 {
                tells.ring();
                heard.heard().await;
                counted.set(counted.get() + 1);
            }
            stop();
        })
        .detach();
    outer
        .spawn(async move {
            loop {
                to_outer.heard().await;
                to_inner.ring();
            }
        })
        .detach();
    outer.run().unwrap();
    assert_eq!(count.get(), 10);
    assert!(guest.has_ended());
}

#[test]
fn a_host_that_runs_a_tick_at_once_is_given_it_by_the_helper() {
    let me = thread::current().id();
    let host = Host::new();
    let queue = host.queue.clone();
    // Two turns' work in each tick of one turn: the rest is posted on the host's own thread.
    let post = move |tick: glassloop::GuestTick| {
        if thread::current().id() == me {
            tick.run(Duration::ZERO); // as glib's `invoke` does
        } else {
            queue.send(Event::Tick(tick)).unwrap();
        }
    };
    let event_loop = Rc::new(EventLoop::new().unwrap());
    let turns = Rc::new(Cell::new(0));
    let counted = Rc::clone(&turns);
    let task = event_loop.spawn(async move {
        for _ in 0..1_000 {
            counted.set(counted.get() + 1);
            glassloop::yield_now().await;
        }
    });
    let guest = Guest::start(&event_loop, post, |_| ()).unwrap();
    while !task.is_finished() {
        match host.next() {
            Event::Tick(tick) => tick.run(Duration::ZERO),
            _ => unreachable!("nobody else posts"),
        }
    }
    assert_eq!(turns.get(), 1_000);
    guest.end();
}

#[test]
fn a_tick_is_one_turn_without_a_budget_and_as_many_as_fit_with_one() {
    let clock = ManualClock::new();
    let builder = EventLoop::builder().clock(Clock::Manual(clock.clone()));
    let (host, event_loop) = (Host::new(), Rc::new(builder.build().unwrap()));
    let rounds = Rc::new(Cell::new(0));
    let counted = Rc::clone(&rounds);
    let _busy = event_loop.spawn(async move {
        loop {
            counted.set(counted.get() + 1);
            clock.advance(Duration::from_micros(100));
            glassloop::yield_now().await;
        }
    });
    let _guest = host.start(&event_loop);
    let tick = || match host.next() {
        Event::Tick(tick) => tick,
        _ => unreachable!("nobody else posts"),
    };
    for round in 1..=100 {
        tick().run(Duration::ZERO);
        assert_eq!((rounds.get(), event_loop.snapshot().turn), (round, round));
    }
    tick().run(BUDGET);
    assert_eq!(rounds.get(), 120, "twenty of 100 us each in two milliseconds");
    assert_eq!(host.posted(), 102, "and the next one is there");
}

#[test]
fn nobody_else_runs_a_guest() {
    let (host, event_loop, guest) = guest();
    for refused in [
        event_loop.run().unwrap_err(),
        event_loop.block_on(async {}).unwrap_err(),
        event_loop.pump(BUDGET).unwrap_err(),
        event_loop.wait().unwrap_err(),
        event_loop.turn(glassloop::Events::new()).unwrap_err(),
    ] {
        assert!(matches!(refused, RunError::Guest), "{refused}");
    }
    assert_eq!(event_loop.snapshot().tasks.len(), 0, "what is refused is not spawned");
    guest.end();
    assert!(matches!(host.run(), GuestEnd::Stopped));
    assert_eq!(event_loop.block_on(async { 7 }).unwrap(), 7);
}

/// Starts a guest as another one's first wait begins.
struct Second(Cell<Option<io::Result<Guest>>>);

impl Observer for Second {
    fn wait_began(&self, _timeout: Option<Duration>) {
        let other = Rc::new(EventLoop::new().unwrap());
        self.0.set(Some(Guest::start(&other, drop, |_| panic!("it never began"))));
    }
}

#[test]
fn while_it_starts_it_is_the_threads_guest_by_now() {
    let (host, event_loop) = (Host::new(), Rc::new(EventLoop::new().unwrap()));
    let second = Rc::new(Second(Cell::default()));
    event_loop.observe(second.clone());
    let _guest = host.start(&event_loop);
    let refused = second.0.take().expect("a wait has begun").unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
}
