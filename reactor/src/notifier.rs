//! `Notifier`: the wake word, one atomic that says how to bring a loop back to work.
//!
//! It promises that no wake is lost, that a wake never blocks, and that the OS is called at most
//! once for each time the loop blocked. It carries nothing: what the wake is about lies in a queue
//! that the producer has filled before.
//!
//! ```text
//!              arm_wait                       park
//!   WAITING <------------- RUNNING ---------------------> PARKED
//!      |  \--------------->  ^  ^ <-----------------------/ |
//!      |      after_wait     |           unpark_by_host     |
//!      |                     | disarm                       |
//!      +------------------> NOTIFIED <----------------------+
//!       notify: call the OS            notify: call on_wake
//! ```
//!
//! A producer fills its queue, *then* swaps in NOTIFIED; what it gets back tells it whom to call.
//! The consumer disarms, and *then* empties the queue. All of them are read-modify-writes of the
//! same word, so there is one order of them: a producer that comes before the disarm has filled
//! the queue by then, one that comes after it leaves NOTIFIED behind and is seen the next time.

use std::{
    any::Any,
    fmt, mem,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64},
    },
    task::Wake,
};

use crate::{
    parker::Parker,
    sync::{AtomicU8, Mutex, Ordering, PoisonError, spin_loop},
};

/// The loop runs: it will look at the word before it blocks.
const RUNNING: u8 = 0;
/// The loop is about to block in the OS, or blocks there.
const WAITING: u8 = 1;
/// The loop has given its thread back to a host, and hears of work through `on_wake`.
const PARKED: u8 = 2;
/// Something has come in since the loop last disarmed.
const NOTIFIED: u8 = 3;

/// What gets the loop's thread out of the OS.
#[derive(Debug)]
pub enum Unblock {
    /// The one waker of the loop's `mio::Poll`.
    Mio(mio::Waker),
    /// The parker on which a loop without descriptors blocks.
    Parker(Arc<Parker>),
}

/// What is called when something comes in while the loop is with its host.
pub type OnWake = dyn Fn() + Send + Sync;

/// Brings one loop back from its wait, from any thread.
///
/// `Waker::from(Arc<Notifier>)` is the waker by which an executor unparks its loop.
pub struct Notifier {
    word: AtomicU8,
    unblock: Unblock,
    on_wake: Mutex<Option<Arc<OnWake>>>,
    /// The OS refused a wake once: from then on nobody may rely on it.
    wake_failed: AtomicBool,
    wake_calls: AtomicU64,
    host_wakes: AtomicU64,
}

impl Notifier {
    /// The notifier of a loop that runs, and that blocks in whatever `unblock` ends.
    #[must_use]
    pub fn new(unblock: Unblock) -> Notifier {
        Notifier {
            word: AtomicU8::new(RUNNING),
            unblock,
            on_wake: Mutex::new(None),
            wake_failed: AtomicBool::new(false),
            wake_calls: AtomicU64::new(0),
            host_wakes: AtomicU64::new(0),
        }
    }

    // The producers' side.

    /// Says that something has come in. The loop will see it before it blocks again; if it blocks
    /// now, or is with its host, this calls whoever brings it back.
    // COST: one swap, about 7 ns; a system call only if the loop is blocked.
    pub fn notify(&self) {
        // Release: what the producer queued is seen by whoever takes NOTIFIED out.
        // Acquire: the loop's arming happened before, so that the call below finds it in place.
        match self.word.swap(NOTIFIED, Ordering::AcqRel) {
            WAITING => self.wake_os(),
            PARKED => self.wake_host(),
            _ => {}
        }
    }

    /// Gets the loop's thread out of the OS, whatever the word says.
    ///
    /// For a host that waits on the loop's descriptor itself: its `on_wake` is this.
    pub fn wake_os(&self) {
        self.wake_calls.fetch_add(1, Ordering::Relaxed);
        let woken = match &self.unblock {
            Unblock::Mio(waker) => waker.wake(),
            Unblock::Parker(parker) => {
                parker.unpark();
                Ok(())
            }
        };
        if let Err(error) = woken {
            self.wake_failed.store(true, Ordering::Relaxed);
            caught(|| {
                log::error!(
                    "wait: the OS refused to wake the loop, it will look by itself: {error}"
                );
            });
        }
    }

    /// Gets the loop's thread out of the OS if it is there and nobody has seen to that by now. It
    /// finds nothing: this is not for work, but for whoever wants the poller back.
    pub fn interrupt(&self) {
        if self.exchange(WAITING, RUNNING).is_ok() {
            self.wake_os();
        }
    }

