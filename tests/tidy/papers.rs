//! The rules of the papers: records of dependencies, the map in the README, the phases by name, and
//! that what they point at is there.
//!
//! Does not judge prose.

use crate::crates::dependencies;
use crate::source::{File, root, words};
use crate::{CRATES, PHASES, caught, clean};
use std::fs;

/// A newcomer has at least so many.
const QUESTIONS_MIN: usize = 20;

/// What may stand before a name where it is defined.
const DEFINERS: [&str; 8] = ["fn", "struct", "enum", "trait", "type", "const", "static", "mod"];

/// How a path ends that a paper points at.
const ENDINGS: [&str; 6] = [".rs", ".md", ".sh", ".js", ".mjs", ".toml"];

#[test]
fn every_dependency_has_a_record_and_every_record_a_dependency() {
    let toml = File::new("bad.toml", "[dependencies]\nmio = \"1\"\nslab = { version = \"0.4\" }\n");
    let why = File::new("why.md", "# Why\n### `mio`\nslab, `slab`\n### `libuv`\n");
    caught(record_faults(&why, &[toml]), &[3, 4]);
    clean(record_faults(&File::read("docs/why.md"), &CRATES.map(|of| of.file("Cargo.toml"))));
}

/// A record is a heading `` ### `name` ``.
fn record_faults(why: &File, manifests: &[File]) -> Vec<String> {
    let heading = |line: &'_ str| line.strip_prefix("### `")?.split('`').next().map(str::to_owned);
    let records: Vec<_> = why.text.lines().map(heading).collect();
    let has_record = |name: &str| records.iter().flatten().any(|record| record == name);
    let (mut used, mut faults) = (vec![], vec![]);
    for file in manifests {
        for (line, _, name) in dependencies(file) {
            if !name.starts_with("glassloop") && !has_record(name) {
                faults.push(file.fault(line, &format!("`{name}` has no record in docs/why.md")));
            }
            used.push(name);
        }
    }
    for (n, name) in records.iter().enumerate().filter_map(|(n, name)| Some((n, name.as_ref()?))) {
        if !used.contains(&name.as_str()) {
            faults.push(why.fault(n, &format!("`{name}` is no dependency")));
        }
    }
    faults
}

#[test]
fn the_map_in_the_readme_names_what_there_is() {
    let bad = "# A\n```\nnowhere/\n```\n## Map of files\n```\nsrc/a.rs  x\n└─ no.rs  y\n```\n\
               | `ws/` | z |\n## B\n| `no` |\n";
    let exists = |path: &str| path == "src/a.rs" || path == "ws/";
    let bad = map_faults(&File::new("bad.md", bad), exists, &["src", "tests", "ws"]);
    assert!(bad[1].contains("`tests`"));
    caught(bad, &[8, 5]);
    caught(map_faults(&File::new("bad.md", "# A\n"), exists, &["src"]), &[1]);

    let exists = |path: &str| root().join(path).exists();
    let folders = top_folders();
    let folders: Vec<&str> = folders.iter().map(String::as_str).collect();
    clean(map_faults(&File::read("README.md"), exists, &folders));
}

/// The folders of the workspace that are ours: not what git, cargo or an editor keeps there.
fn top_folders() -> Vec<String> {
    let entries = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap());
    let folders = entries.filter(|entry| entry.path().is_dir());
    let names = folders.map(|folder| folder.file_name().to_string_lossy().into_owned());
    names.filter(|name| name == ".ci" || !name.starts_with('.') && name != "target").collect()
}

/// Reads the map under the heading that says so: the first word of each line in a fence, and what a
/// row of a table opens with in backticks. Every path counts from the root.
fn map_faults(readme: &File, exists: impl Fn(&str) -> bool, folders: &[&str]) -> Vec<String> {
    let (mut heading, mut in_fence, mut in_map, mut paths) = (0, false, false, vec![]);
    for (n, line) in readme.text.lines().enumerate() {
        if line.starts_with("```") {
            in_fence = !in_fence;
        } else if !in_fence && line.starts_with('#') {
            in_map = words(&line.to_lowercase()).any(|word| word == "map");
            heading = if in_map { n } else { heading };
        } else if in_map && in_fence {
            let path = line.trim_start_matches(['│', '├', '└', '─', ' ']);
            paths.extend(path.split_whitespace().next().map(|path| (n, path)));
        } else if in_map && let Some(row) = line.strip_prefix("| `") {
            paths.extend(row.split('`').next().map(|path| (n, path)));
        }
    }
    let mut faults = vec![];
    for (n, path) in paths.iter().filter(|(_, path)| !exists(path)) {
        faults.push(readme.fault(*n, &format!("there is no `{path}`")));
    }
    for folder in folders {
        if !paths.iter().any(|(_, path)| path.split('/').next() == Some(folder)) {
            faults.push(readme.fault(heading, &format!("`{folder}` is not on the map")));
        }
    }
    faults
}

