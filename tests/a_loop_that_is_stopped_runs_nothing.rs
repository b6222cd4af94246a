//! A loop that was stopped runs nothing, holds nobody up, and loses nothing: what came meanwhile is
//! there when it goes on. Whoever ends it has it go on.
#![cfg(test)]
#![cfg(not(miri))]

#[path = "common/guest_host.rs"]
mod guest_host;
#[path = "common/stepper.rs"]
mod stepper;
#[path = "common/until.rs"]
mod until;

use std::{
    cell::Cell,
    io::{Read, Write},
    net::{Shutdown, TcpListener},
    rc::Rc,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use glassloop::{
    Clock, Entry, EventLoop, Kind, LoopThread, ManualClock, PollerKind, RunError, StepTo, Watch,
    call_soon, net, sleep, spawn, yield_now,
};
use guest_host::Host;
use stepper::pump;
use until::until;

const HOUR: Duration = Duration::from_secs(3_600);
/// Longer than anything takes that doesn't hang.
const LONGEST: Duration = Duration::from_secs(60);

/// A loop with everything that it could do: a task that yields, callbacks, a due timer, an idle
/// callback, a frame, a call of another thread.
fn busy_loop() -> (EventLoop, Rc<Cell<usize>>) {
    let event_loop = EventLoop::new().unwrap();
    let ran = Rc::new(Cell::new(0_usize));
    let counts = |ran: &Rc<Cell<usize>>| {
        let ran = Rc::clone(ran);
        move || ran.set(ran.get() + 1)
    };
    let polled = counts(&ran);
    event_loop
        .spawn(async move {
            loop {
                polled();
                yield_now().await;
            }
        })
        .detach();
    event_loop.enter(|| {
        drop(call_soon(counts(&ran)).unwrap());
        glassloop::queue_microtask(counts(&ran)).unwrap();
        let (frame, idle) = (counts(&ran), counts(&ran));
        drop(glassloop::request_render(move |_| frame()).unwrap());
        drop(glassloop::request_idle(move |_| idle()).unwrap());
        drop(glassloop::call_later(Duration::ZERO, counts(&ran)).unwrap());
    });
    event_loop.remote().defer(|| ()).unwrap();
    (event_loop, ran)
}

#[test]
fn a_pump_of_a_stopped_loop_returns_at_once_a_thousand_times() {
    let (event_loop, ran) = busy_loop();
    event_loop.watch().pause();
    let mut took = Vec::new();
    for _ in 0..1_000 {
        let began = Instant::now();
        let pumped = event_loop.pump(Duration::from_millis(2)).unwrap();
        took.push(began.elapsed());
        assert_eq!((pumped.more, pumped.next), (false, None), "the host is not asked to come back");
        assert_eq!(event_loop.timeout(), None);
    }
    assert_eq!((ran.get(), event_loop.snapshot().turn), (0, 0), "it has run nothing");
    took.sort();
    let (median, longest) = (took[took.len() / 2], took[took.len() - 1]);
    println!("a pump of a stopped loop: median {median:?}, longest {longest:?}");
    // A machine may take the thread away now and then. A pump that used its budget takes 2 ms.
    assert!(took[989] < Duration::from_micros(100), "{took:?}");
    event_loop.watch().resume();
    let pumped = event_loop.pump(Duration::from_millis(2)).unwrap();
    assert!(pumped.more && ran.get() > 5);
}

#[test]
fn a_step_of_a_host_that_pumps_is_one_item() {
    let (event_loop, ran) = busy_loop();
    let watch = event_loop.watch();
    watch.pause();
    pump(&event_loop);
    // The microtask that waits comes before the first item, and belongs to it.
    for (steps, told) in [(1, 2), (2, 3), (3, 4)] {
        watch.step(StepTo::NextItem);
        for _ in 0..3 {
            pump(&event_loop);
        }
        assert_eq!(ran.get(), told, "step {steps}");
        let stopped = watch.stopped(Duration::ZERO).unwrap();
        assert_eq!((stopped.turn, stopped.by), (1, Some(StepTo::NextItem)));
    }
}

fn count(calls: &AtomicUsize) {
    calls.fetch_add(1, SeqCst);
}

#[test]
fn what_other_threads_leave_meanwhile_runs_once_when_it_goes_on() {
    for poller in [PollerKind::Mio, PollerKind::TimersOnly] {
        let event_loop = EventLoop::builder().poller(poller).build().unwrap();
        let (watch, remote) = (event_loop.watch(), event_loop.remote());
        let calls = Arc::new(AtomicUsize::new(0));
        let heard = Arc::clone(&calls);
        watch.pause();
        let others = thread::spawn(move || {
            assert!(watch.stopped(LONGEST).is_some(), "it runs, and stands");
            let before = watch.look(LONGEST).unwrap();
            assert!(before.fresh && before.snapshot.stopped.is_some(), "it answers who looks");
            for _ in 0..100 {
                let heard = Arc::clone(&heard);
                remote.defer(move || count(&heard)).unwrap();
            }
            let seen = watch.look(LONGEST).unwrap().snapshot;
            assert_eq!((heard.load(SeqCst), seen.turn), (0, before.snapshot.turn));
            let woken = seen.reactor.waits - before.snapshot.reactor.waits;
            watch.resume();
            let mut done = remote.call(|| ());
            done.wait(LONGEST).unwrap();
            assert_eq!(heard.load(SeqCst), 100);
            remote.stop();
            woken
        });
        event_loop.run().unwrap();
        let waits = others.join().unwrap();
        assert_eq!(calls.load(SeqCst), 100);
        assert_eq!(waits, 0, "{poller:?}: what it waits meanwhile is of no turn");
    }
}

#[test]
fn what_a_socket_brings_meanwhile_is_read_when_it_goes_on() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = LoopThread::start("stopped").unwrap();
    let read = thread.remote().spawn(move || async move {
        let stream = net::TcpStream::connect(address).await.unwrap();
        let (mut came, mut buffer) = (Vec::new(), [0; 64]);
        loop {
            match stream.read(&mut buffer).await.unwrap() {
                0 => return came,
                bytes => came.extend_from_slice(&buffer[..bytes]),
            }
        }
    });
    let (mut peer, _) = listener.accept().unwrap();
    let watch = thread.watch();
    watch.pause();
    assert!(watch.stopped(LONGEST).is_some());
    let polls = |watch: &Watch| watch.look(LONGEST).unwrap().snapshot.executor.polls;
    let before = polls(&watch);
    // Each byte is an edge of its own.
    for byte in 0..50 {
        peer.write_all(&[byte]).unwrap();
    }
    peer.shutdown(Shutdown::Write).unwrap();
    assert_eq!(polls(&watch), before);
    watch.resume();
    let mut read = read;
    assert_eq!(read.wait(LONGEST).unwrap(), (0..50).collect::<Vec<u8>>());
    assert_eq!(peer.read(&mut [0]).unwrap(), 0);
}