    /// Calls the host, whatever the word says: the thread goes to it, and there is something to do
    /// that nobody will call it for.
    pub fn wake_host(&self) {
        self.host_wakes.fetch_add(1, Ordering::Relaxed);
        // Cloned out first: the host's function runs while no lock of ours is held.
        let on_wake = self.on_wake.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(on_wake) = on_wake else { return };
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| on_wake())) {
            caught(|| log::error!("on_wake panicked: {}", panic_text(&*payload)));
            caught(|| drop(payload));
        }
    }

    // The loop's side. Only the thread that runs the loop calls these.

    /// Instead of blocking: looks at the word so often, with a short pause before each look.
    /// Whether something has come in. The word stays RUNNING, so that whoever notifies
    /// meanwhile calls nobody.
    ///
    /// Nothing is missed after the last look: what comes then is met by
    /// [`arm_wait`](Notifier::arm_wait).
    #[must_use]
    pub fn spin(&self, looks: u32) -> bool {
        (0..looks).any(|_| {
            spin_loop();
            self.is_notified()
        })
    }

    /// Before blocking: RUNNING to WAITING. False if something has come in, or if the word is
    /// parked: then the loop may look at the OS but must not block.
    #[must_use]
    pub fn arm_wait(&self) -> bool {
        // Already WAITING is as good: whoever armed it has not blocked yet.
        matches!(self.exchange(RUNNING, WAITING), Ok(_) | Err(WAITING))
    }

    /// After blocking: WAITING to RUNNING. NOTIFIED is left for `disarm`.
    pub fn after_wait(&self) {
        // Either outcome is right; there is nothing to be told.
        self.exchange(WAITING, RUNNING).ok();
    }

    /// Whether something has come in. If so the word is RUNNING again, and the caller must look
    /// into its queues *now*, not before.
    // COST: one relaxed load while nothing came in.
    #[must_use]
    pub fn disarm(&self) -> bool {
        // Relaxed: a NOTIFIED that is missed here is met by the exchange before the loop blocks.
        if self.word.load(Ordering::Relaxed) != NOTIFIED {
            return false;
        }
        self.word.swap(RUNNING, Ordering::AcqRel);
        true
    }

    /// Before the thread goes back to the host: RUNNING to PARKED. False if something has come in:
    /// then nobody will call the host, who must be told to come back by other means.
    #[must_use]
    pub fn park(&self) -> bool {
        matches!(self.exchange(RUNNING, PARKED), Ok(_) | Err(PARKED))
    }

    /// When the host gives the thread back: PARKED to RUNNING. NOTIFIED is left for `disarm`.
    pub fn unpark_by_host(&self) {
        self.exchange(PARKED, RUNNING).ok();
    }

    fn exchange(&self, from: u8, to: u8) -> Result<u8, u8> {
        self.word.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire)
    }

    /// Whether the loop blocks or is with its host: work that its own thread adds now is not seen
    /// until somebody calls [`notify`](Self::notify).
    #[must_use]
    pub fn is_armed(&self) -> bool {
        matches!(self.word.load(Ordering::Relaxed), WAITING | PARKED)
    }

    /// Whether something was left since the last disarm: a wait would not block.
    #[must_use]
    pub fn is_notified(&self) -> bool {
        self.word.load(Ordering::Relaxed) == NOTIFIED
    }

    // Settings and counts.

    /// Sets what is called, on whatever thread, when something comes in while the loop is parked
    /// with its host. It runs at most once for each time the loop was parked, and must not block.
    pub fn set_on_wake(&self, on_wake: Box<OnWake>) {
        let mut place = self.on_wake.lock().unwrap_or_else(PoisonError::into_inner);
        let replaced = place.replace(Arc::from(on_wake));
        // Its drop is the host's code, and may call us.
        drop(place);
        drop(replaced);
    }

    /// Whether the OS has ever refused a wake.
    #[must_use]
    pub fn wake_failed(&self) -> bool {
        self.wake_failed.load(Ordering::Relaxed)
    }

    /// As if the OS had just refused a wake.
    #[cfg(test)]
    pub(crate) fn refused(&self) {
        self.wake_failed.store(true, Ordering::Relaxed);
    }

    /// How often the OS was asked to wake the loop.
    #[must_use]
    pub fn wake_calls(&self) -> u64 {
        self.wake_calls.load(Ordering::Relaxed)
    }

    /// How often the host was told to come back.
    #[must_use]
    pub fn host_wakes(&self) -> u64 {
        self.host_wakes.load(Ordering::Relaxed)
    }
}

/// Runs code that isn't ours and whose panic concerns nobody: a logger's, or that of a payload's
/// drop. What such a panic carries is let go of, since its drop may panic again.
pub(crate) fn caught(f: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(f)) {
        mem::forget(payload);
    }
}

impl Wake for Notifier {
    fn wake(self: Arc<Self>) {
        self.notify();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.notify();
    }
}

impl fmt::Debug for Notifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.word.load(Ordering::Relaxed) {
            RUNNING => "RUNNING",
            WAITING => "WAITING",
            PARKED => "PARKED",
            _ => "NOTIFIED",
        };
        f.debug_struct("Notifier")
            .field("word", &word)
            .field("wake_calls", &self.wake_calls())
            .field("host_wakes", &self.host_wakes())
            .finish_non_exhaustive()
    }
}

fn panic_text(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&'static str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a text")
}
