//! Blocking the host's thread, with its queue drained meanwhile.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
    task::Wake,
};

use super::inner::Inner;

/// Wakes a host's thread that blocks.
pub(super) struct Woken {
    inner: Weak<Inner>,
    woken: AtomicBool,
}

impl Woken {
    /// Woken: what has never been polled is to be.
    pub(super) fn new(inner: &Arc<Inner>) -> Arc<Woken> {
        Arc::new(Woken { inner: Arc::downgrade(inner), woken: AtomicBool::new(true) })
    }

    pub(super) fn is_set(&self) -> bool {
        self.woken.load(Ordering::Acquire)
    }

    pub(super) fn take(&self) -> bool {
        self.woken.swap(false, Ordering::AcqRel)
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        if let Some(inner) = self.inner.upgrade() {
            // Under the lock: who is about to rest has either seen the flag, or hears this.
            inner.rouse(inner.inside());
        }
    }
}
