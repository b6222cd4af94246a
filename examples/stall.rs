//! A loop that hangs: a hundred tasks work for five seconds, then another sleeps on the loop for
//! thirty, and the program ends.
//!
//! Look into it while it hangs. In one terminal:
//!
//! ```text
//! GLASSLOOP_INSPECT=1 cargo run --example stall
//! ```
//!
//! and ten seconds later, in another, for the first time:
//!
//! ```text
//! cargo run -p glassloop-inspector -- ps
//! cargo run -p glassloop-inspector -- where
//! ```
//!
//! `--seconds N` has it hang N seconds in place of 30, `--work N` work N in place of 5. With
//! `--offload` the sleep is a job, on a thread of the loop's pool: the others go on, and `res` and
//! `why sleeper` name the job.

use std::{env, error::Error, thread, time::Duration};

use glassloop::{EventLoop, offload, sleep};

/// The number behind a flag, or what it is without.
fn seconds(flag: &str, default: u64) -> Result<Duration, Box<dyn Error>> {
    let mut arguments = env::args().skip_while(|argument| argument != flag).skip(1);
    let number = arguments.next().map_or(Ok(default), |number| number.parse());
    Ok(Duration::from_secs(number.map_err(|_| format!("{flag}: expected a whole number"))?))
}

fn main() -> Result<(), Box<dyn Error>> {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("info")).init();
    glassloop_inspector::init();
    let (hang, work) = (seconds("--seconds", 30)?, seconds("--work", 5)?);
    let is_offloaded = env::args().any(|argument| argument == "--offload");

    let event_loop = EventLoop::new()?;
    for number in 0..100 {
        let worker = async {
            loop {
                sleep(Duration::from_millis(20)).await;
            }
        };
        event_loop.spawn(worker).named(format!("worker {number}")).detach();
    }
    let sleeper = async move {
        sleep(work).await;
        if is_offloaded {
            log::info!("the sleeper sleeps on another thread for {} s", hang.as_secs());
            let slept = offload(move || thread::sleep(hang)).named("long sleep").await;
            slept.unwrap_or_else(|error| log::warn!("the sleeper did not sleep: {error}"));
        } else {
            log::info!("the sleeper sleeps on the loop for {} s", hang.as_secs());
            thread::sleep(hang); // what must never be done in a task
        }
        log::info!("the sleeper is awake");
        glassloop::stop();
    };
    event_loop.spawn(sleeper).named("sleeper").detach();
    event_loop.run()?;
    let left = event_loop.close(Duration::ZERO).tasks_aborted;
    log::info!("{left} workers were still at work");
    Ok(())
}
