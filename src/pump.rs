//! `pump`: the loop in a program that keeps its thread and lends it for a while.
//!
//! The host calls `pump` now and then, from a timer or once a frame; the loop runs turns for as
//! long as the host can spare, and gives the thread back with its wake word armed: whatever comes
//! while the host has the thread calls `on_wake`, once. A host that can wait for a descriptor waits
//! for the loop's own as well, and needs no `on_wake`.

use std::time::Duration;

use glassloop_reactor::nanoseconds;

use crate::{
    EventLoop, RunError,
    core::{Core, earlier},
    waiting::Waiting,
};

/// What a pump has left to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "it says when to pump again"]
#[non_exhaustive]
pub struct Pumped {
    /// There is something to do at this moment: pump again soon, whether or not `on_wake` is
    /// called.
    pub more: bool,
    /// In how long a timer or a frame is due: nothing if there is more to do, `None` if nothing
    /// but `on_wake` can bring work. A host that waits for the
    /// [descriptor](EventLoop::descriptor) sets no timer for it while there is `more`: that is
    /// readable already.
    pub next: Option<Duration>,
}

impl EventLoop {
    /// Runs turns for about as long as `budget`, without ever waiting, and gives the thread back.
    ///
    /// It makes one turn in any case, and further ones while there is something to do and time
    /// left. The budget counts from the call. An item with its microtasks is never cut short, nor
    /// is a write, nor the drawing of a frame, so it returns as late as the longest of them.
    /// [`Duration::ZERO`] is exactly one turn, within its own [limits](crate::Limits).
    ///
    /// Until the next pump nobody looks at the loop's sockets and timers: pump again when
    /// [`next`](Pumped::next) is over, at once if there is [`more`](Pumped::more), when the
    /// function of [`on_wake`](Self::on_wake) was called, and for the sockets' sake as often as
    /// you like to hear of them; or wait for the [descriptor](Self::descriptor).
    ///
    /// # Errors
    /// [`RunError::Reentrant`] inside a turn or a run of this loop, [`RunError::Closed`] after
    /// `close`, [`RunError::Stopped`] after a turn that was asked to [stop](Self::stop) the loop
    /// and [`RunError::Failed`] after a failure that ends a loop for tests (pump on at once, or
    /// close it), [`RunError::Io`] when the system refuses.
    ///
    /// ```
    /// use std::time::Duration;
    /// use glassloop::EventLoop;
    ///
    /// let event_loop = EventLoop::new()?;
    /// let task = event_loop.spawn(async {
    ///     glassloop::sleep(Duration::from_millis(5)).await;
    ///     println!("slept while the host went on");
    /// });
    /// // The frames of a game:
    /// while !task.is_finished() {
    ///     let pumped = event_loop.pump(Duration::from_millis(2))?;
    ///     assert!(pumped.next <= Some(Duration::from_millis(5)));
    ///     // ... draw, and wait for the screen ...
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn pump(&self, budget: Duration) -> Result<Pumped, RunError> {
        self.can_run()?;
        let core = &self.core;
        core.take_thread_back();
        let pumping = Pumping::begin(core, budget);
        let ran = self.pump_turns(core.turns_of_pump(budget));
        drop(pumping);
        let pumped = core.give_back();
        ran.map(|()| pumped)
    }

    fn pump_turns(&self, most: usize) -> Result<(), RunError> {
        let core = &self.core;
        for _ in 0..most {
            let events = Waiting::begin(core)?.wait(Some(Duration::ZERO))?;
            self.turn(events)?;
            core.step_outside();
            if core.closed.get() {
                return Err(RunError::Closed);
            }
            self.look_for_end(core.outside.is_running())?;
            if !core.again(core.has_work()) || core.budget_is_spent() {
                break;
            }
        }
        Ok(())
    }

