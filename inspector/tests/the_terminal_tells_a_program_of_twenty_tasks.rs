//! What the server and the terminal say of one program of 20 tasks, under a clock that only the
//! test moves: `ps --json`, `tree`, and `why` of each, which ends in a socket, a timer or a thread.
//!
//! `golden/twenty_tasks_*` has the answers, `tests/golden/why.txt` of the root those of `why`;
//! `GLASSLOOP_BLESS=1` rewrites the former, and the root's test of that name the latter.

#![cfg(test)]

#[path = "common/canned.rs"]
mod canned;
#[path = "../../tests/common/twenty_tasks.rs"]
mod program;

use std::{env, fmt::Write, fs, path::Path};

use canned::{Said, run, terminal};
use glassloop_inspector::Builder;
use program::{TwentyTasks, settle, twenty_tasks};
use serde_json::{Value, json};

/// Where the program stands, however the test was reached.
const PROGRAM: &str = "tests/common/twenty_tasks.rs";

/// What is another in each run, each by its way through the answer: of the process, of the thread,
/// and of the clock of the system. Everything else is the manual clock's, and golden.
const UNSTABLE: [&str; 7] = [
    "/process/pid",
    "/process/program",
    "/process/version",
    "/process/inspector_started_unix_ms",
    "/loops/0/loop/thread",
    "/loops/0/loop/thread_id",
    "/loops/0/as_of/age_ms",
];

/// The text with the places as the root's tests have them.
fn at_the_root(text: &str) -> String {
    let pieces: Vec<&str> = text.split(PROGRAM).collect();
    // Before each but the last is the way from here to there: `inspector/tests/../../`.
    let kept = |piece: &&str| piece[..piece.rfind([' ', '"']).map_or(0, |at| at + 1)].to_owned();
    let (last, before) = pieces.split_last().unwrap();
    let before: Vec<String> = before.iter().map(kept).collect();
    [&before[..], &[(*last).to_owned()]].concat().join(PROGRAM)
}

/// The same text as the golden file of that name.
#[track_caller]
fn is_golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if env::var_os("GLASSLOOP_BLESS").is_some() {
        fs::write(&path, text).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    // One line at a time: a line of figures is long enough.
    for (line, golden) in text.lines().zip(golden.lines()) {
        assert_eq!(line, golden, "{name}: GLASSLOOP_BLESS=1 makes the first line golden");
    }
    assert_eq!(text.lines().count(), golden.lines().count(), "{name}: its lines");
}

/// What the terminal says of the loop as it was left.
#[track_caller]
fn said(url: &str, number: u64, line: &[&str]) -> String {
    let number = number.to_string();
    // The loop is between two turns of its host's and has nothing to say that it hasn't.
    let first = ["--process", url, "--loop", number.as_str(), "--fresh", "0"];
    let Said { code, out, err } = run(&mut terminal(&[&first[..], line].concat()));
    assert_eq!((code, err.as_str()), (Some(0), ""), "{line:?}: {out}");
    out
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn texts(value: &Value) -> Vec<&str> {
    let list = value.as_array().unwrap_or_else(|| panic!("expected a list, came {value}"));
    list.iter().map(|line| line.as_str().unwrap()).collect()
}

/// `ps --json` without what is another in each run.
fn ps(text: &str) -> Value {
    let mut ps = parsed(&at_the_root(text));
    for way in UNSTABLE {
        let value = ps.pointer_mut(way).unwrap_or_else(|| panic!("no {way} in {text}"));
        *value = json!("another in each run");
    }
    ps
}

/// JSON that is read and compared line by line: each part has one, and each row of a list.
fn laid_out(ps: &Value) -> String {
    let part = |(key, part): (&String, &Value)| {
        let rows = part.as_array().filter(|rows| !rows.is_empty());
        let Some(rows) = rows else { return format!("\"{key}\": {part}") };
        let row = |row: &Value| if key == "loops" { laid_out(row) } else { format!("  {row}") };
        format!("\"{key}\": [\n{}\n]", rows.iter().map(row).collect::<Vec<_>>().join(",\n"))
    };
    let parts: Vec<_> = ps.as_object().unwrap().iter().map(part).collect();
    format!("{{\n{}\n}}", parts.join(",\n"))
}

/// The terminal's `tree` without the age of the look.
fn tree(text: &str) -> String {
    let text = at_the_root(text);
    let (heading, rows) = text.split_once('\n').unwrap();
    let (before, rest) = heading.split_once(" on ").unwrap();
    let (_thread, rest) = rest.split_once(", made at ").unwrap();
    let (made, age) = rest.split_once(", ").unwrap();
    let after = age.split_once(" ago").unwrap().1;
    format!("{before} on THREAD, made at {made}, AGE ago{after}\n{rows}")
}

/// Why a task ran, without how long ago that was.
fn without_age(line: &str) -> String {
    let Some((before, rest)) = line.split_once(" (") else { return line.to_owned() };
    let (age, after) = rest.split_once(')').unwrap();
    assert!(age.ends_with(" ago, ran 0 ns"), "by a clock that stands still: {line}");
    format!("{before}{after}")
}

#[test]
fn twenty_tasks_are_told_alike_in_every_run_and_each_waits_for_what_comes_from_outside() {
    let TwentyTasks { event_loop, .. } = &twenty_tasks();
    let watch = event_loop.watch();
    let number = watch.name().number;
    let asked = watch.ask();
    settle(event_loop);
    assert!(asked.wait(program::LONG).is_some_and(|seen| seen.fresh));
    // Who comes now finds a loop that turns no more: nothing changes under the looks.
    let folder = env::temp_dir().join(format!("glassloop-twenty-{}", std::process::id()));
    let inspector = Builder::new().folder(&folder).start().unwrap();
    let said = |line: &[&str]| said(inspector.url(), number, line);

    let ps = ps(&said(&["ps", "--json"]));
    let tasks = ps["loops"][0]["tasks"].as_array().unwrap();
    assert_eq!(tasks.len(), 20);
    let golden = laid_out(&ps) + "\n";
    assert_eq!(parsed(&golden), ps, "nothing is left out");
    is_golden("twenty_tasks_ps.json", &golden);
    is_golden("twenty_tasks_tree.txt", &tree(&said(&["tree"])));

    let mut told = String::new();
    for task in tasks {
        let (id, name) = (task["id"].as_str().unwrap(), task["name"].as_str().unwrap());
        let why = parsed(&at_the_root(&said(&["why", id, "--json"])));
        writeln!(told, "task {id} `{name}`").unwrap();
        for line in [texts(&why["ran"]), texts(&why["waits"])].concat() {
            writeln!(told, "  {}", without_age(line)).unwrap();
        }
        let lines = why["chain"]["lines"].as_array().unwrap();
        let ends: Vec<_> = lines.iter().map(|line| line["end"].as_str().unwrap()).collect();
        // Who waits for several things has a line for each below.
        let is_known = |end: &&str| ["source", "timer", "thread", "several"].contains(end);
        assert!(ends.iter().all(is_known), "{name}: {why:#}");
        assert!(ends.last().is_some_and(|end| *end != "several"), "{name}: {why:#}");
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/why.txt");
    let golden = fs::read_to_string(path).unwrap().replace("\r\n", "\n");
    assert_eq!(told, golden, "what the server says isn't what the library says");

    inspector.stop();
    fs::remove_dir(folder).unwrap();
}
