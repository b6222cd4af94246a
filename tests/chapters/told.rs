//! What a chapter tells: on standard output as a program, and as the story of its loop.

use std::process::Command;

use glassloop::EventLoop;
use glassloop_inspector::{History, Names, Story};

use crate::{examples, golden::is_golden};

/// The lines that a chapter prints when it is run so.
#[track_caller]
pub(crate) fn printed(chapter: &str, how: &[&str]) -> Vec<String> {
    let ran = Command::new(examples::built(chapter)).args(how).output().unwrap();
    assert!(ran.status.success(), "{chapter} {how:?}: {ran:?}");
    String::from_utf8(ran.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Both the loop of the chapter and glassloop print these lines.
#[track_caller]
pub(crate) fn both_print(chapter: &str, lines: &[&str]) {
    assert_eq!(printed(chapter, &["mine"]), lines, "the loop of {chapter}");
    assert_eq!(printed(chapter, &[]), lines, "glassloop in {chapter}");
}

/// A loop that makes no system call, whose clock jumps, and which remembers what it does.
pub(crate) fn recorded_loop() -> EventLoop {
    let event_loop = EventLoop::test();
    event_loop.record(true);
    event_loop
}

/// The story of a loop, which is the golden one of that chapter.
#[track_caller]
pub(crate) fn golden_story(chapter: &str, event_loop: &EventLoop) -> String {
    golden_story_with(chapter, event_loop, Names::default())
}

/// As `golden_story`; what is gone by now, `names` knows from before.
#[track_caller]
pub(crate) fn golden_story_with(chapter: &str, event_loop: &EventLoop, names: Names) -> String {
    let story = story(event_loop, names);
    is_golden(&format!("tests/golden/{}.txt", &chapter[..4]), &story);
    story
}

/// The story of a loop; what is gone by now, `names` knows from before.
pub(crate) fn story(event_loop: &EventLoop, mut names: Names) -> String {
    names.add(&event_loop.snapshot());
    let story = Story::tell(&History::read(&event_loop.watch(), 0), &names).to_string();
    // The chapter is a module of this test, so its places have the way to it in front.
    story.replace("tests/chapters/../../", "")
}

/// How often a story says something.
pub(crate) fn count(story: &str, words: &str) -> usize {
    story.matches(words).count()
}
