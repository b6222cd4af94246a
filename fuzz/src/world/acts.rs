//! Acts of the world: what a program does to the real loop, wherever that runs.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Waker},
    thread,
    time::Duration,
};

use glassloop::{CallError, Callback, IdleTime, Refused, RunError};

use super::{
    World, ask,
    program::{Foreign, Polled, Program, call, drop_quietly},
    told_by_join,
};
use crate::{
    book::{Death, Token},
    line::{Line, Told, Uid},
    model::pick_of,
    script::{Act, BIRTHS_MAX, Mood, Pick},
};

impl World {
    /// Does an act, in the poll given if it stands in one. Whether it is to panic.
    pub(crate) fn act(&self, act: Act, polled: Option<Polled<'_, '_>>) -> bool {
        let remote = &self.remote;
        match act {
            Act::Panic => return true,
            Act::Reenter if polled.is_some() => self.reenter(),
            Act::Reenter => {}
            Act::Stop => self.event_loop.stop(),
            Act::StopElsewhere => elsewhere(|| remote.stop()),
            Act::Spawn(_)
            | Act::SpawnDetached(_)
            | Act::CallSoon(_)
            | Act::CallLater(..)
            | Act::Microtask(_)
            | Act::RequestRender(_)
            | Act::RequestIdle(_)
            | Act::Defer(_)
            | Act::DeferElsewhere(..)
            | Act::CallElsewhere(_)
            | Act::Duplex => self.bear(act),
            Act::WakeSelf | Act::KeepWaker | Act::Join(_) | Act::Sleep(_) => {
                if let Some(polled) = polled {
                    self.act_as_task(act, polled);
                }
            }
            Act::CancelCallback(pick) => self.cancel_callback(pick),
            Act::Write(..)
            | Act::Read(..)
            | Act::AwaitRead(..)
            | Act::AwaitWrite(..)
            | Act::Shutdown(_)
            | Act::CloseSocket(_) => self.act_on_socket(act, polled),
            act => self.act_on_task(act),
        }
        false
    }

    fn reenter(&self) {
        match self.event_loop.turn(glassloop::Events::new()) {
            Err(RunError::Reentrant) => self.book.note(Line::Reentrant),
            turned => self.book.fault(format!("a turn inside of a turn: {turned:?}")),
        }
    }

    fn bear(&self, act: Act) {
        if self.births.get() >= BIRTHS_MAX {
            return;
        }
        match act {
            Act::Spawn(pick) => self.spawn(pick, true),
            Act::SpawnDetached(pick) => self.spawn(pick, false),
            Act::CallSoon(pick) => {
                let (closure, uid) = self.closure(pick);
                self.keep_callback(uid, self.event_loop.call_soon(closure));
            }
            Act::CallLater(..) if !self.script.may_arm(self.armed.get()) => {}
            Act::CallLater(pick, delay) => self.call_later(pick, delay.duration(), delay.nanos()),
            Act::RequestRender(_) | Act::RequestIdle(_) if !self.script.frames => {}
            Act::RequestIdle(_) if !self.script.observed => {}
            Act::RequestRender(pick) => {
                let (closure, uid) = self.closure(pick);
                self.keep_callback(uid, self.event_loop.request_render(|_frame| closure()));
            }
            Act::RequestIdle(pick) => {
                let (closure, uid) = self.closure(pick);
                let checked = move |time: IdleTime| {
                    if time.left().is_zero() {
                        World::here().book.fault(format!("{uid} was called with no time left"));
                    }
                    closure();
                };
                self.keep_callback(uid, self.event_loop.request_idle(checked));
            }
            Act::Microtask(pick) => {
                let (closure, uid) = self.closure(pick);
                if let Err(refused) = self.event_loop.queue_microtask(closure) {
                    self.note_refused(uid, refused);
                }
            }
            Act::Defer(pick) => {
                let (closure, uid) = self.closure(pick);
                if let Err(refused) = self.remote.defer(closure) {
                    self.note_refused(uid, refused);
                }
            }
            Act::DeferElsewhere(pick, times) => self.defer_elsewhere(pick, times),
            Act::CallElsewhere(pick) => {
                let (token, body) = (Token::new(Death::Anywhere), self.script.body(pick));
                let remote = &self.remote;
                let asked = elsewhere(|| remote.call(move || call(token, &body)));
                self.asked.borrow_mut().push(asked);
            }
            _ => self.duplex(),
        }
    }

    /// A body as a closure, which may be called by any thread's leave.
    fn closure(&self, pick: Pick) -> (impl FnOnce() + Send + use<>, Uid) {
        let body = self.script.body(pick);
        let token = Token::new(Death::panics_if(body.drop_panics));
        let uid = token.uid();
        (move || call(token, &body), uid)
    }

    fn spawn(&self, pick: Pick, keeps: bool) {
        let number = self.new_task();
        let handle = self.event_loop.spawn(Program::new(number, self.script.body(pick)));
        if keeps {
            self.tasks.borrow_mut()[number].handle = Some(handle);
        } else {
            handle.detach();
        }
    }

    fn call_later(&self, pick: Pick, delay: Duration, nanos: u64) {
        let (closure, uid) = self.closure(pick);
        let deadline = self.clock.now().saturating_add(nanos);
        let checked = move || {
            let world = World::here();
            if world.clock.now() < deadline {
                world.book.fault(format!("{uid} was called before its time"));
            }
            closure();
        };
        let called = self.event_loop.call_later(delay, checked);
        self.armed.update(|armed| armed + u64::from(called.is_ok()));
        self.keep_callback(uid, called);
    }

