//! In Node: each script prints what we say that it prints.

use std::{env, path::Path, process::Command};

use crate::puzzles::{ALL, Theirs};

const MAJOR_MIN: u32 = 18;

/// How often one is run for which there are several orders.
const RUNS: usize = 5;

/// Why there is no Node here that would do, if so.
fn lack() -> Option<String> {
    let Ok(said) = Command::new("node").arg("--version").output() else {
        return Some("there is no node".to_owned());
    };
    let version = String::from_utf8_lossy(&said.stdout).trim().to_owned();
    let major = version.strip_prefix('v').and_then(|version| version.split('.').next());
    let major: u32 = major.and_then(|major| major.parse().ok()).unwrap_or(0);
    (major < MAJOR_MIN).then(|| format!("node is {version}, older than {MAJOR_MIN}"))
}

/// What a script prints, on one line; `None` if it fails.
fn printed(file: &str) -> Option<String> {
    let script = format!("examples/puzzle/puzzles/{file}.js");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
    let ran = Command::new("node").env_remove("NODE_OPTIONS").arg(script).output().unwrap();
    let words = String::from_utf8(ran.stdout).unwrap();
    ran.status.success().then(|| words.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[test]
fn each_script_prints_in_node_what_we_say() {
    if let Some(lack) = lack() {
        let needed = env::var_os("GLASSLOOP_NEED_NODE").is_some_and(|value| value == "1");
        assert!(!needed, "GLASSLOOP_NEED_NODE=1, but {lack}");
        println!("skipped: {lack}");
        return;
    }
    for puzzle in ALL {
        let number = puzzle.number();
        match &puzzle.node {
            Theirs::No(what) => {
                assert_eq!(printed(puzzle.file), None, "{number}, though it has {what}");
            }
            Theirs::Orders(orders) => {
                let runs = if orders.len() > 1 { RUNS } else { 1 };
                for _ in 0..runs {
                    let order = printed(puzzle.file).unwrap_or_default();
                    assert!(orders.contains(&&*order), "{number}: `{order}`, not of {orders:?}");
                }
            }
        }
    }
}
