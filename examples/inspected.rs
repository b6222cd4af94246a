//! A program that can be looked at while it runs: start it with `GLASSLOOP_INSPECT=1`.
//!
//! `--seconds N` says for how long it runs; 1 if it doesn't.
#![allow(clippy::print_stdout)]

use std::{error::Error, time::Duration};

fn main() -> Result<(), Box<dyn Error>> {
    // The one line that a program needs. What it gives is for those who want to say where.
    if let Some(inspector) = glassloop_inspector::init() {
        // Whoever has this address may look. On a terminal it is its owner's, in a log it is not.
        println!("{}", inspector.url());
        println!("file {}", inspector.file().display());
    }
    let run = Duration::from_secs(seconds(std::env::args().skip(1))?);
    glassloop::run(async move {
        let ticking = glassloop::spawn(async {
            loop {
                glassloop::sleep(Duration::from_millis(100)).await;
            }
        });
        ticking.named("ticking").detach();
        glassloop::sleep(run).await;
    })?;
    Ok(())
}

fn seconds(mut arguments: impl Iterator<Item = String>) -> Result<u64, String> {
    match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => Ok(1),
        (Some("--seconds"), Some(number)) => {
            number.parse().map_err(|_| format!("expected a number of seconds, came {number}"))
        }
        (Some(other), _) => Err(format!("expected --seconds N, came {other}")),
    }
}
