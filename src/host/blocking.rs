//! Blocking the host's thread, with its queue drained meanwhile.

use std::{
    sync::{Arc, Mutex, PoisonError, Weak},
    task::Wake,
};

use super::inner::Inner;

/// Wakes a host's thread that blocks.
pub(super) struct Woken {
    inner: Weak<Inner>,
    woken: Mutex<bool>,
}

impl Woken {
    /// Woken: what has never been polled is to be.
    pub(super) fn new(inner: &Arc<Inner>) -> Arc<Woken> {
        Arc::new(Woken { inner: Arc::downgrade(inner), woken: Mutex::new(true) })
    }

    pub(super) fn is_set(&self) -> bool {
        *self.woken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn take(&self) -> bool {
        std::mem::take(&mut self.woken.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        *self.woken.lock().unwrap_or_else(PoisonError::into_inner) = true;
        if let Some(inner) = self.inner.upgrade() {
            // Locked for a moment: who is about to rest has either seen the flag, or hears this.
            drop(inner.inside());
            inner.changed.notify_all();
        }
    }
}
