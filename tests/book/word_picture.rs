//! The picture of the wake word: each arrow was seen on a notifier.

use std::sync::Arc;

use glassloop_reactor::{Notifier, Parker, Unblock};

use crate::{
    PAGES,
    golden::is_golden,
    svg::{Picture, Way},
};

type Act = fn(&Notifier);

/// What may be done to the word, by the names of the methods.
const ACTS: [(&str, Act); 6] = [
    ("notify", Notifier::notify),
    ("arm_wait", |word| _ = word.arm_wait()),
    ("after_wait", Notifier::after_wait),
    ("disarm", |word| _ = word.disarm()),
    ("park", |word| _ = word.park()),
    ("unpark_by_host", Notifier::unpark_by_host),
];

/// Each state, how it is reached from a new notifier, and where it stands in the picture.
const STATES: [(&str, &[usize], (i32, i32)); 4] = [
    ("RUNNING", &[], (400, 60)),
    ("WAITING", &[1], (110, 170)),
    ("PARKED", &[4], (690, 170)),
    ("NOTIFIED", &[0], (400, 270)),
];

/// An arrow: from, to, by which method, what that calls, and its way.
const ARROWS: [(&str, &str, &str, &str, Way); 8] = [
    ("NOTIFIED", "RUNNING", "disarm", "", Way { path: "M400 250V82", words_at: (430, 170) }),
    (
        "PARKED",
        "NOTIFIED",
        "notify",
        "on_wake",
        Way { path: "M660 190Q590 262 460 270", words_at: (640, 252) },
    ),
    (
        "PARKED",
        "RUNNING",
        "unpark_by_host",
        "",
        Way { path: "M634 160Q540 140 440 80", words_at: (506, 158) },
    ),
    (
        "RUNNING",
        "NOTIFIED",
        "notify",
        "",
        Way { path: "M370 80Q340 165 370 248", words_at: (322, 170) },
    ),
    ("RUNNING", "PARKED", "park", "", Way { path: "M458 60Q600 70 670 148", words_at: (610, 80) }),
    (
        "RUNNING",
        "WAITING",
        "arm_wait",
        "",
        Way { path: "M342 60Q200 70 130 148", words_at: (190, 80) },
    ),
    (
        "WAITING",
        "NOTIFIED",
        "notify",
        "the OS",
        Way { path: "M140 190Q210 262 340 270", words_at: (160, 252) },
    ),
    (
        "WAITING",
        "RUNNING",
        "after_wait",
        "",
        Way { path: "M166 160Q260 140 360 80", words_at: (290, 158) },
    ),
];

#[test]
fn the_wake_word_goes_the_ways_that_its_picture_shows_and_no_others() {
    let drawn = ARROWS.map(|(from, to, act, calls, _)| (from, to, act, calls));
    assert_eq!(seen(), drawn);
    is_golden(&format!("{PAGES}/word.svg"), &picture());
}

/// What each act makes of each state, where it makes anything of it.
fn seen() -> Vec<(&'static str, &'static str, &'static str, &'static str)> {
    let mut seen = vec![];
    for (from, way, _) in STATES {
        for (name, act) in ACTS {
            let word = Notifier::new(Unblock::Parker(Arc::new(Parker::new())));
            way.iter().for_each(|act| ACTS[*act].1(&word));
            assert_eq!(state(&word), from);
            let before = (word.wake_calls(), word.host_wakes());
            act(&word);
            let to = state(&word);
            let calls = match (word.wake_calls() - before.0, word.host_wakes() - before.1) {
                (0, 0) => "",
                (1, 0) => "the OS",
                (0, 1) => "on_wake",
                more => panic!("{name} in {from} called {more:?}"),
            };
            if from == to {
                assert_eq!(calls, "", "{name} changes nothing in {from}");
            } else {
                seen.push((from, to, name, calls));
            }
        }
    }
    seen.sort_unstable();
    seen
}

/// What the word says, as its `Debug` has it.
fn state(word: &Notifier) -> &'static str {
    let said = format!("{word:?}");
    let is_said = |(name, ..): &(&str, _, _)| said.contains(&format!("word: {name:?}"));
    STATES.into_iter().find(|state| is_said(state)).expect("one of the four").0
}

fn picture() -> String {
    let told = ARROWS.map(|(from, to, act, calls, _)| match calls {
        "" => format!("{from} to {to} by {act}."),
        calls => format!("{from} to {to} by {act}, which calls {calls}."),
    });
    let mut picture = Picture::new("The four states of the wake word", &told.join(" "), (800, 320));
    for (_, _, act, calls, way) in &ARROWS {
        let calls = format!("calls {calls}");
        let words = [*act, &calls];
        picture.arrow(way, if calls == "calls " { &words[..1] } else { &words });
    }
    for (name, _, at) in STATES {
        picture.state(name, at);
    }
    picture.finish()
}
