//! `Lint`: the patterns that are looked for, each with its name, why it matters, and what explains
//! it.

use std::fmt;

/// A pattern that is almost always a fault.
///
/// ```
/// use glassloop::Lint;
///
/// assert_eq!(Lint::ALL.len(), 17);
/// let lint = Lint::of_name("lost-wake").expect("a lint");
/// assert_eq!((lint, lint.to_string()), (Lint::LostWake, "lost-wake".to_owned()));
/// assert!(lint.chapter().starts_with("examples/ch04"), "{}", lint.why());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Lint {
    /// An item ran for long without giving the loop back.
    SlowPoll,
    /// A turn took long though no item of it did.
    SlowTurn,
    /// A task ran from its birth on, and for very long, without giving the loop back.
    NeverYielded,
    /// Turn after turn nothing comes from outside, nobody ends, and the loop never rests.
    BusyLoop,
    /// A task wakes itself in each of its polls, and does nothing else in them.
    SelfWakeStorm,
    /// A task was woken, and others went on before it for long.
    Starvation,
    /// A task waits whose waker is gone: somebody let go of it without waking.
    LostWake,
    /// A task said that it waits, and left its waker with nobody.
    ForgottenWaker,
    /// A source was given up as not ready that the operating system says is ready.
    StaleReadiness,
    /// A task is woken time and again for nothing.
    SpuriousWakes,
    /// Nothing that the loop knows of can wake its tasks.
    SuspectedDeadlock,
    /// What is to come round after a time comes round later and later.
    TimerDrift,
    /// A queue grows and grows.
    UnboundedGrowth,
    /// A task's future is so large that to move it costs.
    LargeFuture,
    /// A source is registered and has something to read, and nobody ever asked for it.
    InterestWithoutWaiter,
    /// Something was still there when the loop was closed.
    LeakAtClose,
    /// A task failed, and nobody was there to be told.
    DroppedFailure,
}

/// A lint, its name, why it matters, and the chapter that explains it.
type About = (Lint, &'static str, &'static str, &'static str);

impl Lint {
    /// All of them.
    pub const ALL: [Lint; 17] = [
        Lint::SlowPoll,
        Lint::SlowTurn,
        Lint::NeverYielded,
        Lint::BusyLoop,
        Lint::SelfWakeStorm,
        Lint::Starvation,
        Lint::LostWake,
        Lint::ForgottenWaker,
        Lint::StaleReadiness,
        Lint::SpuriousWakes,
        Lint::SuspectedDeadlock,
        Lint::TimerDrift,
        Lint::UnboundedGrowth,
        Lint::LargeFuture,
        Lint::InterestWithoutWaiter,
        Lint::LeakAtClose,
        Lint::DroppedFailure,
    ];

    /// The lint of this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Lint> {
        Lint::ALL.into_iter().find(|lint| lint.name() == name)
    }

    /// Its name: "slow-poll".
    #[must_use]
    pub fn name(self) -> &'static str {
        self.about().1
    }

    /// Why it matters, and what helps.
    #[must_use]
    pub fn why(self) -> &'static str {
        self.about().2
    }

    /// The program of this repository that explains what is behind it.
    #[must_use]
    pub fn chapter(self) -> &'static str {
        self.about().3
    }

    fn about(self) -> &'static About {
        &ABOUT[usize::from(self.number())]
    }

    /// Its place in [`Lint::ALL`].
    pub(crate) fn number(self) -> u8 {
        self as u8
    }

    pub(crate) fn from_number(number: u8) -> Option<Lint> {
        Lint::ALL.get(usize::from(number)).copied()
    }
}

const WHILE: &str = "examples/ch01_a_loop_is_a_while.rs";
const HEAP: &str = "examples/ch02_later_is_a_heap.rs";
const ASK_AGAIN: &str = "examples/ch03_a_future_is_a_value_you_ask_again.rs";
const NOTE: &str = "examples/ch04_a_waker_is_a_note.rs";
const KERNEL: &str = "examples/ch05_the_kernel_can_wake_you.rs";
const STATE_MACHINE: &str = "examples/ch06_async_fn_is_a_state_machine.rs";
const NAME: &str = "examples/ch07_spawning_is_a_name_in_a_slab.rs";
const POLICY: &str = "examples/ch08_order_is_a_policy.rs";
const BACKPRESSURE: &str = "examples/ch11_backpressure_is_a_queue_that_says_wait.rs";

