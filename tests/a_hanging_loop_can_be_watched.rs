//! Another thread sees what a loop does, also and above all while the loop hangs.
//!
//! Through a `Watch`: what runs now and where it was born, the last snapshot that was published,
//! and the recorded events, which are those that an `Observer` is told of.
#![cfg(test)]
#![cfg(feature = "observe")]

use std::{
    cell::RefCell,
    rc::Rc,
    sync::{Arc, Mutex, mpsc},
    task::{Context, Wake, Waker},
    thread,
    time::{Duration, Instant},
};

use glassloop::{
    Clock, Entry, Event, EventLoop, Happening, Kind, Limits, ManualClock, Observer, Outcome, Phase,
    PlaceId, PollerKind, TaskId, TaskState, Watch,
};

const MS: Duration = Duration::from_millis(1);

/// What the hanging thread tells the one that watches.
struct Hanging {
    watch: Watch,
    task: TaskId,
    born_line: u32,
    await_line: u32,
}

/// A loop on a thread of its own, whose task hangs until something comes through the channel.
fn hang(hangs: mpsc::Sender<Hanging>, release: mpsc::Receiver<()>) -> (u64, bool) {
    let event_loop = EventLoop::builder().snapshot_every(MS).build().unwrap();
    let (watch, watched_to_the_end) = (event_loop.watch(), event_loop.watch());
    let (tell, told) = mpsc::channel();
    let stuck = async move {
        glassloop::sleep(2 * MS).await;
        let (task, born_line) = told.recv().unwrap();
        let await_line = line!() - 2;
        hangs.send(Hanging { watch, task, born_line, await_line }).unwrap();
        release.recv().unwrap();
    };
    let (task, born_line) = (event_loop.spawn(stuck).named("stuck"), line!());
    tell.send((task.id(), born_line)).unwrap();
    event_loop.run().unwrap();
    let turns = event_loop.snapshot().turn;
    let idle = watched_to_the_end.now();
    assert_eq!((idle.phase, idle.item), (None, Entry::NOTHING));
    assert!(!watched_to_the_end.is_closed());
    drop(event_loop);
    (turns, watched_to_the_end.is_closed())
}

#[test]
fn a_watch_names_the_task_that_holds_the_loop_and_its_places() {
    let (hangs, hanging) = mpsc::channel();
    let (release, released) = mpsc::channel();
    let thread = thread::spawn(move || hang(hangs, released));
    let Hanging { watch, task, born_line, await_line } = hanging.recv().unwrap();

    let now = watch.now();
    assert_eq!((now.item.kind(), now.item.id()), (Kind::Task, task));
    assert_eq!(now.phase, Some(Phase::Run));
    assert_eq!(watch.now(), now, "it hangs: nothing changes");
    let places = watch.places().map(|place| place.map(|place| (place.file(), place.line())));
    assert_eq!(places, [Some((file!(), born_line)), Some((file!(), await_line))]);

    let snapshot = watch.snapshot().expect("one was published in the first turn");
    assert!(snapshot.turn < now.turn, "the last one before the loop began to hang");
    let line = snapshot.task(task).unwrap();
    assert_eq!((&*line.name, line.state, line.polls), ("stuck", TaskState::Waiting, 1));
    assert_eq!(line.waits[0].operation, "sleep");

    release.send(()).unwrap();
    let (turns, closed) = thread.join().unwrap();
    assert_eq!(turns, now.turn, "it was the last turn");
    assert!(closed);
}

#[test]
fn a_watch_names_the_place_that_asked_for_the_callback_or_the_call_that_holds_the_loop() {
    let event_loop = recorded_loop(64);
    let (tell, told) = mpsc::channel();
    let look = |watch: Watch, tell: mpsc::Sender<_>| {
        move || {
            let places =
                watch.places().map(|place| place.map(|place| (place.file(), place.line())));
            tell.send((watch.now().item.kind(), places)).unwrap();
        }
    };
    let mut asked = Vec::new();
    for _ in 0..2 {
        let [soon, later, called] = [(); 3].map(|()| look(event_loop.watch(), tell.clone()));
        event_loop.enter(|| {
            glassloop::call_soon(soon).unwrap();
            glassloop::call_later(MS, later).unwrap();
        });
        asked.extend([(Kind::Callback, line!() - 3), (Kind::Callback, line!() - 2)]);
        event_loop.remote().defer(called).map_err(drop).unwrap();
        asked.push((Kind::Deferred, line!() - 1));
    }
    event_loop.run().unwrap();
    let at = |&(kind, line): &(Kind, u32)| (kind, [Some((file!(), line)), None]);
    let mut asked: Vec<_> = asked.iter().map(at).collect();
    let mut seen: Vec<_> = told.try_iter().collect();
    asked.sort_by_key(|(_, places)| places[0]);
    seen.sort_by_key(|(_, places)| places[0]);
    assert_eq!(seen, asked);
    assert_eq!(event_loop.watch().places(), [None, None], "it runs nothing");
}

