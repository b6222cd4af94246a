//! How Ctrl-C is heard on Windows: `ctrlc` has a thread for it, which tells everybody who listens.

use std::{
    future::{Future, poll_fn},
    io,
    sync::{Arc, Mutex, OnceLock, PoisonError, Weak},
    task::{Poll, Waker},
};

use super::Signal;
use crate::{Remote, current};

/// Everybody who listens.
static LISTENERS: Mutex<Vec<Weak<Mutex<Ear>>>> = Mutex::new(Vec::new());

/// Ctrl-C, for one listener.
pub(super) struct Heard {
    ear: Arc<Mutex<Ear>>,
    /// The loop waits for it.
    _remote: Remote,
}

#[derive(Default)]
struct Ear {
    has_come: bool,
    waker: Option<Waker>,
}

impl Heard {
    #[track_caller]
    pub(super) fn new(which: &[Signal]) -> io::Result<Heard> {
        if let Some(other) = which.iter().find(|&&signal| signal != Signal::Interrupt) {
            let what = format!("expected Signal::Interrupt, the only one here, came {other:?}");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        }
        let _remote = Remote::new(Arc::clone(&current::expect("signals").shared));
        install()?;
        let ear = Arc::<Mutex<Ear>>::default();
        let mut listeners = LISTENERS.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|listener| listener.strong_count() > 0);
        listeners.push(Arc::downgrade(&ear));
        Ok(Heard { ear, _remote })
    }

    pub(super) fn recv(&self) -> impl Future<Output = io::Result<Signal>> {
        poll_fn(|cx| {
            let waker = cx.waker().clone();
            let mut ear = self.ear.lock().unwrap_or_else(PoisonError::into_inner);
            if std::mem::take(&mut ear.has_come) {
                return Poll::Ready(Ok(Signal::Interrupt));
            }
            let before = ear.waker.replace(waker);
            drop(ear);
            drop(before);
            Poll::Pending
        })
    }

    pub(super) fn restore_default(self) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn which(&self) -> Vec<Signal> {
        vec![Signal::Interrupt]
    }
}

/// Has `ctrlc` tell us, once a process.
fn install() -> io::Result<()> {
    static INSTALLED: OnceLock<Result<(), String>> = OnceLock::new();
    let installed =
        INSTALLED.get_or_init(|| ctrlc::set_handler(tell_all).map_err(|error| error.to_string()));
    installed.clone().map_err(io::Error::other)
}

/// On the thread of `ctrlc`.
fn tell_all() {
    let listeners = LISTENERS.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for ear in listeners.iter().filter_map(Weak::upgrade) {
        let mut ear = ear.lock().unwrap_or_else(PoisonError::into_inner);
        ear.has_come = true;
        let waker = ear.waker.take();
        drop(ear);
        waker.into_iter().for_each(crate::waits::wake);
    }
}
