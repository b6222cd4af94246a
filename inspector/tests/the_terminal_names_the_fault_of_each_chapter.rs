//! Each chapter of the book can be broken, and the terminal then names what is wrong with it, in
//! the words in which the chapter says so.

#![cfg(test)]

#[path = "common/canned.rs"]
mod canned;
#[path = "../../tests/common/examples.rs"]
mod examples;

use std::{
    env, fs,
    path::PathBuf,
    process::{self, Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use canned::{run, terminal};

/// Longer than any machine is late.
const PATIENCE: Duration = Duration::from_secs(30);

/// A chapter that was started broken; it is ended with this.
struct Broken {
    program: Child,
    folder: PathBuf,
}

impl Broken {
    fn start(chapter: &str) -> Broken {
        let folder = env::temp_dir().join(format!("glassloop-{chapter}-{}", process::id()));
        fs::create_dir(&folder).unwrap();
        let mut program = Command::new(examples::built(chapter));
        program.arg("broken").env("GLASSLOOP_INSPECT", "1").env("XDG_RUNTIME_DIR", &folder);
        program.env("TMPDIR", &folder).stdout(Stdio::null());
        Broken { program: program.spawn().unwrap(), folder }
    }

    /// Asks until the terminal says all of these words in one answer.
    #[track_caller]
    fn is_told(&self, line: &[&str], words: &[&str]) {
        self.is_told_so(line, &format!("{words:?}"), |said| {
            words.iter().all(|word| said.contains(word))
        });
    }

    /// Asks until what the terminal says is so.
    #[track_caller]
    fn is_told_so(&self, line: &[&str], expected: &str, is_so: impl Fn(&str) -> bool) {
        let id = self.program.id().to_string();
        let mut asked = terminal(&[&["--process", &id], line].concat());
        asked.env("XDG_RUNTIME_DIR", &self.folder).env("TMPDIR", &self.folder);
        let end = Instant::now() + PATIENCE;
        loop {
            let said = run(&mut asked);
            assert_ne!(said.code, Some(2), "{said:?}");
            if is_so(&said.out) {
                return;
            }
            assert!(Instant::now() < end, "expected {expected} of {line:?}, came {said:?}");
            thread::yield_now();
        }
    }
}

impl Drop for Broken {
    fn drop(&mut self) {
        self.program.kill().ok();
        self.program.wait().ok();
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// The line of a chapter on which this stands, as the terminal names it.
#[track_caller]
fn place_of(chapter: &str, code: &str) -> String {
    let place = format!("examples/{chapter}.rs");
    let source = fs::read_to_string(format!("{}/../{place}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let lines: Vec<_> = (1..).zip(source.lines()).filter(|line| line.1.contains(code)).collect();
    assert_eq!(lines.len(), 1, "expected one line with {code}, came {lines:?}");
    format!("{place}:{}\n", lines[0].0)
}

#[test]
fn chapter_1_who_does_not_return_is_named_with_its_line() {
    let broken = Broken::start("ch01_a_loop_is_a_while");
    let place = "asked for at examples/ch01_a_loop_is_a_while.rs:";
    // Why a thread doesn't run is known on Linux alone.
    let why = if cfg!(target_os = "linux") { "sleeping" } else { "" };
    broken.is_told(&["where"], &["callback #0.0", place, "has held the loop for", why]);
}

#[test]
fn chapter_2_a_loop_that_never_sleeps_is_seen_by_its_turns() {
    let broken = Broken::start("ch02_later_is_a_heap");
    // A loop that sleeps between its timers would take a minute for so many turns at best.
    broken.is_told_so(&["ps", "--json"], "10,000 turns, and hardly a rest", |said| {
        let said: serde_json::Value = serde_json::from_str(said).unwrap_or_default();
        let its = &said["loops"][0];
        let busy = its["recorded"]["times"]["utilisation"].as_f64();
        its["turn"].as_u64() >= Some(10_000) && busy.is_some_and(|busy| busy >= 0.99)
    });
    let place = "until the timer of examples/ch02_later_is_a_heap.rs:";
    broken.is_told(&["story", "3"], &[place]);
}

#[test]
fn chapter_3_who_asks_to_be_asked_is_woken_by_itself_alone() {
    let broken = Broken::start("ch03_a_future_is_a_value_you_ask_again");
    broken.is_told(&["wakes", "sitter"], &["(100.0%) by itself"]);
}

#[test]
fn chapter_4_who_left_no_note_waits_and_nobody_holds_its_waker() {
    let broken = Broken::start("ch04_a_waker_is_a_note");
    broken.is_told(&["why", "reader"], &["`reader` waits", "nobody holds a waker of it"]);
}

#[test]
fn chapter_5_what_was_not_read_to_its_end_is_readable_and_nobody_waits_for_it() {
    let broken = Broken::start("ch05_the_kernel_can_wake_you");
    broken.is_told(&["why", "shopper"], &["`shopper` waits", "nobody holds a waker of it"]);
    let left = "readable until a read finds nothing: without a reader, nobody has tried since";
    broken.is_told(&["res"], &["readable, writable", left]);
}

#[test]
fn chapter_6_who_begins_anew_at_each_poll_is_woken_by_one_timer_again_and_again() {
    let broken = Broken::start("ch06_async_fn_is_a_state_machine");
    let timer = "timer of examples/ch06_async_fn_is_a_state_machine.rs:";
    broken.is_told_so(&["wakes", "tea"], "ten wakes or more by one timer", |said| {
        let by = said.lines().filter_map(|line| line.trim_start().split_once("  "));
        let mut counts = by.filter(|(_, who)| who.trim_start().starts_with(timer));
        counts.any(|(count, _)| count.parse().is_ok_and(|count: u64| count >= 10))
    });
}

#[test]
fn chapter_7_tasks_that_never_end_are_seen_by_their_number_at_one_line() {
    let broken = Broken::start("ch07_spawning_is_a_name_in_a_slab");
    let place = ", spawned at examples/ch07_spawning_is_a_name_in_a_slab.rs:";
    broken.is_told_so(&["tree"], "a hundred children or more, spawned at one line", |said| {
        let travellers = said.lines().filter(|line| line.contains("` waiting: sleep, due never"));
        let mut places = travellers.filter_map(|line| line.split_once(place));
        let Some((_, first)) = places.next() else { return false };
        let alike = places.filter(|(task, line)| task.contains("`traveller ") && *line == first);
        alike.count() >= 100
    });
    let place = place_of("ch07_spawning_is_a_name_in_a_slab", "// for a bill");
    broken.is_told_so(&["ps"], &format!("a hundred that wait at {place}"), |said| {
        let waits = |line: &&str| line.contains("sleep, due never") && line.ends_with(&place);
        said.split_inclusive('\n').filter(waits).count() >= 100
    });
}

#[test]
fn chapter_8_a_timer_that_waits_for_an_empty_queue_is_told_how_late_it_was() {
    let broken = Broken::start("ch08_order_is_a_policy");
    let timer = "until the timer of examples/ch08_order_is_a_policy.rs:";
    broken.is_told_so(&["story", "3"], "a timer 400 ms late or more", |said| {
        let late = said.split(timer).skip(1).filter_map(|rest| {
            let (_place, rest) = rest.split_once(" was ")?;
            rest.split_once(" ms late")?.0.parse::<f64>().ok()
        });
        late.into_iter().any(|late_ms| late_ms >= 400.0)
    });
}

#[test]
fn chapter_9_who_waits_for_a_lock_holds_the_loop_and_is_named() {
    let broken = Broken::start("ch09_another_thread_leaves_a_letter");
    let why = if cfg!(target_os = "linux") { "waiting for a lock" } else { "" };
    broken.is_told(&["where"], &["`baker`", "has held the loop for", why]);
}

#[test]
fn chapter_10_who_was_only_given_up_still_waits_at_its_line() {
    let broken = Broken::start("ch10_cancelling_is_dropping");
    let place = place_of("ch10_cancelling_is_dropping", "sleep(soup_takes).await");
    broken.is_told(&["ps"], &["waiting  #1.1  Ada ", "sleep, due in ", " min ", &place]);
}

#[test]
fn chapter_11_a_queue_that_never_says_wait_is_seen_to_be_full() {
    let broken = Broken::start("ch11_backpressure_is_a_queue_that_says_wait");
    let expected = "all but a few of 3000 calls, and no room for more";
    broken.is_told_so(&["res"], expected, |said| {
        let row = said.lines().find_map(|line| line.trim_start().strip_prefix("deferred "));
        let mut row = row.unwrap_or_default().split_whitespace().map(str::parse::<u32>);
        // Each that runs makes room for one, which comes within a millisecond.
        matches!((row.next(), row.next()), (Some(Ok(2_990..)), Some(Ok(3_000))))
    });
}

#[test]
fn chapter_12_two_who_talk_and_do_not_listen_are_seen_at_their_sends() {
    let broken = Broken::start("ch12_a_websocket_on_a_loop");
    let ada = place_of("ch12_a_websocket_on_a_loop", "line.send(vec![");
    let ben = place_of("ch12_a_websocket_on_a_loop", "line.send(message)");
    broken.is_told(&["ps"], &["  Ada ", &ada, "  Ben ", &ben, "write of tcp 1", "write of tcp 2"]);
}

#[test]
fn chapter_13_a_clock_that_stands_is_told_and_can_be_moved_to_the_end() {
    let mut broken = Broken::start("ch13_time_can_be_yours");
    broken.is_told(&["ps"], &["sleep, due in 3.0 h", "timeout, due in 6.0 h"]);
    broken.is_told(&["clock"], &["a manual clock, 0, stands still"]);
    broken.is_told(&["clock", "jump"], &["its clock jumps to the next deadline"]);
    broken.is_told(&["ps"], &["timeout, due in 3.0 h"]);
    broken.is_told(&["clock", "jump"], &["its clock jumps to the next deadline"]);
    assert!(broken.program.wait().unwrap().success(), "the evening is over");
}

#[test]
fn chapter_14_who_blocks_is_read_from_what_the_loop_has_written_down() {
    let broken = Broken::start("ch14_when_it_hangs");
    let place = "last waited at examples/ch14_when_it_hangs.rs:";
    broken.is_told(&["where"], &["`printer`", place, "has held the loop for"]);
}
