//! The rule of futures: each public one says what becomes of things when it is dropped early.
//!
//! Does not judge what it says; `tests/every_future_may_be_dropped_at_every_poll.rs` tries it.

use crate::source::File;
use crate::{CRATES, caught, clean, code_files};

const HEADING: &str = "/// # Cancel safety";

#[test]
fn every_public_future_says_how_it_is_cancelled() {
    let bad = "/// Says.\n///\n/// # Cancel safety\n/// Fine.\n#[track_caller]\npub fn a(\n\
               \x20   b: A,\n) -> impl Future<Output = u8> {\n}\n\
               /// Mute.\npub fn c() -> impl Future {\n}\n\
               fn private() -> impl Future {\n}\npub fn takes(f: impl Future) -> u8 {\n}\n\
               /// Mute.\npub struct D<F> {\n}\nimpl<F: Future> Future for D<F> {\n}\n\
               pub struct E;\nimpl Future for F {\n}\n/// Says.\n/// # Cancel safety\n\
               pub struct F;\n    /// Mute.\n    pub struct G<T> {}\nimpl<T> Future for G<T> {}\n";
    caught(mute_futures(&File::new("bad.rs", bad)), &[11, 18, 29]);
    clean(CRATES.iter().flat_map(|of| {
        let folder = if of.folder == "src" { "src".into() } else { format!("{}/src", of.folder) };
        code_files(&folder).iter().flat_map(mute_futures).collect::<Vec<_>>()
    }));
}

fn mute_futures(file: &File) -> Vec<String> {
    let lines: Vec<&str> = file.text.lines().collect();
    let named: Vec<&str> = file.code.lines().filter_map(future_of).collect();
    let is_future = |first: usize, length: usize| {
        let head = lines[first].trim_start();
        if let Some(rest) = head.strip_prefix("pub struct ") {
            return named.contains(&name(rest));
        }
        let signature = lines[first..first + length].join(" ");
        let gives = signature.split("->").skip(1).any(|part| part.contains("impl Future"));
        head.starts_with("pub fn ") && gives
    };
    let functions = file.functions();
    let functions = functions.iter().map(|f| (f.first_line, f.signature_lines));
    let structs = (0..lines.len()).filter(|n| lines[*n].trim_start().starts_with("pub struct "));
    let mut mute: Vec<usize> = functions
        .chain(structs.map(|n| (n, 1)))
        .filter(|(first, length)| is_future(*first, *length) && !says(&lines[..*first]))
        .map(|(first, _)| first)
        .collect();
    mute.sort_unstable();
    let fault = |n: &usize| file.fault(*n, "a public future without `# Cancel safety`");
    mute.iter().map(fault).collect()
}

/// The type that a line implements `Future` for.
fn future_of(line: &str) -> Option<&str> {
    let (before, after) = line.split_once(" Future for ")?;
    before.starts_with("impl").then(|| name(after))
}

fn name(rest: &str) -> &str {
    rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or(rest)
}

/// Whether the documentation that these lines end with has the heading.
fn says(above: &[&str]) -> bool {
    let is_docs = |line: &&&str| {
        let line = line.trim_start();
        line.starts_with("///") || line.starts_with("#[")
    };
    above.iter().rev().take_while(is_docs).any(|line| line.trim() == HEADING)
}
