//! What goes on in every host here: a server for one visitor, who changes what is the host's own.
//!
//! The hosts differ in how their loop and ours share a thread, and in what is changed. The rest is
//! the same and stands here: the document of those that have nothing better, the server, and the
//! line that says how it went.

mod document;
mod served;
mod visit;

pub use self::{
    document::Document,
    served::{Failure, Served, serve},
    visit::Visit,
};

/// A wait in whole milliseconds, as most hosts want it. Never shorter than it was: a timer that
/// fires early finds nothing due, and is set again for no time at all, until it is.
#[must_use]
pub fn milliseconds(wait: std::time::Duration) -> u64 {
    u64::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}