/// In the order of [`Lint::ALL`].
const ABOUT: [About; 17] = [
    (
        Lint::SlowPoll,
        "slow-poll",
        "While one item runs nobody else does. Offload what computes or blocks, or yield \
         between its parts.",
        WHILE,
    ),
    (
        Lint::SlowTurn,
        "slow-turn",
        "Who is not in this turn waits for all of it. Bound what a turn does: \
         `Limits::run_us_max`, fewer idle callbacks, smaller microtasks.",
        POLICY,
    ),
    (
        Lint::NeverYielded,
        "never-yielded",
        "A task that never awaits anything is a blocking call. Offload it.",
        STATE_MACHINE,
    ),
    (
        Lint::BusyLoop,
        "busy-loop",
        "The processor is busy for nothing. Wait for what is to come: a source, a timer, \
         a call.",
        HEAP,
    ),
    (
        Lint::SelfWakeStorm,
        "self-wake-storm",
        "To ask again at once is polling, not waiting. Leave the waker with who knows \
         when there is news.",
        ASK_AGAIN,
    ),
    (
        Lint::Starvation,
        "starvation",
        "More becomes ready than can run. Do less in each item, or take less in: a \
         bounded queue says wait.",
        POLICY,
    ),
    (
        Lint::LostWake,
        "lost-wake",
        "Nobody holds its waker any more, so it waits for ever. Whoever takes a waker \
         wakes it, also when it gives up.",
        NOTE,
    ),
    (
        Lint::ForgottenWaker,
        "forgotten-waker",
        "Who returns `Pending` must have left the waker with somebody; else nobody will \
         ever poll again.",
        NOTE,
    ),
    (
        Lint::StaleReadiness,
        "stale-readiness",
        "The operating system tells of readiness once. Read until it says WouldBlock \
         itself, and never say so in its place.",
        KERNEL,
    ),
    (
        Lint::SpuriousWakes,
        "spurious-wakes",
        "Each wake costs a poll that finds nothing. Wake whom the news is for, and when \
         there is news.",
        NOTE,
    ),
    (
        Lint::SuspectedDeadlock,
        "suspected-deadlock",
        "The tasks wait for each other, or for somebody who holds a waker and may never \
         use it.",
        NAME,
    ),
    (
        Lint::TimerDrift,
        "timer-drift",
        "A sleep counts from when it is asked for, so the work between two is added to \
         each round. `interval` keeps the time.",
        HEAP,
    ),
    (
        Lint::UnboundedGrowth,
        "unbounded-growth",
        "More goes in than comes out: memory and delay grow until something breaks. \
         Bound it, and have who fills it wait.",
        BACKPRESSURE,
    ),
    (
        Lint::LargeFuture,
        "large-future",
        "An async fn holds all that lives across its awaits. Box the big parts, or keep \
         buffers elsewhere.",
        STATE_MACHINE,
    ),
    (
        Lint::InterestWithoutWaiter,
        "interest-without-waiter",
        "What comes for it wakes the loop, and stays unread: its peer is never heard, \
         not even when it goes. Read it, or drop it.",
        KERNEL,
    ),
    (
        Lint::LeakAtClose,
        "leak-at-close",
        "What is still there when all is over was forgotten. Await it, abort it, or \
         drop it before.",
        NAME,
    ),
    (
        Lint::DroppedFailure,
        "dropped-failure",
        "Nobody awaited the task, so nobody was told. Keep its handle, or say \
         `or_report()`.",
        NAME,
    ),
];

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Some of the lints.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LintSet(u32);

impl LintSet {
    pub(crate) fn with(self, lint: Lint) -> LintSet {
        LintSet(self.0 | 1 << lint.number())
    }

    pub(crate) fn has(self, lint: Lint) -> bool {
        self.0 & 1 << lint.number() != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_lint_has_a_name_a_number_and_a_chapter_that_is_there() {
        for (number, lint) in (0..).zip(Lint::ALL) {
            assert_eq!((lint.number(), Lint::from_number(number)), (number, Some(lint)));
            assert_eq!(lint.about().0, lint, "its own row");
            assert_eq!(Lint::of_name(lint.name()), Some(lint));
            assert!(std::path::Path::new(lint.chapter()).exists(), "{}", lint.chapter());
            let others = Lint::ALL.into_iter().filter(|other| *other != lint);
            assert!(others.into_iter().all(|other| other.name() != lint.name()), "{lint}");
        }
        assert_eq!(Lint::from_number(17), None);
    }
}
