//! The picture of a task's states: each arrow was seen on a loop that ran.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    future::poll_fn,
    pin::pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use glassloop::{EventLoop, JoinHandle, TaskId};

use crate::{
    PAGES,
    golden::is_golden,
    svg::{Picture, Way},
};

/// From, to, and what led there. Where there is no task the state is empty.
type Arrow = (&'static str, &'static str, &'static str);

const WAITS: &str = "Pending";
const WAKES_ITSELF: &str = "Pending, and woken meanwhile";
const ABORTS_ITSELF: &str = "Pending, and aborted meanwhile";
const ENDS: &str = "Ready";
const ABORTED_END: &str = "Ready, but aborted meanwhile";
const COMES_UP: &str = "its entry comes up";
const ASKED: &str = "its handle is asked";
const DROPPED: &str = "its handle is dropped";

/// Where each state stands in the picture.
const STATES: [(&str, (i32, i32)); 5] = [
    ("ready", (190, 110)),
    ("running", (460, 110)),
    ("finished", (790, 110)),
    ("waiting", (325, 270)),
    ("aborted", (640, 270)),
];

/// From, to, and everything that leads there, with its way in the picture.
const ARROWS: [(&str, &str, &[&str], Way); 13] = [
    ("", "ready", &["spawn"], Way { path: "M50 110H132", words_at: (90, 100) }),
    ("ready", "running", &[COMES_UP], Way { path: "M246 110H402", words_at: (324, 101) }),
    (
        "running",
        "ready",
        &[WAKES_ITSELF],
        Way { path: "M440 91Q325 30 212 88", words_at: (325, 48) },
    ),
    ("running", "waiting", &[WAITS], Way { path: "M445 129L347 248", words_at: (368, 186) }),
    ("waiting", "ready", &["a wake"], Way { path: "M300 251L206 132", words_at: (222, 202) }),
    (
        "running",
        "finished",
        &[ENDS, ABORTED_END],
        Way { path: "M516 110H732", words_at: (624, 84) },
    ),
    ("running", "", &[ENDS], Way { path: "M480 91Q720 -10 984 98", words_at: (740, 34) }),
    (
        "running",
        "aborted",
        &[ABORTS_ITSELF],
        Way { path: "M480 129L614 248", words_at: (630, 160) },
    ),
    ("finished", "", &[ASKED, DROPPED], Way { path: "M846 110H982", words_at: (912, 131) }),
    (
        "ready",
        "aborted",
        &["abort"],
        Way { path: "M170 129Q150 340 325 340 520 340 604 292", words_at: (325, 332) },
    ),
    ("waiting", "aborted", &["abort"], Way { path: "M381 270H582", words_at: (480, 262) }),
    ("aborted", "finished", &[COMES_UP], Way { path: "M664 251L766 132", words_at: (786, 210) }),
    ("aborted", "", &[COMES_UP], Way { path: "M696 270Q986 270 992 122", words_at: (860, 292) }),
];

#[test]
fn a_task_goes_the_ways_that_its_picture_shows_and_no_others() {
    let drawn =
        ARROWS.iter().flat_map(|(from, to, whys, _)| whys.iter().map(|why| (*from, *to, *why)));
    assert_eq!(seen(), drawn.collect());
    is_golden(&format!("{PAGES}/task.svg"), &picture());
}

fn picture() -> String {
    let told = ARROWS.map(|(from, to, whys, _)| {
        let from = if from.is_empty() { "Nothing" } else { from };
        let to = if to.is_empty() { "nothing" } else { to };
        format!("{from} to {to}: {}.", whys.join(", or "))
    });
    let mut picture = Picture::new("The states of a task", &told.join(" "), (1050, 360));
    for (_, _, whys, way) in &ARROWS {
        picture.arrow(way, whys);
    }
    for (name, at) in STATES {
        picture.state(name, at);
    }
    picture.finish()
}

/// A task whose polls do what they are told, and what it was seen to do.
struct Probe {
    event_loop: EventLoop,
    /// What its next poll answers.
    answers: Rc<Cell<&'static str>>,
    /// Its state in the middle of its last poll.
    polled: Rc<Cell<&'static str>>,
    waker: Rc<Cell<Option<Waker>>>,
    id: TaskId,
    handle: Rc<RefCell<Option<JoinHandle<()>>>>,
    seen: BTreeSet<Arrow>,
}

impl Probe {
    fn spawn() -> Probe {
        let event_loop = EventLoop::test();
        let answers = Rc::new(Cell::new(WAITS));
        let polled = Rc::new(Cell::new(""));
        let waker = Rc::new(Cell::new(None));
        let (does, is, leaves) = (Rc::clone(&answers), Rc::clone(&polled), Rc::clone(&waker));
        let handle = Rc::new(RefCell::new(None));
        let own: Rc<RefCell<Option<JoinHandle<()>>>> = Rc::clone(&handle);
        let spawned = event_loop.spawn(poll_fn(move |context| {
            is.set(glassloop::snapshot().tasks[0].state.name());
            leaves.set(Some(context.waker().clone()));
            if does.get() == WAKES_ITSELF {
                context.waker().wake_by_ref();
            }
            if [ABORTS_ITSELF, ABORTED_END].contains(&does.get()) {
                own.borrow().as_ref().unwrap().abort();
            }
            if [ENDS, ABORTED_END].contains(&does.get()) { Poll::Ready(()) } else { Poll::Pending }
        }));
        let id = spawned.id();
        let seen = BTreeSet::new();
        handle.replace(Some(spawned));
        let mut probe = Probe { event_loop, answers, polled, waker, id, handle, seen };
        let now = probe.state();
        probe.seen.insert(("", now, "spawn"));
        probe
    }

    fn state(&self) -> &'static str {
        let snapshot = self.event_loop.snapshot();
        let task = snapshot.tasks.iter().find(|task| task.id == self.id);
        task.map_or("", |task| task.state.name())
    }

    /// Does something to it, from outside of a turn.
    fn act(mut self, why: &'static str, act: impl FnOnce(&mut Probe)) -> Probe {
        let before = self.state();
        act(&mut self);
        let after = self.state();
        if before != after {
            self.seen.insert((before, after, why));
        }
        self
    }

    /// Lets its entry come up, and its poll, if it is polled, answer so.
    fn turn(mut self, answer: &'static str) -> Probe {
        let before = self.state();
        self.answers.set(answer);
        self.polled.set("");
        let events = self.event_loop.wait().unwrap();
        self.event_loop.turn(events).unwrap();
        let (polled, after) = (self.polled.get(), self.state());
        if polled.is_empty() {
            self.seen.insert((before, after, COMES_UP));
        } else {
            self.seen.insert((before, polled, COMES_UP));
            self.seen.insert((polled, after, answer));
        }
        self
    }

    /// Is woken by a callback, in a turn in which it doesn't come up any more.
    fn wake(self) -> Probe {
        self.act("a wake", |probe| {
            let waker = probe.waker.take().unwrap();
            probe.event_loop.call_soon(move || waker.wake()).unwrap();
            let events = probe.event_loop.wait().unwrap();
            probe.event_loop.turn(events).unwrap();
        })
    }

    fn abort(self) -> Probe {
        self.act("abort", |probe| probe.handle.borrow().as_ref().unwrap().abort())
    }

    /// Lets go of its handle.
    fn detach(self) -> Probe {
        self.act(DROPPED, |probe| drop(probe.handle.take()))
    }

    /// Has its handle asked for the result.
    fn join(self) -> Probe {
        self.act(ASKED, |probe| {
            let handle = pin!(probe.handle.take().unwrap());
            assert!(handle.poll(&mut Context::from_waker(Waker::noop())).is_ready());
        })
    }
}

/// Everything that is done to a task in each of its states.
fn seen() -> BTreeSet<Arrow> {
    let probes = [
        Probe::spawn().turn(WAITS).wake().turn(WAKES_ITSELF).turn(ENDS).abort().join(),
        Probe::spawn().turn(ENDS).detach(),
        Probe::spawn().turn(ABORTS_ITSELF).turn(WAITS).join(),
        Probe::spawn().turn(ABORTED_END),
        Probe::spawn().detach().turn(WAITS).detach().wake().turn(ENDS),
        Probe::spawn().abort().abort().turn(WAITS).join(),
        Probe::spawn().turn(WAITS).abort().detach().turn(WAITS),
    ];
    probes.into_iter().flat_map(|probe| probe.seen).collect()
}
