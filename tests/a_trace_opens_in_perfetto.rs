//! A trace keeps every rule of the format that a viewer of Chrome trace events leans on, whatever
//! was recorded: a program with sockets, timers, threads and panics; a ring that overflowed.
//!
//! The rules are checked over the text itself; `rules.rs` has them.
#![cfg(test)]
#![cfg(feature = "observe")]

use std::{thread, time::Duration};

use glassloop::{
    By, CancelToken, Clock, Entry, Event, EventLoop, Happening, Kind, Limits, ManualClock, Now,
    Outcome, Phase, PlaceId, PollerKind, Read, SourceId, call_later, call_soon, net,
    queue_microtask, sleep, spawn, yield_now,
};
use glassloop_inspector::{History, Names, Story, trace, why_ran};

#[path = "a_trace_opens_in_perfetto/rules.rs"]
mod rules;
#[path = "common/seed.rs"]
mod seed;

use rules::Trace;
use seed::Seed;

const MS: Duration = Duration::from_millis(1);
const PROGRAM: &str = "a \"program\"\\";

fn text(event_loop: &EventLoop) -> String {
    let names = Names::of(&event_loop.snapshot());
    let history = History::read(&event_loop.watch(), 0);
    trace(&history, &names, 4_242, PROGRAM)
}

fn traced(event_loop: &EventLoop) -> Trace {
    let trace = Trace::checked(&text(event_loop), PROGRAM);
    assert_eq!(trace.lost(), event_loop.watch().events(0).lost);
    trace
}

/// Sockets of the kernel, a timer, another thread, panics, an abort, callbacks and microtasks.
async fn program(rounds: usize) {
    let listener =
        net::TcpListener::from_std(std::net::TcpListener::bind("127.0.0.1:0").unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let server = spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut byte = [0];
        while stream.read(&mut byte).await.unwrap() > 0 {
            stream.write_all(&byte).await.unwrap();
        }
    });
    let server = server.named("</script>\"},{\u{1F980}\\\n");
    let stream = net::TcpStream::connect(address).await.unwrap();
    let forever = spawn(sleep(Duration::MAX)).named("forever");
    for _ in 0..rounds {
        stream.write_all(b"x").await.unwrap();
        stream.read_exact(&mut [0]).await.unwrap();
        spawn(async { panic!("on purpose") }).named("panics").await.unwrap_err();
        call_soon(|| queue_microtask(|| spawn(yield_now()).detach()).unwrap()).unwrap();
        call_later(Duration::from_micros(10), || ()).unwrap();
        let remote = glassloop::remote();
        let other = thread::spawn(move || (0..3).for_each(|_| remote.defer(|| ()).unwrap()));
        glassloop::remote().call(|| ()).await.unwrap();
        other.join().unwrap();
        let token = CancelToken::new();
        let waits = token.clone();
        let waiting = spawn(async move { waits.cancelled().await });
        yield_now().await;
        token.cancel();
        waiting.await.unwrap();
    }
    drop(stream);
    server.await.unwrap();
    forever.abort();
    sleep(Duration::from_micros(50)).await;
}

fn recorded(poller: PollerKind, ring_events_max: usize) -> EventLoop {
    let limits = Limits { ring_events_max, ..Limits::default() };
    let builder = EventLoop::builder().poller(poller).limits(limits).on_unhandled(|_| ());
    let event_loop = builder.build().unwrap();
    event_loop.record(true);
    event_loop
}

#[test]
fn a_program_with_sockets_timers_threads_and_panics_keeps_every_rule() {
    let event_loop = recorded(PollerKind::Mio, 1 << 14);
    event_loop.block_on(program(5)).unwrap();
    let trace = traced(&event_loop);
    assert_eq!(trace.lost(), 0);
    for (category, name) in [
        ("phase", "wait"),
        ("phase", "io"),
        ("phase", "timers"),
        ("phase", "deferred"),
        ("phase", "run"),
    ] {
        assert!(trace.count(category, name) > 0, "{category} {name}");
    }
    let call = format!("a call deferred at {}:", file!());
    assert!(trace.slices().any(|name| name.starts_with(&call)), "{call}");
    assert!(trace.arrows() > 50, "{}", trace.arrows());
    let crab = trace.slices().filter(|name| name.contains("</script>\"},{\u{1F980}\\\n")).count();
    assert!(crab > 5, "the name as it is, {crab} times");
    assert_eq!(trace.outcomes("panicked"), 5);
    assert_eq!(trace.outcomes("cancelled"), 1);
}

#[test]
fn a_ring_that_overflowed_keeps_every_rule_wherever_it_was_cut() {
    let mut cut = 0;
    for more in 0..40 {
        let event_loop = recorded(PollerKind::Mio, 128);
        event_loop
            .block_on(async move {
                program(2).await;
                for _ in 0..more {
                    yield_now().await;
                }
            })
            .unwrap();
        let trace = traced(&event_loop);
        assert!(trace.lost() > 0, "{more}");
        cut += trace.lost();
    }
    assert!(cut > 40);
}

