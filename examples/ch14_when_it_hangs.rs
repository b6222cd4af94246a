//! # 14. When it hangs
//!
//! A loop is one thread. Whatever has that thread has everybody, and then the one who could tell
//! what is wrong is the one who can't. So a loop writes down what it is about to do *before* it
//! does it: one word, which any thread may read, the *now-record*.
//!
//! Here a doctor, on a thread of its own, looks at a loop while it hangs. The printer calls
//! something that blocks (it waits for the doctor, so that nothing here depends on luck), and the
//! clock behind it can't tick. The doctor asks the loop nothing, as it wouldn't answer: it reads.
//!
//! That is what `glassloop where` does, and the log when a loop has hung for a second. There are
//! seven more ways in which a program with a loop stops doing what it should; in most of them the
//! loop is well, and sleeps. What they are, and which look tells them apart, is in this chapter's
//! page; and then there is a clinic, with a patient for each: `cargo run --example clinic`.
//!
//! ## Break it
//!
//! ```text
//! GLASSLOOP_INSPECT=1 cargo run --example ch14_when_it_hangs -- broken
//! ```
//!
//! The printer blocks for a minute, and no doctor comes. Be the doctor: `glassloop where`, from a
//! second terminal, while it hangs. Then `glassloop slow`, when it is over.
//!
//! ## A question
//!
//! A program hangs, and `glassloop top` shows a utilisation of 0 %. Can it be what you have seen
//! here?
#![allow(clippy::print_stdout)]

use std::{env, sync::mpsc, thread, time::Duration};

use glassloop::{EventLoop, Phase, RunError, Watch, interval, sleep};

/// The printer, the clock, and the doctor, who looks at the loop from outside.
pub(crate) fn program(on: &EventLoop) -> Result<(), RunError> {
    let (calls, called) = mpsc::channel();
    let (done, until_done) = mpsc::channel();
    let watch = on.watch();
    let doctor = thread::spawn(move || {
        for () in called {
            examine(&watch);
            done.send(()).expect("the printer waits for it");
        }
    });
    let clock = on.spawn(ticks()).named("clock");
    let printer = async move {
        sleep(Duration::from_millis(250)).await; // the clock ticks
        println!("printer: calls the driver");
        calls.send(()).expect("the doctor is there");
        // What no task may do: the thread waits, and it is everybody's.
        until_done.recv().expect("the doctor comes");
        println!("printer: printed");
        clock.abort();
    };
    on.block_on(on.spawn(printer).named("printer"))?.expect("printed");
    doctor.join().expect("the doctor doesn't panic");
    Ok(())
}

/// What a loop that hangs can be asked: nothing. What it has written down is there to be read.
fn examine(watch: &Watch) {
    let now = watch.now();
    let phase = now.phase.map_or("none", Phase::name);
    println!("doctor: it runs task {}, in phase `{phase}`", now.item.task_id());
    let [born, waited] = watch.places().map(|place| place.map_or(0, |place| place.line()));
    println!("doctor: which was spawned at line {born}, and waited last at line {waited}");
}

async fn ticks() {
    let mut tick = interval(Duration::from_millis(200));
    loop {
        tick.tick().await;
        println!("clock: tick");
    }
}

/// The same without a doctor.
fn broken(on: &EventLoop) -> Result<(), RunError> {
    on.spawn(ticks()).named("clock").detach();
    let printer = async {
        sleep(Duration::from_millis(250)).await;
        println!("printer: calls the driver");
        thread::sleep(Duration::from_secs(60));
        println!("printer: printed");
        // For half a minute there is something to look back at.
        sleep(Duration::from_secs(30)).await;
    };
    on.block_on(on.spawn(printer).named("printer"))?.expect("it doesn't panic");
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    let on = EventLoop::new()?;
    match env::args().nth(1).as_deref() {
        Some("broken") => broken(&on)?,
        _ => program(&on)?,
    }
    Ok(())
}
