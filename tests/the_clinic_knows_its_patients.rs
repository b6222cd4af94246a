//! Each patient of `examples/clinic/` has the fault that it is said to have: a wrong answer is told
//! how that would look, and after the right one the loop itself names it.
#![cfg(test)]
#![cfg(all(feature = "observe", feature = "ws", not(miri)))]

#[path = "common/examples.rs"]
mod examples;

use std::{
    env, fs,
    io::Write,
    path::PathBuf,
    process::{self, Command, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

/// A folder that is removed with this.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Relaxed);
        let path = env::temp_dir().join(format!("glassloop-clinic-{}-{number}", process::id()));
        fs::create_dir(&path).unwrap();
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

/// Runs a patient, and says these things, a line each.
fn clinic(arguments: &[&str], answers: &str) -> Output {
    let folder = Folder::new();
    let mut program = Command::new(examples::built("clinic"));
    program.args(arguments).env("XDG_RUNTIME_DIR", &folder.0).env("TMPDIR", &folder.0);
    program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut program = program.spawn().unwrap();
    // Whoever has nothing to ask doesn't listen.
    program.stdin.take().unwrap().write_all(answers.as_bytes()).ok();
    program.wait_with_output().unwrap()
}

/// A patient is asked about with a wrong letter, a word that is none, and the right letter.
#[track_caller]
fn is_diagnosed(number: &str, wrong: char, right: char, fault: &str, says: &[&str]) {
    let ended = clinic(&[number], &format!("{wrong}\nperhaps\n{right}\n"));
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success(), "{ended:?}");
    let steps = [
        "Which fault is it?",
        "No: then ",
        "expected a letter from a to h, or `?`; came `perhaps`",
        "Right, after ",
        &format!(" s and 1 wrong answer(s). It is {fault}"),
        "What shows it: ",
        if matches!(number, "1" | "7") { "What the loop's state says" } else { "What a lint says" },
    ];
    let said = said.replace("\n    ", " "); // its paragraphs are broken where they are full
    let mut rest = &*said;
    for step in
        steps.iter().chain(says).chain(&["What mends it: ", "Its program: examples/clinic/"])
    {
        let found = rest.split_once(step);
        rest = found.unwrap_or_else(|| panic!("expected `{step}` next in\n{said}")).1;
    }
}

#[test]
fn the_hotel_leaks() {
    let says = ["`guest`, waiting, 1 polls", "patients/guests.rs:", "more"];
    is_diagnosed("1", 'h', 'g', "a leak", &says);
}

#[test]
fn the_office_has_a_blocking_call() {
    is_diagnosed("2", 'e', 'a', "a blocking call", &["slow-poll: task #1.1 `printer`"]);
}

#[test]
fn the_counter_has_a_deadlock() {
    let says =
        ["suspected-deadlock: task #0.0 `Ada` waits for task #1.1 `Ben`, and so on in a circle"];
    is_diagnosed("3", 'b', 'd', "a deadlock", &says);
}

#[test]
fn the_mail_room_has_a_queue_without_a_bound() {
    is_diagnosed("4", 'e', 'h', "a queue that grows", &["unbounded-growth: queue `"]);
}

#[test]
fn the_night_watch_has_a_storm_of_wakes() {
    is_diagnosed("5", 'a', 'c', "a storm of wakes", &["self-wake-storm: task #0.0 `watchman`"]);
}

#[test]
fn the_post_office_loses_a_wake() {
    is_diagnosed("6", 'f', 'b', "a lost wake", &["lost-wake: task #0.0 `Ada`"]);
}

#[test]
fn the_courier_misses_a_would_block() {
    let says =
        ["tcp 1 ", "is readable, writable, and 0 wait for it", "task #1.1 `courier`, waiting"];
    is_diagnosed("7", 'b', 'f', "a source that wasn't read", &says);
}

#[test]
fn the_ward_starves_its_nurse() {
    is_diagnosed("8", 'a', 'e', "starvation", &["starvation: task #0.0 `nurse`"]);
}

#[test]
fn who_gives_up_is_told_all_the_same() {
    for answers in ["?\n", ""] {
        let ended = clinic(&["6"], answers);
        let said = String::from_utf8_lossy(&ended.stdout);
        assert!(
            ended.status.success() && said.contains("You gave up. It is a lost wake"),
            "{ended:?}"
        );
    }
}

#[test]
fn without_a_number_the_patients_are_listed_and_a_wrong_one_is_told() {
    let listed = String::from_utf8(clinic(&[], "").stdout).unwrap();
    assert_eq!(listed.lines().count(), 9, "{listed}");
    assert!(listed.contains("  3  the counter "), "{listed}");
    for wrong in ["0", "9", "x"] {
        let ended = clinic(&[wrong], "");
        let said = String::from_utf8(ended.stderr).unwrap();
        assert!(said.contains("expected a number from 1 to 8, came"), "{said}");
    }
}