#[test]
fn a_watch_neither_keeps_a_loop_running_nor_wakes_it() {
    let event_loop = EventLoop::new().unwrap();
    let watch = event_loop.watch();
    assert!(watch.snapshot().is_none(), "nobody asked for any");
    assert_eq!(watch.events(0), glassloop::Read::default());
    event_loop.block_on(async {}).unwrap();
    let asked = Instant::now();
    event_loop.run().unwrap();
    assert!(asked.elapsed() < Duration::from_secs(10), "nothing was left to wait for");
    assert_eq!(event_loop.snapshot().reactor.wake_calls, 0);
}

/// The events of a recording, written down by an observer.
#[derive(Default)]
struct Witness(RefCell<Vec<Happening>>);

impl Witness {
    fn note(&self, what: Happening) {
        self.0.borrow_mut().push(what);
    }
}

impl Observer for Witness {
    fn turn_began(&self, turn: u64) {
        self.note(Happening::Turn(u32::try_from(turn).unwrap()));
    }

    fn wait_ended(&self, events: usize) {
        self.note(Happening::Waited(u32::try_from(events).unwrap()));
    }

    fn item_ended(&self, item: Entry, outcome: Outcome, _: Duration) {
        self.note(Happening::Ran(item, outcome, PlaceId::UNKNOWN));
    }
}

/// Something of everything that can be an item, in several turns.
async fn busy() {
    let remote = glassloop::remote();
    thread::spawn(move || remote.defer(|| ()).unwrap()).join().unwrap();
    glassloop::call_soon(|| ()).unwrap();
    let task = glassloop::spawn(async { panic!("seen") });
    glassloop::sleep(MS).await;
    task.await.unwrap_err();
    let aborted = glassloop::spawn(async {});
    aborted.abort();
    aborted.await.unwrap_err();
}

fn recorded_loop(events_max: usize) -> EventLoop {
    let limits = Limits { ring_events_max: events_max, ..Limits::default() };
    let builder = EventLoop::builder().poller(PollerKind::TimersOnly).limits(limits);
    builder.clock(Clock::Manual(ManualClock::new().with_autojump())).build().unwrap()
}

#[test]
fn a_recording_holds_what_an_observer_is_told() {
    let event_loop = recorded_loop(1_024);
    let witness = Rc::new(Witness::default());
    event_loop.block_on(async {}).unwrap(); // neither seen nor recorded
    event_loop.observe(Rc::clone(&witness) as Rc<dyn Observer>);
    event_loop.record(true);
    event_loop.block_on(busy()).unwrap();
    event_loop.record(false);
    let seen = witness.0.take();
    event_loop.block_on(async {}).unwrap(); // seen, but no longer recorded

    let watch = event_loop.watch();
    let read = thread::spawn(move || watch.events(0)).join().unwrap();
    // Who woke whom, and what the phases did, is told to a recording alone.
    let told = |what: &Happening| {
        matches!(what, Happening::Waited(_) | Happening::Turn(_) | Happening::Ran(..))
    };
    // An observer isn't told where.
    let placeless = |event: &Event| match event.what {
        Happening::Ran(item, outcome, _) => Happening::Ran(item, outcome, PlaceId::UNKNOWN),
        what => what,
    };
    let recorded: Vec<_> = read.events.iter().map(placeless).filter(told).collect();
    assert_eq!(recorded, seen);
    assert_eq!((read.next, read.lost, read.torn), (read.events.len() as u64, 0, 0));
    for outcome in [Outcome::Pending, Outcome::Finished, Outcome::Panicked, Outcome::Cancelled] {
        let ran = |what: &Happening| matches!(what, Happening::Ran(_, how, _) if *how == outcome);
        assert!(recorded.iter().any(ran), "{outcome:?} in {recorded:?}");
    }
    for kind in [Kind::Task, Kind::Callback, Kind::Deferred] {
        let ran =
            |what: &Happening| matches!(what, Happening::Ran(item, ..) if item.kind() == kind);
        assert!(recorded.iter().any(ran), "{kind:?} in {recorded:?}");
    }
    let phases = read.events.iter().map(|event| (event.phase, event.what));
    let phases = phases.filter(|(_, what)| told(what));
    for (phase, what) in phases {
        let expected = match what {
            Happening::Waited(_) => Phase::Wait,
            Happening::Ran(..) => Phase::Run,
            _ => Phase::Io,
        };
        assert_eq!(phase, expected);
    }
    let times: Vec<_> = read.events.iter().map(|event| event.at_ns).collect();
    assert!(times.is_sorted(), "{times:?}");
    assert_eq!(times.last(), Some(&1_000_000), "by the loop's own clock");
}

