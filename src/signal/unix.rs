//! How signals are heard on Unix: a flag for each, and a byte in a socket that the loop watches.
//!
//! The flag is set before the byte is written, and the bytes are taken before the flags are looked
//! at: whoever finds no flag has taken a byte of no signal that is still to be seen.

use std::{
    cell::Cell,
    future::Future,
    io::{self, Read, Write},
    os::unix::net::UnixStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use glassloop_reactor::{Direction, Interest, Registered, net::FdSource};
use signal_hook::{
    SigId,
    consts::{FORBIDDEN, signal as numbers},
    flag,
    low_level::{pipe, signal_name, unregister},
};

use super::Signal;

/// So many bytes are taken at once.
const TAKEN_AT_ONCE: usize = 64;

/// Signals that are listened to.
pub(super) struct Heard {
    kinds: Vec<Kind>,
    /// Where the next look at them begins: behind the one that was given last.
    next: Cell<usize>,
    source: Registered<FdSource<UnixStream>>,
    /// What the handler does for this listener.
    actions: Actions,
}

struct Kind {
    signal: Signal,
    has_come: Arc<AtomicBool>,
}

#[derive(Default)]
struct Actions(Vec<SigId>);

impl Drop for Actions {
    fn drop(&mut self) {
        for action in &self.0 {
            unregister(*action);
        }
    }
}

impl Heard {
    #[track_caller]
    pub(super) fn new(which: &[Signal]) -> io::Result<Heard> {
        // Before any is installed: what is installed can't be taken back whole.
        if let Some(signal) = which.iter().find(|signal| !can_be_caught(signal.number())) {
            return Err(invalid(format!("expected a signal that can be caught, came {signal:?}")));
        }
        let (read, mut write) = UnixStream::pair()?;
        read.set_nonblocking(true)?;
        let source = Registered::new(FdSource::new("signal", read), Interest::Read)?;
        let (mut kinds, mut actions) = (Vec::new(), Actions::default());
        for &signal in which {
            let has_come = Arc::<AtomicBool>::default();
            let told = |error: io::Error| {
                invalid(format!("expected a signal that can be caught, came {signal:?}: {error}"))
            };
            // In this order: who finds the byte finds the flag.
            let number = signal.number();
            actions.0.push(flag::register(number, Arc::clone(&has_come)).map_err(told)?);
            actions.0.push(pipe::register(number, write.try_clone()?).map_err(told)?);
            kinds.push(Kind { signal, has_come });
        }
        // One that came between the two has set its flag and written nothing.
        write.write_all(&[0])?;
        Ok(Heard { kinds, next: Cell::new(0), source, actions })
    }

    #[track_caller]
    pub(super) fn recv(&self) -> impl Future<Output = io::Result<Signal>> {
        self.source.io(Direction::Read, "signal", |source| self.next(source.get_ref()))
    }

    /// The next signal, or the WouldBlock of a socket with nothing in it.
    fn next(&self, mut bytes: &UnixStream) -> io::Result<Signal> {
        let mut taken = [0; TAKEN_AT_ONCE];
        let would_block = loop {
            match bytes.read(&mut taken) {
                Ok(0) => break io::ErrorKind::UnexpectedEof.into(),
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        let (kinds, first) = (self.kinds.len(), self.next.get());
        let mut places = (first..first + kinds).map(|place| place % kinds);
        let has_come = |place: &usize| self.kinds[*place].has_come.swap(false, Ordering::SeqCst);
        let place = places.find(has_come).ok_or(would_block)?;
        self.next.set(place + 1);
        Ok(self.kinds[place].signal)
    }

    pub(super) fn restore_default(self) -> io::Result<()> {
        for kind in &self.kinds {
            let always = Arc::new(AtomicBool::new(true));
            flag::register_conditional_default(kind.signal.number(), always)
                .map_err(|error| invalid(format!("{:?}: {error}", kind.signal)))?;
        }
        drop(self.actions);
        Ok(())
    }

    pub(super) fn which(&self) -> Vec<Signal> {
        self.kinds.iter().map(|kind| kind.signal).collect()
    }
}

impl Signal {
    /// Its number on this system.
    #[must_use]
    pub fn number(self) -> i32 {
        match self {
            Signal::Interrupt => numbers::SIGINT,
            Signal::Terminate => numbers::SIGTERM,
            Signal::Hangup => numbers::SIGHUP,
            Signal::Child => numbers::SIGCHLD,
            Signal::User1 => numbers::SIGUSR1,
            Signal::User2 => numbers::SIGUSR2,
            Signal::WindowChange => numbers::SIGWINCH,
            Signal::Quit => numbers::SIGQUIT,
            Signal::Raw(number) => number,
        }
    }
}

/// Whether a handler can be installed for it. Those without a name are the ones for real time.
fn can_be_caught(number: i32) -> bool {
    let is_for_real_time = cfg!(any(target_os = "linux", target_os = "android"));
    let is_known = signal_name(number).is_some();
    !FORBIDDEN.contains(&number) && (is_known || is_for_real_time && (34..=64).contains(&number))
}

fn invalid(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}
