//! A stop, or a close, in the middle of what others do.
//!
//! A stop ends the run, not the tasks; a close gives them time, and from inside of the loop that it
//! would end it only stops.

use std::{rc::Rc, time::Duration};

use glassloop::{EventLoop, sleep, stop};

use crate::Shown;

pub(crate) const NAME: &str = "a stop or a close that would destroy the tasks of others";
pub(crate) const ELSEWHERE: &str = "a library stops the loop when it is done, and the program's \
    `run_until_complete` raises; closed after that, the loop drops what others had begun";

const MS: Duration = Duration::from_millis(1);

pub(crate) fn show() -> Shown {
    let event_loop = Rc::new(EventLoop::new()?);
    let saves = async {
        sleep(20 * MS).await;
        println!("the other one has saved its work");
    };
    let other = event_loop.spawn(saves).named("other");

    let itself = Rc::clone(&event_loop);
    let library = async move {
        println!("a library closes its loop: {}", itself.close(Duration::ZERO));
        stop();
    };
    event_loop.spawn(library).detach();
    event_loop.run()?;
    println!("stopped; the other one has ended: {}", other.is_finished());

    event_loop.spawn(async { sleep(60_000 * MS).await }).named("straggler").detach();
    let report = event_loop.close(100 * MS);
    println!("closed; the other one has ended: {}", other.is_finished());
    println!("left: {}", report.tasks[0].name);
    Ok(())
}

// a library closes its loop: a loop can't be closed from inside its turn; it was told to stop
// stopped; the other one has ended: false
// the other one has saved its work
// closed; the other one has ended: true
// left: straggler
