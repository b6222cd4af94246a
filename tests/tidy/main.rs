//! The house rules that a machine can keep.
//!
//! Every checker is shown a snippet that breaks its rule before it reads the real files, so no rule
//! holds merely because its checker is blind. A failure names file and line.
//! Does not judge what rustfmt and clippy judge already.
#![cfg(test)]

mod bridges;
mod crates;
mod dead;
mod examples;
#[path = "../common/faults.rs"]
mod faults;
mod futures;
mod papers;
mod rows;
mod shape;
mod source;
mod turn;

use faults::{caught, clean};
use source::{File, code_files};

/// A crate of ours, and the others of ours that it may name: those below it.
struct Crate {
    folder: &'static str,
    name: &'static str,
    below: &'static [&'static str],
}

const ROOT: Crate = Crate {
    folder: "src",
    name: "glassloop",
    below: &["glassloop_executor", "glassloop_reactor", "glassloop_ws"],
};
const REACTOR: Crate = Crate { folder: "reactor", name: "glassloop_reactor", below: &[] };
const EXECUTOR: Crate = Crate { folder: "executor", name: "glassloop_executor", below: &[] };
const WS: Crate = Crate { folder: "ws", name: "glassloop_ws", below: &["glassloop_reactor"] };
const INSPECTOR: Crate =
    Crate { folder: "inspector", name: "glassloop_inspector", below: &["glassloop"] };
const CRATES: [Crate; 5] = [ROOT, REACTOR, EXECUTOR, WS, INSPECTOR];

/// The phases of a turn; the first is called by whoever calls `turn`.
const PHASES: [&str; 8] = ["wait", "io", "timers", "deferred", "run", "flush", "render", "finish"];

impl Crate {
    /// The folder of its sources.
    fn sources(&self) -> String {
        match self.folder {
            "src" => self.folder.to_owned(),
            folder => format!("{folder}/src"),
        }
    }

    /// A file of this crate; the root's lies beside its `src`, as the workspace's own do.
    fn file(&self, path: &str) -> File {
        match self.folder {
            "src" => File::read(path),
            folder => File::read(&format!("{folder}/{path}")),
        }
    }
}

/// All the code of the house: the crates, and what uses them.
fn all_code() -> Vec<File> {
    let folders = CRATES.map(|of| of.folder).into_iter().chain(["examples", "tests"]);
    folders.flat_map(code_files).collect()
}

/// Keeps a rule about files taken one by one, after seeing that it can fail.
#[track_caller]
fn rule(checker: impl Fn(&File) -> Vec<String>, bad: &str, bad_lines: &[usize]) {
    caught(checker(&File::new("bad.rs", bad)), bad_lines);
    clean(all_code().iter().flat_map(checker));
}
