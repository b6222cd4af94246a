//! A guest's host is given a tick when there is something to do, and none otherwise: whatever it
//! was before, wherever it was started, whatever its host does. Ticks and turns are counted.
#![cfg(test)]
#![cfg(not(miri))]

#[path = "common/guest_host.rs"]
mod guest_host;
#[path = "common/scripted.rs"]
mod scripted;

use std::{
    cell::{Cell, RefCell},
    future::{Future, pending},
    pin::pin,
    rc::Rc,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::SeqCst},
        mpsc,
    },
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

use glassloop::{
    Clock, EventLoop, Guest, GuestTick, ManualClock, PollerKind, Precision, Pumped, RunError,
    Script, Step, net, outside, sleep, yield_now,
};
use guest_host::{BUDGET, Host, word};
use scripted::{address, echo_server, scripted_loop};

const MOMENT: Duration = Duration::from_micros(300);
const HOUR: Duration = Duration::from_secs(3600);

fn turns(event_loop: &EventLoop) -> u64 {
    event_loop.snapshot().turn
}

fn blocked(event_loop: &EventLoop) -> u64 {
    event_loop.snapshot().reactor.blocked
}

/// Every poller, every clock, and every way to wait for a deadline.
fn loops(clock: &ManualClock) -> Vec<(&'static str, Rc<EventLoop>)> {
    let manual = Clock::Manual(clock.clone());
    let loops = [
        ("mio", EventLoop::builder()),
        ("timers only", EventLoop::builder().poller(PollerKind::TimersOnly)),
        ("scripted", EventLoop::builder().poller(PollerKind::Scripted)),
        ("precise", EventLoop::builder().timeout_precision(Precision::Precise)),
        ("boot", EventLoop::builder().clock(Clock::Boot)),
        ("manual", EventLoop::builder().clock(manual)),
    ];
    loops.map(|(name, builder)| (name, Rc::new(builder.build().unwrap()))).into()
}

/// What a host asks of its guest, from its own thread.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Request {
    Task,
    Callback,
    Microtask,
    Timer,
    Frame,
    Idle,
    ByteThroughMemory,
    Abort,
    DeferredCall,
}

impl Request {
    const ALL: [Request; 9] = [
        Request::Task,
        Request::Callback,
        Request::Microtask,
        Request::Timer,
        Request::Frame,
        Request::Idle,
        Request::ByteThroughMemory,
        Request::Abort,
        Request::DeferredCall,
    ];

    /// Asks it of a parked guest. What it gives says whether that was done.
    fn ask(self, event_loop: &Rc<EventLoop>, host: &Host) -> impl Fn() -> bool + use<> {
        let done = Arc::new(AtomicU64::new(0));
        let tells = Arc::clone(&done);
        let tell = move || tells.store(1, SeqCst);
        match self {
            Request::Task => event_loop.spawn(async move { tell() }).detach(),
            Request::Callback => drop(event_loop.call_soon(tell).unwrap()),
            Request::Microtask => event_loop.queue_microtask(tell).unwrap(),
            Request::Timer => drop(event_loop.call_later(MOMENT, tell).unwrap()),
            Request::Frame => drop(event_loop.request_render(move |_| tell()).unwrap()),
            Request::Idle => drop(event_loop.request_idle(move |_| tell()).unwrap()),
            Request::DeferredCall => event_loop.remote().defer(tell).unwrap(),
            Request::ByteThroughMemory => {
                let (near, far) = event_loop.enter(net::duplex).unwrap();
                let reads = async move {
                    far.read(&mut [0; 4]).await.unwrap();
                    tell();
                };
                event_loop.spawn(reads).detach();
                host.park(event_loop);
                event_loop.enter(|| {
                    let writes = pin!(near.write_all(b"x"));
                    let written = writes.poll(&mut Context::from_waker(Waker::noop()));
                    assert!(matches!(written, Poll::Ready(Ok(()))));
                });
            }
            Request::Abort => {
                let tells = Tells(tell);
                let task = event_loop.spawn(async move {
                    let _tells = tells;
                    pending::<()>().await;
                });
                host.park(event_loop);
                task.abort();
            }
        }
        move || done.load(SeqCst) == 1
    }
}

/// Calls a function when it is dropped.
struct Tells<F: Fn()>(F);

