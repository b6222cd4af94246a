//! `Tape`: what keeps a run, or has it run again.
//!
//! It is told of each event and each wait. It runs nothing and waits for nothing; who plays from it
//! is `waiting.rs`, which holds the loop until what a turn took is there, and phase `deferred`.

use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::Weak,
};

use glassloop_executor::Input;

use super::{
    Difference, Recording, Replayed,
    difference::{told, told_here},
    listed,
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
    events_max: usize,
    system_turn: Cell<Option<u64>>,
}

/// A recording that is run again, and how far that has come.
pub(crate) struct Player {
    recording: Recording,
    numbers: Numbers,
    /// How many turns have begun, and how many events have come.
    turns: Cell<usize>,
    events: Cell<usize>,
    difference: OnceCell<Difference>,
    /// The recording is behind it: what was held back is there for everybody.
    is_free: Cell<bool>,
    core: Weak<Core>,
}

impl Tape {
    pub(super) fn keeps(events_max: usize) -> Tape {
        Tape::Keeps(Keeper {
            turns: RefCell::default(),
            events: RefCell::default(),
            events_max,
            system_turn: Cell::new(None),
        })
    }

    pub(super) fn replays(recording: Recording, core: Weak<Core>) -> Tape {
        let numbers = Numbers::of(&recording);
        Tape::Replays(Box::new(Player {
            recording,
            numbers,
            turns: Cell::new(0),
            events: Cell::new(0),
            difference: OnceCell::new(),
            is_free: Cell::new(false),
            core,
        }))
    }

    /// Something happened.
    pub(crate) fn event(&self, event: Event) {
        if matches!(event.what, Happening::Published(_)) {
            return;
        }
        match self {
            Tape::Keeps(keeper) => keeper.keep(|keeper| keeper.events.borrow_mut().push(event)),
            Tape::Replays(player) => player.compare(event),
        }
    }

    /// A wait is over that brought so many events of the system.
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

    /// What other threads left was taken.
    pub(super) fn took(&self, input: Input) {
        if let Tape::Keeps(keeper) = self {
            keeper.keep(|keeper| {
                if let Some(turn) = keeper.turns.borrow_mut().last_mut() {
                    turn.inputs.push(input);
                }
            });
        }
    }

    /// The turn of the recording that comes next, as long as the run goes by it.
    pub(super) fn next_turn(&self) -> Option<&Turn> {
        self.player()?.turn(0)
    }

    /// The turn under way, if it goes by a recording.
    pub(super) fn turn(&self) -> Option<&Turn> {
        self.player()?.turn(1)
    }

    fn player(&self) -> Option<&Player> {
        if let Tape::Replays(player) = self { Some(player) } else { None }
    }

    /// Whether the recording came to its end just now. Once.
    pub(super) fn ends(&self) -> bool {
        self.player()
            .is_some_and(|player| player.turn(0).is_none() && !player.is_free.replace(true))
    }

    /// These did not come, though they were waited for.
    pub(super) fn lacks(&self, inputs: &[&Input]) {
        if let Some(player) = self.player() {
            player.differs(format!("{} to be left", listed(inputs)), "nothing of it".to_owned());
        }
    }

    pub(super) fn recording(&self, seed: Option<u64>, readings: Vec<u64>) -> Option<Recording> {
        let Tape::Keeps(keeper) = self else { return None };
        let (turns, events) = (keeper.turns.borrow().clone(), keeper.events.borrow().clone());
        Some(Recording::new(seed, readings, turns, events, keeper.system_turn.get()))
    }

    pub(super) fn replayed(&self) -> Option<Replayed> {
        let player = self.player()?;
        Some(Replayed {
            events: player.events.get(),
            of: player.recording.events.len(),
            difference: player.difference.get().cloned(),
        })
    }
}

impl Keeper {
    fn keep(&self, what: impl FnOnce(&Keeper)) {
        if self.events.borrow().len() < self.events_max {
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

    fn compare(&self, event: Event) {
        let number = self.events.get();
        let Some(&expected) = self.recording.events.get(number) else { return };
        if self.difference.get().is_some() {
            return;
        }
        if self.numbers.recorded(event).to_words() == expected.to_words() {
            self.events.set(number + 1);
            return;
        }
        let name = |place: glassloop_executor::PlaceId| {
            self.recording.places.get(&place.to_bits()).cloned()
        };
        self.differs(told(expected, name), told_here(event));
    }

    /// The run goes another way from here on: it ends.
    fn differs(&self, expected: String, came: String) {
        let turn = self.turns.get() as u64;
        let difference = Difference { event: self.events.get(), turn, expected, came };
        if self.difference.set(difference.clone()).is_ok()
            && let Some(core) = self.core.upgrade()
        {
            core.fail(|| Failure::Differs(Box::new(difference)));
        }
    }
}

impl std::fmt::Debug for Player {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Player").field("turns", &self.turns).field("events", &self.events).finish()
    }
}