#[test]
fn whoever_ends_a_loop_is_not_held_up() {
    // By a stop of another thread.
    let mut thread = LoopThread::start("stopped").unwrap();
    thread.watch().pause();
    assert!(thread.watch().stopped(LONGEST).is_some());
    thread.join(LONGEST).unwrap();
    // By a stop before it runs on.
    let event_loop = EventLoop::new().unwrap();
    event_loop.watch().pause();
    event_loop.stop();
    assert!(matches!(event_loop.block_on(std::future::pending::<()>()), Err(RunError::Stopped)));
    drop(event_loop);
    // By a close, which runs what was accepted, and after which nobody stops it.
    let event_loop = EventLoop::new().unwrap();
    let calls = Arc::new(AtomicUsize::new(0));
    let heard = Arc::clone(&calls);
    event_loop.watch().pause();
    pump(&event_loop);
    event_loop.remote().defer(move || count(&heard)).unwrap();
    let report = event_loop.close(LONGEST);
    assert_eq!((calls.load(SeqCst), report.calls.len()), (1, 0));
    event_loop.watch().pause();
    assert!(event_loop.watch().stopped(Duration::ZERO).is_none());
    // By its drop, in the middle of a turn.
    let (event_loop, ran) = busy_loop();
    event_loop.watch().step(StepTo::NextItem);
    pump(&event_loop);
    assert_eq!(ran.get(), 2);
    drop(event_loop);
}