    /// Has `f` called when something comes in while the host has the thread: once for each time
    /// that [`pump`](Self::pump) gave it back, on whatever thread it came from. It must not block;
    /// what it does is to have the host call `pump` soon: post a message, set a flag, wake a wait.
    ///
    /// ```
    /// use std::{sync::mpsc, thread, time::Duration};
    /// use glassloop::EventLoop;
    ///
    /// let (wake, woken) = mpsc::channel(); // stands for the host's own queue of events
    /// let event_loop = EventLoop::new()?;
    /// event_loop.on_wake(move || drop(wake.send(())));
    /// assert!(!event_loop.pump(Duration::from_millis(2))?.more);
    ///
    /// let remote = event_loop.remote();
    /// thread::spawn(move || remote.defer(|| println!("called")));
    /// woken.recv()?;
    /// event_loop.pump(Duration::from_millis(2))?; // prints "called"
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// Whenever this loop doesn't run, the host has the thread: also before the first pump, and
    /// after a [`run`](Self::run). What has come in by now calls `f` at once. It takes the place of
    /// a function set before; on a loop whose [descriptor](Self::descriptor) was given away that is
    /// made readable all the same.
    pub fn on_wake(&self, f: impl Fn() + Send + Sync + 'static) {
        self.hear(Box::new(f));
    }

    /// Sets what calls the host, and leaves the word armed if the thread is the host's now.
    fn hear(&self, f: Box<dyn Fn() + Send + Sync>) {
        let notifier = &self.core.shared.notifier;
        if self.core.by_descriptor.get() {
            let weak = std::sync::Arc::downgrade(notifier);
            notifier.set_on_wake(Box::new(move || {
                f();
                if let Some(notifier) = weak.upgrade() {
                    notifier.wake_os();
                }
            }));
        } else {
            notifier.set_on_wake(f);
        }
        if self.can_run().is_ok() && !self.core.closed.get() {
            self.core.lend();
        }
    }

    /// How long a host may wait before it pumps: until the next timer or frame is due, `None` for
    /// as long as it likes. A timer that becomes due earlier than was said here calls `on_wake`.
    #[must_use]
    pub fn timeout(&self) -> Option<Duration> {
        self.core.timeout()
    }

    /// A descriptor that becomes readable when the loop has something to do, for a host that waits
    /// for descriptors: with epoll, poll, a libuv or glib loop. It is the loop's own poller:
    /// nothing may be read from it, and it lives as long as the loop.
    ///
    /// The host waits for it, for [`timeout`](Self::timeout) at most, and then
    /// [pumps](Self::pump). From this call on, what would call the host's function of
    /// [`on_wake`](Self::on_wake) makes the descriptor readable; a function that was set before is
    /// not called any more, one that is set later is called as well.
    ///
    /// A host's loop that runs no source inside itself, as glib's, doesn't look at the descriptor
    /// while a dialog that was opened by its very source is open: there be a
    /// [guest](crate::Guest).
    ///
    /// # Errors
    /// `Unsupported` on a loop without descriptors.
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::{os::fd::AsRawFd, time::Duration};
    /// use glassloop::{EventLoop, mio};
    ///
    /// let event_loop = EventLoop::new()?;
    /// let descriptor = event_loop.descriptor()?;
    /// let mut host = mio::Poll::new()?; // stands for the host's loop
    /// let readable = mio::Interest::READABLE;
    /// let mut source = mio::unix::SourceFd(&descriptor.as_raw_fd());
    /// host.registry().register(&mut source, mio::Token(0), readable)?;
    ///
    /// event_loop.pump(Duration::ZERO)?;
    /// let remote = event_loop.remote();
    /// let caller = std::thread::spawn(move || remote.call(|| 6 * 7));
    /// let mut events = mio::Events::with_capacity(8);
    /// host.poll(&mut events, event_loop.timeout())?;
    /// assert!(!event_loop.pump(Duration::ZERO)?.more);
    /// # let mut call = caller.join().unwrap();
    /// # assert!(call.is_resolved());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(unix))]
    /// # fn main() {}
    /// ```
    #[cfg(unix)]
    pub fn descriptor(&self) -> std::io::Result<std::os::fd::BorrowedFd<'_>> {
        let descriptor = self.core.reactor.descriptor()?;
        if !self.core.by_descriptor.replace(true) {
            self.hear(Box::new(|| {}));
        }
        Ok(descriptor)
    }
}

