//! A guest may end at any moment: then its thread is its host's, who is called once for what comes
//! next, and the loop goes on with all that it held.
//!
//! Each scene ends a guest in its own way. `common/guest_host.rs` is the host; `hears` is what is
//! true of the loop whatever the way was.
#![cfg(test)]
#![cfg(not(miri))]

mod common;
#[path = "common/guest_host.rs"]
mod guest_host;

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
        mpsc,
    },
    thread,
    time::Duration,
};

use common::OnDrop;
use glassloop::{
    Clock, EventLoop, Guest, GuestEnd, GuestTick, ManualClock, Observer, RunError, outside,
    yield_now,
};
use guest_host::{BUDGET, Event, Host, word};

const PATIENCE: Duration = Duration::from_secs(10);

/// A parked guest, and how often its host's `on_wake` was called.
struct Scene {
    host: Rc<Host>,
    event_loop: Rc<EventLoop>,
    /// To be ended by whoever takes it out.
    guest: Rc<RefCell<Option<Guest>>>,
    called: Arc<AtomicU64>,
}

impl Scene {
    fn new() -> Scene {
        Scene::of(EventLoop::new().unwrap())
    }

    fn of(event_loop: EventLoop) -> Scene {
        let (host, event_loop) = (Rc::new(Host::new()), Rc::new(event_loop));
        let called = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&called);
        event_loop.on_wake(move || _ = counted.fetch_add(1, SeqCst));
        let guest = Rc::new(RefCell::new(Some(host.start(&event_loop))));
        host.park(&event_loop);
        Scene { host, event_loop, guest, called }
    }

    /// What ends the guest when it is called.
    fn end(&self) -> impl FnOnce() + 'static {
        let guest = Rc::clone(&self.guest);
        move || drop(guest.take())
    }

    fn ends_stopped(&self) {
        assert!(matches!(self.host.run(), GuestEnd::Stopped));
    }

    /// As `ends_stopped`; a tick was on its way, and does nothing.
    fn ends_stopped_after_a_tick(&self) {
        let turn = self.event_loop.snapshot().turn;
        loop {
            match self.host.next() {
                Event::Tick(tick) => tick.run(BUDGET),
                Event::Ended(end) => break assert!(matches!(end, GuestEnd::Stopped)),
                Event::Call(_) => unreachable!("nobody calls"),
            }
        }
        assert_eq!(self.event_loop.snapshot().turn, turn);
    }

    /// How often the host was called, and what the wake word says now.
    fn called(&self) -> (u64, String) {
        (self.called.load(SeqCst), word(&self.event_loop))
    }

    /// Nothing was left to be done, and nobody was called. Then a thread leaves a call: the host
    /// hears of it once, and a pump runs it.
    fn hears(&self) {
        assert_eq!(self.called(), (0, "PARKED".to_owned()), "nothing was left");
        for round in 1..=3 {
            let ran = Arc::new(AtomicU64::new(0));
            let (remote, runs) = (self.event_loop.remote(), Arc::clone(&ran));
            let leaves = thread::spawn(move || {
                for runs in [Arc::clone(&runs), runs] {
                    remote.defer(move || _ = runs.fetch_add(1, SeqCst)).unwrap();
                }
            });
            leaves.join().unwrap();
            assert_eq!(self.called(), (round, "NOTIFIED".to_owned()), "once for both");
            assert!(!self.event_loop.pump(BUDGET).unwrap().more);
            assert_eq!(ran.load(SeqCst), 2, "what was accepted has run");
            assert_eq!(self.called(), (round, "PARKED".to_owned()));
        }
        assert!(self.host.is_idle(), "no tick comes any more");
        self.event_loop.block_on(async { yield_now().await }).unwrap();
    }

    /// Something was left: the host was called for it once. It pumps until nothing is left.
    fn hears_of_what_is_left(&self) {
        assert_eq!(self.called.swap(0, SeqCst), 1, "for what is left");
        while self.event_loop.pump(BUDGET).unwrap().more {}
        self.called.store(0, SeqCst);
        self.hears();
    }
}

