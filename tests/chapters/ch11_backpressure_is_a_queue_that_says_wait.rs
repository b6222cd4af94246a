//! Chapter 11: a full queue says wait.

#[path = "../../examples/ch11_backpressure_is_a_queue_that_says_wait.rs"]
#[allow(dead_code)]
mod chapter;

use std::rc::Rc;

use glassloop_inspector::Names;

use crate::told::{count, golden_story, printed, recorded_loop, story};

const NAME: &str = "ch11_backpressure_is_a_queue_that_says_wait";

#[test]
fn ten_loaves_are_sold_in_order_and_three_are_the_most_that_lie_there() {
    let mut lines: Vec<_> = (1..=10).map(|loaf| format!("loaf {loaf} is sold")).collect();
    lines.insert(6, "the baker goes home".to_owned());
    lines.push("never more than 3 on the shelf".to_owned());
    lines.push("the baker found it full 7 times".to_owned());
    assert_eq!(printed(NAME, &[]), lines);
}

#[test]
fn the_baker_is_woken_once_for_each_loaf_that_found_no_room() {
    let event_loop = recorded_loop();
    let shelf = Rc::new(chapter::Shelf::new(3));
    event_loop.block_on(chapter::program(Rc::clone(&shelf))).unwrap();
    let story = golden_story(NAME, &event_loop);
    assert_eq!((shelf.deepest.get(), shelf.full.get()), (3, 7));
    assert_eq!(count(&story, "woke task #1.1 `baker`"), 7);
    assert_eq!(count(&story, "waited 20.000 ms"), 10);
}

#[test]
fn a_longer_shelf_sells_no_loaf_earlier_and_lets_the_baker_go_earlier() {
    let sold = [1, 3, 6, 10].map(|most| {
        let event_loop = recorded_loop();
        let shelf = Rc::new(chapter::Shelf::new(most));
        event_loop.block_on(chapter::program(Rc::clone(&shelf))).unwrap();
        let story = story(&event_loop, Names::default());
        let until_home = story.split("`baker` ran 0 ns, woke task #0.0 `main`, and fin").next();
        let baked = 20 * count(until_home.unwrap(), "waited 20.000 ms");
        let sold = event_loop.snapshot().now_ns / 1_000_000;
        (sold, baked, shelf.deepest.get(), shelf.full.get())
    });
    assert_eq!(sold, [(200, 160, 1, 9), (200, 120, 3, 7), (200, 60, 6, 4), (200, 0, 10, 0)]);
}
