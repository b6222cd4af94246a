//! `Turn` and `Step`: the events of a recording, cut into what a loop did, one after the other.
//!
//! A wake stands under the step that made it: the item that ran, the phase, the microtasks after an
//! item, or the host between two turns. What lost its beginning is kept and says so. Nothing here
//! relies on the events being whole: whatever doesn't fit becomes a step of its own.

use glassloop::{By, Entry, Event, Happening, Outcome, Phase, PlaceId};

/// One turn of a loop, with the wait before it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Turn {
    /// Its number, counted from 1.
    pub number: u64,
    /// The wait before it, if that was recorded.
    pub wait: Option<TurnWait>,
    /// When it began, in nanoseconds since the clock's origin.
    pub at_ns: u64,
    /// How long it took.
    pub took_ns: u64,
    /// What was done, in order. What the host did before the wait comes first.
    pub steps: Vec<Step>,
    /// Whether its beginning was recorded.
    pub begun: bool,
}

/// The phase `wait` before a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TurnWait {
    /// When it began, in nanoseconds since the clock's origin.
    pub at_ns: u64,
    /// How long it took.
    pub took_ns: u64,
    /// How many events came.
    pub events: u32,
}

/// Something that a loop did, and whom it woke meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// The phase it belongs to; `wait` is outside of turns.
    pub phase: Phase,
    /// When it began, in nanoseconds since the clock's origin.
    pub at_ns: u64,
    /// How long it took; zero where that was not measured.
    pub took_ns: u64,
    /// What it was.
    pub work: Work,
    /// Whom it woke, in order.
    pub wakes: Vec<Wake>,
}

/// What a [`Step`] was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Work {
    /// The host, between two turns.
    Host,
    /// A phase that served so many; zero where it only woke somebody.
    Phase(u32),
    /// A snapshot was published, which so many had asked for.
    Published(u32),
    /// An item ran.
    Item(Entry, Outcome),
    /// What an item did whose run is not told of: the microtasks after it, or an item that ran when
    /// the recording began.
    After(Entry),
}

/// A wake, as it was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wake {
    /// The number of its event in the ring.
    pub number: u64,
    /// Who was woken.
    pub item: Entry,
    /// Who woke it.
    pub by: By,
    /// How late the timer was, if one was it.
    pub late_ns: u64,
    /// What came of it.
    pub effect: Effect,
}

/// What a wake changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect {
    /// The item joined the ready queue.
    Queued,
    /// Nothing: it was there, or gone, already.
    Nothing,
    /// A task was born, at this place, and joined the ready queue.
    Born(PlaceId),
}

impl Turn {
    /// Whether nothing came and nothing was ready; somebody may have looked.
    pub(crate) fn is_idle(&self) -> bool {
        let is_look = |step: &Step| matches!(step.work, Work::Published(_));
        let came = self.wait.map_or(0, |wait| wait.events);
        self.begun && came == 0 && self.steps.iter().all(is_look)
    }
}

impl Step {
    /// When it ended.
    pub(crate) fn end_ns(&self) -> u64 {
        self.at_ns.saturating_add(self.took_ns)
    }
}

impl Wake {
    /// Whether its item joined the ready queue.
    pub(crate) fn is_queued(&self) -> bool {
        self.effect != Effect::Nothing
    }
}

fn wake_of(number: u64, event: &Event) -> Option<Wake> {
    let (item, by, effect) = match event.what {
        Happening::Woke(item, by) => (item, by, Effect::Queued),
        Happening::WokeAgain(item, by) => (item, by, Effect::Nothing),
        Happening::Born(task, by, place) => (
            Entry::new(glassloop::Kind::Task, task.index, task.generation),
            by,
            Effect::Born(place),
        ),
        _ => return None,
    };
    let late_ns = if matches!(by, By::Timer(_)) { event.took_ns } else { 0 };
    Some(Wake { number, item, by, late_ns, effect })
}

/// Cuts events into turns; the first has this number in the ring. `turn_now` is a turn that is not
/// before the last of them, for the upper half of the numbers.
pub(crate) fn cut(events: &[Event], first: u64, turn_now: u64) -> Vec<Turn> {
    let mut cutter = Cutter::default();
    for (number, event) in (first..).zip(events) {
        cutter.take(number, event);
    }
    cutter.close();
    numbered(cutter.turns, turn_now)
}

/// Events of one turn so far.
#[derive(Default)]
struct Cutter {
    turns: Vec<Turn>,
    turn: Option<Turn>,
    /// Wakes whose step hasn't been told yet, with their phase and time.
    open: Vec<(Wake, Phase, u64)>,
}

