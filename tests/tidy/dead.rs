//! The rule of dead files: every file is a target of Cargo's, or some `mod` reaches it.
//!
//! Does not look into `mod a { mod b; }`, which we don't write.

use crate::source::File;
use crate::{all_code, caught, clean};

#[test]
fn every_file_is_reached_by_a_mod() {
    let files = [
        ("src/lib.rs", "mod a;\n// mod c;\n"),
        ("src/a.rs", "pub(crate) mod b;\nmod g {}"),
        ("src/a/b.rs", ""),
        ("src/a/c.rs", "mod c;"),
        ("tests/d.rs", "#[path = \"h/i.rs\"]\nmod i;\nmod common;"),
        ("tests/h/i.rs", "#[path = \"../k/j.rs\"]\nmod j;"),
        ("tests/k/j.rs", ""),
        ("tests/common/mod.rs", ""),
        ("tests/e/f.rs", ""),
    ];
    let faults = dead_files(&files.map(|(path, text)| File::new(path, text)));
    let dead: Vec<&str> = faults.iter().filter_map(|fault| fault.split(':').next()).collect();
    assert_eq!(dead, ["src/a/c.rs", "tests/e/f.rs"]);
    caught(faults, &[1, 1]);
    clean(dead_files(&all_code()));
}

fn dead_files(files: &[File]) -> Vec<String> {
    let mut reached: Vec<&File> = files.iter().filter(|file| is_target(&file.path)).collect();
    let mut next = 0;
    while let Some(file) = reached.get(next) {
        let below = folder_of_modules(&file.path);
        let places = file
            .modules()
            .flat_map(|name| [format!("{below}/{name}.rs"), format!("{below}/{name}/mod.rs")]);
        let paths = file.module_paths().map(|path| beside(&file.path, path));
        let places: Vec<String> = places.chain(paths).collect();
        reached.extend(files.iter().filter(|file| places.contains(&file.path)));
        next += 1;
    }
    let is_dead = |file: &&File| !reached.iter().any(|live| live.path == file.path);
    let dead = files.iter().filter(is_dead);
    dead.map(|file| file.fault(0, "no `mod` reaches this file")).collect()
}

fn is_target(path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let is_one_file = folder.ends_with("tests") || folder.ends_with("examples");
    is_one_file || ["lib.rs", "main.rs", "build.rs"].contains(&name) || is_named(path)
}

/// Whether the manifest names it as a target of its own.
fn is_named(path: &str) -> bool {
    include_str!("../../Cargo.toml").contains(&format!("\npath = \"{path}\"\n"))
}

/// Where `mod a;` of this file finds `a.rs`.
fn folder_of_modules(path: &str) -> &str {
    let stem = path.trim_end_matches(".rs");
    if is_target(path) || stem.ends_with("/mod") { folder_of(stem) } else { stem }
}

/// The file that `#[path = "named"]` in the file at `path` means.
fn beside(path: &str, named: &str) -> String {
    let (mut folder, mut named) = (folder_of(path), named);
    while let Some(above) = named.strip_prefix("../") {
        (folder, named) = (folder_of(folder), above);
    }
    format!("{folder}/{named}")
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}