/// Does something once, as a wait begins that may block.
struct AsTheWaitBegins<F: FnOnce()>(Cell<Option<F>>);

impl<F: FnOnce()> Observer for AsTheWaitBegins<F> {
    fn wait_began(&self, timeout: Option<Duration>) {
        if timeout != Some(Duration::ZERO)
            && let Some(f) = self.0.take()
        {
            f();
        }
    }
}

#[test]
fn it_may_be_ended_by_its_host_between_two_ticks() {
    let scene = Scene::new();
    let posted = scene.host.posted();
    scene.end()();
    assert_eq!(scene.host.posted(), posted, "the helper has ended, and has given no tick");
    scene.ends_stopped();
    scene.hears();
}

#[test]
fn its_host_is_called_for_the_task_or_the_timer_that_is_left() {
    let scene = Scene::new();
    let task = scene.event_loop.spawn(async {});
    scene.end()();
    scene.ends_stopped_after_a_tick();
    assert!(!task.is_finished());
    scene.hears_of_what_is_left();
    assert!(task.is_finished());

    let scene = Scene::new();
    let hour = Duration::from_secs(3600);
    let timer = scene.event_loop.call_later(hour, || ()).unwrap();
    scene.host.park(&scene.event_loop);
    scene.end()();
    scene.ends_stopped();
    assert_eq!(scene.called(), (1, "PARKED".to_owned()), "somebody has to set its timeout");
    assert!(scene.event_loop.timeout().is_some_and(|left| left <= hour));
    timer.cancel();
}

#[test]
fn it_may_be_ended_by_its_own_task_or_idle_callback() {
    let scene = Scene::new();
    let end = scene.end();
    scene.event_loop.spawn(async { end() }).detach();
    scene.ends_stopped();
    scene.hears();

    let scene = Scene::new();
    let end = scene.end();
    scene.event_loop.request_idle(|_| end()).unwrap();
    scene.ends_stopped();
    scene.hears();
}

#[test]
fn it_may_be_ended_by_an_observer_as_its_wait_begins() {
    let scene = Scene::new();
    let end = scene.end();
    scene.event_loop.observe(Rc::new(AsTheWaitBegins(Cell::new(Some(end)))));
    scene.event_loop.spawn(async {}).detach();
    scene.ends_stopped();
    scene.hears();
    assert!(scene.event_loop.close(PATIENCE).is_clean());
}

#[test]
fn it_may_be_ended_by_another_loops_host_as_its_clock_jumps() {
    thread_local!(static TO_END: RefCell<Option<Guest>> = const { RefCell::new(None) });
    let clock = Clock::Manual(ManualClock::new().with_autojump());
    // It hears of each jump, and its host then ends the guest.
    let other = EventLoop::builder().clock(clock.clone()).build().unwrap();
    let scene = Scene::of(EventLoop::builder().clock(clock).build().unwrap());
    TO_END.set(scene.guest.take());
    assert!(!other.pump(BUDGET).unwrap().more);
    other.on_wake(|| TO_END.with(|guest| drop(guest.take())));
    let fired = Rc::new(Cell::new(false));
    let fires = Rc::clone(&fired);
    scene.event_loop.call_later(Duration::from_secs(5), move || fires.set(true)).unwrap();
    scene.ends_stopped();
    assert!(!fired.get());
    scene.hears_of_what_is_left();
    assert!(fired.get());
}

