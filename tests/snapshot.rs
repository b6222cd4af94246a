//! A snapshot shows who waits for what, and where; and every count in it is exact.
//!
//! `tests/golden/snapshot.txt` is the table as a person sees it; `GLASSLOOP_BLESS=1` rewrites it.
//! What another thread sees of a loop is the matter of `a_hanging_loop_can_be_watched.rs`.
#![cfg(test)]

#[path = "common/golden.rs"]
mod golden;

use std::{
    cell::RefCell,
    future::{Future, pending, poll_fn},
    pin::Pin,
    rc::Rc,
    task::{Poll, Waker},
    thread,
    time::Duration,
};

use glassloop::{
    Clock, EventLoop, Events, ManualClock, PollerKind, Remote, Snapshot, TaskState,
    net::{self, TcpStream, UdpSocket},
};

const SOCKETS: usize = 31;

/// A loop whose clock only the test moves, and which makes no system call.
fn quiet_loop(clock: &ManualClock) -> EventLoop {
    let builder = EventLoop::builder().poller(PollerKind::TimersOnly).on_unhandled(|_| ());
    builder.clock(Clock::Manual(clock.clone())).build().unwrap()
}

fn turn(event_loop: &EventLoop) {
    let events = event_loop.wait().unwrap();
    event_loop.turn(events).unwrap();
}

