//! `caught`: running code that is not ours, so that its panic stops there.
//!
//! A panic becomes a value; a payload whose own drop panics is put down as quietly as can be.
//! Built with `panic = "abort"` nothing is caught: a panic then ends the process, as asked.

use std::{
    any::Any,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// What a panic carried.
pub type Payload = Box<dyn Any + Send + 'static>;

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