#[test]
fn it_may_be_ended_in_a_dialog_that_nobody_waits_for_any_more() {
    let scene = Scene::new();
    let (dialog, end, gone) = (Rc::clone(&scene.host), scene.end(), Rc::new(Cell::new(false)));
    let (pumped, asker_gone) = (Rc::clone(&scene.event_loop), Rc::clone(&gone));
    let asks = scene.event_loop.spawn(async move {
        let goes = Rc::clone(&gone);
        let _goes = OnDrop::new(move || goes.set(true));
        outside(move || {
            dialog.serve_until(&|| gone.get());
            end();
            assert!(!pumped.pump(BUDGET).unwrap().more, "it may be pumped here");
        })
        .await;
    });
    // Another task, while the dialog is open.
    scene.event_loop.call_soon(move || asks.abort()).unwrap();
    scene.ends_stopped();
    assert!(asker_gone.get());
    scene.hears();
}

#[test]
fn it_may_be_ended_in_the_turn_that_also_stops() {
    let scene = Scene::new();
    let end = scene.end();
    let both = async {
        end();
        glassloop::stop();
    };
    scene.event_loop.spawn(both).detach();
    scene.ends_stopped();
    assert_eq!(scene.called.swap(0, SeqCst), 1, "the stop is left, for the next run or pump");
    assert!(matches!(scene.event_loop.pump(BUDGET), Err(RunError::Stopped)));
    scene.hears();
}

#[test]
fn ended_in_the_turn_that_fails_it_leaves_the_failure_for_the_next_run_or_pump() {
    let scene = |first: bool| {
        let (host, event_loop) = (Host::new(), Rc::new(EventLoop::test()));
        let mut guest = Some(host.start(&event_loop));
        for ends in [first, !first] {
            let ended = guest.take_if(|_| ends);
            let task = async move {
                assert!(ended.is_some(), "whoops");
                drop(ended);
            };
            event_loop.spawn(task).detach();
        }
        assert!(matches!(host.run(), GuestEnd::Stopped));
        event_loop
    };
    for ends_first in [true, false] {
        for told in [scene(ends_first).run(), scene(ends_first).pump(BUDGET).map(|_| ())] {
            let Err(RunError::Failed(what)) = told else { panic!("{told:?}") };
            assert!(what.contains("whoops"), "{what}");
        }
        let event_loop = scene(ends_first);
        event_loop.run().unwrap_err();
        event_loop.run().expect("it was told");
    }
}

#[test]
fn what_was_to_run_outside_of_its_last_turn_runs_in_the_next_pump() {
    let scene = Scene::new();
    let (end, ran) = (scene.end(), Rc::new(Cell::new(false)));
    let runs = Rc::clone(&ran);
    let asks = scene.event_loop.spawn(async move {
        end();
        outside(move || runs.set(true)).await;
    });
    scene.ends_stopped();
    assert!(!ran.get(), "the thread was the host's");
    scene.hears_of_what_is_left();
    assert!(ran.get() && asks.is_finished());
}

#[test]
fn a_close_ends_it_and_it_can_not_be_started_again_meanwhile() {
    thread_local! {
        static AGAIN: RefCell<Option<Rc<EventLoop>>> = const { RefCell::new(None) };
        static TOLD: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }
    let event_loop = Rc::new(EventLoop::new().unwrap());
    AGAIN.set(Some(Rc::clone(&event_loop)));
    let starts_again = |end| {
        assert!(matches!(end, GuestEnd::Stopped));
        let closing = AGAIN.take().unwrap();
        let refused = Guest::start(&closing, drop, |_| panic!("it never began")).unwrap_err();
        TOLD.with_borrow_mut(|told| told.push(refused.to_string()));
    };
    let (queue, events) = mpsc::channel::<GuestTick>();
    let guest = Guest::start(&event_loop, move |tick| queue.send(tick).unwrap(), starts_again);
    let mut accepted = event_loop.remote().call(|| 7);
    let task = event_loop.spawn(async { yield_now().await });
    assert!(event_loop.close(PATIENCE).is_clean());
    assert!(guest.unwrap().has_ended() && task.is_finished());
    assert_eq!(accepted.wait(PATIENCE).unwrap(), 7, "accepted is accepted");
    let told = TOLD.take();
    assert!(told.len() == 1 && told[0].contains("closed"), "{told:?}");
    drop(events);
}