/// Waits for all of them at once, as the combinators of other crates do.
async fn join_all(mut futures: Vec<Pin<Box<dyn Future<Output = ()>>>>) {
    poll_fn(|cx| {
        futures.retain_mut(|future| future.as_mut().poll(cx).is_pending());
        if futures.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// The line of the one read below.
const READ_LINE: u32 = line!() + 5;

fn read(stream: TcpStream) -> Pin<Box<dyn Future<Output = ()>>> {
    Box::pin(async move {
        let mut byte = [0];
        stream.read(&mut byte).await.unwrap();
    })
}

/// What must live while the program is looked at.
struct Kept {
    _far: Vec<TcpStream>,
    _remote: Remote,
}

/// One task that reads from 31 sockets, one that sleeps, one that waits for it, one that is ready,
/// one that has ended, and a call that another thread left.
fn program(event_loop: &EventLoop, clock: &ManualClock) -> Kept {
    let (near, far): (Vec<_>, Vec<_>) =
        (0..SOCKETS).map(|_| event_loop.enter(net::duplex).unwrap()).unzip();
    let reads = near.into_iter().map(read).collect();
    event_loop.spawn(join_all(reads)).named("reader").detach();
    let sleep = async { glassloop::sleep(Duration::from_millis(1_500)).await };
    let sleeper = event_loop.spawn(sleep).named("sleeper");
    event_loop.spawn(async { sleeper.await.unwrap() }).named("joiner").detach();
    event_loop.spawn(pending::<()>()).detach();
    turn(event_loop);
    clock.advance(Duration::from_millis(500));
    turn(event_loop);
    event_loop.spawn(async {}).named("newcomer").detach();
    event_loop.call_later(Duration::from_secs(60), || ()).unwrap();
    let remote = event_loop.remote();
    let sender = remote.clone();
    thread::spawn(move || sender.defer(|| ()).unwrap()).join().unwrap();
    Kept { _far: far, _remote: remote }
}

#[test]
fn the_table_is_the_golden_one() {
    let clock = ManualClock::new();
    let event_loop = quiet_loop(&clock);
    let _kept = program(&event_loop, &clock);
    let table = event_loop.snapshot().to_string();
    golden::is_golden("tests/golden/snapshot.txt", &table);
    event_loop.close(Duration::ZERO);
}

#[test]
fn each_kind_of_source_says_who_waits_for_it_and_where() {
    let event_loop = EventLoop::new().unwrap();
    let udp = event_loop.enter(|| UdpSocket::bind("127.0.0.1:0".parse().unwrap())).unwrap();
    let mut lines = vec![("recv_from", "udp 0", line!() + 1)];
    event_loop.spawn(async move { udp.recv_from(&mut [0; 1]).await.map(drop) }).detach();
    let mut kept: Vec<Box<dyn std::any::Any>> = Vec::new();
    #[cfg(unix)]
    {
        use glassloop::net::{UnixStream, pipe};
        let (here, there) = event_loop.enter(UnixStream::pair).unwrap();
        kept.push(Box::new(there));
        lines.push(("read_exact", "unix 1", line!() + 1));
        event_loop.spawn(async move { here.read_exact(&mut [0; 1]).await }).detach();
        let (reader, writer) = event_loop.enter(pipe).unwrap();
        kept.push(Box::new(writer));
        lines.push(("read", "pipe reader 3", line!() + 1));
        event_loop.spawn(async move { reader.read(&mut [0; 1]).await.map(drop) }).detach();
    }
    event_loop.turn(Events::new()).unwrap();
    let snapshot = event_loop.snapshot();
    let waits = snapshot.tasks.iter().flat_map(|task| &task.waits);
    let waits: Vec<(&str, &str, u32)> =
        waits.map(|wait| (wait.operation, wait.of.as_str(), wait.place.unwrap().line())).collect();
    assert_eq!(waits, lines);
    event_loop.close(Duration::ZERO);
}

#[test]
fn thirty_one_sockets_in_one_join_all_are_thirty_one_waits_of_one_task() {
    let clock = ManualClock::new();
    let event_loop = quiet_loop(&clock);
    let _kept = program(&event_loop, &clock);
    let snapshot = event_loop.snapshot();
    let task = |name| snapshot.tasks.iter().find(|task| task.name == name).unwrap();
    let reader = task("reader");
    assert_eq!(reader.waits.len(), SOCKETS);
    for (number, wait) in reader.waits.iter().enumerate() {
        let (source, place) = (2 * number, wait.place.unwrap());
        let peer = source + 1;
        assert_eq!(wait.operation, "read");
        assert_eq!(wait.of, format!("memory {source} source {peer}#{peer}"));
        assert_eq!((place.file(), place.line()), (file!(), READ_LINE));
    }
    let joiner = &task("joiner").waits[0];
    assert_eq!((joiner.operation, &*joiner.of), ("join", "task #1.1 `sleeper`"));
    let sleeper = &task("sleeper").waits[0];
    assert_eq!((sleeper.operation, &*sleeper.of), ("sleep", "timer due in 1.000s"));
    assert_eq!(task("newcomer").state, TaskState::Ready);
    let queue = |name| snapshot.queues.iter().find(|queue| queue.name == name).unwrap();
    assert_eq!((queue("deferred").depth, queue("ready").depth), (1, 1));
    assert_eq!(snapshot.reactor.waiters, SOCKETS);
    event_loop.close(Duration::ZERO);
}

#[test]
fn a_wait_that_is_over_is_no_longer_shown() {
    let clock = ManualClock::new();
    let event_loop = quiet_loop(&clock);
    let kept = program(&event_loop, &clock);
    for far in &kept._far[..11] {
        far.try_write(b"!").unwrap();
    }
    turn(&event_loop);
    turn(&event_loop);
    let waits = |name: &str| {
        let snapshot = event_loop.snapshot();
        let task = snapshot.tasks.iter().find(|task| task.name == name);
        task.map_or(0, |task| task.waits.len())
    };
    assert_eq!(waits("reader"), 20);
    clock.advance(Duration::from_secs(1));
    turn(&event_loop);
    turn(&event_loop);
    assert_eq!((waits("sleeper"), waits("joiner")), (0, 0));
    event_loop.close(Duration::ZERO);
}

/// Each count by its name.
fn counts(snapshot: &Snapshot) -> Vec<(&'static str, u64)> {
    let counts = &snapshot.executor;
    let mut rows = vec![
        ("spawned", counts.spawned),
        ("polls", counts.polls),
        ("finished", counts.finished),
        ("panicked", counts.panicked),
        ("cancelled", counts.cancelled),
        ("callbacks", counts.callbacks),
        ("calls", counts.calls),
        ("microtasks", counts.microtasks),
        ("stale", counts.stale),
        ("deepest queue", counts.ready_depth_max),
        ("unhandled", counts.unhandled),
        ("events", snapshot.reactor.events),
        ("timers fired", snapshot.reactor.timers_fired),
        ("turns", snapshot.turn),
    ];
    let wakes = glassloop::Cause::ALL.into_iter().zip(counts.wakes);
    rows.extend(wakes.map(|(cause, wakes)| (cause.name(), wakes)));
    rows
}

/// A future that keeps its waker for others to use, and ends the second time it is polled.
fn lends_its_waker() -> (impl Future<Output = ()>, Rc<RefCell<Option<Waker>>>) {
    let kept = Rc::new(RefCell::new(None::<Waker>));
    let keep = Rc::clone(&kept);
    let future = poll_fn(move |cx| match keep.replace(Some(cx.waker().clone())) {
        None => Poll::Pending,
        Some(_) => Poll::Ready(()),
    });
    (future, kept)
}

/// One of each, and what each adds to the counts. Six turns.
fn counted_program(event_loop: &EventLoop, clock: &ManualClock) {
    let (near, far) = event_loop.enter(net::duplex).unwrap();
    turn(event_loop); // both ends are told writable: 2 events

    let yields = async {
        glassloop::yield_now().await;
        glassloop::yield_now().await;
    };
    let yields = event_loop.spawn(yields); // 3 polls, woken by itself twice
    event_loop.spawn(async { yields.await.unwrap() }).detach(); // 2 polls, woken by a task
    event_loop.spawn(read(near)).detach(); // 2 polls, woken by io
    let sleep = async { glassloop::sleep(Duration::from_secs(1)).await };
    event_loop.spawn(sleep).detach(); // 2 polls, woken by a timer
    event_loop.spawn(async { panic!("counted") }).detach(); // 1 poll, unhandled
    let (lends, lent) = lends_its_waker();
    event_loop.spawn(lends).detach(); // 2 polls, woken by a thread
    let aborted = event_loop.spawn(pending::<()>()); // 1 poll, then cancelled
    event_loop.call_later(Duration::from_secs(1), || ()).unwrap(); // woken by a timer
    let micro = || (0..3).for_each(|_| glassloop::queue_microtask(|| ()).unwrap());
    event_loop.call_soon(micro).unwrap();
    assert!(event_loop.call_soon(|| ()).unwrap().cancel()); // its entry goes stale
    turn(event_loop); // 7 tasks and 2 callbacks

    aborted.abort();
    far.try_write(b"!").unwrap(); // 1 event
    clock.advance(Duration::from_secs(1));
    let (waker, remote) = (lent.borrow().clone().unwrap(), event_loop.remote());
    let thread = thread::spawn(move || {
        waker.wake_by_ref();
        waker.wake(); // the same wake, until it was taken
        (0..4).for_each(|_| remote.defer(|| ()).unwrap());
    });
    thread.join().unwrap();
    // First 2 that were ready, 1 by io, 2 by timers, 1 by a thread, 4 calls: the deepest queue.
    for _ in 0..4 {
        clock.advance(Duration::ZERO);
        turn(event_loop);
    }
}

#[test]
fn every_count_of_a_written_program_is_exact() {
    let clock = ManualClock::new();
    let event_loop = quiet_loop(&clock);
    counted_program(&event_loop, &clock);
    let written = [
        ("spawned", 7),
        ("polls", 13),
        ("finished", 5),
        ("panicked", 1),
        ("cancelled", 1),
        ("callbacks", 2),
        ("calls", 4),
        ("microtasks", 3),
        ("stale", 1),
        ("deepest queue", 10),
        ("unhandled", 1),
        ("events", 4), // the last one: the far end hears that the near one is gone
        ("timers fired", 2),
        ("turns", 6),
        ("io", 1),
        ("timer", 2),
        ("thread", 1),
        ("task", 1),
        ("itself", 2),
        ("host", 0),
    ];
    assert_eq!(counts(&event_loop.snapshot()), written);
    assert_eq!(event_loop.snapshot().tasks.len(), 0);
}
