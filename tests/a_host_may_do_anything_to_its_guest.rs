//! Whatever a host does to its guest, at whatever moment and however deep within one another: the
//! loop comes to rest, somebody knows whenever there is something to do, and nothing is lost.
//!
//! A seed decides what is done; the clock moves when it is told to. What the seed leaves open is
//! how soon the helper gives its tick.
#![cfg(test)]
#![cfg(not(miri))]

#[path = "common/guest_host.rs"]
mod guest_host;
#[path = "common/seed.rs"]
mod seed;

use std::{
    cell::{Cell, RefCell},
    fmt::Write,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
        mpsc,
    },
    thread,
    time::Duration,
};

use glassloop::{
    Clock, EventLoop, Guest, GuestTick, ManualClock, Observer, RunError, outside, yield_now,
};
use guest_host::word;
use seed::Seed;

/// For what comes at once unless it never comes.
const PATIENCE: Duration = Duration::from_secs(10);

/// No timer is armed for longer.
const TIMER_MAX_US: usize = 1_000;

/// More ticks or pumps than all deeds of an episode can ask for.
const ROUNDS_MAX: u64 = 300;

const DEEDS: u32 = 60;

/// How deep deeds are done within deeds.
const DEPTH_MAX: u32 = 5;

#[derive(Clone, Copy, Debug)]
enum Deed {
    End,
    Start,
    Stop,
    Spawn,
    AskOutside,
    AskOutsideAndLetGo,
    Pump,
    RunATick,
    ArmATimer,
    MoveTheClock,
    AskIdle,
    Defer,
}

impl Deed {
    /// What is done more often stands here more often.
    const ALL: [Deed; 15] = [
        Deed::End,
        Deed::Start,
        Deed::Start,
        Deed::Stop,
        Deed::Spawn,
        Deed::Spawn,
        Deed::AskOutside,
        Deed::AskOutsideAndLetGo,
        Deed::Pump,
        Deed::RunATick,
        Deed::RunATick,
        Deed::ArmATimer,
        Deed::MoveTheClock,
        Deed::AskIdle,
        Deed::Defer,
    ];
}

thread_local! {
    /// The world of this thread. The helper of a guest has none.
    static WORLD: RefCell<Option<Rc<World>>> = const { RefCell::new(None) };
}

/// Does what the seed says, if there is a world here. It is called by everything that may be the
/// host's code.
fn act(who: &'static str) {
    let world = WORLD.with_borrow(Option::clone);
    if let Some(world) = world {
        world.act(who);
    }
}

/// A host with a loop, and all that the two know of one another.
struct World {
    event_loop: Rc<EventLoop>,
    clock: ManualClock,
    guest: RefCell<Option<Guest>>,
    queue: mpsc::Sender<GuestTick>,
    ticks: mpsc::Receiver<GuestTick>,
    posted: Arc<AtomicU64>,
    taken: Cell<u64>,
    seed: Seed,
    deeds_left: Cell<u32>,
    depth: Cell<u32>,
    record: RefCell<String>,
    started: Cell<u64>,
    ended: Arc<AtomicU64>,
    accepted: Cell<u64>,
    ran: Arc<AtomicU64>,
    /// The host was called, or was told that there is more, and has not pumped since.
    knows: Arc<AtomicBool>,
}

/// An observer that is host's code, too.
struct Watches;

impl Observer for Watches {
    fn wait_began(&self, _timeout: Option<Duration>) {
        act("observer");
    }
}

impl World {
    fn new(seed: Seed) -> Rc<World> {
        let clock = ManualClock::new();
        let builder = EventLoop::builder().clock(Clock::Manual(clock.clone()));
        let (queue, ticks) = mpsc::channel();
        let world = World {
            event_loop: Rc::new(builder.build().unwrap()),
            clock,
            guest: RefCell::default(),
            queue,
            ticks,
            posted: Arc::default(),
            taken: Cell::new(0),
            seed,
            deeds_left: Cell::new(DEEDS),
            depth: Cell::new(0),
            record: RefCell::default(),
            started: Cell::new(0),
            ended: Arc::default(),
            accepted: Cell::new(0),
            ran: Arc::default(),
            knows: Arc::default(),
        };
        let knows = Arc::clone(&world.knows);
        world.event_loop.on_wake(move || knows.store(true, SeqCst));
        if world.seed.below(4) == 0 {
            world.event_loop.observe(Rc::new(Watches));
        }
        Rc::new(world)
    }

