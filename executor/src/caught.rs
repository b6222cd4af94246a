//! `caught`: running code that is not ours, so that its panic stops there.
//!
//! A panic becomes a value; a payload whose own drop panics is put down as quietly as can be.
//! Built with `panic = "abort"` nothing is caught: a panic then ends the process, as asked.

use std::{
    any::Any,
    fmt, mem,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{Mutex, PoisonError},
};

/// What a panic carried.
pub type Payload = Box<dyn Any + Send + 'static>;

/// What a panic carried, in an error: it may go to any thread, and be looked at from several.
///
/// Its `Display` is the text of the panic.
///
/// ```
/// use glassloop_executor::{Panic, caught};
///
/// let panic = Panic::from(caught(|| panic!("out of paper")).unwrap_err());
/// assert_eq!(panic.to_string(), "out of paper");
/// assert_eq!(panic.into_payload().downcast_ref(), Some(&"out of paper"));
/// ```
pub struct Panic(Box<Mutex<Payload>>);

impl Panic {
    /// What it carried, for [`resume_unwind`].
    #[must_use]
    pub fn into_payload(self) -> Payload {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes on with it here.
    ///
    /// # Panics
    /// With what it carries.
    pub fn resume(self) -> ! {
        resume_unwind(self.into_payload())
    }
}

impl From<Payload> for Panic {
    fn from(payload: Payload) -> Panic {
        // A box of its own: errors stay small, and only a panic pays for it.
        Panic(Box::new(Mutex::new(payload)))
    }
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(message(self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref()))
    }
}

impl fmt::Debug for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_string(), f)
    }
}

/// Runs `f`; a panic comes back as its payload.
///
/// # Errors
/// The payload of the panic, if `f` panicked.
pub fn caught<T>(f: impl FnOnce() -> T) -> Result<T, Payload> {
    // Unwind safety: whoever calls this takes what `f` touched out of its tables first, so no
    // half-changed state of ours is seen afterwards.
    catch_unwind(AssertUnwindSafe(f))
}

/// Drops a value that is not ours; a panic of its drop comes back as its payload.
///
/// # Errors
/// The payload of the panic, if the drop panicked.
pub fn drop_caught<T>(value: T) -> Result<(), Payload> {
    caught(|| drop(value))
}

/// Drops a payload whose own drop may panic again, for as long as payloads do.
pub fn drop_payload(payload: Payload) {
    if let Err(second) = drop_caught(payload) {
        // A payload that panics when dropped twice over is let go of, not dropped: nothing safe
        // can be done with it.
        mem::forget(second);
    }
}

/// Runs code whose panic concerns nobody: a logger's, for one.
pub fn quietly(f: impl FnOnce()) {
    caught(f).unwrap_or_else(drop_payload);
}

/// The text of a panic, if it carried one.
#[must_use]
pub fn message(payload: &(dyn Any + Send)) -> &str {
    if let Some(text) = payload.downcast_ref::<&'static str>() {
        text
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text
    } else {
        "a panic without a text"
    }
}
