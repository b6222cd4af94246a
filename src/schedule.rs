//! A seed for the order of what no promise orders.
//!
//! It promises that one seed gives one run, if nothing comes from outside, and that a seed breaks
//! no promise: what is first-in first-out stays so, and nothing is lost or put off for ever. The
//! dice are the reactor's; this file says where else they fall.

use std::thread::{self, Thread};

use glassloop_executor::Left;
use glassloop_reactor::Dice;

use crate::{EventLoop, RunError, core::Core, turn::Bounds};

impl EventLoop {
    /// Has a seed decide, from the first turn on, whatever no promise decides:
    ///
    /// - in which order the events of one wait are told, and which of them only in the next turn;
    /// - in which order calls and wakes of several threads are taken, and which of them only in the
    ///   next turn. Those of one thread stay in order;
    /// - where a run phase ends. What is left comes first in the next turn, as when its
    ///   [time](crate::Limits::run_us_max) is over, and between the two comes what has become
    ///   ready;
    /// - the delays of a [`Reconnect`](crate::ws::Reconnect) without a seed of its own.
    ///
    /// Time stays exact, and the ready queue first-in first-out: those are promises. So a program
    /// that keeps to what is promised ends alike under every seed, and one that relied on luck
    /// shows it under some:
    ///
    /// ```
    /// use std::{sync::mpsc, thread};
    /// use glassloop::EventLoop;
    ///
    /// // Two threads leave a call each; whose comes first?
    /// let first = |seed| {
    ///     let event_loop = EventLoop::test().seed(seed);
    ///     let (says, said) = mpsc::channel();
    ///     for name in ["log in", "log out"] {
    ///         let (remote, says) = (event_loop.remote(), says.clone());
    ///         let leaves = move || remote.defer(move || says.send(name).unwrap()).unwrap();
    ///         thread::spawn(leaves).join().unwrap();
    ///     }
    ///     event_loop.run().unwrap();
    ///     said.recv().unwrap()
    /// };
    /// assert!((0..100).any(|seed| first(seed) == "log out"));
    /// assert_eq!(first(7), first(7));
    /// ```
    ///
    /// The guide `docs/replay.md` has one of sockets.
    ///
    /// When a test fails under a seed, that is said on the standard error stream: by a run that
    /// ends with [`RunError::Failed`], [`RunError::Deadlock`] or [`RunError::Found`], and by a loop
    /// that is dropped while its thread panics. The seed in the program, the run is the same again.
    ///
    /// What other threads do remains theirs: a run is the same if what they leave is. And what the
    /// program draws by itself remains its own: `futures::select!` where several are ready (not
    /// `select_biased!`), the order of a `HashMap`.
    ///
    /// # Panics
    /// If the loop has made a turn, given out a [`Remote`](crate::Remote), or has a seed: it is
    /// meant for a new one.
    pub fn seed(self, seed: u64) -> EventLoop {
        self.expect_new("seed");
        if let Some(dice) = self.core.reactor.dice() {
            let had = dice.seed();
            panic!("seed: expected a loop without a seed, came one that has {had}, and {seed}");
        }
        self.core.executor.note_senders();
        self.core.set_seed(seed);
        self
    }

    /// Panics unless no turn was made and nobody else can reach the loop.
    pub(crate) fn expect_new(&self, who: &str) {
        let core = &self.core;
        let is_new = core.turns.get() == 0
            && core.remotes() == 0
            && !core.executor.has_left()
            && core.reactor.next_deadline().is_none();
        assert!(
            is_new,
            "{who}: expected a loop that is new, came one that has made a turn, has a timer or a \
             call, or whose remotes are about already"
        );
    }
}

impl Bounds {
    /// Under a seed the phase may end anywhere, and the system is asked before each turn.
    pub(crate) fn cut(&mut self, core: &Core) {
        let Some(dice) = core.reactor.dice() else { return };
        self.unasked = 0;
        self.allowance.items = self.allowance.items.min(dice.cut(core.executor.ready_len()));
        self.left = self.allowance.items;
    }
}

impl Core {
    /// Has this seed decide.
    pub(crate) fn set_seed(&self, seed: u64) {
        self.reactor.seed(seed).unwrap_or_else(|_| unreachable!("who sets a seed looks for one"));
        // Of their own: how often they fall depends on when other threads come.
        self.deferred_dice.get_or_init(|| Dice::new(!seed));
    }

    /// Takes what other threads left, telling each; under a seed in an order that dice say, and
    /// perhaps not all of it. Whether more may be there.
    #[inline]
    pub(crate) fn take_left(&self, told: impl FnMut(&Left, Option<&Thread>)) -> bool {
        match self.deferred_dice.get() {
            None => self.executor.take_deferred(told),
            Some(dice) => {
                let most = dice.cut(self.executor.gather_left());
                self.executor.take_mixed(most, |count| dice.below(count), told)
            }
        }
    }

    /// A run has ended: if it failed, and a seed decided how it went, that is said.
    pub(crate) fn tell_seed_after(&self, ended: &Result<(), RunError>) {
        use RunError::{Deadlock, Failed, Found};
        if matches!(ended, Err(Deadlock(_) | Failed(_) | Found(_))) {
            self.tell_seed("this run failed");
        }
    }

    /// The loop is being dropped, perhaps by a panic.
    pub(crate) fn tell_seed_if_panicking(&self) {
        if thread::panicking() {
            self.tell_seed("its thread panics");
        }
    }

    #[expect(clippy::print_stderr, reason = "whose test fails has no logger, as a rule")]
    fn tell_seed(&self, what: &str) {
        if let Some(dice) = self.reactor.dice() {
            eprintln!("the loop made at {} has seed {}, and {what}", self.made, dice.seed());
        }
    }
}

/// The programs of the guide are tested as they stand there.
#[cfg(doctest)]
#[doc = include_str!("../docs/replay.md")]
mod guide {}
