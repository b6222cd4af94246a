//! `Recording`: a run as data, enough to run it again.

use std::{collections::BTreeMap, fmt};

use glassloop_executor::Input;

use super::{BadRecording, Difference, place_name, places::each_place};
use crate::Event;

/// A run that was [kept](crate::EventLoop::keep): what came in, and the events that followed. Its
/// `Display` is a text to be kept in a file, which [`str::parse`] reads again:
///
/// ```
/// use glassloop::{EventLoop, Recording};
///
/// let event_loop = EventLoop::test().seed(7).keep();
/// event_loop.block_on(async { glassloop::yield_now().await })?;
/// let recording = event_loop.recording().unwrap();
/// let text = recording.to_string();
/// let read: Recording = text.parse()?;
/// assert_eq!(read, recording);
/// assert_eq!((read.seed(), read.turns()), (Some(7), 2));
/// assert!(read.events().len() > 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording {
    pub(super) seed: Option<u64>,
    pub(super) readings: Vec<u64>,
    pub(super) turns: Vec<Turn>,
    pub(super) events: Vec<Event>,
    /// What the places are called that the events name by number.
    pub(super) places: BTreeMap<u32, String>,
    /// The turn in which the operating system told of something first.
    pub(super) system_turn: Option<u64>,
}

/// What came in for one turn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Turn {
    /// The loop blocked before it.
    pub(super) blocked: bool,
    /// What other threads had left, in the order in which it was taken.
    pub(crate) inputs: Vec<Input>,
}

impl Recording {
    pub(super) fn new(
        seed: Option<u64>,
        readings: Vec<u64>,
        turns: Vec<Turn>,
        events: Vec<Event>,
        system_turn: Option<u64>,
    ) -> Recording {
        let mut places = BTreeMap::new();
        for event in &events {
            each_place(*event, |place| {
                places.entry(place.to_bits()).or_insert_with(|| place_name(place));
                place
            });
        }
        let places = places.into_iter().filter_map(|(number, name)| Some((number, name?)));
        Recording { seed, readings, turns, events, places: places.collect(), system_turn }
    }

    /// The seed of the loop, if it had one.
    #[must_use]
    pub fn seed(&self) -> Option<u64> {
        self.seed
    }

    /// How many turns were recorded.
    #[must_use]
    pub fn turns(&self) -> usize {
        self.turns.len()
    }

    /// What happened, in order. Published snapshots are left out: who looks is none of the program.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    pub(super) fn can_be_run_again(&self) -> Result<(), BadRecording> {
        let Some(turn) = self.system_turn else { return Ok(()) };
        Err(BadRecording::new(format!(
            "expected a run that heard nothing from the operating system's sockets, came one that \
             did in turn {turn}: nobody could send that again; use net::duplex or a Script"
        )))
    }
}

/// How far a run has gone as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Replayed {
    /// So many events came as they were recorded, one after the other.
    pub events: usize,
    /// So many were recorded.
    pub of: usize,
    /// Where it went another way.
    pub difference: Option<Difference>,
}

impl Replayed {
    /// Whether all that was recorded came again, and nothing else.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.difference.is_none() && self.events == self.of
    }
}

impl fmt::Display for Replayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Replayed { events, of, difference } = self;
        match difference {
            Some(difference) => write!(f, "{difference}; {events} of {of} events came as recorded"),
            None if events < of => {
                write!(f, "as recorded for {events} of {of} events: the others have not come")
            }
            None => write!(f, "as recorded, all {of} events"),
        }
    }
}
