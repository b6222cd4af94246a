//! Chapter 7: tasks in a table, by slot and generation, each under who spawned it.

#[path = "../../examples/ch07_spawning_is_a_name_in_a_slab.rs"]
#[allow(dead_code)]
mod chapter;

use std::time::Duration;

use crate::told::{count, golden_story, printed, recorded_loop};

const NAME: &str = "ch07_spawning_is_a_name_in_a_slab";

#[test]
fn cleo_has_the_room_of_ada_under_another_generation() {
    let lines = [
        "Ada is #1.1, Ben is #2.2",
        "Ada pays 50",
        "Cleo is #1.4",
        "  #0.0 main: the first",
        "  #1.4 Cleo: spawned by main",
        "  #2.2 Ben: spawned by main",
        "  #3.3 dog: spawned by Ben",
        "Ben pays 150",
        "  #0.0 main: the first",
        "  #1.4 Cleo: spawned by main",
        "  #3.3 dog: spawned by #2.2, who has left",
        "still there at close: Cleo",
        "still there at close: dog",
    ];
    assert_eq!(printed(NAME, &[]), lines);
}

#[test]
fn five_tasks_are_born_in_four_slots_and_a_sixth_gets_the_slot_that_was_left_last() {
    let event_loop = recorded_loop();
    chapter::program(&event_loop);
    let story = golden_story(NAME, &event_loop);
    assert_eq!(event_loop.snapshot().executor.spawned, 5);
    for slot in ["#0.0", "#1.1", "#1.4", "#2.2", "#3.3"] {
        assert_eq!(count(&story, &format!("spawned task {slot} ")), 1, "{slot}");
    }
    let sixth = event_loop.spawn(async {});
    assert_eq!(sixth.id().to_string(), "#0.5");
    sixth.detach();
}

#[test]
fn who_is_left_at_close_is_told_by_name() {
    let event_loop = recorded_loop();
    chapter::program(&event_loop);
    let left = event_loop.close(Duration::ZERO);
    let names: Vec<_> = left.tasks.iter().map(|task| &*task.name).collect();
    assert_eq!((names, left.tasks_aborted), (vec!["Cleo", "dog"], 2));
}
