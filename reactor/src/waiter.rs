//! `Waiter`: who waits for a source or a timer, at what, and where in the program.
//!
//! It is what lies in the tables instead of a bare waker, so that a snapshot can answer "who waits
//! for what" without polling anybody. It wakes nobody by itself.

use std::{panic::Location, task::Waker};

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
/// the program: from a combinator of another crate or of the house, or from the executor, which
/// polls whole tasks.
///
/// FACT (cargo): the compiler is given the files of the program's own workspace by relative paths,
/// those of the registry and of the standard library by absolute ones.
// COST: two compares; four more where the house itself is the workspace.
pub(crate) fn place_of(polled: Place, born: Place) -> Place {
    const AT_HOME: bool = matches!(file!().as_bytes(), b"reactor/src/waiter.rs");
    const HOUSE: [&[u8]; 4] = [b"executor/src/", b"reactor/src/", b"src/", b"ws/src/"];
    let file = polled.file().as_bytes();
    let absolute = file.first() == Some(&b'/') || file.get(1) == Some(&b':');
    let outside = absolute || AT_HOME && HOUSE.iter().any(|folder| file.starts_with(folder));
    if outside { born } else { polled }
}