#[test]
fn a_clock_that_stands_still_keeps_every_rule() {
    let clock = ManualClock::new().with_autojump();
    let builder = EventLoop::builder().poller(PollerKind::TimersOnly);
    let event_loop = builder.clock(Clock::Manual(clock)).build().unwrap();
    event_loop.record(true);
    event_loop
        .block_on(async {
            let many: Vec<_> = (0..300).map(|_| spawn(yield_now())).collect();
            for task in many {
                task.await.unwrap();
            }
            sleep(MS).await;
        })
        .unwrap();
    let trace = traced(&event_loop);
    assert_eq!(trace.count("phase", "timers"), 1);
    // Each task's birth and yield; the main task's birth, a join and the timer.
    assert_eq!(trace.arrows(), 2 * 300 + 3);
}

#[test]
fn what_began_before_the_recording_or_has_not_ended_is_drawn_to_the_edges() {
    let clock = ManualClock::new();
    let builder = EventLoop::builder().poller(PollerKind::TimersOnly);
    let event_loop = builder.clock(Clock::Manual(clock.clone())).build().unwrap();
    let turn = || {
        let events = event_loop.wait().unwrap();
        event_loop.turn(events).unwrap();
    };
    let old = event_loop.spawn(async { sleep(2 * MS).await }).named("old");
    turn();
    event_loop.record(true);
    let new = event_loop.spawn(async { sleep(Duration::MAX).await }).named("new");
    turn();
    clock.advance(2 * MS);
    turn();
    let trace = traced(&event_loop);
    let lives = trace.lives();
    let times: Vec<_> = lives.iter().map(|life| life.name.as_str()).collect();
    assert_eq!(times, ["#0.0 `old`", "#1.1 `new`"]);
    assert_eq!(lives[0].begin, trace.begin());
    assert_eq!(lives[1].end, trace.end());
    assert!(lives[0].end - lives[0].begin >= 2_000_000, "{lives:?}");
    assert_eq!(trace.ready(), Some(0), "nobody is ready at the end");
    old.detach();
    new.abort();
}

#[test]
fn what_has_not_come_back_is_drawn_as_far_as_it_has_come() {
    const A: Entry = Entry::new(Kind::Task, 1, 1);
    let event = |at_ns, phase, what| Event { at_ns, took_ns: 0, phase, what };
    let mut events = vec![
        event(10, Phase::Wait, Happening::Waited(0)),
        event(20, Phase::Io, Happening::Turn(7)),
        event(20, Phase::Timers, Happening::Woke(A, By::Timer(PlaceId::UNKNOWN))),
        event(20, Phase::Run, Happening::Woke(A, By::Item(A))),
    ];
    let trace = |events: &[Event], now: Now, now_ns| {
        let read = Read { events: events.to_vec(), next: 9, ..Read::default() };
        let history = History::of(read, 7).with_under_way(now, now_ns);
        Trace::checked(&trace(&history, &Names::default(), 4_242, PROGRAM), PROGRAM)
    };
    let now = Now { item: A, phase: Some(Phase::Run), turn: 7 };
    let hangs = trace(&events, now, 5_000);
    let [(name, so_far)] = hangs.under_way()[..] else { panic!("{:?}", hangs.under_way()) };
    assert_eq!((name, hangs.arrows()), ("#1.1", 1), "the timer's, and not its own");
    assert!((4_900..5_000).contains(&so_far) && hangs.end() == 5_000, "{so_far}");
    assert_eq!((hangs.ready(), hangs.count("phase", "run")), (Some(1), 1), "it woke itself");
    let unknown = trace(&events, now, 0);
    assert_eq!(unknown.under_way().len(), 1, "nobody knows for how long");
    let later = trace(&events, Now { turn: 9, ..now }, 5_000);
    assert_eq!((later.under_way().len(), later.arrows()), (1, 0), "its turn is not recorded");
    // The microtasks after a run are drawn behind it, whatever else hangs in its phase.
    events.push(event(20, Phase::Run, Happening::Ran(A, Outcome::Pending, PlaceId::UNKNOWN)));
    let after = trace(&events, now, 5_000);
    assert_eq!((after.count("microtasks", "after #1.1"), after.end()), (1, 5_000));
    let phase =
        trace(&events, Now { item: Entry::NOTHING, phase: Some(Phase::Finish), turn: 7 }, 5_000);
    assert_eq!((phase.count("phase", "finish"), phase.end()), (1, 5_000));
}

#[test]
fn a_trace_of_nothing_is_a_trace() {
    let event_loop = EventLoop::new().unwrap();
    let trace = traced(&event_loop);
    assert_eq!((trace.arrows(), trace.slices().count()), (0, 0));
}

