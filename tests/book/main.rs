//! The book says what the code says: what it includes is whole items, what it links to is there,
//! its pictures are those of the running code, and its words are the house's.
//!
//! `GLASSLOOP_BLESS=1` brings the line numbers of what it includes up to date, and draws the
//! pictures again. Whether the prose is true is for a reader to say.
#![cfg(test)]
#![cfg(all(feature = "observe", feature = "ws", not(miri)))]

#[path = "../common/faults.rs"]
mod faults;
#[path = "../common/golden.rs"]
mod golden;
mod included;
mod links;
mod page;
mod questions;
mod quoted;
mod svg;
mod task_picture;
mod turn_picture;
mod word_picture;
mod words;

use std::path::{Path, PathBuf};

/// The folder of the book's pages.
const PAGES: &str = "docs/book/src";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}