#[test]
fn a_reader_that_comes_late_is_told_how_much_it_lost() {
    let event_loop = recorded_loop(4);
    event_loop.record(true);
    for _ in 0..3 {
        // A birth, a wait, a turn and an item each.
        event_loop.block_on(async {}).unwrap();
    }
    let watch = event_loop.watch();
    let read = watch.events(0);
    assert_eq!((read.events.len(), read.lost, read.next), (4, 8, 12));
    assert_eq!(watch.events(read.next).events, []);
}

/// A future that looks at its loop when it is dropped, and when something of it is called.
struct LooksWhenDropped(Rc<Looks>);

impl Drop for LooksWhenDropped {
    fn drop(&mut self) {
        self.0.look();
    }
}

#[test]
fn what_is_dropped_when_a_loop_is_closed_is_named_as_well() {
    let event_loop = recorded_loop(64);
    let looks = Rc::new(Looks { watch: event_loop.watch(), seen: RefCell::default() });
    let [task, call] = [LooksWhenDropped(Rc::clone(&looks)), LooksWhenDropped(Rc::clone(&looks))];
    event_loop
        .spawn(async move {
            std::future::pending::<()>().await;
            drop(task);
        })
        .detach();
    event_loop.enter(|| glassloop::call_later(MS, move || drop(call)).unwrap());
    event_loop.close(Duration::ZERO);
    let finish = Some(Phase::Finish);
    assert_eq!(looks.take(), [(Kind::Task, finish), (Kind::Deferred, finish)]);
    assert_eq!(looks.watch.now().phase, None, "it is over");
}

/// Looks at its own loop from each place where foreign code runs outside of items.
struct Looks {
    watch: Watch,
    seen: RefCell<Vec<(Kind, Option<Phase>)>>,
}

impl Looks {
    fn look(&self) {
        let now = self.watch.now();
        self.seen.borrow_mut().push((now.item.kind(), now.phase));
    }

    fn take(&self) -> Vec<(Kind, Option<Phase>)> {
        self.seen.take()
    }
}

/// An observer that looks when a wait and a turn end.
struct LookingObserver(Rc<Looks>);

impl Observer for LookingObserver {
    fn wait_ended(&self, _: usize) {
        self.0.look();
    }

    fn turn_ended(&self, _: u64, _: usize) {
        self.0.look();
    }
}

/// A waker that looks when it is woken.
struct LookingWaker(Watch, Mutex<Option<(Kind, Option<Phase>)>>);

impl Wake for LookingWaker {
    fn wake(self: Arc<Self>) {
        let now = self.0.now();
        *self.1.lock().unwrap() = Some((now.item.kind(), now.phase));
    }
}

#[test]
fn what_is_no_item_is_named_as_well() {
    let event_loop = recorded_loop(64);
    let looks = Rc::new(Looks { watch: event_loop.watch(), seen: RefCell::default() });
    let observer: Rc<dyn Observer> = Rc::new(LookingObserver(Rc::clone(&looks)));
    event_loop.observe(Rc::clone(&observer));
    let waker = Arc::new(LookingWaker(event_loop.watch(), Mutex::default()));
    let mut sleep = event_loop.enter(|| Box::pin(glassloop::sleep(MS)));
    let given = Waker::from(Arc::clone(&waker));
    let polled = sleep.as_mut().poll(&mut Context::from_waker(&given));
    assert!(polled.is_pending());
    let events = event_loop.wait().unwrap();
    assert_eq!(looks.take(), [(Kind::Observer, Some(Phase::Wait))]);
    event_loop.turn(events).unwrap();
    assert_eq!(*waker.1.lock().unwrap(), Some((Kind::Wake, Some(Phase::Timers))));
    assert_eq!(looks.take(), [(Kind::Observer, Some(Phase::Finish))]);
    event_loop.unobserve(&observer);

    let own = Rc::clone(&looks);
    event_loop.enter(|| {
        glassloop::call_soon(move || {
            let after = Rc::clone(&own);
            glassloop::queue_microtask(move || after.look()).unwrap();
        })
        .unwrap();
    });
    assert!(!event_loop.pump(Duration::ZERO).unwrap().more);
    assert_eq!(looks.take(), [(Kind::Callback, Some(Phase::Run))], "a part of the item");
    let before = Rc::clone(&looks);
    event_loop.enter(|| glassloop::queue_microtask(move || before.look()).unwrap());
    assert!(!event_loop.pump(Duration::ZERO).unwrap().more);
    assert_eq!(looks.take(), [(Kind::Microtask, Some(Phase::Run))], "before any item");
    assert_eq!(event_loop.watch().now().phase, None);
}
