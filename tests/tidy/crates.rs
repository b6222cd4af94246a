//! The rules of the crates: which may name which, and what none may hold.
//!
//! Reads manifests line by line, as we write them; does not know all of TOML.

use crate::source::{File, code_files, words};
use crate::{CRATES, Crate, REACTOR, ROOT, WS, caught, clean, rule};

/// Another event loop in our lock file would mean that this one isn't enough.
const RUNTIMES: [&str; 4] = ["async-executor", "async-std", "calloop", "tokio"];

#[test]
fn no_crate_holds_unsafe_code() {
    let holds = |f: &File| f.bad_code("unsafe code", |code| words(code).any(|w| w == "unsafe"));
    let bad = "#![forbid(unsafe_code)] // unsafe\nlet a = \"unsafe\";\nunsafe { b() }";
    rule(holds, bad, &[3]);
}

#[test]
fn every_crate_forbids_unsafe_code_and_inherits_the_lints() {
    let forbid = |file: &File| file.wants_line("#![forbid(unsafe_code)]");
    caught(forbid(&File::new("bad.rs", "//! A crate.\n// #![forbid(unsafe_code)]\n")), &[1]);
    clean(CRATES.iter().flat_map(|of| forbid(&of.file("src/lib.rs"))));

    let inherit = |file: &File| file.wants_line("[lints]\nworkspace = true");
    caught(inherit(&File::new("bad.toml", "[lints]\n\n[package]\nworkspace = true\n")), &[1]);
    clean(CRATES.iter().flat_map(|of| inherit(&of.file("Cargo.toml"))));
    clean(File::read("Cargo.toml").wants_line("unsafe_code = \"forbid\""));
}

#[test]
fn these_rules_know_every_member_of_the_workspace() {
    let manifest = File::read("Cargo.toml");
    let members = manifest.text.lines().find_map(|line| line.strip_prefix("members = "));
    let members: Vec<&str> = members.map(|names| words(names).collect()).unwrap_or_default();
    let known: Vec<&str> = CRATES[1..].iter().map(|of| of.folder).collect();
    assert_eq!(members, known, "Cargo.toml:1: the members, against CRATES in tests/tidy/main.rs");
}

#[test]
fn what_two_crates_have_a_copy_of_is_one_text() {
    let [one, other] = ["executor", "reactor"].map(|name| {
        let own = format!("HERE: &[u8] = b\"{name}/");
        File::read(&format!("{name}/src/house.rs")).text.replace(&own, "HERE: &[u8] = b\"")
    });
    assert!(one == other, "executor/src/house.rs and reactor/src/house.rs differ");
}

#[test]
fn arrows_only_point_down() {
    let bad = "use glassloop_reactor::A;\nuse glassloop_executor::B; // up\nglassloop::run()";
    caught(names_above(&File::new("bad.rs", bad), &REACTOR), &[2, 3]);
    let bad = "fn a() {\n    glassloop_inspector::init();\n}\n";
    caught(names_above(&File::new("bad.rs", bad), &ROOT), &[2]);
    let bad = "[dependencies]\nglassloop-reactor = \"1\"\n[dev-dependencies.glassloop]\nx = 1\n\
               [target.'cfg(unix)'.dependencies]\nglassloop-executor.workspace = true\n";
    caught(dependencies_above(&File::new("bad.toml", bad), &WS), &[3, 6]);

    for of in &CRATES {
        clean(dependencies_above(&of.file("Cargo.toml"), of));
        clean(code_files(of.folder).iter().flat_map(|file| names_above(file, of)));
    }
}

fn names_above(file: &File, of: &Crate) -> Vec<String> {
    let is_ours = |word: &str| word == ROOT.name || word.starts_with("glassloop_");
    let is_above = |word: &str| is_ours(word) && word != of.name && !of.below.contains(&word);
    file.bad_code("names a crate above its own", |code| words(code).any(is_above))
}

fn dependencies_above(manifest: &File, of: &Crate) -> Vec<String> {
    // The root's manifest is also the workspace's; its tests and examples may use the crates above.
    let is_free = |section: &str| {
        section.starts_with("workspace") || of.name == ROOT.name && section.starts_with("dev-")
    };
    let is_above = |name: &str| {
        name.starts_with(ROOT.name) && !of.below.contains(&name.replace('-', "_").as_str())
    };
    let named = dependencies(manifest).into_iter();
    let above = named.filter(|(_, section, name)| !is_free(section) && is_above(name));
    above.map(|(line, _, name)| manifest.fault(line, &format!("`{name}` is above it"))).collect()
}

/// The dependencies that a manifest names, each with its line and section.
pub(crate) fn dependencies(manifest: &File) -> Vec<(usize, &str, &str)> {
    let (mut section, mut found) = ("", vec![]);
    for (n, line) in manifest.text.lines().map(str::trim).enumerate() {
        if let Some(header) = line.strip_prefix('[') {
            section = header.trim_end_matches(']');
            if let Some((of, name)) = section.rsplit_once("dependencies.") {
                found.push((n, of, name));
            }
        } else if section.ends_with("dependencies") && line.contains('=') {
            let name = line.split(['.', '=', ' ']).next().unwrap_or(line);
            found.push((n, section, name));
        }
    }
    found
}

#[test]
fn the_lock_file_holds_no_other_runtime() {
    let bad = File::new("bad.lock", "name = \"tokio-util\"\nname = \"tokio\"\n");
    caught(runtimes(&bad), &[2]);
    clean(runtimes(&File::read("Cargo.lock")));
}

fn runtimes(lock: &File) -> Vec<String> {
    let names = RUNTIMES.map(|name| format!("name = \"{name}\""));
    let lines = lock.text.lines().enumerate();
    let foreign = lines.filter(|(_, line)| names.iter().any(|name| name == line));
    foreign.map(|(n, line)| lock.fault(n, line)).collect()
}