    fn keep_callback<F>(&self, uid: Uid, called: Result<Callback, Refused<F>>) {
        match called {
            Ok(callback) => self.callbacks.borrow_mut().push(callback),
            Err(refused) => self.note_refused(uid, refused),
        }
    }

    fn note_refused<F>(&self, uid: Uid, refused: Refused<F>) {
        self.book.note(Line::Refused(uid, matches!(refused, Refused::Full(_))));
        drop_quietly(refused);
    }

    fn defer_elsewhere(&self, pick: Pick, times: u8) {
        let closures: Vec<_> = (0..times).map(|_| self.closure(pick)).collect();
        let remote = &self.remote;
        let defer = |(closure, uid)| (uid, remote.defer(closure));
        let left: Vec<_> = elsewhere(|| closures.into_iter().map(defer).collect());
        for (uid, left) in left {
            if let Err(refused) = left {
                self.note_refused(uid, refused);
            }
        }
    }

    fn cancel_callback(&self, pick: Pick) {
        let Some(number) = pick_of(pick, self.callbacks.borrow().len()) else { return };
        let callback = self.callbacks.borrow()[number].clone();
        let was_pending = callback.cancel();
        let number = u16::try_from(number).expect("few callbacks");
        self.book.note(Line::Cancelled(number, was_pending));
    }

    fn act_as_task(&self, act: Act, polled: Polled<'_, '_>) {
        let Polled { number, cx, sleep } = polled;
        match act {
            Act::WakeSelf => cx.waker().wake_by_ref(),
            Act::KeepWaker => {
                let before = self.tasks.borrow_mut()[number].waker.replace(cx.waker().clone());
                drop(before);
            }
            Act::Sleep(_) if !self.script.may_arm(self.armed.get()) => {}
            Act::Sleep(delay) => {
                self.armed.update(|armed| armed + 1);
                let mut begun = glassloop::sleep(delay.duration());
                let over = Pin::new(&mut begun).poll(cx).is_ready();
                self.book.note(Line::Slept(over));
                if !over {
                    *sleep = Some(begun);
                }
            }
            Act::Join(pick) => self.join(pick, cx),
            _ => {}
        }
    }

    fn join(&self, pick: Pick, cx: &mut Context<'_>) {
        let Some(number) = pick_of(pick, self.tasks.borrow().len()) else { return };
        let Some(handle) = self.tasks.borrow_mut()[number].handle.take() else { return };
        let (result, left) = ask(handle, cx);
        self.tasks.borrow_mut()[number].handle = left;
        let asked = u16::try_from(number).expect("few tasks");
        self.book.note(Line::Joined(asked, told_by_join(&result)));
        drop_quietly(result);
    }

    fn join_foreign(&self, pick: Pick, mood: Mood) {
        let Some(number) = pick_of(pick, self.tasks.borrow().len()) else { return };
        let has_handle = self.tasks.borrow()[number].handle.is_some();
        if !has_handle || self.births.get() >= BIRTHS_MAX {
            return;
        }
        let waker = Waker::from(Arc::new(Foreign::new(mood)));
        self.join(pick, &mut Context::from_waker(&waker));
        drop_quietly(waker);
    }

    fn act_on_task(&self, act: Act) {
        match act {
            Act::JoinForeign(pick, mood) => self.join_foreign(pick, mood),
            Act::Wake(pick)
            | Act::WakeByValue(pick)
            | Act::WakeElsewhere(pick)
            | Act::DropWaker(pick)
            | Act::Abort(pick)
            | Act::DropHandle(pick) => {
                let Some(number) = pick_of(pick, self.tasks.borrow().len()) else { return };
                self.act_on(number, act);
            }
            _ => {}
        }
    }

    fn act_on(&self, number: usize, act: Act) {
        let waker = self.tasks.borrow()[number].waker.clone();
        match act {
            Act::Wake(_) => waker.iter().for_each(Waker::wake_by_ref),
            Act::WakeElsewhere(_) => elsewhere(|| waker.iter().for_each(Waker::wake_by_ref)),
            Act::WakeByValue(_) => {
                drop(waker);
                let taken = self.tasks.borrow_mut()[number].waker.take();
                taken.into_iter().for_each(Waker::wake);
            }
            Act::DropWaker(_) => {
                let taken = self.tasks.borrow_mut()[number].waker.take();
                drop(taken);
            }
            Act::Abort(_) => self.tasks.borrow()[number].handle.iter().for_each(|of| of.abort()),
            Act::DropHandle(_) => {
                let taken = self.tasks.borrow_mut()[number].handle.take();
                drop(taken);
            }
            _ => {}
        }
    }
}

/// What a call of another thread came to.
pub(super) fn told_by_call(result: &Result<(), CallError>) -> Told {
    match result {
        Ok(()) => Told::Value,
        Err(CallError::Panicked(_)) => Told::Panicked,
        Err(CallError::Cancelled) => Told::Cancelled,
        Err(CallError::Closed) => Told::Closed,
        Err(CallError::Full) => Told::Full,
        Err(_) => Told::Nothing,
    }
}

/// Runs `f` on a thread of its own, to its end.
fn elsewhere<T: Send>(f: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| scope.spawn(f).join().expect("another thread does nothing that panics"))
}
