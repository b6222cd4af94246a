//! Inspection: what it costs that a loop is looked into.
//!
//! The peers here are one library: without feature `observe`, with it, recorded, inspected, and
//! inspected by somebody who never reads what is pushed.

mod door;
mod server;
mod viewer;

pub use door::Door;
pub use server::{Inspected, child};
pub use viewer::Viewer;
