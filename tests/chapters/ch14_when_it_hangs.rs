//! Chapter 14: a loop that hangs, and somebody who reads what it has written down.

#[path = "../../examples/ch14_when_it_hangs.rs"]
#[allow(dead_code)]
mod chapter;

use std::fs;

use crate::told::{count, golden_story, printed, recorded_loop};

const NAME: &str = "ch14_when_it_hangs";

/// The line of the program on which this stands.
fn line_of(code: &str) -> usize {
    let source = fs::read_to_string(format!("examples/{NAME}.rs")).unwrap();
    let lines: Vec<_> = (1..).zip(source.lines()).filter(|line| line.1.contains(code)).collect();
    let [(line, _)] = lines[..] else { panic!("expected one line with {code}, came {lines:?}") };
    line
}

#[test]
fn the_doctor_reads_what_holds_the_loop_while_it_hangs() {
    let spawned =
        line_of("on.block_on(on.spawn(printer).named(\"printer\"))?.expect(\"printed\");");
    let slept = line_of("sleep(Duration::from_millis(250)).await; // the clock ticks");
    let which =
        format!("doctor: which was spawned at line {spawned}, and waited last at line {slept}");
    let lines = [
        "clock: tick",
        "printer: calls the driver",
        "doctor: it runs task #1.1, in phase `run`",
        &which,
        "printer: printed",
    ];
    assert_eq!(printed(NAME, &[]), lines);
}

#[test]
fn to_the_loop_itself_nothing_has_happened() {
    let event_loop = recorded_loop();
    chapter::program(&event_loop).unwrap();
    let story = golden_story(NAME, &event_loop);
    assert_eq!(count(&story, "`printer` ran 0 ns"), 2, "its beginning, and its sleep's end");
}
