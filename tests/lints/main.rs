//! Each lint finds what it is for, and is silent where something only looks like it.
#![cfg(test)]
#![cfg(feature = "observe")]

mod ends;
mod items;
mod sources;
mod time;
mod wakes;

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    rc::Rc,
    task::{Poll, Waker},
    time::Duration,
};

use glassloop::{Clock, EventLoop, Finding, Limits, Lint, ManualClock, PollerKind};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// A loop for tests with its clock, which looks for faults.
fn linting() -> (EventLoop, ManualClock) {
    linting_within(Limits::default())
}

fn linting_within(limits: Limits) -> (EventLoop, ManualClock) {
    let clock = ManualClock::new().with_autojump();
    let builder = EventLoop::builder().poller(PollerKind::TimersOnly).limits(limits);
    let event_loop = builder.clock(Clock::Manual(clock.clone())).build().unwrap();
    event_loop.lint(true);
    (event_loop, clock)
}

/// What a lint has found.
fn found(event_loop: &EventLoop, lint: Lint) -> Vec<Finding> {
    event_loop.findings().into_iter().filter(|finding| finding.lint == lint).collect()
}

/// The one thing that a lint has found. Each finding is told in words, with its place if it has
/// one, by a lint with a reason and a chapter.
#[track_caller]
fn the_finding(event_loop: &EventLoop, lint: Lint) -> Finding {
    let mut all = found(event_loop, lint);
    assert_eq!(all.len(), 1, "{lint}: {:#?}", event_loop.findings());
    let finding = all.remove(0);
    let told = finding.to_string();
    assert!(told.starts_with(lint.name()) && told.contains(&finding.reason), "{told}");
    assert!(!lint.why().is_empty() && lint.chapter().starts_with("examples/ch"));
    if let Some(place) = finding.place {
        assert!(place.file().contains("lints"), "{told}");
    }
    finding
}

#[track_caller]
fn silent(event_loop: &EventLoop, lint: Lint) {
    assert_eq!(found(event_loop, lint), [], "it only looks like that");
}

/// No lint has found anything.
#[track_caller]
fn all_silent(event_loop: &EventLoop) {
    assert_eq!(event_loop.findings(), []);
}

/// Takes so long, by the loop's clock, and gives nothing back meanwhile.
fn work(clock: &ManualClock, time: Duration) {
    clock.advance(time);
}

/// Where somebody leaves a waker.
type Kept = Rc<RefCell<Option<Waker>>>;

fn limits(set: impl FnOnce(&mut glassloop::LintLimits)) -> Limits {
    let mut limits = Limits::default();
    set(&mut limits.lint);
    limits
}

/// Waits until the cell is `true`, having left its waker in `kept`.
fn waits_for(news: &Rc<Cell<bool>>, kept: &Kept) -> impl Future<Output = ()> + use<> {
    let (news, kept) = (Rc::clone(news), Rc::clone(kept));
    poll_fn(move |cx| {
        if news.get() {
            return Poll::Ready(());
        }
        kept.replace(Some(cx.waker().clone()));
        Poll::Pending
    })
}
