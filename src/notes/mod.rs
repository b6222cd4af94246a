//! What a program says of itself in its recording: marks, counters, spans, the lines of its log.
//!
//! Each becomes an event, with the item that said it. Said where no loop is current, or where
//! nothing is recorded, it costs a look and is gone.

use std::rc::{Rc, Weak};

use crate::{core::Core, current};

mod label;
mod lines;
mod logger;

pub use label::Label;
pub(crate) use lines::Lines;
pub use lines::LogLine;
pub use logger::Logger;

/// What a program has said of itself: see [`Happening::Noted`](crate::Happening::Noted).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// It has come to something: [`mark`].
    Mark(Label),
    /// Something that is counted is so much now: [`counter`].
    Counter(Label, i64),
    /// Something that takes a while began, with its number: [`span`].
    SpanBegan(Label, u64),
    /// The span of this number is over.
    SpanEnded(Label, u64),
    /// A line of the log of this level, with its number: see
    /// [`Snapshot::log`](crate::Snapshot::log).
    Logged(log::Level, u32),
}

/// Says in the recording of the current loop that the program has come to something.
///
/// ```
/// use glassloop::{EventLoop, Happening, Note, mark};
///
/// let event_loop = EventLoop::test();
/// event_loop.record(true);
/// event_loop.block_on(async { mark("the map is loaded") })?;
/// let events = event_loop.watch().events(0).events;
/// let marks = events.iter().filter_map(|event| match event.what {
///     Happening::Noted(Note::Mark(label), task) => Some((label.name()?, task.task_id())),
///     _ => None,
/// });
/// let (name, task) = marks.last().unwrap();
/// assert_eq!((name, task.index), ("the map is loaded", 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn mark(name: &'static str) {
    note(|| Note::Mark(Label::of(name)));
}

/// Says in the recording of the current loop how much there is of something now.
///
/// ```
/// # glassloop::run(async {
/// glassloop::counter("players", 4);
/// # }).unwrap();
/// ```
pub fn counter(name: &'static str, value: i64) {
    note(|| Note::Counter(Label::of(name), value));
}

/// Says in the recording of the current loop that something began; it is over when what this gives
/// is dropped, some awaits later if need be.
///
/// ```
/// # glassloop::run(async {
/// let loading = glassloop::span("loading");
/// glassloop::yield_now().await;
/// drop(loading);
/// # }).unwrap();
/// ```
pub fn span(name: &'static str) -> Span {
    let begins = |core: Rc<Core>| {
        let (label, number) = (Label::of(name), core.recorder()?.log.next_span());
        core.note(Note::SpanBegan(label, number));
        Some((Rc::downgrade(&core), label, number))
    };
    Span { begun: current::get().and_then(begins) }
}

/// Something under way, as [`span`] says. Dropped, it is over.
#[derive(Debug)]
#[must_use = "the span is over when this is dropped"]
pub struct Span {
    /// In which loop, called what, with which number; none where nothing was recorded then.
    begun: Option<(Weak<Core>, Label, u64)>,
}

impl Drop for Span {
    fn drop(&mut self) {
        let Some((core, label, number)) = self.begun.take() else { return };
        if let Some(core) = core.upgrade() {
            core.note(Note::SpanEnded(label, number));
        }
    }
}

/// Says this to the current loop, if that is recorded.
fn note(what: impl FnOnce() -> Note) {
    if let Some(core) = current::get().filter(|core| core.recording.get()) {
        core.note(what());
    }
}

impl Core {
    /// Writes down what the program says of itself.
    fn note(&self, note: Note) {
        if let Some(recorder) = self.recorder() {
            recorder.noted(note, self.executor.current_item(), self.reactor.read_clock());
        }
    }
}