impl Cutter {
    fn take(&mut self, number: u64, event: &Event) {
        // What lints say of a step is no step, nor is what it says of itself.
        if matches!(event.what, Happening::Found(..) | Happening::Noted(..)) {
            return;
        }
        if self.open.last().is_some_and(|(_, phase, _)| *phase != event.phase) {
            self.settle();
        }
        // Between turns: one that was under way is over.
        if event.phase == Phase::Wait && self.is_under_way() {
            self.close();
        }
        if let Some(wake) = wake_of(number, event) {
            return self.open.push((wake, event.phase, event.at_ns));
        }
        let (at_ns, took_ns, phase) = (event.at_ns, event.took_ns, event.phase);
        match event.what {
            Happening::Waited(events) => {
                self.settle();
                if self.turn.as_ref().is_some_and(|turn| turn.wait.is_some()) {
                    self.close();
                }
                self.turn(at_ns).wait = Some(TurnWait { at_ns, took_ns, events });
            }
            Happening::Turn(low) => {
                self.settle();
                if self.is_under_way() {
                    self.close();
                }
                let turn = self.turn(at_ns);
                (turn.number, turn.at_ns, turn.begun) = (u64::from(low), at_ns, true);
            }
            Happening::Served(count) => {
                let wakes = self.open.drain(..).map(|(wake, ..)| wake).collect();
                let work = Work::Phase(count);
                self.turn(at_ns).steps.push(Step { phase, at_ns, took_ns, work, wakes });
            }
            Happening::Published(asked) => {
                self.settle();
                let (work, wakes) = (Work::Published(asked), Vec::new());
                self.turn(at_ns).steps.push(Step { phase, at_ns, took_ns, work, wakes });
            }
            Happening::Ran(entry, outcome, _) => {
                // A checkpoint's wakes name the item before it, and come before this one began.
                let by = By::Item(entry);
                let is_its = |(wake, _, at): &(Wake, Phase, u64)| wake.by == by && *at >= at_ns;
                let (its, others): (Vec<_>, Vec<_>) = self.open.drain(..).partition(is_its);
                self.open = others;
                self.settle();
                let wakes = its.into_iter().map(|(wake, ..)| wake).collect();
                let work = Work::Item(entry, outcome);
                self.turn(at_ns).steps.push(Step { phase, at_ns, took_ns, work, wakes });
            }
            // A kind that is not known here tells nothing.
            _ => {}
        }
    }

    /// Whether more is known of the turn than what came before it.
    fn is_under_way(&self) -> bool {
        let inside = |turn: &Turn| turn.steps.iter().any(|step| step.phase != Phase::Wait);
        self.turn.as_ref().is_some_and(|turn| turn.begun || inside(turn))
    }

    fn turn(&mut self, at_ns: u64) -> &mut Turn {
        self.turn.get_or_insert_with(|| Turn {
            number: 0,
            wait: None,
            at_ns,
            took_ns: 0,
            steps: Vec::new(),
            begun: false,
        })
    }

    /// Open wakes become steps of their own.
    fn settle(&mut self) {
        for (wake, phase, at_ns) in std::mem::take(&mut self.open) {
            let work = match wake.by {
                _ if phase == Phase::Wait => Work::Host,
                By::Item(entry) => Work::After(entry),
                _ => Work::Phase(0),
            };
            let steps = &mut self.turn(at_ns).steps;
            match steps.last_mut() {
                Some(last) if last.work == work && last.phase == phase => last.wakes.push(wake),
                _ => steps.push(Step { phase, at_ns, took_ns: 0, work, wakes: vec![wake] }),
            }
        }
    }

    fn close(&mut self) {
        self.settle();
        let Some(mut turn) = self.turn.take() else { return };
        let ends = turn.steps.iter().filter(|step| step.phase != Phase::Wait).map(Step::end_ns);
        turn.took_ns = ends.max().unwrap_or(turn.at_ns).saturating_sub(turn.at_ns);
        self.turns.push(turn);
    }
}

/// Gives the turns their whole numbers: recorded is the lower half, and that of those that began.
fn numbered(mut turns: Vec<Turn>, turn_now: u64) -> Vec<Turn> {
    let mut next = turn_now.saturating_add(1);
    for turn in turns.iter_mut().rev() {
        if turn.begun {
            turn.number = latest(turn.number, next);
            next = turn.number;
        } else {
            turn.number = next.saturating_sub(1);
        }
    }
    // What follows a turn that began follows its number, too.
    for at in 1..turns.len() {
        if !turns[at].begun {
            turns[at].number = turns[at - 1].number.saturating_add(1);
        }
    }
    turns
}

/// The greatest number below `next` with these low 32 bits, or the bits if there is none.
fn latest(low: u64, next: u64) -> u64 {
    let high = next & !u64::from(u32::MAX);
    match high | low {
        number if number < next => number,
        number => number.checked_sub(1 << 32).unwrap_or(low),
    }
}

