//! # 10. Cancelling is dropping
//!
//! A future does nothing unless it is polled. So to cancel one takes no signal and no flag: you
//! stop polling it, and drop it. Its next line never runs, and what it held is dropped, the last
//! first, as at the end of any block. Who writes a future must bear that in mind: at each `await`
//! it may be over.
//!
//! Here guests wait for their soup, and each holds a table and a spoon. `timeout` gives a future so
//! much time; then its `await` is over, and drops what it held. `race` takes the first of several,
//! and drops the others. A task isn't yours to drop, since the loop owns its future; `abort` asks
//! the loop to drop it, and the loop does so when its turn comes.
//!
//! And one way doesn't cancel. A `JoinHandle` is not the task, only the right to its result. Who
//! drops the handle gives up the result; the task goes on, *detached*.
//!
//! ## Break it
//!
//! ```text
//! GLASSLOOP_INSPECT=1 cargo run --example ch10_cancelling_is_dropping -- broken
//! ```
//!
//! Ada has become a task, and the timeout goes around her handle. When the time is up, what goes
//! with it is the handle. The host believes that her table is free. `glassloop ps` shows Ada
//! `waiting`, in a `sleep` that is due in an hour, and at which line.
//!
//! ## A question
//!
//! `abort` is called in one turn. In which is Dora's table free, in that one or in the next? And
//! what is printed of her if the host doesn't wait a moment between `spawn` and `abort`?
#![allow(clippy::print_stdout)]

use std::{env, time::Duration};

use glassloop::{EventLoop, race, sleep, spawn, timeout};

const MOMENT: Duration = Duration::from_millis(20);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// What somebody holds. To drop it is to give it back.
struct Held {
    who: &'static str,
    what: &'static str,
}

impl Held {
    fn new(who: &'static str, what: &'static str) -> Held {
        println!("  {who} takes a {what}");
        Held { who, what }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        println!("  {} gives back the {}", self.who, self.what);
    }
}

pub(crate) async fn dine(who: &'static str, soup_takes: Duration) -> &'static str {
    let _table = Held::new(who, "table");
    let _spoon = Held::new(who, "spoon");
    sleep(soup_takes).await;
    println!("  {who} has eaten");
    who
}

pub(crate) async fn program() {
    println!("a timeout");
    let late = timeout(MOMENT, dine("Ada", HOUR)).await;
    println!("  Ada has eaten: {}", late.is_ok());

    println!("a race");
    let (_, first) = race([dine("Ben", HOUR), dine("Cem", MOMENT)]).await;
    println!("  the first was {first}");

    println!("an abort");
    let dora = spawn(dine("Dora", HOUR)).named("Dora");
    sleep(MOMENT).await;
    dora.abort();
    println!("  the host has said it");
    let ended = dora.await;
    println!("  Dora has eaten: {}", ended.is_ok());

    println!("a handle is dropped");
    let eve = spawn(dine("Eve", MOMENT)).named("Eve");
    drop(eve);
    println!("  the host goes home");
}

async fn broken() {
    let ada = spawn(dine("Ada", HOUR)).named("Ada");
    let late = timeout(MOMENT, ada).await;
    println!("  Ada has eaten: {}, so her table must be free", late.is_ok());
    sleep(Duration::from_secs(60)).await;
}

fn main() -> std::io::Result<()> {
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    let event_loop = EventLoop::new()?;
    let ended = match env::args().nth(1).as_deref() {
        Some("broken") => event_loop.block_on(broken()),
        _ => {
            event_loop.spawn(program()).named("host").detach();
            event_loop.run() // until nobody is left, so Eve may finish
        }
    };
    ended.expect("everybody's time comes");
    Ok(())
}
