//! `Waiter`: who waits for a source or a timer, at what, and where in the program.
//!
//! It is what lies in the tables instead of a bare waker, so that a snapshot can answer "who waits
//! for what" without polling anybody. It wakes nobody by itself.

use std::{panic::Location, task::Waker};

use crate::house::is_outside;

/// A place in the program's text.
pub type Place = &'static Location<'static>;

/// One who waits.
#[derive(Clone, Debug)]
pub struct Waiter {
    /// Brings it back.
    pub waker: Waker,
    /// Whom the loop was running when it began to wait: opaque here, 0 for nobody.
    pub owner: u64,
    /// What it does: "read", "accept", "sleep".
    pub operation: &'static str,
    /// Where it waits.
    pub place: Place,
}

/// The place to show for a wait: that of the poll, or that of birth if the poll came from outside
/// the program.
pub(crate) fn place_of(polled: Place, born: Place) -> Place {
    if is_outside(polled) { born } else { polled }
}
