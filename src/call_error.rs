//! `CallError`: why a call has no value.

use std::{any::Any, fmt};

use glassloop_executor::Panic;

/// Why a call has no value.
#[non_exhaustive]
pub enum CallError {
    /// It panicked on the loop's thread; this is what the panic carried.
    Panicked(Panic),
    /// It was cancelled, or dropped unrun when its loop ended.
    Cancelled,
    /// The loop was closed before it was asked.
    Closed,
    /// As many calls waited as the loop's limit allows.
    Full,
    /// Waiting for it on the loop's own thread would never end; nor, perhaps, on that of a host
    /// which the loop waits for.
    WouldDeadlock,
    /// It had not resolved within the time that [`Call::wait`](crate::Call::wait) was given; wait
    /// again if you like.
    TimedOut,
}

impl fmt::Debug for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CallError::Panicked(panic) => {
                return f.debug_tuple("Panicked").field(panic).finish();
            }
            CallError::Cancelled => "Cancelled",
            CallError::Closed => "Closed",
            CallError::Full => "Full",
            CallError::WouldDeadlock => "WouldDeadlock",
            CallError::TimedOut => "TimedOut",
        })
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallError::Panicked(panic) => write!(f, "the call panicked: {panic}"),
            CallError::Cancelled => f.write_str("the call was cancelled"),
            CallError::Closed => f.write_str("the loop was closed before the call was asked for"),
            CallError::Full => {
                f.write_str("the call was refused: as many wait as the limit allows")
            }
            CallError::WouldDeadlock => f.write_str(
                "waiting for a call here might never end: this is its loop's own thread, where it \
                 is awaited; or one that drains a `HostQueue`, for which the loop may be waiting: \
                 use `HostQueue::block_on`",
            ),
            CallError::TimedOut => f.write_str("the call had no result within the time given"),
        }
    }
}

impl std::error::Error for CallError {}

impl CallError {
    /// The payload of the panic, for [`std::panic::resume_unwind`].
    ///
    /// ```
    /// let event_loop = glassloop::EventLoop::new()?;
    /// let call = event_loop.remote().call(|| -> u32 { panic!("out of paper") });
    /// assert!(!call.is_resolved());
    /// let error = event_loop.block_on(call)?.unwrap_err();
    /// let payload = error.into_panic().expect("it panicked");
    /// assert_eq!(payload.downcast_ref(), Some(&"out of paper"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn into_panic(self) -> Option<Box<dyn Any + Send>> {
        match self {
            CallError::Panicked(panic) => Some(panic.into_payload()),
            _ => None,
        }
    }
}
