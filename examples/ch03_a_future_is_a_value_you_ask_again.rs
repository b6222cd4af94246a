//! # 3. A future is a value you ask again
//!
//! A callback is called once. Much of what a program waits for takes several goes: something has
//! come, but not all of it. A *future* is a value that can be asked, as often as you like, whether
//! it is done. To ask it is to *poll* it. It answers `Ready`, with what came of it, or `Pending`:
//! ask me again. It does a piece of its work each time, and keeps for itself how far it has come.
//!
//! `Errand` is one. It takes three polls: to leave, to arrive, to be back. A future does nothing by
//! itself, so a loop keeps a list of them; the futures on a loop's list are its *tasks*. `mine`
//! (try `-- mine`) simply asks every task on its list, round after round, until all are done.
//!
//! A future that says `Pending` should also see to it that it is asked again, which is what the
//! `Context` is for. `Errand` says so at once, by `wake_by_ref`. `mine` asks anyway and doesn't
//! listen; glassloop does. Why it should is the next chapter.
//!
//! ## Break it
//!
//! ```text
//! GLASSLOOP_INSPECT=1 cargo run --example ch03_a_future_is_a_value_you_ask_again -- broken
//! ```
//!
//! A future that waits for a time by being asked, again and again, whether it has come. `glassloop
//! ps` shows its polls by the million, and `glassloop wakes sitter` who wakes it: itself.
//!
//! ## A question
//!
//! Two errands of three polls each. Do they take three turns of glassloop, or six? And what would
//! `mine` have to do if one errand were to send out another?
#![allow(clippy::print_stdout)]

use std::{
    env,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use glassloop::EventLoop;

/// What the program asks of a loop.
pub(crate) trait Loop {
    /// Puts a future on the list of those that are asked.
    #[track_caller]
    fn spawn(&self, name: &'static str, future: impl Future<Output = ()> + 'static);

    /// Until all of them are done.
    fn run(&self);
}

pub(crate) fn program(on: &impl Loop) {
    on.spawn("bread", Errand { what: "bread", polls: 0 });
    on.spawn("milk", Errand { what: "milk", polls: 0 });
    on.run();
}

struct Errand {
    what: &'static str,
    polls: usize,
}

impl Future for Errand {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        println!("{}: {}", self.what, ["leaves", "arrives", "is back"][self.polls]);
        self.polls += 1;
        if self.polls == 3 {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref(); // ask me again, and at once
        Poll::Pending
    }
}

/// Done when the time has come; until then it wants to be asked all the time.
struct Sitter(Instant);

impl Future for Sitter {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.0 {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

fn broken(on: &impl Loop) {
    on.spawn("sitter", Sitter(Instant::now() + Duration::from_secs(60)));
    on.run();
}

/// A loop from the standard library.
mod mine {
    use std::{
        cell::RefCell,
        pin::Pin,
        task::{Context, Waker},
    };

    #[derive(Default)]
    pub(super) struct Loop {
        tasks: RefCell<Vec<Pin<Box<dyn Future<Output = ()>>>>>,
    }

    impl super::Loop for Loop {
        fn spawn(&self, _name: &'static str, future: impl Future<Output = ()> + 'static) {
            self.tasks.borrow_mut().push(Box::pin(future));
        }

        fn run(&self) {
            let mut context = Context::from_waker(Waker::noop()); // a waker that nobody listens to
            let mut tasks = self.tasks.borrow_mut();
            while !tasks.is_empty() {
                tasks.retain_mut(|task| task.as_mut().poll(&mut context).is_pending());
            }
        }
    }
}

/// glassloop, asked for the same.
pub(crate) struct Glass(pub(crate) EventLoop);

impl Loop for Glass {
    fn spawn(&self, name: &'static str, future: impl Future<Output = ()> + 'static) {
        self.0.spawn(future).named(name).detach();
    }

    fn run(&self) {
        self.0.run().expect("who is asked often enough is done");
    }
}

fn main() -> std::io::Result<()> {
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    let glass = Glass(EventLoop::new()?);
    match env::args().nth(1).as_deref() {
        Some("mine") => program(&mine::Loop::default()),
        Some("broken") => broken(&glass),
        _ => program(&glass),
    }
    Ok(())
}
