//! A run that is kept, and run again: what comes in is what came in then, at its place.
//!
//! All that a loop hears from outside it hears in few places: the readings of its clock, and what
//! other threads leave for it. `tape.rs` keeps these with the events that followed, a
//! [`Recording`] is what it kept, and a loop that is given one waits for nothing: each of its turns
//! has the time that it had, and takes what it took. Event by event it is compared with what was
//! recorded; the first [`Difference`] ends the run.

use std::{rc::Rc, time::Duration};

use glassloop_executor::PlaceId;
use glassloop_reactor::Reactor;

use crate::EventLoop;

mod difference;
mod places;
mod playing;
mod recording;
mod tape;
mod text;

pub use difference::Difference;
pub use recording::{Recording, Replayed};
pub(crate) use tape::Tape;
pub use text::BadRecording;

impl EventLoop {
    /// Keeps this run, from its first turn on: each reading of the clock, what other threads leave
    /// and when it is taken, and every event. [`recording`](EventLoop::recording) gives it, to be
    /// [run again](EventLoop::replay).
    ///
    /// It records, as [`record`](EventLoop::record) does, to the loop's end, and asks the system
    /// before each turn. A reading takes 8 bytes, an event 32; when there are
    /// [`recording_events_max`](crate::Limits::recording_events_max) of either no more is kept, and
    /// the recording [says so](Recording::is_cut).
    ///
    /// # Panics
    /// If the loop is not new, as [`seed`](EventLoop::seed); or is kept, or run again, already.
    pub fn keep(self) -> EventLoop {
        self.expect_new("keep");
        let tape = Tape::keeps(self.core.limits.recording_events_max);
        self.set_tape("keep", tape, Reactor::keep_readings);
        self
    }

    /// Runs again what was recorded: the program is started as it was then, and this loop has it
    /// hear what it heard then.
    ///
    /// A turn begins without waiting, at the time at which it began; time is that of the recording
    /// as far as that goes, and goes on from there. Calls and wakes of other threads are held back
    /// until the turn that took them, and waited for if they come late. So the program goes the
    /// same way, if all that it heard came through the loop: its clock, calls and wakes, memory
    /// sockets ([`net::duplex`](crate::net::duplex), a [`Script`](crate::Script)), the
    /// [seed](EventLoop::seed), which is set here. Where it goes another way, the run ends with
    /// [`RunError::Differs`](crate::RunError::Differs), which says where.
    ///
    /// What else the program hears is as it is then, and told as a difference where it matters: the
    /// result of a job that is there at the first look, a flag of another thread. Debug mode and a
    /// host that pumps are to be as they were. A turn that waits for a call holds the thread, also
    /// that of a host, for
    /// [`replay_wait_ms_max`](crate::Limits::replay_wait_ms_max) at most.
    ///
    /// Calls are known by where they were deferred and by the name of the thread: give threads
    /// that run the same code names of their own.
    ///
    /// ```
    /// use std::{thread, time::Duration};
    /// use glassloop::{EventLoop, RunError, sleep};
    ///
    /// let program = |event_loop: &EventLoop, patience_ms| {
    ///     let remote = event_loop.remote();
    ///     thread::spawn(move || remote.defer(|| println!("a call")));
    ///     event_loop.block_on(async move { sleep(Duration::from_millis(patience_ms)).await })
    /// };
    /// let first = EventLoop::new()?.keep();
    /// program(&first, 5)?;
    /// let recording = first.recording().unwrap();
    ///
    /// let again = EventLoop::new()?.replay(&recording)?;
    /// program(&again, 5)?;
    /// assert!(again.replayed().unwrap().is_whole());
    ///
    /// let other = EventLoop::new()?.replay(&recording)?;
    /// assert!(matches!(program(&other, 6), Err(RunError::Differs(_))));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`BadRecording`] if the recording has events of the operating system's sockets, which
    /// nobody could send again.
    ///
    /// # Panics
    /// As [`keep`](EventLoop::keep); or if it has another seed.
    pub fn replay(self, recording: &Recording) -> Result<EventLoop, BadRecording> {
        self.expect_new("replay");
        recording.can_be_run_again()?;
        let core = &self.core;
        let had = core.reactor.dice().map(|dice| dice.seed());
        assert!(
            had.is_none() || had == recording.seed,
            "replay: expected a loop without a seed, or with that of the recording, {:?}; came one \
             with {had:?}",
            recording.seed
        );
        if let (Some(seed), None) = (recording.seed, had) {
            core.set_seed(seed);
        }
        let patience = Duration::from_millis(core.limits.replay_wait_ms_max);
        let tape = Tape::replays(recording.clone(), Rc::downgrade(core), patience);
        self.set_tape("replay", tape, |reactor| reactor.give_readings(recording.readings.clone()));
        Ok(self)
    }

    fn set_tape(&self, who: &str, tape: Tape, begin_readings: impl FnOnce(&Reactor)) {
        let core = &self.core;
        core.record(false);
        core.executor.note_senders();
        begin_readings(&core.reactor);
        let is_set = core.tape.set(Rc::new(tape)).is_ok();
        assert!(is_set, "{who}: expected a loop that is new, came one that is kept or run again");
        // Its first reading is the recording's first one, too.
        core.record(true);
    }

    /// What was kept so far; `None` unless the loop is [kept](EventLoop::keep).
    #[must_use]
    pub fn recording(&self) -> Option<Recording> {
        let core = &self.core;
        let seed = core.reactor.dice().map(|dice| dice.seed());
        core.tape.get()?.recording(seed, core.reactor.kept_readings())
    }

    /// How far this run has gone as it was recorded; `None` unless it is [run
    /// again](EventLoop::replay).
    #[must_use]
    pub fn replayed(&self) -> Option<Replayed> {
        self.core.tape.get()?.replayed()
    }
}

/// What a place is called in a recording.
fn place_name(place: PlaceId) -> Option<String> {
    place.location().map(ToString::to_string)
}