#[test]
fn a_trace_that_breaks_a_rule_is_noticed() {
    let event_loop = recorded(PollerKind::TimersOnly, 1 << 10);
    event_loop.block_on(async { spawn(sleep(MS)).await.unwrap() }).unwrap();
    let good = text(&event_loop);
    Trace::checked(&good, PROGRAM);
    let broken = [
        (",\"flow_in\":true", ""),
        (",\"flow_out\":true", ""),
        ("\"bind_id\":\"0x", "\"bind_id\":\"0xf"),
        ("\"ph\":\"e\"", "\"ph\":\"i\""),
        ("\"ph\":\"X\"", "\"ph\":\"B\""),
        ("\"dur\":0.001", "\"dur\":99999999.001"),
        ("\"dur\":0.001", "\"dur\":0.0001"),
        ("\"id2\":{\"local\":\"0x", "\"id2\":{\"local\":\"0xf"),
        (" events lost", ""),
        ("process_name", "process_names"),
        ("\"cat\":\"phase\"", "\"cat\":\"item\""),
    ];
    for (from, to) in broken {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from} is in it");
        let noticed = std::panic::catch_unwind(|| drop(Trace::checked(&bad, PROGRAM)));
        assert!(noticed.is_err(), "{from} became {to} and nobody saw");
    }
}

/// Any event at all, whether or not it makes sense after those before it.
fn any_event(seed: &Seed, at_ns: u64) -> Event {
    let number = |below| u32::try_from(seed.below(below)).unwrap();
    let entry = |number: u32| match number {
        0 => Entry::DEFERRED,
        1 => Entry::new(Kind::Callback, 1, 1),
        number => Entry::new(Kind::Task, number, number),
    };
    let by = match seed.below(6) {
        0 => By::Source(SourceId { index: 1, generation: 1 }),
        1 => By::Timer(PlaceId::UNKNOWN),
        2 => By::Thread,
        3 => By::Phase(Phase::Flush),
        _ => By::Item(entry(number(5))),
    };
    let item = entry(number(5));
    let outcomes = [Outcome::Pending, Outcome::Finished, Outcome::Cancelled, Outcome::Stale];
    let what = match seed.below(8) {
        0 => Happening::Waited(number(3)),
        1 => Happening::Turn(number(3)),
        2 => Happening::Served(1 + number(3)),
        3 | 4 => Happening::Ran(item, outcomes[seed.below(4)], PlaceId::UNKNOWN),
        5 => Happening::WokeAgain(item, by),
        6 if item.is_task() => Happening::Born(item.id(), by, PlaceId::UNKNOWN),
        _ => Happening::Woke(item, by),
    };
    let phase = match what {
        Happening::Waited(_) => Phase::Wait,
        Happening::Served(_) => {
            [Phase::Io, Phase::Timers, Phase::Deferred, Phase::Flush][seed.below(4)]
        }
        Happening::Ran(..) => [Phase::Run, Phase::Render][seed.below(2)],
        // Items wake only where items run.
        _ if matches!(by, By::Item(_)) => [Phase::Run, Phase::Render][seed.below(2)],
        _ => Phase::ALL[1 + seed.below(7)],
    };
    Event { at_ns, took_ns: seed.below(50) as u64, phase, what }
}

#[test]
fn whatever_a_ring_holds_keeps_every_rule_and_can_be_told() {
    for seed in Seed::all(400) {
        let events: Vec<_> =
            (0..1 + seed.below(60)).map(|_| any_event(&seed, seed.below(1_000) as u64)).collect();
        let (lost, torn) = (seed.below(9) as u64, seed.below(3) as u64);
        let read = Read { next: lost + torn + events.len() as u64, events, lost, torn };
        let mut history = History::of(read, seed.below(9) as u64);
        if seed.below(2) == 0 {
            let index = u32::try_from(seed.below(5)).unwrap();
            let item = [Entry::DEFERRED, Entry::WRITER, Entry::new(Kind::Task, index, index)];
            let phase = Some(Phase::ALL[seed.below(Phase::ALL.len())]);
            let now = Now { item: item[seed.below(3)], phase, turn: seed.below(9) as u64 };
            history = history.with_under_way(now, seed.below(2_000) as u64);
            let told = trace(&history, &Names::default(), 4_242, PROGRAM);
            let (drawn, _) = told.split_once("\"glassloop\":").unwrap();
            assert_eq!(drawn.matches("\"under_way\"").count(), 1, "{now:?}");
        }
        let names = Names::default();
        Trace::checked(&trace(&history, &names, 4_242, PROGRAM), PROGRAM);
        let story = Story::tell(&history, &names);
        assert_eq!(story.turns.len(), history.turns.len());
        for index in 2..5 {
            let id = Entry::new(Kind::Task, index, index).id();
            assert!(why_ran(&history, &names, id).steps.len() <= history.events.len() + 1);
        }
    }
}
