//! `Recording`: a run as data, enough to run it again.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
};

use glassloop_executor::{Input, PlaceId};

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
/// assert!(read.events().len() > 4 && !read.is_cut());
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
    /// What other threads, or the system, decided beside that, in the order in which it was asked.
    pub(super) decisions: Vec<u64>,
    /// The turn in which the operating system told of something first.
    pub(super) system_turn: Option<u64>,
    /// It was full before the run was over.
    pub(super) is_cut: bool,
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
    /// With the names of the places that its events have; of those with one name the numbers become
    /// one.
    pub(super) fn with_places(mut self) -> Recording {
        let mut numbers = HashMap::new();
        for event in &mut self.events {
            *event = each_place(*event, |place| {
                let Some(name) = place_name(place) else { return PlaceId::UNKNOWN };
                *numbers.entry(name).or_insert(place)
            });
        }
        let numbers = numbers.into_iter();
        self.places = numbers.map(|(name, place)| (place.to_bits(), name)).collect();
        self
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

    /// What happened, in order. Published snapshots and what lints found are left out: that depends
    /// on who looks.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Whether as much was kept as may be, and the run went on.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.is_cut
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
    /// So many came behind the last of them, which nobody can compare.
    pub beyond: usize,
    /// Where it went another way.
    pub difference: Option<Difference>,
}

impl Replayed {
    /// Whether all that was recorded came again. What came [behind it](Replayed::beyond) is not
    /// judged.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.difference.is_none() && self.events == self.of
    }
}

impl fmt::Display for Replayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Replayed { events, of, difference, beyond } = self;
        match difference {
            Some(difference) => write!(f, "{difference}; {events} of {of} events came as recorded"),
            None if events < of => {
                write!(f, "as recorded for {events} of {of} events: the others have not come")
            }
            None if *beyond > 0 => {
                write!(f, "as recorded, all {of} events; {beyond} came behind them")
            }
            None => write!(f, "as recorded, all {of} events"),
        }
    }
}
