//! `Tape`: what keeps a run, or has it run again.
//!
//! It is told of each event and each wait. It runs nothing and waits for nothing; who plays from it
//! is `waiting.rs`, which holds the loop until what a turn took is there, and phase `deferred`.

use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::Weak,
    time::Duration,
};

use glassloop_executor::{Input, PlaceId};

use super::{
    Difference, Recording, Replayed,
    difference::{told, told_here},
    places::Numbers,
    recording::Turn,
};
use crate::{Event, Happening, core::Core, failure::Failure};

/// See the head of this file.
#[derive(Debug)]
pub(crate) enum Tape {
    Keeps(Keeper),
    Replays(Box<Player>),
}

/// What is kept.
#[derive(Debug)]
pub(crate) struct Keeper {
    turns: RefCell<Vec<Turn>>,
    events: RefCell<Vec<Event>>,
    decisions: RefCell<Vec<u64>>,
    /// Of events, of readings, of what else is kept.
    most: usize,
    system_turn: Cell<Option<u64>>,
    /// It is full: nothing more is kept.
    is_cut: Cell<bool>,
}

/// A recording that is run again, and how far that has come.
pub(crate) struct Player {
    recording: Recording,
    numbers: Numbers,
    /// How many turns have begun, how many events have come, how many decisions were asked for.
    turns: Cell<usize>,
    events: Cell<usize>,
    decisions: Cell<usize>,
    /// Events that came behind the last one.
    beyond: Cell<usize>,
    /// How long wakes may still be waited for.
    patience: Cell<Duration>,
    difference: OnceCell<Difference>,
    /// The recording is behind it: what was held back is there for everybody.
    is_free: Cell<bool>,
    core: Weak<Core>,
}

impl Tape {
    pub(super) fn keeps(most: usize) -> Tape {
        Tape::Keeps(Keeper {
            turns: RefCell::default(),
            events: RefCell::default(),
            decisions: RefCell::default(),
            most,
            system_turn: Cell::new(None),
            is_cut: Cell::new(false),
        })
    }

    pub(super) fn replays(recording: Recording, core: Weak<Core>, patience: Duration) -> Tape {
        let numbers = Numbers::of(&recording);
        Tape::Replays(Box::new(Player {
            recording,
            numbers,
            turns: Cell::new(0),
            events: Cell::new(0),
            decisions: Cell::new(0),
            beyond: Cell::new(0),
            patience: Cell::new(patience),
            difference: OnceCell::new(),
            is_free: Cell::new(false),
            core,
        }))
    }

    /// Something happened. What is found or published is none of the program: it depends on who
    /// looks.
    #[cold]
    pub(crate) fn event(&self, event: Event) {
        if matches!(event.what, Happening::Published(_) | Happening::Found(..)) {
            return;
        }
        match self {
            Tape::Keeps(keeper) => keeper.keep(|keeper| keeper.events.borrow_mut().push(event)),
            Tape::Replays(player) => player.compare(event),
        }
    }

    /// A wait is about to begin, with so many readings kept. Whether nothing more is kept from here
    /// on: as much is as may be.
    pub(super) fn fills(&self, readings: usize) -> bool {
        let Tape::Keeps(keeper) = self else { return false };
        let kept = [
            keeper.events.borrow().len(),
            keeper.turns.borrow().len(),
            keeper.decisions.borrow().len(),
            readings,
        ];
        let is_full = kept.into_iter().any(|kept| kept >= keeper.most);
        is_full && !keeper.is_cut.replace(true)
    }

    /// A wait is over that brought so many events of the system.
    #[cold]
    pub(super) fn waited(&self, blocked: bool, events: usize) {
        match self {
            Tape::Keeps(keeper) => keeper.keep(|keeper| {
                let mut turns = keeper.turns.borrow_mut();
                turns.push(Turn { blocked, inputs: Vec::new() });
                if events > 0 && keeper.system_turn.get().is_none() {
                    keeper.system_turn.set(Some(turns.len() as u64));
                }
            }),
            Tape::Replays(player) => player.turns.set(player.turns.get() + 1),
        }
    }

    /// Something that other threads, or the system, decide at this moment: it is `now`, or was.
    pub(super) fn decided(&self, now: u64) -> u64 {
        match self {
            Tape::Keeps(keeper) => {
                keeper.keep(|keeper| keeper.decisions.borrow_mut().push(now));
                now
            }
            Tape::Replays(player) => player.decided().unwrap_or(now),
        }
    }

