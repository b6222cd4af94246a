//! Random programs on a glassloop loop, beside a plain model of it.
//!
//! [`Script::of`] turns any bytes into a program: tasks, callbacks, timers, calls of other threads,
//! sockets in memory, panics in every place. [`check`] runs it on a real loop and on the model and
//! compares, after each step, what was polled, called, woken, dropped and reported, in order; and
//! what a snapshot counts. [`shrunk`] makes a failing one smaller.
//!
//! [`Target`] is the WebSocket's share: any bytes are frames, or the head of an upgrade, which must
//! come to what a decoder written for this alone, or the head's parts, say; or a request to an
//! inspector, which is let in only with its name, its origin and its token.
//!
//! It uses nothing but the public interface, `TimersOnly` and a manual clock: the same bytes do the
//! same every time. Sockets of the OS, rendering and real waiting are other tests' business.

#![forbid(unsafe_code)]

mod book;
mod bytes;
mod check;
mod line;
mod model;
mod random;
mod script;
mod shrink;
mod wire;
mod world;

pub use crate::{
    check::{Fault, Tally, check},
    random::Random,
    script::Script,
    shrink::shrunk,
    wire::Target,
};
