//! `glassloop log`: the lines that a program has logged, each with the task that wrote it and the
//! turn; and the same lines, marks and counters among the recorded events.

#![cfg(test)]

#[path = "common/canned.rs"]
mod canned;
#[path = "common/running.rs"]
mod running;

use glassloop::{EventLoop, Logger, counter, mark};
use running::Running;

/// A logger that writes nowhere.
struct Nowhere;

impl log::Log for Nowhere {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, _: &log::Record<'_>) {}

    fn flush(&self) {}
}

#[test]
fn each_line_comes_with_its_task_and_turn() {
    log::set_logger(Box::leak(Box::new(Logger::new(Nowhere)))).unwrap();
    log::set_max_level(log::LevelFilter::Info);
    let running = Running::start(false);
    let said = running.said_well(&["log"]);
    assert!(said.contains("of a program whose logger is in a glassloop::Logger"));

    let event_loop = EventLoop::test();
    event_loop.record(true);
    let program = async {
        glassloop::yield_now().await;
        log::warn!("the disk is full:\n99 %");
        mark("full");
        counter("files", 7);
    };
    event_loop
        .block_on(async { glassloop::spawn(program).named("writer").await })
        .unwrap()
        .unwrap();
    // Its state is left for who looks, in the turn after that is asked for.
    drop(event_loop.watch().ask());
    event_loop.block_on(async {}).unwrap();
    let number = event_loop.watch().name().number.to_string();
    let of_it = |line: &[&str]| {
        let url = running.inspector.url();
        let line = [&["-p", url, "--loop", &number, "--fresh", "0"], line].concat();
        canned::run(&mut canned::terminal(&line)).out
    };
    let said = of_it(&["log"]);
    let line = said.lines().find(|line| line.contains("full")).unwrap();
    let words: Vec<_> = line.split_whitespace().skip(1).collect();
    let expected = "3 WARN task #1.1 `writer` the disk is full: 99 %";
    assert_eq!(words.join(" "), expected, "{said}");
}
