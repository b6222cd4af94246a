//! `Builder`: a loop made to measure.

use std::{
    cell::{Cell, OnceCell, RefCell},
    io,
    panic::Location,
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use glassloop_executor::{Executor, Unhandled};
use glassloop_reactor::{
    Clock, ManualClock, Options, PollerKind, Precision, Reactor, Resolver, Script, nanoseconds,
};

use crate::{
    EventLoop, Limits, RunPolicy,
    core::Core,
    debug, environment,
    failure::Failure,
    frames::Frames,
    limits::{ns_of_ms, ns_of_us},
    lint, new_loops,
    observer::Observers,
    outside::Line,
    registry,
    resume::Listeners,
    shared::Shared,
    standing::Standing,
    stride::Stride,
    waits::Waits,
};

/// Sixty frames a second.
const RENDER_INTERVAL: Duration = Duration::from_nanos(16_666_667);

/// Who is told of failures that nobody will ask for.
type Hook = Box<dyn Fn(&Unhandled)>;

/// Makes an [`EventLoop`]: set what differs from the defaults, then [`build`](Builder::build).
///
/// ```
/// use std::{cell::RefCell, rc::Rc, time::Duration};
/// use glassloop::{EventLoop, Precision, Resolver, net};
///
/// let unhandled = Rc::new(RefCell::new(Vec::new()));
/// let heard = Rc::clone(&unhandled);
/// let event_loop = EventLoop::builder()
///     .timeout_precision(Precision::Precise)
///     .spin_us(20)
///     .render_interval(Duration::from_millis(40))
///     .resolver(Resolver::new(|_host, port| Box::pin(async move {
///         Ok(vec![([127, 0, 0, 1], port).into()])
///     })))
///     .on_unhandled(move |failure| heard.borrow_mut().push(failure.to_string()))
///     .build()?;
/// let addresses = event_loop.block_on(async {
///     glassloop::spawn(async { Err::<(), _>("the disk is full") }).or_report();
///     glassloop::yield_now().await; // it runs, and fails
///     net::lookup("any.example", 80).await
/// })??;
/// assert_eq!(addresses, ["127.0.0.1:80".parse()?]);
/// assert!(unhandled.borrow()[0].contains("the disk is full"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a builder does nothing until `build`"]
pub struct Builder {
    clock: Clock,
    /// `None`: what the environment says.
    poller: Option<PollerKind>,
    script: Option<Script>,
    precision: Precision,
    spin_us: u64,
    limits: Limits,
    policy: RunPolicy,
    render_interval: Duration,
    resolver: Option<Resolver>,
    snapshot_every: Option<Duration>,
    on_unhandled: Option<Hook>,
    fails_on_unhandled: bool,
    debug: Option<bool>,
    internal: bool,
}

impl Builder {
    pub(crate) fn new() -> Builder {
        Builder {
            clock: Clock::System,
            poller: None,
            script: None,
            precision: Precision::Coarse,
            spin_us: 0,
            limits: Limits::default(),
            policy: RunPolicy::default(),
            render_interval: RENDER_INTERVAL,
            resolver: None,
            snapshot_every: None,
            on_unhandled: None,
            fails_on_unhandled: false,
            debug: None,
            internal: false,
        }
    }

    pub(crate) fn test() -> Builder {
        Builder {
            clock: Clock::Manual(ManualClock::new().with_autojump()),
            poller: Some(PollerKind::TimersOnly),
            fails_on_unhandled: true,
            ..Builder::new()
        }
    }

    /// Where time comes from: the system, or a clock that you move.
    pub fn clock(mut self, clock: Clock) -> Builder {
        self.clock = clock;
        self
    }

    /// Where the loop blocks: with sockets, or without any descriptor.
    ///
    /// If this is not called, the environment variable `GLASSLOOP_POLLER` decides: `mio` (the
    /// default), `timers`, or `scripted`, which may be followed by a seed, as in `scripted:7`.
    /// [`EventLoop::test`] doesn't ask it.
    pub fn poller(mut self, poller: PollerKind) -> Builder {
        self.poller = Some(poller);
        self
    }

    /// Has the loop play a script: its poller is [`PollerKind::Scripted`], its sockets are memory,
    /// and their peers do what the script says. With a clock that jumps, the seed decides all.
    ///
    /// ```
    /// use glassloop::{Clock, EventLoop, ManualClock, Script, Step, net::TcpStream};
    ///
    /// let server = "10.0.0.1:7".parse()?;
    /// let script = Script::new(1).listens(
    ///     server,
    ///     [Step::ShortReads { bytes_max: 2 }, Step::ReadUntil(4), Step::send("pong")],
    /// );
    /// let transcript = script.transcript();
    /// let clock = Clock::Manual(ManualClock::new().with_autojump());
    /// let event_loop = EventLoop::builder().clock(clock).script(script).build()?;
    /// let answer = event_loop.block_on(async move {
    ///     let stream = TcpStream::connect(server).await?;
    ///     stream.write_all(b"ping").await?;
    ///     let mut answer = [0; 4];
    ///     stream.read_exact(&mut answer).await?;
    ///     std::io::Result::Ok(answer)
    /// })?;
    /// assert_eq!(answer?, *b"pong");
    /// assert_eq!(transcript.received(0), b"ping");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn script(mut self, script: Script) -> Builder {
        self.poller = Some(PollerKind::Scripted);
        self.script = Some(script);
        self
    }

    /// How exactly a wait ends at a deadline: [`Precision::Coarse`], the poller's milliseconds,
    /// unless you say otherwise.
    pub fn timeout_precision(mut self, precision: Precision) -> Builder {
        self.precision = precision;
        self
    }

    /// How long the loop looks for work before it blocks, in microseconds: 0, not at all, unless
    /// you say otherwise. What comes in that time, from a socket or another thread, is served about
    /// a microsecond later and costs its sender no system call; a processor is busy meanwhile. The
    /// time is the OS's, whatever the clock.
    pub fn spin_us(mut self, spin_us: u64) -> Builder {
        self.spin_us = spin_us;
        self
    }

    /// Every bound of the loop.
    pub fn limits(mut self, limits: Limits) -> Builder {
        self.limits = limits;
        self
    }

    /// How much of the ready queue one turn runs: [`RunPolicy::Batch`], unless you say otherwise.
    /// [`EventLoop::set_policy`] changes it later.
    pub fn policy(mut self, policy: RunPolicy) -> Builder {
        self.policy = policy;
        self
    }

    /// The rhythm of frames, see [`request_render`](crate::request_render). A sixtieth of a second,
    /// unless you say otherwise.
    pub fn render_interval(mut self, interval: Duration) -> Builder {
        self.render_interval = interval;
        self
    }

    /// Who resolves names for [`net::lookup`](crate::net::lookup()). Without it the operating
    /// system does, on a thread that starts with the first name.
    pub fn resolver(mut self, resolver: Resolver) -> Builder {
        self.resolver = Some(resolver);
        self
    }

    /// Has the loop publish a snapshot of itself this often, as long as turns happen. A
    /// [`Watch`](crate::Watch) reads the last one, also while the loop hangs.
    pub fn snapshot_every(mut self, every: Duration) -> Builder {
        self.snapshot_every = Some(every);
        self
    }

    /// Who is told of panics that nobody will ask for. The log, unless you say otherwise.
    pub fn on_unhandled(mut self, hook: impl Fn(&Unhandled) + 'static) -> Builder {
        self.on_unhandled = Some(Box::new(hook));
        self
    }

    /// Switches debug mode on or off. Unless you say, the variable `GLASSLOOP_DEBUG` does: anything
    /// but empty or `0` is on.
    ///
    /// In debug mode the log is told of items that held the loop for `Limits::stall_ms_min` or
    /// longer, with their places; of handles that were dropped without being awaited or detached;
    /// of loops that were never run, or dropped without being closed, even with nothing left. And
    /// who calls `spawn` on a thread without a loop is told where the loops are. Every item is
    /// timed by itself.
    pub fn debug(mut self, on: bool) -> Builder {
        self.debug = Some(on);
        self
    }

    /// Marks the loop as part of a tool that looks at others: an inspector's own. Where loops are
    /// listed it is left out.
    ///
    /// ```
    /// let event_loop = glassloop::EventLoop::builder().internal().build()?;
    /// assert!(event_loop.watch().name().internal);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn internal(mut self) -> Builder {
        self.internal = true;
        self
    }

    /// Makes the loop.
    ///
    /// # Errors
    /// When the operating system gives no more descriptors; `InvalidInput` when the poller is left
    /// to `GLASSLOOP_POLLER`, and that names none.
    #[track_caller]
    pub fn build(self) -> io::Result<EventLoop> {
        let made = Location::caller();
        let debug = self.debug.unwrap_or_else(debug::from_environment);
        let poller = self.poller.map(|poller| Ok((poller, 0)));
        let (poller, seed) = poller.unwrap_or_else(environment::poller)?;
        let limits = self.limits.at_least_one();
        let reactor = Reactor::new(Options {
            poller,
            clock: self.clock,
            precision: self.precision,
            spin_us: self.spin_us,
            limits: limits.reactor,
            script: self.script.unwrap_or_else(|| Script::new(seed)),
        })?;
        if let Some(resolver) = self.resolver {
            reactor.set_resolver(resolver);
        }
        let executor = Executor::new(limits.executor, Arc::clone(reactor.notifier()).into());
        let name = registry::name(made, self.internal, debug);
        let shared = Arc::new(Shared::new(name, self.snapshot_every, &executor, &reactor));
        let core = Rc::new(Core {
            executor,
            reactor,
            shared: Arc::clone(&shared),
            limits,
            run_ns_max: ns_of_us(limits.run_us_max),
            poll_ns_max: ns_of_us(limits.poll_us_max),
            stall_ns_min: ns_of_ms(limits.stall_ms_min),
            process: Cell::new(std::process::id()),
            made,
            observers: Observers::default(),
            waits: Waits::of_loop(shared.name.number),
            pool: OnceCell::new(),
            resume: Listeners::default(),
            stride: Stride::new(),
            policy: Cell::new(self.policy),
            frames: Frames::new(nanoseconds(self.render_interval)),
            busy: Cell::new(false),
            turns: Cell::new(0),
            standing: Standing::default(),
            running: Cell::new(false),
            outside: Line::default(),
            pump_end: Cell::new(None),
            lent: Cell::new(false),
            guest: RefCell::default(),
            by_descriptor: Cell::new(false),
            items_since_poll: Cell::new(0),
            spare_events: Cell::default(),
            woken: RefCell::default(),
            flushes: RefCell::default(),
            recording: Cell::new(false),
            deferred_dice: OnceCell::new(),
            tape: OnceCell::new(),
            recorder: OnceCell::new(),
            watched: Cell::new(false),
            failure: RefCell::new(None),
            failed: Cell::new(false),
            suspicion: RefCell::default(),
            suspected: Cell::new(false),
            closed: Cell::new(false),
            debug,
            lints_aloud: !self.internal && lint::from_environment(),
            _registration: registry::enter(&shared),
        });
        look_closely(&core);
        hear_of_unhandled(&core, self.on_unhandled, self.fails_on_unhandled);
        let event_loop = EventLoop { core };
        new_loops::tell(&event_loop);
        Ok(event_loop)
    }
}

/// In debug mode, and where faults are looked for, more is noted.
fn look_closely(core: &Core) {
    core.executor.set_debug(core.debug);
    core.update_watched();
    core.lint(core.lints_aloud);
}

/// Sets who hears of failures; where they end the run, the first one is kept for it.
fn hear_of_unhandled(core: &Rc<Core>, hook: Option<Hook>, fails: bool) {
    if !fails && hook.is_none() {
        return;
    }
    let weak = Rc::downgrade(core);
    core.executor.on_unhandled(move |failure| {
        if let Some(core) = weak.upgrade().filter(|_| fails) {
            core.fail(|| Failure::Unhandled(failure.to_string()));
        }
        if let Some(hook) = &hook {
            hook(failure);
        }
    });
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("clock", &self.clock)
            .field("poller", &self.poller)
            .field("snapshot_every", &self.snapshot_every)
            .finish_non_exhaustive()
    }
}
