//! `World`: a real loop, and what a script holds of it.
//!
//! It does what the script says, through the public interface alone, and writes what happens into
//! its book. While it does so it probes: whatever of the loop's tables were lent out while a
//! program's code runs would show as a panic.

use std::{
    cell::{Cell, RefCell},
    future::Future,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use glassloop::{
    Call, Callback, Clock, EventLoop, JoinError, JoinHandle, ManualClock, Observer, PollerKind,
    Remote, RunError, TaskState, net::TcpStream,
};

use crate::{
    book::{Book, Token},
    line::{Count, Line, Ran, Stands, Told, Uid},
    script::{Body, Script, Step},
};

mod acts;
mod program;
mod sockets;

use program::Program;

thread_local! {
    static HERE: RefCell<Option<Rc<World>>> = const { RefCell::new(None) };
}

/// A task, as far as the script holds anything of it.
#[derive(Default)]
struct Held {
    handle: Option<JoinHandle<Token>>,
    waker: Option<Waker>,
}

/// A socket, and how many bytes it has written.
struct Socket {
    stream: Option<Rc<TcpStream>>,
    written: u8,
}

/// A loop and a script's hold on it.
pub(crate) struct World {
    event_loop: EventLoop,
    pub(crate) book: Arc<Book>,
    script: Rc<Script>,
    clock: ManualClock,
    remote: Remote,
    births: Cell<usize>,
    /// Timers armed so far.
    armed: Cell<u64>,
    tasks: RefCell<Vec<Held>>,
    callbacks: RefCell<Vec<Callback>>,
    asked: RefCell<Vec<Call<()>>>,
    sockets: RefCell<Vec<Socket>>,
    /// A task that has ended: asking for its end changes nothing, but takes the table.
    ended: JoinHandle<()>,
    /// The loop was about to block.
    blocked: Cell<bool>,
}

/// Has its world be the one of this thread until dropped.
pub(crate) struct Here(());

impl Drop for Here {
    fn drop(&mut self) {
        let world = HERE.take();
        drop(world);
    }
}

impl World {
    /// A loop for a script, as the world of this thread.
    pub(crate) fn enter(script: &Rc<Script>) -> Here {
        let clock = ManualClock::new();
        let event_loop = EventLoop::builder()
            .clock(Clock::Manual(clock.clone()))
            .poller(PollerKind::TimersOnly)
            .limits(script.limits())
            .policy(script.policy)
            .on_unhandled(|_| {
                let world = World::here();
                world.book.note(Line::Reported);
                world.probe();
            })
            .build()
            .expect("a loop without descriptors");
        let ended = event_loop.spawn(async {});
        let events = event_loop.wait().expect("work is ready");
        event_loop.turn(events).expect("no turn is under way");
        if script.observed {
            event_loop.observe(Rc::new(Watcher));
        }
        let world = World {
            remote: event_loop.remote(),
            event_loop,
            book: Book::new(),
            script: Rc::clone(script),
            clock,
            births: Cell::new(0),
            armed: Cell::new(0),
            tasks: RefCell::default(),
            callbacks: RefCell::default(),
            asked: RefCell::default(),
            sockets: RefCell::default(),
            ended,
            blocked: Cell::new(false),
        };
        HERE.set(Some(Rc::new(world)));
        Here(())
    }

    /// The world of this thread.
    pub(crate) fn here() -> Rc<World> {
        HERE.with_borrow(|here| here.clone()).expect("a script runs on this thread")
    }

    pub(crate) fn birth(&self) -> Uid {
        self.births.set(self.births.get() + 1);
        Uid::try_from(self.births.get()).expect("births are few")
    }

    /// Takes each table of the loop for a moment, and changes nothing.
    pub(crate) fn probe(&self) {
        if let Ok(callback) = self.event_loop.call_later(Duration::MAX, || ()) {
            callback.cancel();
        }
        self.ended.abort();
    }

    /// Whether the loop would have blocked in the last step.
    pub(crate) fn take_blocked(&self) -> bool {
        self.blocked.take()
    }

    pub(crate) fn step(&self, step: Step) {
        match step {
            Step::Do(act) => {
                self.act(act, None);
            }
            Step::Turn => self.turn(),
            Step::Run(yields) => self.run(yields),
            Step::Advance(by) => self.clock.advance(by.duration()),
            Step::Policy(policy) => self.event_loop.set_policy(policy),
            Step::Close { in_time } => self.close(in_time),
        }
    }

    fn turn(&self) {
        if !self.script.observed {
            // Nobody would hear that it blocks.
            self.clock.advance(Duration::ZERO);
        }
        let turned = self.event_loop.wait().and_then(|events| self.event_loop.turn(events));
        if let Err(error) = turned {
            self.book.note(Line::Ran(ran(&error)));
        }
    }

    fn run(&self, yields: u8) {
        let body = Body::yields(yields);
        let number = self.new_task();
        let main = Program::new(number, body);
        let result = self.event_loop.block_on(main);
        self.book.note(Line::Ran(result.as_ref().map_or_else(ran, |_| Ran::ToItsEnd)));
    }

    fn close(&self, in_time: bool) {
        let deadline = if in_time { Duration::from_secs(1) } else { Duration::ZERO };
        let report = self.event_loop.close(deadline);
        self.book.note(Line::Closed {
            tasks: report.tasks_aborted,
            calls: report.calls.len(),
            callbacks: report.callbacks,
            timers: report.timers,
            sources: report.sources.len(),
        });
    }

    /// Closes the loop and lets go of everything.
    pub(crate) fn let_go(&self) {
        self.close(false);
        let tasks = self.tasks.borrow().len();
        for number in 0..tasks {
            let handle = self.tasks.borrow_mut()[number].handle.take();
            drop(handle);
        }
        let asked = std::mem::take(&mut *self.asked.borrow_mut());
        for (number, mut call) in asked.into_iter().enumerate() {
            let number = u16::try_from(number).expect("few calls");
            let result = call.wait(Duration::ZERO);
            self.book.note(Line::Resolved(number, acts::told_by_call(&result)));
            drop(result);
        }
        self.turn();
    }

    /// The number of the next task, whose handle and waker are to come.
    fn new_task(&self) -> usize {
        let mut tasks = self.tasks.borrow_mut();
        tasks.push(Held::default());
        tasks.len() - 1
    }

    /// What can be counted now.
    pub(crate) fn count(&self) -> Count {
        let snapshot = self.event_loop.snapshot();
        for queue in &snapshot.queues {
            if queue.max.is_some_and(|max| queue.depth > max) {
                self.book.fault(format!("too long: {queue:?}"));
            }
        }
        if snapshot.reactor.wake_calls > snapshot.reactor.blocked {
            self.book.fault(format!("asked to wake what ran: {:?}", snapshot.reactor));
        }
        let depth = |name| {
            snapshot.queues.iter().find(|queue| queue.name == name).map_or(0, |queue| queue.depth)
        };
        let tasks = snapshot.tasks.iter().filter(|task| task.birth > 0);
        let mut tasks: Vec<_> =
            tasks.map(|task| (task.birth, stands(task.state), task.polls)).collect();
        tasks.sort_unstable();
        let (executor, reactor) = (&snapshot.executor, &snapshot.reactor);
        Count {
            tasks,
            ready: depth("ready"),
            callbacks: depth("callbacks"),
            deferred: depth("deferred"),
            renders: depth("render"),
            idles: depth("idle"),
            timers: reactor.timers_armed,
            sources: reactor.sources,
            waiters: reactor.waiters,
            spawned: executor.spawned,
            polls: executor.polls,
            finished: executor.finished,
            panicked: executor.panicked,
            cancelled: executor.cancelled,
            callbacks_run: executor.callbacks,
            calls_run: executor.calls,
            microtasks_run: executor.microtasks,
            unhandled: executor.unhandled,
            timers_fired: reactor.timers_fired,
        }
    }
}

fn stands(state: TaskState) -> Stands {
    match state {
        TaskState::Ready => Stands::Ready,
        TaskState::Waiting => Stands::Waiting,
        TaskState::Aborted => Stands::Aborted,
        TaskState::Finished => Stands::Finished,
        _ => Stands::Running,
    }
}

fn ran(error: &RunError) -> Ran {
    match error {
        RunError::Stopped => Ran::Stopped,
        RunError::Closed => Ran::Closed,
        RunError::Refused => Ran::Refused,
        _ => Ran::Otherwise,
    }
}

/// What a handle told.
fn told_by_join(result: &Poll<Result<Token, JoinError>>) -> Told {
    match result {
        Poll::Pending => Told::Nothing,
        Poll::Ready(Ok(_)) => Told::Value,
        Poll::Ready(Err(JoinError::Panicked(_))) => Told::Panicked,
        Poll::Ready(Err(JoinError::Refused)) => Told::Refused,
        Poll::Ready(Err(_)) => Told::Cancelled,
    }
}

/// Asks a handle once; it comes back unless it has told.
fn ask(
    mut handle: JoinHandle<Token>,
    cx: &mut Context<'_>,
) -> (Poll<Result<Token, JoinError>>, Option<JoinHandle<Token>>) {
    let polled = Pin::new(&mut handle).poll(cx);
    let left = polled.is_pending().then_some(handle);
    (polled, left)
}

/// Probes at every occasion, and never lets the loop block.
struct Watcher;

impl Observer for Watcher {
    fn wait_began(&self, timeout: Option<Duration>) {
        let world = World::here();
        world.probe();
        if timeout != Some(Duration::ZERO) {
            world.blocked.set(true);
            world.clock.advance(Duration::ZERO);
        }
    }

    fn turn_ended(&self, _turn: u64, _items: usize) {
        let world = World::here();
        world.probe();
        drop(world.event_loop.snapshot());
    }
}
