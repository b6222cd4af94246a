//! `Program`: a body of the script as a future; and a waker that isn't the loop's.

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Wake},
};

use glassloop::Sleep;

use super::World;
use crate::{
    book::{Death, Token, panic_quietly},
    line::Line,
    script::{Body, End, Mood},
};

/// A task's future.
pub(super) struct Program {
    /// Dropped first.
    token: Token,
    body: Arc<Body>,
    number: usize,
    polls: usize,
    sleep: Option<Sleep>,
}

/// The poll under way, as acts see it.
pub(crate) struct Polled<'a, 'b> {
    pub(super) number: usize,
    pub(super) cx: &'a mut Context<'b>,
    pub(super) sleep: &'a mut Option<Sleep>,
}

impl Program {
    pub(super) fn new(number: usize, body: Arc<Body>) -> Program {
        let token = Token::new(Death::Future(Arc::clone(&body)));
        Program { token, body, number, polls: 0, sleep: None }
    }
}

impl Future for Program {
    type Output = Token;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Token> {
        let Program { token, body, number, polls, sleep } = &mut *self;
        let part = *polls;
        *polls += 1;
        token.note(Line::Polled(token.uid(), u16::try_from(part).expect("few polls")));
        let world = World::here();
        world.probe();
        for act in body.parts.get(part).map_or(&[][..], Vec::as_slice) {
            let polled = Polled { number: *number, cx: &mut *cx, sleep: &mut *sleep };
            if world.act(*act, Some(polled)) {
                panic_quietly();
            }
        }
        match body.end {
            _ if part + 1 < body.parts.len() => Poll::Pending,
            End::Finishes => Poll::Ready(Token::new(Death::panics_if(body.output_panics))),
            End::Pends => Poll::Pending,
            End::Panics => panic_quietly(),
        }
    }
}

/// A body of the script, called. The token dies with the call.
pub(super) fn call(token: Token, body: &Body) {
    token.note(Line::Called(token.uid()));
    let world = World::here();
    world.probe();
    for act in body.parts.first().map_or(&[][..], Vec::as_slice) {
        if world.act(*act, None) {
            panic_quietly();
        }
    }
    if body.end == End::Panics {
        panic_quietly();
    }
    drop(token);
}

/// A waker that isn't the loop's.
pub(super) struct Foreign {
    token: Token,
    mood: Mood,
}

impl Foreign {
    pub(super) fn new(mood: Mood) -> Foreign {
        Foreign { token: Token::new(Death::panics_if(mood == Mood::PanicsOnDrop)), mood }
    }
}

impl Wake for Foreign {
    fn wake(self: Arc<Self>) {
        self.token.note(Line::Woken(self.token.uid()));
        World::here().probe();
        if self.mood == Mood::PanicsOnWake {
            panic_quietly();
        }
    }
}

/// Drops something of the program outside of the loop's reach; its panic goes no further.
pub(super) fn drop_quietly<T>(value: T) {
    let payload = catch_unwind(AssertUnwindSafe(|| drop(value))).err();
    drop(payload);
}