#[test]
fn a_clock_that_jumps_stays_where_it_is_and_stops_at_a_time() {
    let clock = ManualClock::new().with_autojump();
    let builder = EventLoop::builder().clock(Clock::Manual(clock.clone()));
    let event_loop = builder.poller(PollerKind::TimersOnly).build().unwrap();
    let watch = event_loop.watch();
    let woken = Rc::new(Cell::new(0));
    let task = {
        let woken = Rc::clone(&woken);
        event_loop.spawn(async move {
            for hour in 1..=3 {
                sleep(HOUR).await;
                woken.set(hour);
            }
        })
    };
    watch.pause();
    for _ in 0..10 {
        pump(&event_loop);
    }
    assert_eq!(clock.now(), 0);
    let seconds = |seconds: u64| seconds * 1_000_000_000;
    // In the middle of the first sleep, at the very end of the second, behind the third.
    for (at, hours, next) in [(1_800, 0, false), (7_200, 1, true), (20_000, 3, false)] {
        watch.step(StepTo::Time(seconds(at)));
        until(|| {
            pump(&event_loop);
            watch.stopped(Duration::ZERO).is_some()
        });
        let stopped = watch.stopped(Duration::ZERO).unwrap();
        assert_eq!((clock.now(), woken.get()), (seconds(at), hours));
        assert_eq!((stopped.next.is_some(), stopped.within), (next, next), "{stopped:?}");
    }
    assert!(task.is_finished());
}

#[test]
fn it_stops_before_a_task_and_when_a_source_is_ready() {
    let event_loop = EventLoop::new().unwrap();
    let watch = event_loop.watch();
    let (said, says) = (Rc::new(Cell::new(0)), |said: &Rc<Cell<u32>>| said.set(said.get() + 1));
    let (here, there) = event_loop.enter(|| net::duplex().unwrap());
    let reader = {
        let said = Rc::clone(&said);
        event_loop.spawn(async move {
            let mut byte = [0];
            here.read_exact(&mut byte).await.unwrap();
            says(&said);
        })
    };
    let writer = {
        let said = Rc::clone(&said);
        event_loop.spawn(async move {
            yield_now().await;
            says(&said);
            there.write_all(b"x").await.unwrap();
        })
    };
    let pump_to = |to: StepTo| {
        watch.step(to);
        until(|| {
            pump(&event_loop);
            watch.stopped(Duration::ZERO).is_some()
        });
        watch.stopped(Duration::ZERO).unwrap()
    };
    let stopped = pump_to(StepTo::Task(writer.id()));
    let next = Entry::new(Kind::Task, writer.id().index, writer.id().generation);
    assert_eq!((stopped.turn, stopped.next, stopped.within), (1, Some(next), true));
    // It stands before that very task: at least one item runs.
    let stopped = pump_to(StepTo::Task(writer.id()));
    assert_eq!((stopped.turn, stopped.next, said.get()), (2, Some(next), 0));
    let sources = event_loop.snapshot().sources;
    let waited = sources.iter().find(|source| !source.waiters.is_empty()).expect("it reads");
    let stopped = pump_to(StepTo::Source(waited.id));
    assert_eq!((stopped.turn, said.get()), (3, 1), "it was written, and not yet read");
    assert_eq!(stopped.next.map(|next| next.is_task()), Some(true));
    watch.resume();
    event_loop.run().unwrap();
    assert!(said.get() == 2 && reader.is_finished() && writer.is_finished());
}