/// A pump under way: it has a budget, and the clock is read often.
pub(crate) struct Pumping<'a>(&'a Core);

impl<'a> Pumping<'a> {
    pub(crate) fn begin(core: &'a Core, budget: Duration) -> Pumping<'a> {
        let end = core.reactor.read_clock().saturating_add(nanoseconds(budget));
        core.set_pump_end((!budget.is_zero()).then_some(end));
        Pumping(core)
    }
}

impl Drop for Pumping<'_> {
    fn drop(&mut self) {
        self.0.set_pump_end(None);
    }
}

impl Core {
    /// The thread is the loop's again. What the host had of it is, where that is recorded, no part
    /// of the turn before, nor of the wait to come.
    pub(crate) fn take_thread_back(&self) {
        self.shared.notifier.unpark_by_host();
        self.skip_time();
    }

    /// The time since the clock was read is nobody's.
    pub(crate) fn skip_time(&self) {
        if let Some(recorder) = self.recorder() {
            let now = self.reactor.read_clock();
            recorder.host_had(self.stride.read_at(), now);
            self.stride.begin(now);
        }
    }

    pub(crate) fn set_pump_end(&self, end: Option<u64>) {
        self.pump_end.set(end);
        self.stride.read_always(end.is_some());
    }

    pub(crate) fn turns_of_pump(&self, budget: Duration) -> usize {
        if budget.is_zero() { 1 } else { self.limits.turns_per_pump_max }
    }

    /// Whether a pump is under way and its time is over.
    pub(crate) fn budget_is_spent(&self) -> bool {
        self.pump_end.get().is_some_and(|end| self.reactor.read_clock() >= end)
    }

    /// When the run phase that begins now is over, by the budget of a pump. A quarter of what is
    /// left is kept for what the phase wants written.
    pub(crate) fn run_end(&self) -> u64 {
        self.pump_end.get().map_or(u64::MAX, |end| {
            let left = end.saturating_sub(self.reactor.read_clock());
            end - left / 4
        })
    }

    /// The thread goes back to the host: the wake word is left armed.
    fn give_back(&self) -> Pumped {
        if self.lent.get() {
            // It became a guest outside of a turn: its ticks come by themselves.
            return Pumped { more: false, next: None };
        }
        // It notes what deadline the host is told.
        let next = self.timeout();
        let is_parked = self.shared.notifier.park();
        let parked = self.again(is_parked);
        if parked && !is_parked {
            // What was told then is there already: the host hears of it at once.
            self.shared.notifier.wake_host();
        }
        let more = !parked || next == Some(Duration::ZERO);
        if more && self.by_descriptor.get() {
            self.shared.notifier.wake_os();
        }
        Pumped { more, next: if more { Some(Duration::ZERO) } else { next } }
    }

    /// The same where nothing can be returned to the host: it is called if there is anything to do,
    /// or to be told. A guest's host has its tick, or will be given one.
    pub(crate) fn lend(&self) {
        if self.lent.get() || self.closed.get() {
            return;
        }
        let next = self.timeout();
        if !self.shared.notifier.park() || next.is_some() {
            self.shared.notifier.wake_host();
        }
    }

    /// How long nothing will be due.
    fn timeout(&self) -> Option<Duration> {
        if self.again(self.has_work()) {
            return Some(Duration::ZERO);
        }
        if self.standing.stands() {
            return None;
        }
        let left = |at: u64| Duration::from_nanos(at.saturating_sub(self.reactor.read_clock()));
        earlier(self.next_deadline(), self.standing.until()).map(left)
    }
}
