//! Time: a callback, a sleep, an interval, and a future that is given only so long.
#![allow(clippy::print_stdout)]

use std::{future::pending, time::Duration};

use glassloop::{RunError, call_later, interval, sleep, timeout};

fn main() -> Result<(), RunError> {
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    glassloop::run(async {
        let ms = Duration::from_millis;

        // The loop calls this. Nobody waits for it, though its handle could cancel it.
        call_later(ms(10), || println!("after 10 ms: a callback")).expect("there is room for one");

        // This task waits. Others run meanwhile: the callback, for one.
        sleep(ms(30)).await;
        println!("after 30 ms: this task");

        let mut ticks = interval(ms(10));
        for n in 1..=3 {
            ticks.tick().await;
            println!("tick {n}");
        }

        if let Err(elapsed) = timeout(ms(10), pending::<()>()).await {
            println!("{elapsed}");
        }
    })
}

// after 10 ms: a callback
// after 30 ms: this task
// tick 1
// tick 2
// tick 3
// timeout: expected an output within 10ms, came none
