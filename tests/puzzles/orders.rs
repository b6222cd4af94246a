//! On glassloop: each puzzle under each policy.

use std::{cell::Cell, rc::Rc, sync::mpsc, thread};

use glassloop::{Event, EventLoop, Happening, RunPolicy};

use crate::puzzles::{ALL, Kind, POLICIES, Puzzle, Theirs, twin};

const BATCH: usize = 1;

#[test]
fn each_puzzle_has_its_order_under_each_policy() {
    for puzzle in ALL {
        for (at, (name, policy)) in POLICIES.into_iter().enumerate() {
            for recorded in [false, true] {
                let order = (puzzle.run)(policy, recorded);
                let number = puzzle.number();
                assert_eq!(order, puzzle.order(at), "{number} under {name}, {recorded}");
            }
        }
    }
}

fn chain(left: u32) {
    match left {
        0 => twin::say("last"),
        _ => twin::queue_microtask(move || chain(left - 1)),
    }
}

/// What puzzle 9 says of its chain, without being able to show it.
#[test]
fn twenty_thousand_microtasks_come_before_a_timeout_and_no_more() {
    let (_, batch) = POLICIES[BATCH];
    let exactly = || {
        twin::call_later(0, || twin::say("timeout"));
        chain(20_000);
    };
    assert_eq!(twin::order(exactly, batch, false), "last timeout");
    let one_more = || {
        twin::call_later(0, || twin::say("timeout"));
        chain(20_001);
    };
    assert_eq!(twin::order(one_more, batch, false), "timeout last");
}

#[test]
fn the_policies_differ_somewhere() {
    let seen = |at: usize| ALL.map(|puzzle| puzzle.order(at));
    let mut all: Vec<_> = (0..POLICIES.len()).map(seen).collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 4, "all but `One` and `Batch` can be told apart");
    assert!(matches!(POLICIES[BATCH], ("batch", glassloop::RunPolicy::Batch)));
}

/// Whom a twin is like: Node, or the browser where Node can't run it.
fn model(puzzle: &Puzzle) -> &Theirs {
    match &puzzle.node {
        Theirs::No(_) => &puzzle.browser,
        node => node,
    }
}

#[test]
fn twins_are_alike_and_contrasts_are_not() {
    for puzzle in ALL {
        let order = puzzle.order(BATCH);
        let alike = says_only(model(puzzle), order);
        assert_eq!(alike, puzzle.kind == Kind::Twin, "{}", puzzle.number());
        let possible = !puzzle.node.orders().is_empty() || !puzzle.browser.orders().is_empty();
        assert!(possible, "{} is a twin of nothing", puzzle.number());
    }
    let twins = ALL.iter().filter(|puzzle| puzzle.kind == Kind::Twin);
    let twins: Vec<_> = twins.map(|puzzle| puzzle.number()).collect();
    assert_eq!(twins, ["1", "3", "6", "8", "10", "10c", "15"]);
}

/// Whether they print this and nothing else, but for words that they don't know.
fn says_only(theirs: &Theirs, order: &str) -> bool {
    let &[only] = theirs.orders() else { return false };
    let knows = |word: &&str| only.split(' ').any(|known| known == *word);
    order.split(' ').filter(knows).eq(only.split(' '))
}

#[test]
fn alike_is_the_same_but_for_words_that_they_do_not_know() {
    assert!(says_only(&Theirs::Orders(&["a b"]), "a b"));
    assert!(says_only(&Theirs::Orders(&["a c"]), "a b c"));
    assert!(!says_only(&Theirs::Orders(&["c a"]), "a b c"));
    assert!(!says_only(&Theirs::Orders(&["a b c"]), "a b"));
    assert!(!says_only(&Theirs::Orders(&["a b", "b a"]), "a b"), "one of two is not the same");
    assert!(!says_only(&Theirs::No("nothing"), "a b"));
}

/// What puzzle 16 says of other loops: busy ones don't look at their timers in every turn.
#[test]
fn with_the_default_limits_links_come_before_a_timeout_that_is_due() {
    let event_loop = EventLoop::test();
    event_loop.set_policy(RunPolicy::One);
    let due_after = Rc::new(Cell::new(None));
    let due = Rc::clone(&due_after);
    let script = move || {
        let links = Rc::new(Cell::new(0));
        let seen = Rc::clone(&links);
        twin::call_later(0, move || due.set(Some(seen.get())));
        twin::call_soon(move || link(links));
    };
    event_loop.call_soon(script).unwrap();
    event_loop.run().unwrap();
    // The script and 255 links ran unasked; the next one was in the queue before the timeout.
    assert_eq!(event_loop.limits().items_per_poll_max, 256);
    assert_eq!(due_after.get(), Some(256));
}

fn link(count: Rc<Cell<usize>>) {
    count.set(count.get() + 1);
    if count.get() < 1_000 {
        twin::call_soon(move || link(count));
    }
}

/// As the inspector does: it has each loop recorded that is built.
#[test]
fn who_watches_sees_the_loop_of_a_puzzle_in_the_file_of_the_puzzle() {
    let (sender, built) = mpsc::channel();
    let me = thread::current().id();
    let kept = glassloop::on_new_loop(move |event_loop| {
        if thread::current().id() == me {
            event_loop.record(true);
            sender.send(event_loop.watch()).unwrap();
        }
    });
    for puzzle in ALL {
        let (_, batch) = POLICIES[BATCH];
        assert_eq!((puzzle.run)(batch, false), puzzle.order(BATCH));
        let watch = built.try_recv().unwrap();
        let (number, made) = (puzzle.number(), watch.name().made.to_string());
        let file = format!("examples/puzzle/puzzles/{}.rs:", puzzle.file);
        assert!(made.contains(&file), "{number} was made at {made}");
        let events = watch.events(0).events;
        let ran = |event: &&Event| matches!(event.what, Happening::Ran(..));
        assert!(events.iter().any(|event| ran(&event)), "{number} was not recorded to its end");
    }
    drop(kept);
}