impl<F: Fn()> Drop for Tells<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[test]
fn whatever_its_host_asks_is_done_in_one_tick_over_every_poller_and_clock() {
    let clock = ManualClock::new();
    for (name, event_loop) in loops(&clock) {
        let host = Host::new();
        let _guest = host.start(&event_loop);
        host.park(&event_loop);
        for (round, request) in Request::ALL.into_iter().cycle().enumerate().take(27) {
            let done = request.ask(&event_loop, &host);
            if matches!(request, Request::Timer | Request::Frame) {
                host.park(&event_loop);
                clock.advance(Duration::from_millis(20));
                host.serve_until(&done);
                host.park(&event_loop);
            } else {
                host.rests_after(1, BUDGET, &event_loop);
            }
            assert!(done(), "{name}, round {round}: {request:?}");
        }
        host.rests_after(0, BUDGET, &event_loop);
        let asked = event_loop.snapshot().reactor;
        assert!(asked.wake_calls <= asked.blocked, "{name}: {asked:?}");
    }
}

#[test]
fn a_loop_that_a_pump_has_parked_is_waited_for_once_it_is_a_guest() {
    let event_loop = Rc::new(EventLoop::new().unwrap());
    let called = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&called);
    event_loop.on_wake(move || _ = counted.fetch_add(1, SeqCst));
    assert!(!event_loop.pump(BUDGET).unwrap().more);
    assert_eq!((word(&event_loop).as_str(), turns(&event_loop)), ("PARKED", 1));
    let host = Host::new();
    let guest = host.start(&event_loop);
    host.rests_after(0, BUDGET, &event_loop);
    for round in 1..=3 {
        event_loop.spawn(async {}).detach();
        host.rests_after(1, BUDGET, &event_loop);
        assert_eq!((turns(&event_loop), blocked(&event_loop)), (1 + round, 1 + round));
    }
    assert_eq!(called.load(SeqCst), 0, "its ticks come by `post`: nobody calls the host besides");
    guest.end();
}

#[test]
fn turns_with_work_for_another_one_need_no_helper() {
    let (host, event_loop) = (Host::new(), Rc::new(EventLoop::new().unwrap()));
    let _guest = host.start(&event_loop);
    let called = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&called);
    event_loop.on_wake(move || _ = counted.fetch_add(1, SeqCst));
    let yields = async {
        for _ in 0..99 {
            yield_now().await;
        }
    };
    event_loop.spawn(yields).detach();
    host.rests_after(100, Duration::ZERO, &event_loop);
    // Once as it began, and once at the end.
    assert_eq!((turns(&event_loop), blocked(&event_loop)), (100, 2));
    assert_eq!((event_loop.snapshot().reactor.wake_calls, called.load(SeqCst)), (1, 0));
}

#[test]
fn started_outside_of_a_turn_of_a_pump_it_is_a_guest_from_there() {
    for asker_waits in [true, false] {
        let event_loop = Rc::new(EventLoop::new().unwrap());
        let (host, guest) = (Rc::new(Host::new()), Rc::new(RefCell::new(None)));
        let asker: Rc<RefCell<Option<glassloop::JoinHandle<()>>>> = Rc::default();
        let (dialog, opens, keeps) = (Rc::clone(&host), Rc::clone(&event_loop), Rc::clone(&guest));
        let lets_go = Rc::clone(&asker);
        let asks = outside(move || {
            keeps.replace(Some(dialog.start(&opens)));
            if !asker_waits {
                lets_go.borrow().as_ref().unwrap().abort();
                dialog.rests_after(1, BUDGET, &opens);
            }
        });
        asker.replace(Some(event_loop.spawn(asks)));
        let called = event_loop.snapshot().reactor.host_wakes;
        let pumped = event_loop.pump(BUDGET);
        if asker_waits {
            // There is more to do, and it is a guest's.
            assert!(matches!(pumped, Err(RunError::Guest)), "{pumped:?}");
            host.rests_after(1, BUDGET, &event_loop);
            assert!(asker.borrow().as_ref().unwrap().is_finished());
        } else {
            let Pumped { more, next, .. } = pumped.unwrap();
            assert_eq!((more, next), (false, None), "its ticks come by themselves");
        }
        host.rests_after(0, BUDGET, &event_loop);
        event_loop.spawn(async {}).detach();
        host.rests_after(1, BUDGET, &event_loop);
        let calls = event_loop.snapshot().reactor.host_wakes - called;
        assert_eq!((calls, turns(&event_loop)), (0, 3));
    }
}