    fn act(&self, who: &'static str) {
        if self.depth.get() == DEPTH_MAX {
            return;
        }
        self.depth.set(self.depth.get() + 1);
        for _ in 0..1 + self.seed.below(3) {
            if self.deeds_left.get() > 0 {
                self.deeds_left.set(self.deeds_left.get() - 1);
                let deed = Deed::ALL[self.seed.below(Deed::ALL.len())];
                write!(self.record.borrow_mut(), " {who}:{deed:?}").unwrap();
                self.commit(deed);
            }
        }
        self.depth.set(self.depth.get() - 1);
    }

    fn commit(&self, deed: Deed) {
        let event_loop = &self.event_loop;
        match deed {
            Deed::End => drop(self.guest.take()),
            Deed::Start => self.start(),
            Deed::Stop if self.seed.below(4) == 0 => event_loop.stop(),
            Deed::Stop => {}
            Deed::Spawn => {
                let task = async {
                    act("task");
                    yield_now().await;
                    act("task again");
                };
                event_loop.spawn(task).detach();
            }
            Deed::AskOutside => {
                let task = async {
                    outside(|| act("outside")).await;
                    act("asker");
                };
                event_loop.spawn(task).detach();
            }
            Deed::AskOutsideAndLetGo => {
                let asks = event_loop.spawn(async { outside(|| act("let go")).await });
                event_loop.spawn(async move { asks.abort() }).detach();
            }
            Deed::Pump => _ = self.pump(),
            Deed::RunATick => {
                if self.tick_is_here() || (self.depth.get() == 1 && self.tick_comes()) {
                    self.run_a_tick();
                }
            }
            Deed::ArmATimer => {
                let timeout = self.us(TIMER_MAX_US);
                event_loop.call_later(timeout, || act("timer")).unwrap();
            }
            Deed::MoveTheClock => self.clock.advance(self.us(TIMER_MAX_US)),
            Deed::AskIdle => _ = event_loop.request_idle(|_| act("idle")).unwrap(),
            Deed::Defer => self.defer(),
        }
    }

    fn us(&self, end: usize) -> Duration {
        Duration::from_micros(self.seed.below(end) as u64)
    }

    fn start(&self) {
        if self.guest.borrow().as_ref().is_some_and(Guest::has_ended) {
            drop(self.guest.take());
        }
        if self.guest.borrow().is_some() {
            return;
        }
        let (queue, posted) = (self.queue.clone(), Arc::clone(&self.posted));
        let post = move |tick| {
            posted.fetch_add(1, SeqCst);
            drop(queue.send(tick));
            act("post");
        };
        let ended = Arc::clone(&self.ended);
        let ended = move |_| {
            ended.fetch_add(1, SeqCst);
            act("ended");
        };
        match Guest::start(&self.event_loop, post, ended) {
            Ok(guest) => {
                self.started.set(self.started.get() + 1);
                drop(self.guest.replace(Some(guest)));
            }
            Err(refused) => write!(self.record.borrow_mut(), " ({refused})").unwrap(),
        }
    }

    /// Whether there is more to do.
    fn pump(&self) -> Result<bool, RunError> {
        let knew = self.knows.swap(false, SeqCst);
        let pumped = self.event_loop.pump(self.us(3) * 100);
        let more = match &pumped {
            Ok(pumped) => pumped.more,
            // Pump on at once.
            Err(RunError::Stopped) => true,
            Err(_) => knew,
        };
        self.knows.fetch_or(more, SeqCst);
        pumped.map(|pumped| pumped.more)
    }