#[test]
fn the_architecture_names_the_phases_in_order() {
    let rows = "| 1 | `wait` |\n| 2 | `io` |\n3. `timers`\n4. `deferred`\n5. `run`\n\
                6. `flush`\n7. `render`\n";
    let whole = format!("{rows}8. `finish`\n");
    caught(phase_faults(&File::new("bad.md", &whole)), &[]);
    caught(phase_faults(&File::new("bad.md", &format!("{rows}`finish`\n"))), &[1]);
    caught(phase_faults(&File::new("bad.md", &whole.replace("`io`", "`timers`"))), &[1]);
    clean(phase_faults(&File::read("ARCHITECTURE.md")));
}

/// The phases must stand, in backticks, as eight numbered rows or items one after the other.
fn phase_faults(paper: &File) -> Vec<String> {
    let numbered = |line: &'_ str| {
        let line = line.trim_start_matches(['|', ' ']);
        let item = line.strip_prefix(|c: char| c.is_ascii_digit())?;
        let name = item.trim_start_matches(['.', '|', ' ']).strip_prefix('`')?;
        name.split('`').next().map(str::to_owned)
    };
    let names: Vec<String> = paper.text.lines().filter_map(numbered).collect();
    match names.windows(PHASES.len()).any(|names| names == PHASES) {
        true => vec![],
        false => vec![paper.fault(0, "the eight phases don't stand numbered and in order")],
    }
}

#[test]
fn what_the_papers_point_at_is_there() {
    let source = "struct A;\nimpl<T> B\nwhere\n{\n    const fn b() {}\n}\nfn c(a: A) {}\n// fn d\n";
    let read = |path: &str| (path == "s/a.rs").then(|| File::new(path, source));
    let good = "`s/a.rs` (`A`), `s/a.rs`\n  (`B::b`, `c`), `b`, `cargo s/c.rs` (`d`)\n";
    caught(pointer_faults(&File::new("good.md", good), read), &[]);
    let bad = "`s/a.rs` (`A`, `d`)\n```\n`s/b.rs`\n```\n`s/c.rs`\n`s/a.rs`\n (`A::b`, `A::c`)\n";
    caught(pointer_faults(&File::new("bad.md", bad), read), &[1, 5, 6, 6]);
    // A bare name is said of many files: "each `lib.rs`".
    let there = |path: &str| match path.contains('/') {
        true => read_if_there(path),
        false => Some(File::new(path, "")),
    };
    for paper in ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md", "docs/why.md"] {
        clean(pointer_faults(&File::read(paper), there));
    }
}

#[test]
fn the_essay_of_a_crate_names_files_of_that_crate() {
    let bad = "//! In `a.rs` (`A`) lies\n//! what `b.rs` knows of `c: D\n//! <E>`.\n\n//! `d.rs`\n";
    let read = |path: &str| (path == "a.rs").then(|| File::new(path, "struct A;"));
    caught(pointer_faults(&essay(&File::new("bad.rs", bad)), read), &[2]);
    for of in &CRATES {
        let there = |path: &str| {
            read_if_there(&format!("{}/{path}", of.sources())).or_else(|| read_if_there(path))
        };
        let lib = File::read(&format!("{}/lib.rs", of.sources()));
        clean(pointer_faults(&essay(&lib), there));
    }
}

/// What a file says of itself before its code, as a paper.
fn essay(file: &File) -> File {
    let lines = file.text.lines().map_while(|line| line.strip_prefix("//!"));
    let lines: Vec<&str> = lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    File::new(&file.path, &lines.join("\n"))
}

fn read_if_there(path: &str) -> Option<File> {
    root().join(path).is_file().then(|| File::read(path))
}

/// Each path in backticks must be a file's. Names that follow it so: `` `file` (`name`, `A::b`) ``
/// must be defined there, the second in an `impl` of `A` or in the trait.
fn pointer_faults(paper: &File, there: impl Fn(&str) -> Option<File>) -> Vec<String> {
    let mut faults = vec![];
    for (n, path, names) in pointers(paper) {
        let Some(file) = there(&path) else {
            faults.push(paper.fault(n, &format!("there is no `{path}`")));
            continue;
        };
        for name in names.iter().filter(|name| !defines(&file, name)) {
            faults.push(paper.fault(n, &format!("`{path}` defines no `{name}`")));
        }
    }
    faults
}

