//! The chapters of the book keep their word: each prints what it says, its story is the golden one,
//! and its question has the answer that the book gives.
//!
//! `tests/golden/chNN.txt` are the stories, by a clock that jumps; `GLASSLOOP_BLESS=1` rewrites
//! them. What the terminal says of each chapter's broken variant is tested beside the terminal:
//! `inspector/tests/the_terminal_names_the_fault_of_each_chapter.rs`.
#![cfg(test)]
#![cfg(all(feature = "observe", feature = "ws", not(miri)))]

#[path = "../common/examples.rs"]
mod examples;

#[path = "../common/golden.rs"]
mod golden;

mod told;

mod ch01_a_loop_is_a_while;
mod ch02_later_is_a_heap;
mod ch03_a_future_is_a_value_you_ask_again;
mod ch04_a_waker_is_a_note;
mod ch05_the_kernel_can_wake_you;
mod ch06_async_fn_is_a_state_machine;
mod ch07_spawning_is_a_name_in_a_slab;
mod ch08_order_is_a_policy;
mod ch09_another_thread_leaves_a_letter;
mod ch10_cancelling_is_dropping;
mod ch11_backpressure_is_a_queue_that_says_wait;
mod ch12_a_websocket_on_a_loop;
mod ch13_time_can_be_yours;
mod ch14_when_it_hangs;

use std::{fs, path::Path};

const LINES_MAX: usize = 150;

#[test]
fn each_chapter_is_short_is_tested_here_and_has_its_parts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut chapters: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| name.starts_with("ch") && name[2..4].parse::<u8>().is_ok())
        .collect();
    chapters.sort();
    for (number, name) in (1..).zip(&chapters) {
        assert!(name.starts_with(&format!("ch{number:02}_")), "{name} is number {number}");
        let source = fs::read_to_string(folder.join(name).with_extension("rs")).unwrap();
        let lines = source.lines().count();
        assert!(lines <= LINES_MAX, "{name} has {lines} lines, and {LINES_MAX} is the most");
        let first = source.lines().next().unwrap();
        assert!(first.starts_with(&format!("//! # {number}. ")), "{name} begins with {first}");
        for part in ["//! ## Break it", &format!("--example {name} -- broken"), "//! ## A question"]
        {
            assert!(source.contains(part), "{name} has no `{part}`");
        }
        assert!(include_str!("main.rs").contains(&format!("mod {name};")), "{name} is untested");
    }
    assert_eq!(chapters.len(), 14, "{chapters:?}");
}
