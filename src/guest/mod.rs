//! `Guest`: the loop on a host's own thread, run by ticks that the host is given.
//!
//! While nothing is to do a helper thread waits in the loop's place, with its poller; when
//! something comes it gives the host a tick, and the host's thread runs the turns. So a host with
//! any queue at all can carry a loop that hears its sockets, and never looks in vain. The idea is
//! trio's, the poller that passes between the threads by ownership is ours.
//!
//! ```text
//!   host's thread   tick: turns | nothing left to do .................... | tick: turns
//!                                \  the wait, with the poller             ^
//!   helper                        +--> blocks in the OS ... something --> post
//! ```

mod passage;
mod tick;

use std::{
    cell::{Cell, RefCell},
    fmt, io,
    rc::{Rc, Weak},
    sync::Arc,
    thread,
    time::Duration,
};

use glassloop_executor::{drop_caught, drop_payload, quietly};
use glassloop_reactor::LentWait;

use self::passage::{Order, Passage, Told};
pub use self::tick::GuestTick;
use crate::{EventLoop, Phase, RunError, core::Core, pump::Pumping, waiting::Waiting};

/// How a guest has ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum GuestEnd {
    /// Its loop was [stopped](EventLoop::stop) or closed, or the guest was ended or dropped.
    Stopped,
    /// A turn, or a wait, failed so.
    Failed(RunError),
    /// The host let go of a tick without running it, or ran it on another thread than the loop's:
    /// it quits, or will not come. Calls to the loop are refused from now on. Those that were
    /// accepted wait until the guest is ended on its own thread, and the loop run or closed there.
    Abandoned,
}

/// A loop that its host runs by ticks, until this is ended or dropped.
///
/// `post` gives a [`GuestTick`] to the host's own queue of events, which runs it on the thread that
/// [started](Guest::start) the guest. One tick is on its way at a time.
///
/// # Drop
/// As [`end`](Guest::end).
///
/// ```
/// use std::{rc::Rc, sync::mpsc, thread, time::Duration};
/// use glassloop::{EventLoop, Guest, GuestEnd, GuestTick};
///
/// enum Event { Tick(GuestTick), Ended(GuestEnd) }
///
/// // Stands for the host's queue, into which any thread may post.
/// let (queue, events) = mpsc::channel();
/// let (post, ended) = (queue.clone(), queue);
/// let event_loop = Rc::new(EventLoop::new()?);
/// let guest = Guest::start(
///     &event_loop,
///     move |tick| drop(post.send(Event::Tick(tick))),
///     move |end| drop(ended.send(Event::Ended(end))),
/// )?;
///
/// let remote = event_loop.remote();
/// thread::spawn(move || remote.defer(|| glassloop::stop()));
/// // The host's own loop, on its main thread:
/// for event in events {
///     match event {
///         Event::Tick(tick) => tick.run(Duration::from_millis(2)),
///         Event::Ended(end) => {
///             assert!(matches!(end, GuestEnd::Stopped));
///             break;
///         }
///     }
/// }
/// assert!(guest.has_ended());
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "a guest that is dropped is ended"]
pub struct Guest {
    inner: Rc<Lodging>,
}

/// The guest on its thread: held by its handle, and by a tick while it runs.
pub(crate) struct Lodging {
    event_loop: Rc<EventLoop>,
    passage: Arc<Passage>,
    helper: Cell<Option<thread::JoinHandle<()>>>,
    /// The host's `post` is called on this very stack.
    posting: Cell<bool>,
    /// The tick that it ran at once.
    bounced: Cell<Option<GuestTick>>,
    ended: Cell<bool>,
}

thread_local! {
    /// The guest of this thread.
    static HERE: RefCell<Weak<Lodging>> = const { RefCell::new(Weak::new()) };
}

fn here() -> Option<Rc<Lodging>> {
    HERE.try_with(|here| here.borrow().upgrade()).ok().flatten()
}