    fn defer(&self) {
        let ran = Arc::clone(&self.ran);
        let call = move || {
            ran.fetch_add(1, SeqCst);
            act("call");
        };
        self.event_loop.remote().defer(call).unwrap();
        self.accepted.set(self.accepted.get() + 1);
    }

    fn is_a_guest(&self) -> bool {
        self.guest.borrow().as_ref().is_some_and(|guest| !guest.has_ended())
    }

    /// Whether a tick lies in the host's queue: perhaps one of an earlier guest.
    fn tick_is_here(&self) -> bool {
        self.taken.get() < self.posted.load(SeqCst)
    }

    /// The same; or one is on its way, since the guest doesn't wait.
    fn tick_comes(&self) -> bool {
        self.tick_is_here() || (self.is_a_guest() && word(&self.event_loop) != "WAITING")
    }

    fn run_a_tick(&self) {
        let tick = self.ticks.recv_timeout(PATIENCE).expect("the guest has something to do");
        self.taken.set(self.taken.get() + 1);
        tick.run(self.us(3) * 100);
    }

    /// The host has the thread: whatever there is to do, somebody knows of it.
    fn look(&self) {
        let word = word(&self.event_loop);
        if self.is_a_guest() {
            assert_ne!(word, "PARKED", "its helper must not find it so");
            return;
        }
        assert!(
            ["PARKED", "NOTIFIED"].contains(&word.as_str()),
            "it is {word}, and nobody's guest"
        );
        if self.event_loop.timeout() == Some(Duration::ZERO) {
            assert!(self.knows.load(SeqCst), "nobody has told the host: it is {word}");
        }
    }

    /// Until something is due, if it is to be waited for.
    fn time_to_pass(&self) -> Option<Duration> {
        self.event_loop.timeout().filter(|left| !left.is_zero())
    }

    /// Lets time pass and does whatever the loop wants, until it wants nothing.
    fn rest(&self) {
        for _ in 0..ROUNDS_MAX {
            if self.tick_comes() {
                self.run_a_tick();
            } else if let Some(left) = self.time_to_pass() {
                self.clock.advance(left);
            } else if self.is_a_guest() {
                return;
            } else {
                match self.pump() {
                    Ok(false) if self.event_loop.timeout().is_none() => return,
                    Ok(_) | Err(RunError::Stopped) => {}
                    Err(error) => panic!("it is nobody's guest, and can not be pumped: {error}"),
                }
            }
            self.look();
        }
        panic!("it does not come to rest");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("what was done:{}", self.record.take());
        }
    }
}

/// Leaves this thread without a world again.
struct Gone;

impl Drop for Gone {
    fn drop(&mut self) {
        let world = WORLD.take();
        drop(world);
    }
}

fn episode(seed: Seed) {
    let world = World::new(seed);
    WORLD.set(Some(Rc::clone(&world)));
    let _gone = Gone;
    while world.deeds_left.get() > 0 {
        world.act("host");
        world.look();
    }
    world.rest();
    if world.is_a_guest() {
        let task = world.event_loop.spawn(async {});
        assert!(world.tick_comes(), "it is still a guest");
        world.rest();
        assert!(task.is_finished());
        world.knows.store(false, SeqCst);
        drop(world.guest.take());
        world.look();
        assert_eq!((word(&world.event_loop).as_str(), world.tick_is_here()), ("PARKED", false));
    }
    world.rest();
    assert_eq!(world.ended.load(SeqCst), world.started.get(), "each end is told once");
    assert_eq!(world.ran.load(SeqCst), world.accepted.get(), "accepted is accepted");
    assert!(world.event_loop.close(Duration::ZERO).is_clean());
}

#[test]
fn five_hundred_hosts_do_sixty_things_each() {
    Seed::all(500).for_each(episode);
}

#[test]
#[ignore = "some seconds"]
fn full_five_thousand_hosts_do_sixty_things_each() {
    Seed::all(5_000).for_each(episode);
}