#[test]
fn a_stopped_guest_is_given_no_ticks_and_one_that_goes_on_is() {
    let event_loop = Rc::new(EventLoop::new().unwrap());
    let host = Host::new();
    let guest = host.start(&event_loop);
    let ran = Rc::new(Cell::new(0));
    let yields = Rc::clone(&ran);
    event_loop
        .spawn(async move {
            loop {
                yields.set(yields.get() + 1);
                yield_now().await;
            }
        })
        .detach();
    let watch = event_loop.watch();
    host.serve_until(&|| ran.get() > 3);
    watch.pause();
    host.park(&event_loop);
    assert!(watch.stopped(Duration::ZERO).is_some());
    let (before, ticks) = (ran.get(), host.posted());
    for step in 1..=3 {
        watch.step(StepTo::NextItem);
        host.park(&event_loop);
        assert_eq!(ran.get(), before + step);
        assert!(watch.stopped(Duration::ZERO).is_some());
    }
    let made = host.posted() - ticks;
    assert!(made <= 9, "{made} ticks for three steps");
    watch.resume();
    host.serve_until(&|| ran.get() > before + 10);
    guest.end();
}

#[test]
fn a_loop_that_hangs_is_not_said_to_stand() {
    let thread = LoopThread::start("hangs").unwrap();
    let (holds, gone) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
    let (held, went) = (Arc::clone(&holds), Arc::clone(&gone));
    let hanging = thread.remote().call(move || {
        went.store(true, SeqCst);
        while held.load(SeqCst) {
            thread::yield_now();
        }
    });
    until(|| gone.load(SeqCst));
    thread.watch().pause();
    assert!(thread.watch().stopped(Duration::from_millis(1)).is_none());
    holds.store(false, SeqCst);
    assert!(thread.watch().stopped(LONGEST).is_some(), "after the item that ran");
    thread.watch().resume();
    drop(hanging);
}

/// Four threads give orders, whatever the others do, and the last one lets it go: nothing is lost,
/// and nothing hangs.
#[test]
fn whatever_the_orders_a_loop_that_is_told_to_go_on_does() {
    for poller in [PollerKind::Mio, PollerKind::TimersOnly] {
        let event_loop = EventLoop::builder().poller(poller).build().unwrap();
        let (remote, watch) = (event_loop.remote(), event_loop.watch());
        let made = Arc::new(Mutex::new(0_u64));
        let ends = thread::spawn({
            let made = Arc::clone(&made);
            move || {
                let orders = (0..4_u64).map(|thread| {
                    let (watch, remote, made) = (watch.clone(), remote.clone(), Arc::clone(&made));
                    thread::spawn(move || {
                        for order in 0..500 {
                            match (order * 7 + thread) % 5 {
                                0 => watch.pause(),
                                1 => watch.resume(),
                                2 => watch.step(StepTo::NextTurn),
                                _ => watch.step(StepTo::NextItem),
                            }
                            let made = Arc::clone(&made);
                            remote.defer(move || *made.lock().unwrap() += 1).unwrap();
                        }
                    })
                });
                orders.collect::<Vec<_>>().into_iter().for_each(|giver| giver.join().unwrap());
                watch.resume();
                remote.call(|| ()).wait(LONGEST).unwrap();
                remote.stop();
            }
        });
        event_loop
            .block_on(async {
                let yields = spawn(async {
                    for _ in 0..10_000 {
                        yield_now().await;
                    }
                });
                drop(yields.await);
                std::future::pending::<()>().await;
            })
            .unwrap_err();
        ends.join().unwrap();
        assert_eq!(*made.lock().unwrap(), 2_000);
    }
}
