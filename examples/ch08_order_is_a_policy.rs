//! # 8. Order is a policy
//!
//! All that is ready, be it a callback or a task that was woken, stands in one line, the *ready
//! queue*. Who comes first is served first. What remains to be said is when a loop, between two
//! in that line, looks up: at the clock, at its sockets, at what other threads have left. That is
//! a turn, and how many of the line one turn serves is a *policy*.
//!
//! `One`, as in a browser: a turn for each. `Batch`, as in Python's asyncio, and what glassloop
//! does unless you say otherwise: those who stood there when the turn began to serve; who joins
//! meanwhile is for the next. `ToEmpty`: until nobody stands there. `Counted`: so many, whoever.
//!
//! Ada and Ben say three numbers each; having said one, each joins the line again. Ada, at once,
//! also asks for a bell to be rung when no time at all has passed. It comes when the loop looks at
//! the clock, and then joins the line. The later it looks, the later the bell: the numbers keep
//! their order, and the bell moves. Nothing moves `thanks`, a *microtask*: it is called right after
//! whoever asked for it, before anybody in the line, under each policy.
//!
//! ## Break it
//!
//! ```text
//! GLASSLOOP_INSPECT=1 cargo run --example ch08_order_is_a_policy -- broken
//! ```
//!
//! A cook peels potatoes, a millisecond each, and after each joins the line again. Under `ToEmpty`
//! it is never empty, and the bell that should ring every 50 ms waits until `limits` cuts the turn
//! off, after half a second. No callback takes long, the ten that `glassloop slow` lists are
//! innocent; but `glassloop story` says that the bell's timer `was 449 ms late`, or nearly so.
//!
//! ## A question
//!
//! Seven callbacks are called under each policy. In how many turns, under which?
#![allow(clippy::print_stdout)]

use std::{env, thread, time::Duration};

use glassloop::{EventLoop, Limits, RunPolicy, call_later, call_soon, queue_microtask, stop};

pub(crate) const POLICIES: [RunPolicy; 4] =
    [RunPolicy::One, RunPolicy::Batch, RunPolicy::Counted(3), RunPolicy::ToEmpty];

/// Such that the policy alone decides: else a turn looks up after 2 ms whatever the policy, and
/// doesn't look at the clock again if it did so less than 50 us ago.
pub(crate) fn limits() -> Limits {
    Limits { run_us_max: 500_000, items_per_poll_max: 1, ..Limits::default() }
}

pub(crate) fn program(on: &EventLoop, policy: RunPolicy) {
    on.set_policy(policy);
    print!("{policy:?}:");
    on.enter(|| {
        say("Ada", 1);
        say("Ben", 1);
    });
    on.run().expect("they get to three");
    println!();
}

fn say(who: &'static str, number: u32) {
    let callback = move || {
        print!(" {who} {number},");
        match (who, number) {
            ("Ada", 1) => drop(call_later(Duration::ZERO, || print!(" bell,"))),
            ("Ben", 1) => queue_microtask(|| print!(" thanks,")).expect("there is room"),
            _ => {}
        }
        if number < 3 {
            say(who, number + 1);
        }
    };
    call_soon(callback).expect("there is room");
}

fn broken(on: &EventLoop) {
    on.set_policy(RunPolicy::ToEmpty);
    on.enter(|| {
        peel();
        ring(1);
        call_later(Duration::from_secs(60), stop).expect("there is room");
    });
    on.run().expect("it is stopped");
}

fn peel() {
    let callback = || {
        thread::sleep(Duration::from_millis(1)); // work
        peel();
    };
    call_soon(callback).expect("there is room");
}

fn ring(number: u32) {
    let callback = move || {
        println!("bell {number}");
        ring(number + 1);
    };
    call_later(Duration::from_millis(50), callback).expect("there is room");
}

fn main() -> std::io::Result<()> {
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    let on = EventLoop::builder().limits(limits()).build()?;
    match env::args().nth(1).as_deref() {
        Some("broken") => broken(&on),
        _ => POLICIES.iter().for_each(|&policy| program(&on, policy)),
    }
    Ok(())
}