#[cfg(test)]
mod tests {
    use glassloop::{Kind, SourceId};

    use super::*;

    const A: Entry = Entry::new(Kind::Task, 1, 1);
    const B: Entry = Entry::new(Kind::Task, 2, 2);

    fn event(phase: Phase, at_ns: u64, took_ns: u64, what: Happening) -> Event {
        Event { at_ns, took_ns, phase, what }
    }

    fn turn_of(low: u32, at_ns: u64) -> [Event; 2] {
        [
            event(Phase::Wait, at_ns, 0, Happening::Waited(0)),
            event(Phase::Io, at_ns, 0, Happening::Turn(low)),
        ]
    }

    fn woke(phase: Phase, at_ns: u64, item: Entry, by: By) -> Event {
        event(phase, at_ns, 0, Happening::Woke(item, by))
    }

    fn ran(at_ns: u64, item: Entry) -> Event {
        event(Phase::Run, at_ns, 10, Happening::Ran(item, Outcome::Pending, PlaceId::UNKNOWN))
    }

    #[test]
    fn a_turn_is_idle_if_nothing_came_and_nothing_was_ready() {
        let look = |asked| event(Phase::Finish, 8, 2, Happening::Published(asked));
        let is_idle = |events: &[Event]| {
            let turns = cut(events, 0, 4);
            let [turn] = &turns[..] else { panic!("{turns:?}") };
            turn.is_idle()
        };
        let begin = turn_of(4, 5);
        assert!(is_idle(&begin));
        for asked in [0, 1, 7] {
            assert!(is_idle(&[begin[0], begin[1], look(asked)]), "{asked} looked");
        }
        let came = event(Phase::Wait, 5, 0, Happening::Waited(1));
        assert!(!is_idle(&[came, begin[1], look(1)]), "something came that woke nobody");
        assert!(!is_idle(&[begin[0], begin[1], ran(6, A), look(1)]), "something ran, too");
        let host = woke(Phase::Wait, 5, A, By::Host);
        assert!(!is_idle(&[host, begin[0], begin[1]]), "the host woke somebody before it");
        assert!(!is_idle(&[look(1)]), "its beginning is lost");
    }

    #[test]
    fn a_wake_stands_under_the_step_that_made_it() {
        let source = By::Source(SourceId { index: 1, generation: 0 });
        let mut events = vec![woke(Phase::Wait, 0, A, By::Host)];
        events.extend(turn_of(4, 5));
        events.push(woke(Phase::Io, 5, B, source));
        events.push(woke(Phase::Run, 20, B, By::Item(A)));
        events.push(ran(20, A));
        // After it, from a microtask; then the next, which wakes the first again.
        events.push(woke(Phase::Run, 30, A, By::Item(A)));
        events.push(woke(Phase::Run, 35, A, By::Item(B)));
        events.push(ran(35, B));
        events.push(woke(Phase::Finish, 45, B, By::Phase(Phase::Finish)));
        let turns = cut(&events, 100, 4);
        let [turn] = &turns[..] else { panic!("{turns:?}") };
        assert_eq!((turn.number, turn.begun, turn.at_ns, turn.took_ns), (4, true, 5, 40));
        let steps: Vec<_> = turn.steps.iter().map(|step| (step.work, step.wakes.len())).collect();
        let pending = |item| Work::Item(item, Outcome::Pending);
        let expected = [
            (Work::Host, 1),
            (Work::Phase(0), 1),
            (pending(A), 1),
            (Work::After(A), 1),
            (pending(B), 1),
            (Work::Phase(0), 1),
        ];
        assert_eq!(steps, expected);
        let numbers = turn.steps.iter().flat_map(|step| &step.wakes).map(|wake| wake.number);
        assert_eq!(numbers.collect::<Vec<_>>(), [100, 103, 104, 106, 107, 109]);
    }

    #[test]
    fn what_lost_its_beginning_is_numbered_by_what_follows() {
        let mut events = vec![ran(1, A)];
        events.extend(turn_of(0, 20));
        events.extend(turn_of(1, 30));
        events.push(woke(Phase::Wait, 30, A, By::Host));
        let turns = cut(&events, 0, (3 << 32) + 1);
        let told: Vec<_> = turns.iter().map(|turn| (turn.number, turn.begun)).collect();
        let wrap = 3_u64 << 32;
        assert_eq!(told, [(wrap - 1, false), (wrap, true), (wrap + 1, true), (wrap + 2, false)]);
        assert_eq!(cut(&turn_of(9, 1), 0, 0)[0].number, 9, "nobody says which turn it is now");
        assert!(cut(&[], 0, 0).is_empty());
    }
}