    /// What other threads left was taken.
    pub(super) fn took(&self, input: impl FnOnce() -> Input) {
        if let Tape::Keeps(keeper) = self {
            keeper.keep(|keeper| {
                if let Some(turn) = keeper.turns.borrow_mut().last_mut() {
                    turn.inputs.push(input());
                }
            });
        }
    }

    /// How long wakes may be waited for.
    pub(super) fn patience(&self) -> Duration {
        self.player().map_or(Duration::ZERO, |player| player.patience.get())
    }

    /// They were, in vain.
    pub(super) fn spend_patience(&self, spent: Duration) {
        if let Some(player) = self.player() {
            player.patience.set(player.patience.get().saturating_sub(spent));
        }
    }

    /// The turn of the recording that comes next, as long as the run goes by it.
    #[cold]
    pub(super) fn next_turn(&self) -> Option<&Turn> {
        self.player()?.turn(0)
    }

    /// The turn under way, if it goes by a recording.
    #[cold]
    pub(super) fn turn(&self) -> Option<&Turn> {
        self.player()?.turn(1)
    }

    pub(super) fn player(&self) -> Option<&Player> {
        if let Tape::Replays(player) = self { Some(player) } else { None }
    }

    /// Whether the recording came to its end just now. Once.
    pub(super) fn ends(&self) -> bool {
        self.player()
            .is_some_and(|player| player.turn(0).is_none() && !player.is_free.replace(true))
    }

    /// These did not come, though they were waited for.
    pub(super) fn lacks(&self, inputs: &[&Input]) {
        let inputs: Vec<_> = inputs.iter().map(ToString::to_string).collect();
        self.differs(format!("{} to be left", inputs.join(", ")), "nothing of it");
    }

    /// The run goes another way from here on.
    pub(super) fn differs(&self, expected: String, came: &str) {
        if let Some(player) = self.player() {
            player.differs(expected, came.to_owned());
        }
    }

    pub(super) fn recording(&self, seed: Option<u64>, readings: Vec<u64>) -> Option<Recording> {
        let Tape::Keeps(keeper) = self else { return None };
        let recording = Recording {
            seed,
            readings,
            decisions: keeper.decisions.borrow().clone(),
            turns: keeper.turns.borrow().clone(),
            events: keeper.events.borrow().clone(),
            system_turn: keeper.system_turn.get(),
            is_cut: keeper.is_cut.get(),
            ..Recording::default()
        };
        Some(recording.with_places())
    }

    pub(super) fn replayed(&self) -> Option<Replayed> {
        let player = self.player()?;
        Some(Replayed {
            events: player.events.get(),
            of: player.recording.events.len(),
            beyond: player.beyond.get(),
            difference: player.difference.get().cloned(),
        })
    }
}

impl Keeper {
    fn keep(&self, what: impl FnOnce(&Keeper)) {
        if !self.is_cut.get() {
            what(self);
        }
    }
}

impl Player {
    /// A turn of the recording, so many before the one that comes next.
    fn turn(&self, before: usize) -> Option<&Turn> {
        let at = self.turns.get().checked_sub(before)?;
        self.recording.turns.get(at).filter(|_| self.difference.get().is_none())
    }

    fn decided(&self) -> Option<u64> {
        let at = self.decisions.replace(self.decisions.get() + 1);
        self.recording.decisions.get(at).copied().filter(|_| self.difference.get().is_none())
    }

    fn compare(&self, event: Event) {
        let number = self.events.get();
        if self.difference.get().is_some() {
            return;
        }
        let Some(&expected) = self.recording.events.get(number) else {
            return self.beyond.set(self.beyond.get() + 1);
        };
        if self.numbers.recorded(event).to_words() == expected.to_words() {
            self.events.set(number + 1);
            return;
        }
        let name = |place: PlaceId| self.recording.places.get(&place.to_bits()).cloned();
        self.differs(told(expected, name), told_here(event));
    }

    /// The run goes another way from here on: it ends.
    fn differs(&self, expected: String, came: String) {
        let turn = self.turns.get() as u64;
        let difference = Difference { event: self.events.get(), turn, expected, came };
        if self.difference.set(difference.clone()).is_ok()
            && let Some(core) = self.core.upgrade()
        {
            core.reactor.end_readings();
            core.fail(|| Failure::Differs(Box::new(difference)));
        }
    }
}

impl std::fmt::Debug for Player {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Player").field("turns", &self.turns).field("events", &self.events).finish()
    }
}
