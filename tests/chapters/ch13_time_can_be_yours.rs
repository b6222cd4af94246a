//! Chapter 13: an evening that takes no time, in each of the orders that nobody has excluded.

#[path = "../../examples/ch13_time_can_be_yours.rs"]
#[allow(dead_code)]
mod chapter;

use glassloop::EventLoop;

use crate::told::{count, golden_story, printed, recorded_loop};

const NAME: &str = "ch13_time_can_be_yours";

#[test]
fn an_evening_of_six_hours_is_over_at_once() {
    let lines =
        ["Ada says pizza", "Ben says soup", "after 6 h nobody waits any more", "they eat pizza"];
    assert_eq!(printed(NAME, &[]), lines);
    let event_loop = recorded_loop();
    assert_eq!(chapter::program(&event_loop).unwrap(), lines);
    let story = golden_story(NAME, &event_loop);
    assert_eq!(count(&story, "waited 3.000 h"), 2, "until the answers, and until six");
}

#[test]
fn a_third_of_a_thousand_seeds_eat_soup_and_none_rice() {
    let mut soup = 0;
    for seed in 0..1_000 {
        let evening = chapter::program(&EventLoop::test().seed(seed)).unwrap();
        match evening.last().unwrap().as_str() {
            "they eat soup" => soup += 1,
            "they eat pizza" => {}
            other => panic!("seed {seed}: {other}"),
        }
    }
    assert_eq!(soup, SOUP, "the same seeds, the same evenings");
}

/// As the page of the chapter says.
const SOUP: u32 = 343;

#[test]
fn the_evening_that_was_kept_is_the_same_to_its_end() {
    let lines = printed(NAME, &["seeds"]);
    let soup: Vec<_> = lines.iter().filter(|line| *line == "they eat soup").collect();
    assert_eq!(soup.len(), 2, "played once more, and from what was kept: {lines:?}");
    assert_eq!(lines.last().unwrap(), "each event was the same: true");
}