impl Guest {
    /// Makes a loop the guest of this thread's host, from now on.
    ///
    /// `post` is called on a helper thread or on this one, with one [tick](GuestTick) at a time,
    /// and must not block; to refuse a tick it drops it. `ended` is called once: on this thread,
    /// or, if the host let go of a tick, wherever that was dropped.
    ///
    /// Until the guest has been ended, or has ended by itself on this thread, `run`, `pump`, `wait`
    /// and `turn` of its loop are [`RunError::Guest`]. A guest is not looked through for deadlocks,
    /// as a run is: its host may always come. Its helper blocks at once, whatever
    /// [`Builder::spin_us`](crate::Builder::spin_us) says.
    ///
    /// A dialog that runs the host's loop inside of a task, without [`outside`](crate::outside),
    /// isn't refused, as none of our calls is made: the loop stands still until it is closed.
    ///
    /// What `post` must not do: run the tick on another thread (as glib's `invoke` does while
    /// nobody runs the main context: give it `idle_add`), keep it where nobody looks (as Maya's
    /// idle queue in batch), or block for the host's thread, which may be waiting for it.
    ///
    /// # Errors
    /// `AlreadyExists` if this thread has a guest already; that the loop runs, or is closed or
    /// abandoned; the operating system's, if it gives no thread.
    pub fn start(
        event_loop: &Rc<EventLoop>,
        post: impl Fn(GuestTick) + Send + Sync + 'static,
        ended: impl FnOnce(GuestEnd) + Send + 'static,
    ) -> io::Result<Guest> {
        if let Some(other) = here() {
            let made = other.event_loop.core.made;
            let what = format!("this thread has a guest already: the loop made at {made}");
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, what));
        }
        event_loop.can_run().map_err(io::Error::other)?;
        let core = &event_loop.core;
        if core.executor.inbox().is_closed() {
            return Err(io::Error::other(RunError::Closed));
        }
        let inner = Rc::new(Lodging {
            event_loop: Rc::clone(event_loop),
            passage: Passage::new(core, Box::new(post), Box::new(ended)),
            helper: Cell::new(None),
            posting: Cell::new(false),
            bounced: Cell::new(None),
            ended: Cell::new(false),
        });
        HERE.set(Rc::downgrade(&inner));
        core.guest.replace(Rc::downgrade(&inner));
        // What is told of an end is not told of what never began. Its drop is the host's code.
        let never_told = |_: &_| drop_caught(inner.leave()).unwrap_or_else(drop_payload);
        inner.begin().inspect_err(never_told)?;
        Ok(Guest { inner })
    }

    /// Ends it: the loop is an ordinary one again, with all that it holds; run it, pump it, or
    /// close it. The helper thread has ended when this returns, unless the host's `post` blocks.
    ///
    /// Inside a turn that is the last one of the guest.
    pub fn end(self) {
        drop(self);
    }

    /// Whether it has ended; also, that it was abandoned.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.inner.passage.is_over()
    }

    /// Its loop.
    #[must_use]
    pub fn event_loop(&self) -> &Rc<EventLoop> {
        &self.inner.event_loop
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.inner.end(GuestEnd::Stopped);
    }
}

impl Lodging {
    /// The first wait, and the thread that will make it.
    fn begin(&self) -> io::Result<()> {
        let core = &self.event_loop.core;
        core.take_thread_back();
        let wait = Waiting::begin(core).and_then(Waiting::lend).map_err(io::Error::other)?;
        let helps = Arc::clone(&self.passage);
        let named = thread::Builder::new().name("glassloop-guest".to_owned());
        match named.spawn(move || helps.help()) {
            Ok(helper) => self.helper.set(Some(helper)),
            Err(error) => {
                self.take_in(wait);
                return Err(error);
            }
        }
        self.hand_over(wait, self.passage.tick());
        Ok(())
    }

    /// Runs a tick. What is left afterwards is the helper's to wait for, or the next tick's to do.
    fn run(&self, tick: GuestTick, budget: Duration) {
        if self.posting.get() {
            // The host runs at once what it is given on its own thread: this would never end.
            return self.bounced.set(Some(tick));
        }
        let Some(wait) = self.passage.take_wait() else { return tick.spend() };
        let core = &self.event_loop.core;
        core.lent.set(false);
        let pumping = Pumping::begin(core, budget);
        let ran = self.turns(wait, core.turns_of_pump(budget));
        drop(pumping);
        match ran {
            Ok(Some(wait)) => {
                self.hand_over(wait, tick);
                // The last act: the thread is the host's again, ticks come while these run.
                core.step_outside();
            }
            Ok(None) => tick.spend(),
            Err(error) => {
                tick.spend();
                self.end(match error {
                    RunError::Stopped | RunError::Closed => GuestEnd::Stopped,
                    error => GuestEnd::Failed(error),
                });
            }
        }
        // If it has ended: nobody else says what there is to do.
        core.lend();
    }

