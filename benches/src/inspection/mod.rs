//! Inspection: what it costs that a loop is looked into.
//!
//! The peers here are one library: without feature `observe`, with it, recorded, inspected, and
//! inspected by somebody who never reads what is pushed, or who reads all of it.

mod account;
mod crowd;
mod door;
mod server;
mod viewer;
mod watcher;

pub use account::Account;
pub use crowd::{Crowd, child as crowd};
pub use door::Door;
pub use server::{Inspected, child};
pub use viewer::Viewer;
pub use watcher::Watcher;
