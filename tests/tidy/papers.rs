//! The rules of the papers: records of dependencies, the map in the README, the phases by name.
//!
//! Does not judge prose.

use crate::crates::dependencies;
use crate::source::{File, root, words};
use crate::{CRATES, PHASES, caught, clean};
use std::fs;

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
fn the_other_papers_are_there() {
    for paper in ["CHANGELOG.md", "CONTRIBUTING.md", "LICENSE-MIT", "LICENSE-APACHE"] {
        assert!(File::read(paper).text.lines().count() > 10, "{paper}:1: hardly a paper");
    }
    clean(File::read("CHANGELOG.md").wants_line("## [Unreleased]"));
}
