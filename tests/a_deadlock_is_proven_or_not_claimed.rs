//! A deadlock is told at once where it is certain, and never where somebody might yet answer.
//!
//! Certain means: nothing is ready, no timer and no source can bring anything, no other thread can
//! reach the loop, and nobody holds a waker of what waits.
#![cfg(test)]

#[path = "common/journal.rs"]
mod journal;

use std::{
    cell::{Cell, RefCell},
    future::{pending, poll_fn},
    mem,
    net::TcpStream,
    rc::Rc,
    sync::{Arc, Mutex},
    task::{Poll, Waker},
    thread,
    time::{Duration, Instant},
};

use glassloop::{
    CancelToken, Clock, DeadlockReport, EventLoop, JoinHandle, Limits, ManualClock, Observer,
    PollerKind, RunError, Watch,
    net::{self, TcpListener},
};

const MS: Duration = Duration::from_millis(1);
/// Longer than any machine is late.
const PATIENCE: Duration = Duration::from_secs(60);

/// Two tasks, each of which waits for the other to end. Gives the line where the second is born,
/// and that where they wait.
fn tie_a_knot(event_loop: &EventLoop) -> (u32, u32) {
    type Other = Rc<RefCell<Option<JoinHandle<()>>>>;
    let join_line = line!() + 3;
    async fn join(other: Other) {
        let other = other.take().unwrap();
        other.await.unwrap();
    }
    let (left, right) = (Other::default(), Other::default());
    let first = event_loop.spawn(join(Rc::clone(&right))).named("hen");
    let (second, born_line) = (event_loop.spawn(join(Rc::clone(&left))).named("egg"), line!());
    left.replace(Some(first));
    right.replace(Some(second));
    (born_line, join_line)
}

#[track_caller]
fn expect_deadlock<T>(ended: Result<T, RunError>) -> DeadlockReport {
    match ended {
        Err(RunError::Deadlock(report)) => report,
        Err(other) => panic!("expected a deadlock, came: {other}"),
        Ok(_) => panic!("expected a deadlock, came a result"),
    }
}

fn names(report: &DeadlockReport) -> Vec<&str> {
    report.tasks.iter().map(|task| task.name.as_ref()).collect()
}

#[test]
fn a_join_cycle_is_told_in_the_first_idle_turn_with_names_and_places() {
    let event_loop = EventLoop::new().unwrap();
    let (born_line, join_line) = tie_a_knot(&event_loop);
    let report = expect_deadlock(event_loop.run());
    assert_eq!(event_loop.snapshot().turn, 1);
    assert_eq!(names(&report), ["hen", "egg"]);
    let [hen, egg] = &report.tasks[..] else { unreachable!("two names, two tasks") };
    let wait = &egg.waits[0];
    assert_eq!((wait.operation, &wait.of), ("join", &format!("task {} `hen`", hen.id)));
    let place = wait.place.unwrap();
    assert_eq!((place.file(), place.line()), (file!(), join_line));
    let born = egg.born.unwrap();
    assert_eq!((born.file(), born.line()), (file!(), born_line));
    let said = report.to_string();
    for part in ["`hen`", "`egg`", &format!("{}:{join_line}", file!())] {
        assert!(said.contains(part), "{said}");
    }
    event_loop.close(Duration::ZERO);
}

#[test]
fn an_open_socket_that_nobody_awaits_is_no_way_out() {
    let event_loop = EventLoop::new().unwrap();
    let listen = || TcpListener::bind("127.0.0.1:0".parse().unwrap());
    let listener = event_loop.enter(listen).unwrap();
    let address = listener.local_addr().unwrap();
    tie_a_knot(&event_loop);
    assert_eq!(names(&expect_deadlock(event_loop.run())), ["hen", "egg"]);
    assert_eq!(event_loop.snapshot().turn, 1);
    // As long as somebody accepts, it is one.
    let accept = async move { listener.accept().await.unwrap() };
    let peer = thread::spawn(move || {
        thread::sleep(20 * MS);
        TcpStream::connect(address).unwrap()
    });
    let accepted = event_loop.block_on(accept).unwrap();
    assert_eq!(accepted.1, peer.join().unwrap().local_addr().unwrap());
    assert_eq!(names(&expect_deadlock(event_loop.run())), ["hen", "egg"]);
    event_loop.close(Duration::ZERO);
}

/// A channel for one value, as any other crate might have written it: it knows wakers, not loops.
#[derive(Clone, Default)]
struct Letterbox {
    inside: Arc<Mutex<(Option<u32>, Option<Waker>)>>,
}

impl Letterbox {
    fn put(&self, letter: u32) {
        let mut inside = self.inside.lock().unwrap();
        inside.0 = Some(letter);
        let waker = inside.1.take();
        drop(inside);
        waker.map(Waker::wake).unwrap_or_default();
    }

