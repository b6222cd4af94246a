//! The book says what the code says: what it includes is whole items, what it links to is there,
//! its pictures are those of the running code, and its words are the house's.
//!
//! `GLASSLOOP_BLESS=1` brings the line numbers of what it includes up to date, and draws the
//! pictures again. Whether the prose is true is for a reader to say.
#![cfg(test)]
#![cfg(all(feature = "observe", feature = "ws", not(miri)))]

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

use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// The folder of the book's pages.
const PAGES: &str = "docs/book/src";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn blesses() -> bool {
    env::var_os("GLASSLOOP_BLESS").is_some()
}

/// A file of the workspace with these words in it; blessing writes them.
#[track_caller]
fn is_golden(path: &str, text: &str) {
    let file = root().join(path);
    let read = || fs::read_to_string(&file).unwrap_or_default().replace("\r\n", "\n");
    if blesses() && read() != text {
        fs::write(&file, text).unwrap();
    }
    let golden = read();
    assert_eq!(text, golden, "{path} is another; GLASSLOOP_BLESS=1 writes this one");
}

/// Nothing was found; each fault names its line.
#[track_caller]
fn clean(faults: Vec<String>) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// The faults of a page that was made bad: one in each of these lines, counted from 1.
#[track_caller]
fn caught(faults: &[String], lines: &[usize]) {
    let line = |fault: &String| fault.split(':').nth(1).unwrap().parse::<usize>().unwrap();
    assert_eq!(faults.iter().map(line).collect::<Vec<_>>(), lines, "{faults:?}");
}
