//! The puzzles keep their word: each says its words in the order that it promises, on glassloop
//! under every policy, and in Node; the example asks and tells; the page of the book has the same.
//!
//! Without Node 18 or later its part is left out and says so; `GLASSLOOP_NEED_NODE=1` makes that
//! a failure. What a browser says is looked at by `tools/puzzles.sh`.
#![cfg(test)]
#![cfg(not(miri))]

#[path = "../common/examples.rs"]
mod examples;
#[path = "../../examples/puzzle/puzzles/mod.rs"]
#[allow(dead_code)]
mod puzzles;

mod asked;
mod book;
mod files;
mod node;
mod orders;