    async fn take(self) -> u32 {
        poll_fn(|cx| {
            let mut inside = self.inside.lock().unwrap();
            inside.1 = Some(cx.waker().clone());
            inside.0.take().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
}

/// Fifty loops at once, each on a thread of its own, each answered by yet another.
fn fifty_times(run: fn() -> u32) {
    let loops: Vec<_> = (0..50).map(|_| thread::spawn(run)).collect();
    let answers: Vec<_> = loops.into_iter().map(|one| one.join().unwrap()).collect();
    assert_eq!(answers, [42; 50]);
}

#[test]
fn a_foreign_channel_answered_by_a_thread_is_not_a_deadlock_50_of_50() {
    fifty_times(|| {
        let letterbox = Letterbox::default();
        let sender = letterbox.clone();
        let thread = thread::spawn(move || {
            thread::sleep(200 * MS);
            sender.put(42);
        });
        let letter = EventLoop::new().unwrap().block_on(letterbox.take()).unwrap();
        thread.join().unwrap();
        letter
    });
}

#[test]
fn a_cancel_token_that_a_thread_cancels_is_not_a_deadlock_50_of_50() {
    fifty_times(|| {
        let token = CancelToken::new();
        let cancelled = token.cancelled();
        let thread = thread::spawn(move || {
            thread::sleep(200 * MS);
            token.cancel();
        });
        let wait = async move {
            cancelled.await;
            42
        };
        let answer = EventLoop::new().unwrap().block_on(wait).unwrap();
        thread.join().unwrap();
        answer
    });
}

/// A loop that soon says what it suspects.
fn impatient_loop() -> EventLoop {
    let limits = Limits { suspected_after_ms: 2, ..Limits::default() };
    EventLoop::builder().limits(limits).build().unwrap()
}

/// Stops the loop after its fifth wait.
#[derive(Default)]
struct FiveWaits(Cell<u32>);

impl Observer for FiveWaits {
    fn wait_ended(&self, _: usize) {
        self.0.set(self.0.get() + 1);
        if self.0.get() == 5 {
            glassloop::stop();
        }
    }
}

#[test]
fn a_leaked_waker_is_suspected_once_and_never_proven() {
    journal::take();
    let event_loop = impatient_loop();
    event_loop.observe(Rc::new(FiveWaits::default()));
    let leak = poll_fn(|cx| {
        mem::forget(cx.waker().clone());
        Poll::<()>::Pending
    });
    event_loop.spawn(leak).named("leaker").detach();
    tie_a_knot(&event_loop);
    assert!(matches!(event_loop.block_on(pending::<()>()), Err(RunError::Stopped)));
    let said = journal::take();
    let [warning] = &said[..] else { panic!("expected one line, came {said:?}") };
    for part in ["WARN", "suspected", "`leaker`", "`hen`", file!()] {
        assert!(warning.contains(part), "{warning}");
    }
    event_loop.close(Duration::ZERO);
}

/// Looks at the loop before each wait, and stops it once the log was told, or is never going to be.
struct Looker {
    watch: Watch,
    began: Instant,
    said: RefCell<Vec<String>>,
}

impl Observer for Looker {
    fn wait_began(&self, _: Option<Duration>) {
        drop(self.watch.ask());
        self.said.borrow_mut().extend(journal::take());
        if !self.said.borrow().is_empty() || self.began.elapsed() >= PATIENCE {
            glassloop::stop();
        }
    }
}

#[test]
fn who_looks_all_the_time_does_not_put_off_the_suspicion() {
    journal::take();
    let event_loop = impatient_loop();
    let (watch, began) = (event_loop.watch(), Instant::now());
    let looker = Rc::new(Looker { watch, began, said: RefCell::default() });
    event_loop.observe(Rc::clone(&looker) as Rc<dyn Observer>);
    let leak = poll_fn(|cx| {
        mem::forget(cx.waker().clone());
        Poll::<()>::Pending
    });
    event_loop.spawn(leak).named("leaker").detach();
    assert!(matches!(event_loop.run(), Ok(())));
    let said = looker.said.take();
    assert!(said.len() == 1 && said[0].contains("suspected"), "{said:?}");
    assert!(event_loop.snapshot().looks > 1);
    event_loop.close(Duration::ZERO);
}

#[test]
fn once_the_last_foreign_waker_is_dropped_it_is_proven() {
    journal::take();
    let event_loop = impatient_loop();
    let hold = poll_fn(|cx| {
        let waker = cx.waker().clone();
        thread::spawn(move || {
            thread::sleep(20 * MS);
            drop(waker);
        });
        Poll::<()>::Pending
    });
    event_loop.spawn(hold).named("forgotten").detach();
    let report = expect_deadlock(event_loop.block_on(pending::<()>()));
    assert_eq!(names(&report), ["forgotten", "main"]);
    assert_eq!(journal::take().len(), 1, "it was suspected before");
    event_loop.close(Duration::ZERO);
}

#[test]
fn as_long_as_a_remote_lives_the_loop_can_be_reached() {
    let event_loop = EventLoop::new().unwrap();
    tie_a_knot(&event_loop);
    let remote = event_loop.remote();
    let (send, receive) = std::sync::mpsc::channel();
    let thread = thread::spawn(move || {
        thread::sleep(20 * MS);
        remote.defer(move || send.send(()).unwrap()).unwrap();
        thread::sleep(20 * MS);
        drop(remote);
    });
    expect_deadlock(event_loop.run());
    receive.try_recv().expect("the call came before the verdict");
    thread.join().unwrap();
    event_loop.close(Duration::ZERO);
}

fn loop_with(clock: ManualClock) -> EventLoop {
    let builder = EventLoop::builder().poller(PollerKind::TimersOnly);
    builder.clock(Clock::Manual(clock)).build().unwrap()
}

#[test]
fn a_timer_on_a_clock_that_nobody_can_move_is_no_way_out() {
    let event_loop = loop_with(ManualClock::new());
    let nap = async { glassloop::sleep(MS).await };
    let report = expect_deadlock(event_loop.block_on(nap));
    assert_eq!(names(&report), ["main"]);
    assert_eq!(report.tasks[0].waits[0].operation, "sleep");
    event_loop.close(Duration::ZERO);
}

#[test]
fn a_timer_on_a_clock_that_a_thread_moves_is_one() {
    let clock = ManualClock::new();
    let event_loop = loop_with(clock.clone());
    let thread = thread::spawn(move || {
        thread::sleep(20 * MS);
        clock.advance(MS);
    });
    event_loop.block_on(async { glassloop::sleep(MS).await }).unwrap();
    thread.join().unwrap();
}

#[test]
fn a_clock_let_go_of_while_the_loop_waits_brings_the_loop_back_to_see_it() {
    let clock = ManualClock::new();
    let handle = clock.clone();
    let (told, verdict) = std::sync::mpsc::channel();
    let thread = thread::spawn(move || {
        let event_loop = loop_with(clock);
        let nap = async { glassloop::sleep(MS).await };
        let report = expect_deadlock(event_loop.block_on(nap));
        event_loop.close(Duration::ZERO);
        told.send((report.tasks.len(), event_loop.snapshot().reactor.blocked)).unwrap();
    });
    thread::sleep(20 * MS);
    assert!(verdict.try_recv().is_err(), "somebody may yet move it");
    drop(handle);
    let (tasks, blocked) = verdict.recv_timeout(5_000 * MS).expect("the loop is brought back");
    assert_eq!((tasks, blocked), (1, 1), "it was waiting");
    thread.join().unwrap();
}

#[test]
fn two_ends_in_memory_that_wait_for_each_other_are_no_way_out() {
    let event_loop = EventLoop::new().unwrap();
    let (here, there) = event_loop.enter(net::duplex).unwrap();
    let read = |end: net::TcpStream| async move { end.read(&mut [0]).await.unwrap() };
    event_loop.spawn(read(here)).named("here").detach();
    event_loop.spawn(read(there)).named("there").detach();
    assert_eq!(names(&expect_deadlock(event_loop.run())), ["here", "there"]);
    event_loop.close(Duration::ZERO);
}

#[test]
fn a_timer_on_a_clock_that_jumps_is_one() {
    let event_loop = loop_with(ManualClock::new().with_autojump());
    event_loop.block_on(async { glassloop::sleep(Duration::from_secs(3600)).await }).unwrap();
    assert_eq!(event_loop.snapshot().now_ns, 3_600_000_000_000);
}

#[test]
fn a_sleep_for_ever_is_no_way_out() {
    let event_loop = EventLoop::new().unwrap();
    let report = expect_deadlock(event_loop.block_on(async {
        glassloop::sleep(Duration::MAX).await;
    }));
    assert_eq!(report.tasks[0].waits[0].of, "timer never due");
    event_loop.close(Duration::ZERO);
}

#[test]
fn a_task_spawned_by_a_thread_that_let_go_of_it_is_proven_stuck() {
    let event_loop = EventLoop::test();
    let remote = event_loop.remote();
    let spawning = thread::spawn(move || drop(remote.spawn(std::future::pending::<()>)));
    spawning.join().unwrap();
    assert!(matches!(event_loop.run(), Err(RunError::Deadlock(_))), "nobody can cancel it");
}

#[test]
fn a_clock_that_one_loop_moves_wakes_the_others_that_use_it() {
    let clock = ManualClock::new().with_autojump();
    let on = |clock: &ManualClock| {
        let builder = EventLoop::builder().poller(glassloop::PollerKind::TimersOnly);
        builder.clock(Clock::Manual(clock.clone())).build().unwrap()
    };
    let (hour, minute) = (Duration::from_secs(3_600), Duration::from_secs(60));
    let (sender, receiver) = std::sync::mpsc::channel();
    let shared = clock.clone();
    let other = thread::spawn(move || {
        let naps = on(&shared).block_on(async move {
            let nap = glassloop::spawn(async move { glassloop::sleep(minute).await });
            glassloop::yield_now().await;
            // It sleeps by now. The remote keeps this loop from jumping: it waits for somebody.
            sender.send(glassloop::remote()).unwrap();
            nap.await.unwrap();
        });
        naps.unwrap();
    });
    let _remote = receiver.recv().unwrap();
    on(&clock).block_on(async move { glassloop::sleep(hour).await }).unwrap();
    other.join().unwrap();
}
