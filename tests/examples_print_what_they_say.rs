//! Each numbered example prints what its last comment says it does, and opens with its one idea.
#![cfg(test)]
#![cfg(all(feature = "ws", not(miri)))]

#[path = "common/examples.rs"]
mod examples;

use std::{fs, path::Path, process::Command};

const LINES_MAX: usize = 60;

/// The comment that ends a source, without its slashes.
fn last_comment(source: &str) -> Vec<&str> {
    let lines = source.lines().rev().map_while(|line| line.strip_prefix("//"));
    let mut lines: Vec<_> = lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    lines.reverse();
    lines
}

#[test]
fn each_numbered_example_prints_its_last_comment() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let numbered = |path: &Path| {
        let name = path.file_stem()?.to_str()?;
        (path.is_file() && name.starts_with(|c: char| c.is_ascii_digit())).then(|| name.to_owned())
    };
    let mut seen = 0;
    for path in files {
        let Some(name) = numbered(&path) else { continue };
        let source = fs::read_to_string(&path).unwrap();
        assert!(source.lines().count() <= LINES_MAX, "{name} is too long for one idea");
        let ran = Command::new(examples::built(&name)).output().unwrap();
        assert!(ran.status.success(), "{name}: {ran:?}");
        let printed = String::from_utf8(ran.stdout).unwrap();
        let printed: Vec<_> = printed.trim_end().lines().collect();
        assert_eq!(printed, last_comment(&source), "{name}");
        seen += 1;
    }
    assert!(seen >= 6, "expected the numbered examples, came {seen}");
}