#[test]
fn what_runs_its_hosts_queue_within_post_is_given_the_tick_once_more_and_no_oftener() {
    let me = thread::current().id();
    let (queue, events) = mpsc::channel::<GuestTick>();
    let events = Arc::new(Mutex::new(events));
    let (posted, nested) = (Arc::new(AtomicU64::new(0)), Arc::clone(&events));
    let counted = Arc::clone(&posted);
    let post = move |tick| {
        counted.fetch_add(1, SeqCst);
        queue.send(tick).unwrap();
        if thread::current().id() == me {
            // It shows its progress, and runs its events for a moment.
            let events = nested.lock().unwrap();
            while let Ok(tick) = events.recv_timeout(Duration::from_millis(2)) {
                tick.run(Duration::ZERO);
            }
        }
    };
    let event_loop = Rc::new(EventLoop::new().unwrap());
    let guest = Guest::start(&event_loop, post, |_| ()).unwrap();
    let yields = async {
        for _ in 0..3 {
            yield_now().await;
        }
    };
    let task = event_loop.spawn(yields);
    while !task.is_finished() {
        let tick = events.lock().unwrap().recv_timeout(Duration::from_secs(10)).unwrap();
        tick.run(Duration::ZERO);
    }
    // By the helper for the task; then twice for each of its yields.
    assert_eq!((turns(&event_loop), posted.load(SeqCst)), (4, 1 + 3 * 2));
    assert_eq!((word(&event_loop).as_str(), blocked(&event_loop)), ("WAITING", 2));
    guest.end();
}

#[test]
fn an_idle_callback_runs_in_the_first_tick_however_little_time_its_host_spares() {
    let nanos = [0, 1, 1_000, 5_000, 20_000, 1_000_000].map(Duration::from_nanos);
    for budget in nanos {
        let (host, event_loop) = (Host::new(), Rc::new(EventLoop::new().unwrap()));
        let _guest = host.start(&event_loop);
        let ran = Rc::new(Cell::new(false));
        let runs = Rc::clone(&ran);
        event_loop.request_idle(move |_| runs.set(true)).unwrap();
        host.rests_after(1, budget, &event_loop);
        assert!(ran.get(), "{budget:?}");
    }
}

#[test]
fn an_idle_callback_on_a_clock_that_stands_still_near_a_deadline_is_one_tick() {
    for nanos in [1, 500, 999_999, 1_000_000, 3_000_000] {
        let builder = EventLoop::builder().clock(Clock::Manual(ManualClock::new()));
        let (host, event_loop) = (Host::new(), Rc::new(builder.build().unwrap()));
        let _guest = host.start(&event_loop);
        let timer = event_loop.call_later(Duration::from_nanos(nanos), || ()).unwrap();
        host.rests_after(1, BUDGET, &event_loop);
        let ran = Rc::new(Cell::new(false));
        let runs = Rc::clone(&ran);
        event_loop.request_idle(move |_| runs.set(true)).unwrap();
        host.rests_after(1, BUDGET, &event_loop);
        assert!(ran.get() && timer.is_pending(), "{nanos} ns before it");
    }
}

#[test]
fn a_clock_that_jumps_is_not_waited_for_and_then_the_guest_rests() {
    let (host, event_loop) = (Host::new(), Rc::new(EventLoop::test()));
    let _guest = host.start(&event_loop);
    let task = event_loop.spawn(async {
        for _ in 0..1_000 {
            sleep(HOUR).await;
        }
    });
    host.serve_until(&|| task.is_finished());
    let _waits = event_loop.spawn(pending::<()>());
    host.park(&event_loop);
    host.rests_after(0, BUDGET, &event_loop);
}

#[test]
fn the_script_of_a_guest_is_played() {
    let steps = [Step::Send(b"hello".to_vec()), Step::ReadUntil(5), Step::HalfClose];
    let script = Script::new(7).connects(address(), steps);
    let (host, event_loop) = (Host::new(), Rc::new(scripted_loop(script, 64)));
    let _guest = host.start(&event_loop);
    let echoed = event_loop.spawn(echo_server(1));
    host.serve_until(&|| echoed.is_finished());
    host.park(&event_loop);
    host.rests_after(0, BUDGET, &event_loop);
    assert!(event_loop.snapshot().turn < 50, "{}", event_loop.snapshot().turn);
}

#[test]
#[cfg(all(feature = "os-time", target_os = "linux"))]
fn the_system_is_told_of_each_deadline_where_the_timeout_is_too_coarse() {
    let precise = EventLoop::builder().timeout_precision(Precision::Precise);
    for builder in [precise, EventLoop::builder().clock(Clock::Boot)] {
        let (host, event_loop) = (Host::new(), Rc::new(builder.build().unwrap()));
        let _guest = host.start(&event_loop);
        let told = || event_loop.snapshot().reactor.alarms_set;
        let before = told();
        for round in 1..=5 {
            // Each is earlier than the one before.
            event_loop.call_later(HOUR - Duration::from_secs(round), || ()).unwrap();
            host.rests_after(1, BUDGET, &event_loop);
            assert_eq!(told() - before, round);
        }
    }
}