/// The paths in a paper, each with its line and the names that follow it.
fn pointers(paper: &File) -> Vec<(usize, String, Vec<String>)> {
    let mut in_fence = false;
    let lines = paper.text.lines().map(|line| {
        let is_mark = line.starts_with("```");
        in_fence ^= is_mark;
        if in_fence || is_mark { "" } else { line }
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    // Every second piece stands in backticks.
    let pieces: Vec<&str> = text.split('`').collect();
    let (mut line, mut found) = (0, vec![]);
    for (at, piece) in pieces.iter().enumerate() {
        let ends = ENDINGS.iter().any(|ending| piece.ends_with(ending));
        if at % 2 == 1 && ends && !piece.contains([' ', '<', '*']) {
            let follow = |at: &usize, mark| pieces.get(at + 1).is_some_and(|p| p.trim() == mark);
            let first = follow(&at, "(").then_some(at + 2);
            let names = std::iter::successors(first, |at| follow(at, ",").then_some(at + 2));
            let names = names.filter_map(|at| pieces.get(at).map(|name| (*name).to_owned()));
            found.push((line, (*piece).to_owned(), names.collect()));
        }
        line += piece.matches('\n').count();
    }
    found
}

/// Whether a file defines this: a `name` anywhere, an `A::name` where `A` is at home.
fn defines(file: &File, name: &str) -> bool {
    let (owner, name) = name.split_once("::").map_or((None, name), |(a, b)| (Some(a), b));
    let mut head = "";
    file.code.lines().any(|line| {
        if line.starts_with(char::is_alphabetic) && !line.starts_with("where") {
            head = line;
        }
        let mut before = "";
        let is_named = words(line)
            .any(|word| DEFINERS.contains(&std::mem::replace(&mut before, word)) && word == name);
        let is_home = words(head).any(|word| ["impl", "trait"].contains(&word));
        is_named && owner.is_none_or(|owner| is_home && words(head).any(|word| word == owner))
    })
}

#[test]
fn a_newcomer_finds_where_things_are_in_one_step() {
    let bad = "# A\n| a | `s/a.rs` |\n## Where is ..?\n| where | file |\n|---|---|\n\
               | a? | `s/a.rs` (`A`) |\n| b? | `s/a.rs` |\n| c? | `s/a.rs` (`A`, `B`) |\n\
               | d? | `s/a.rs` (`A`) or `s/b.rs` (`B`) |\n## B\n| e? | here |\n";
    caught(question_faults(&File::new("bad.md", bad), 4), &[7, 8, 9]);
    caught(question_faults(&File::new("bad.md", bad), 5), &[7, 8, 9, 3]);
    caught(question_faults(&File::new("bad.md", "# A\n"), 0), &[1]);
    clean(question_faults(&File::read("CONTRIBUTING.md"), QUESTIONS_MIN));
}

/// Each row of the table under that heading must name one file, and one thing in it. What it names
/// is looked for by the rule of what the papers point at.
fn question_faults(paper: &File, rows_min: usize) -> Vec<String> {
    let lines: Vec<&str> = paper.text.lines().collect();
    let Some(heading) = lines.iter().position(|line| *line == "## Where is ..?") else {
        return vec![paper.fault(0, "there is no `## Where is ..?`")];
    };
    let section = lines.iter().enumerate().skip(heading + 1);
    let section = section.take_while(|(_, line)| !line.starts_with('#'));
    let rows: Vec<_> = section.filter(|(_, line)| line.starts_with('|')).skip(2).collect();
    let mut faults = vec![];
    for (n, row) in &rows {
        let found = pointers(&File::new(&paper.path, row));
        if !matches!(&found[..], [(_, _, names)] if names.len() == 1) {
            faults.push(paper.fault(*n, "wants one file, and one name that stands in it"));
        }
    }
    if rows.len() < rows_min {
        let what = format!("wants {rows_min} questions, has {}", rows.len());
        faults.push(paper.fault(heading, &what));
    }
    faults
}

#[test]
fn the_other_papers_are_there() {
    for paper in ["CHANGELOG.md", "CONTRIBUTING.md", "LICENSE-MIT", "LICENSE-APACHE"] {
        assert!(File::read(paper).text.lines().count() > 10, "{paper}:1: hardly a paper");
    }
    clean(File::read("CHANGELOG.md").wants_line("## [Unreleased]"));
}