/// Closes a loop when its thread ends.
#[derive(Default)]
struct AtTheEnd(Cell<Option<Leaves>>);

type Leaves = (Guest, mpsc::Sender<bool>);

impl Drop for AtTheEnd {
    fn drop(&mut self) {
        let (guest, tell) = self.0.take().expect("it was given one");
        let clean = guest.event_loop().close(PATIENCE).is_clean();
        tell.send(clean && guest.has_ended()).unwrap();
    }
}

#[test]
fn it_may_be_ended_as_its_thread_ends() {
    thread_local!(static LATE: AtTheEnd = AtTheEnd::default());
    // It may go before or after what knows of the guest by its thread: both are tried.
    for registered_first in [true, false] {
        let (tell, told) = mpsc::channel();
        let thread = thread::spawn(move || {
            if registered_first {
                LATE.with(|_| ());
            }
            let (host, event_loop) = (Host::new(), Rc::new(EventLoop::new().unwrap()));
            let guest = host.start(&event_loop);
            host.park(&event_loop);
            event_loop.spawn(async { yield_now().await }).detach();
            event_loop.remote().defer(|| ()).unwrap();
            LATE.with(|late| late.0.set(Some((guest, tell))));
            host
        });
        let host = thread.join().unwrap();
        assert_eq!(told.recv_timeout(PATIENCE), Ok(true), "clean, and ended");
        while !matches!(host.next(), Event::Ended(GuestEnd::Stopped)) {}
    }
}

#[test]
fn it_may_be_ended_by_its_own_task_with_the_last_handle_of_its_loop() {
    let Scene { host, event_loop, guest, .. } = Scene::new();
    let dropped = Rc::new(Cell::new(false));
    let drops = Rc::clone(&dropped);
    let left = async move {
        let _drops = OnDrop::new(move || drops.set(true));
        std::future::pending::<()>().await;
    };
    event_loop.spawn(left).detach();
    event_loop.spawn(async move { drop(guest.take()) }).detach();
    let gone = Rc::downgrade(&event_loop);
    drop(event_loop);
    assert!(matches!(host.run(), GuestEnd::Stopped));
    assert!(gone.upgrade().is_none() && dropped.get(), "with what was left in it");
    assert!(host.is_idle());
}

#[test]
#[cfg(unix)]
fn its_descriptor_is_readable_for_what_comes_after_the_end() {
    use std::os::fd::AsRawFd;

    use glassloop::mio::{Events, Interest, Poll, Token, unix::SourceFd};

    let (host, event_loop) = (Host::new(), Rc::new(EventLoop::new().unwrap()));
    let mut waits = Poll::new().unwrap();
    let descriptor = event_loop.descriptor().unwrap().as_raw_fd();
    waits.registry().register(&mut SourceFd(&descriptor), Token(0), Interest::READABLE).unwrap();
    let mut readable = |patience| {
        let mut events = Events::with_capacity(8);
        waits.poll(&mut events, Some(patience)).unwrap();
        !events.is_empty()
    };
    let guest = host.start(&event_loop);
    let task = event_loop.spawn(async {});
    host.serve_until(&|| task.is_finished());
    host.park(&event_loop);
    guest.end();
    // Whatever the helper was woken by is over.
    while readable(Duration::ZERO) {
        assert!(!event_loop.pump(Duration::ZERO).unwrap().more);
    }
    for _ in 0..3 {
        let remote = event_loop.remote();
        let call = thread::spawn(move || remote.call(|| 7));
        let mut call = call.join().unwrap();
        assert!(readable(PATIENCE));
        assert!(!event_loop.pump(Duration::ZERO).unwrap().more);
        assert_eq!(call.wait(PATIENCE).unwrap(), 7);
    }
}
