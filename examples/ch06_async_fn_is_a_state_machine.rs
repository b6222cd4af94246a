//! # 6. An async fn is a state machine that you didn't write
//!
//! The futures of the last chapters were written by hand: a value that keeps how far it has come,
//! and a `poll` that goes on from there. `async fn` has the compiler write both. You write down
//! what is to be done, one thing after the other, and put an `await` where it may take a while.
//!
//! Each `await` is a place where the future may have to stop, and so each is a *state*. To poll it
//! is to go on from the state it is in, up to the next `await` that isn't ready, or to the end. In
//! its state it keeps what it needs later, and no more: here the sleep it waits for, one at a time.
//!
//! `errand` is an async fn, `Errand` is what you would have to write without. They do the same and
//! sleep at the same times, side by side on one loop; their stories differ in names and lines
//! alone. In the page each stands at the line of its `await`: that line is the name of its state.
//!
//! A future in a future works because who polls passes its `Context` on. The waker that `sleep`
//! leaves with the timer is that of the task, so the loop polls the outer one, and that the inner.
//!
//! ## Break it
//!
//! ```text
//! GLASSLOOP_INSPECT=1 cargo run --example ch06_async_fn_is_a_state_machine -- broken
//! ```
//!
//! A future by hand that doesn't keep its state: whenever it is polled it leaves anew. Each time
//! its timer wakes it, on time, and nothing is wrong but that it never gets on. `glassloop wakes
//! tea` names the timer, by its line, and counts.
//!
//! ## A question
//!
//! `sleep` counts from its call, not from its `await`. What if an errand called it three times
//! before it leaves, and only then awaited one after the other? How long would it take, and how
//! much would it keep?
#![allow(clippy::print_stdout)]

use std::{
    env,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use glassloop::{EventLoop, Sleep, sleep};

pub(crate) const WALK: Duration = Duration::from_millis(20);
pub(crate) const QUEUE: Duration = Duration::from_millis(30);

pub(crate) async fn errand(what: &'static str) {
    println!("{what}: leaves");
    sleep(WALK).await;
    println!("{what}: arrives");
    sleep(QUEUE).await;
    println!("{what}: is bought");
    sleep(WALK).await;
    println!("{what}: is back");
}

/// The same by hand. A state holds what is needed to go on from it.
pub(crate) enum Errand {
    AtHome(&'static str),
    OnTheWay(&'static str, Sleep),
    InTheQueue(&'static str, Sleep),
    OnTheWayBack(&'static str, Sleep),
    Back,
}

impl Future for Errand {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        loop {
            *self = match &mut *self {
                Errand::AtHome(what) => {
                    println!("{what}: leaves");
                    Errand::OnTheWay(what, sleep(WALK))
                }
                Errand::OnTheWay(what, walk) => {
                    ready!(Pin::new(walk).poll(context)); // or return that it is pending
                    println!("{what}: arrives");
                    Errand::InTheQueue(what, sleep(QUEUE))
                }
                Errand::InTheQueue(what, queue) => {
                    ready!(Pin::new(queue).poll(context));
                    println!("{what}: is bought");
                    Errand::OnTheWayBack(what, sleep(WALK))
                }
                Errand::OnTheWayBack(what, walk) => {
                    ready!(Pin::new(walk).poll(context));
                    println!("{what}: is back");
                    Errand::Back
                }
                Errand::Back => return Poll::Ready(()),
            };
        }
    }
}

pub(crate) fn program(on: &EventLoop) {
    tell_size("the compiler", size_of_val(&errand("bread")));
    tell_size("hand", size_of::<Errand>());
    on.spawn(errand("bread")).named("bread").detach();
    on.spawn(Errand::AtHome("milk")).named("milk").detach();
    on.run().expect("the time comes for both");
}

fn tell_size(by: &str, bytes: usize) {
    let fits = |sleeps| bytes >= sleeps * size_of::<Sleep>();
    println!("by {by}: room for one sleep: {}, for three: {}", fits(1), fits(3));
}

/// Keeps its sleep, but not that it has left.
struct Forgetful(Option<Sleep>);

impl Future for Forgetful {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        println!("tea: leaves");
        let walk = self.0.insert(sleep(WALK)); // in place of the one that has just ended
        ready!(Pin::new(walk).poll(context));
        println!("tea: arrives");
        Poll::Ready(())
    }
}

fn broken(on: &EventLoop) {
    on.spawn(Forgetful(None)).named("tea").detach();
    on.call_later(Duration::from_secs(60), glassloop::stop).expect("there is room");
    on.run().expect("it is stopped");
}

fn main() -> std::io::Result<()> {
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    let on = EventLoop::new()?;
    match env::args().nth(1).as_deref() {
        Some("broken") => broken(&on),
        _ => program(&on),
    }
    Ok(())
}