    /// At most so many turns, the first one with what that wait has brought. The wait for the next
    /// one; none if the guest was ended by its own code.
    fn turns(&self, mut wait: LentWait, most: usize) -> Result<Option<LentWait>, RunError> {
        let core = &self.event_loop.core;
        for turn in 1.. {
            let events = Waiting::begin(core)?.take_back(wait)?;
            self.event_loop.turn(events)?;
            if self.passage.is_over() {
                break;
            }
            // What is to run outside of this turn comes before its end, as in a run.
            let steps_outside = core.outside.len() > 0;
            if !steps_outside {
                // Within a dialog, too: the guest is one, however deep its host's loops.
                self.event_loop.look_for_end(false)?;
            }
            wait = Waiting::begin(core)?.lend()?;
            if self.passage.is_over() {
                self.take_in(wait);
                break;
            }
            if wait.blocks() || steps_outside || turn == most || core.budget_is_spent() {
                return Ok(Some(wait));
            }
        }
        Ok(None)
    }

    /// The thread goes back to the host: the helper waits, or the tick comes again.
    fn hand_over(&self, wait: LentWait, tick: GuestTick) {
        let core = &self.event_loop.core;
        core.lent.set(true);
        if wait.blocks() {
            tick.spend();
            return self.passage.order(Order::Wait(wait));
        }
        // Nobody waits: the host has the thread.
        core.shared.now.clear();
        self.passage.keep(wait);
        self.posting.set(true);
        self.passage.post(tick);
        self.posting.set(false);
        if let Some(tick) = self.bounced.take() {
            self.passage.order(Order::Post(tick));
        }
    }

    /// A wait ends here, unused: what it brought is not lost.
    fn take_in(&self, wait: LentWait) {
        let core = &self.event_loop.core;
        match Waiting::begin(core).and_then(|waiting| waiting.take_back(wait)) {
            // It is told when it goes on.
            Ok(events) if core.standing.is_aside() => core.standing.keep(&events),
            Ok(events) => {
                let mut woken = core.take_woken();
                core.reactor.io(&events, &mut woken);
                core.wake(Phase::Io, woken);
            }
            Err(error) => quietly(|| log::debug!("the last wait of a guest failed: {error}")),
        }
        core.shared.now.clear();
    }

    /// The loop is an ordinary one again, if it isn't by now.
    fn end(&self, why: GuestEnd) {
        if let Some(told) = self.leave() {
            passage::tell(told, why);
        }
    }

    /// The same; whom to tell, if nobody was told.
    fn leave(&self) -> Option<Told> {
        if self.ended.replace(true) {
            return None;
        }
        let core = &self.event_loop.core;
        let (wait, told) = self.passage.end();
        // A thread that ends may have lost it already.
        HERE.try_with(|here| here.take()).ok();
        core.guest.take();
        if core.lent.replace(false) {
            match wait {
                Some(wait) => self.take_in(wait),
                None => quietly(|| {
                    log::error!("the helper of a guest has not come back, nor has its poller");
                }),
            }
        }
        if let Some(helper) = self.helper.take() {
            self.passage.join(helper);
        }
        if !core.busy.get() {
            core.lend();
        }
        told
    }
}

/// Ends a loop's life as a guest: it is about to be closed.
pub(crate) fn end_for(core: &Core) {
    let guest = core.guest.borrow().upgrade();
    if let Some(guest) = guest {
        guest.end(GuestEnd::Stopped);
    }
}

impl fmt::Debug for Guest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guest")
            .field("event_loop", &self.inner.event_loop)
            .field("has_ended", &self.has_ended())
            .finish_non_exhaustive()
    }
}
