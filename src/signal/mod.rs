//! Signals of the operating system, as a stream and as callbacks. Feature `signal`.
//!
//! No handler is installed before somebody asks for a signal. What the handler does is written in
//! `signal-hook` (on Windows `ctrlc`) and amounts to a flag and a byte in a socket; everything else
//! happens on the loop's thread.
//!
//! Signals of one kind that come faster than they are taken are one, as they are to the operating
//! system: after the last one at least one is still to be taken. Each [`Signals`] hears of each
//! signal, on as many loops as listen.
//!
//! A handler stays installed as long as the process lives, also when nobody listens any more:
//! whatever the program, or its host, had installed before is called first, as ever (on Windows it
//! isn't called any more: the last one installed has the signal to itself), but a
//! default action, to end the program for one, doesn't come back by itself.
//! [`Signals::restore_default`] brings it back.

use std::{fmt, future::Future, io, panic::Location};

use glassloop_executor::{PlaceId, caught};

use crate::{JoinHandle, current};

#[cfg(not(any(unix, windows)))]
compile_error!("expected Unix or Windows for feature `signal`, came another system");

#[cfg(unix)]
#[path = "unix.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

/// A signal, by what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Signal {
    /// Somebody pressed Ctrl-C. On Windows this is the only one, and Ctrl-Break and the closing of
    /// the console are told as it.
    Interrupt,
    /// The program is asked to end.
    Terminate,
    /// Its terminal is gone; by custom: read your configuration again.
    Hangup,
    /// A child process has ended, stopped or gone on.
    Child,
    /// Whatever the program says.
    User1,
    /// Whatever the program says.
    User2,
    /// The terminal has another size.
    WindowChange,
    /// Somebody pressed Ctrl-\\.
    Quit,
    /// Any other, by its number.
    Raw(i32),
}

/// Signals, as they come. Made by [`signals`].
///
/// # Drop
/// It listens no more. See the [module](self) for what then becomes of the signal.
#[must_use = "what is dropped doesn't listen"]
pub struct Signals {
    heard: system::Heard,
}

/// Listens to these signals from now on, on the current loop.
///
/// ```
/// # #[cfg(unix)]
/// # glassloop::run(async {
/// use glassloop::signal::{Signal, on_signal, signals};
///
/// let ends = signals(&[Signal::Interrupt, Signal::Terminate])?;
/// let reads = on_signal(&[Signal::Hangup], |_| println!("reading the configuration again"))?;
/// # signal_hook::low_level::raise(Signal::Terminate.number())?;
/// assert_eq!(ends.recv().await?, Signal::Terminate); // somebody has asked it to end
/// ends.restore_default()?; // asked once more it will, whatever it is at
/// drop(reads);
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// ```
///
/// # Errors
/// `InvalidInput` for a signal that can't be caught, or isn't there on this system; the OS's; or
/// that there is no current event loop, or that it has no descriptors.
#[track_caller]
pub fn signals(which: &[Signal]) -> io::Result<Signals> {
    system::Heard::new(which).map(|heard| Signals { heard })
}

impl Signals {
    /// The next signal. Of several kinds that have come each has its turn. One task waits at a
    /// time: of two the later one is woken.
    ///
    /// # Errors
    /// The OS's, which is not to be expected.
    ///
    /// # Cancel safety
    /// Dropping the future loses no signal.
    #[track_caller]
    pub fn recv(&self) -> impl Future<Output = io::Result<Signal>> {
        self.heard.recv()
    }

    /// Listens no more, and lets each of these signals do what it does by default, in this whole
    /// process and whoever else listens: a second Ctrl-C then ends a program that doesn't end.
    ///
    /// That is for good: who listens again hears of the signal, and then it does what it does. To
    /// be used by who knows that no other part of the program has a handler of its own.
    ///
    /// # Errors
    /// `InvalidInput` for a signal of which it isn't known what it does by default; `Unsupported`
    /// on Windows.
    pub fn restore_default(self) -> io::Result<()> {
        self.heard.restore_default()
    }
}

impl fmt::Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signals").field("which", &self.heard.which()).finish_non_exhaustive()
    }
}

/// A callback for signals, as long as this lives. Made by [`on_signal`].
///
/// It is a task of its loop, which [`EventLoop::close`](crate::EventLoop::close) waits for as for
/// any other: who still holds this holds that up for all of its deadline. So drop it before.
///
/// # Drop
/// It is not called any more. See the [module](self) for what then becomes of the signal.
#[must_use = "what is dropped is not called"]
pub struct OnSignal(JoinHandle<()>);

/// Has `f` called with each of these signals, in a task of the current loop. A panic of it goes to
/// `on_unhandled`, and the next signal calls it again.
///
/// # Errors
/// As [`signals`]; and that the loop takes no more tasks.
#[track_caller]
pub fn on_signal(which: &[Signal], mut f: impl FnMut(Signal) + 'static) -> io::Result<OnSignal> {
    let (signals, place) = (signals(which)?, Location::caller());
    let executor = current::executor("on_signal");
    let calls = async move {
        while let Ok(signal) = signals.recv().await {
            if let Err(payload) = caught(|| f(signal)) {
                let executor = current::executor("on_signal");
                executor.report(format!("a callback for {signal:?}"), PlaceId::of(place), payload);
            }
        }
    };
    let task = executor.spawn(calls, place).named("on signal");
    if task.is_finished() {
        let what = "the loop takes no more tasks: it is closed, or has `tasks_max`";
        return Err(io::Error::other(what));
    }
    Ok(OnSignal(task))
}

impl Drop for OnSignal {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl fmt::Debug for OnSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OnSignal").field(&self.0.id()).finish()
    }
}
