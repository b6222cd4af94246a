//! A second loop inside of a running one, as when a library is to be used that has only blocking
//! calls, or a dialog runs a loop of its own.

use std::{rc::Rc, time::Duration};

use glassloop::{EventLoop, outside, sleep};

use crate::Shown;

pub(crate) const NAME: &str = "a second loop inside of a running one";
pub(crate) const ELSEWHERE: &str = "asyncio raises `Cannot run the event loop while another loop \
    is running`, and people reach for a patch; tokio panics";

const MS: Duration = Duration::from_millis(1);

pub(crate) fn show() -> Shown {
    let event_loop = Rc::new(EventLoop::new()?);
    let itself = Rc::clone(&event_loop);
    event_loop.block_on(async move {
        // The same loop: its turn is under way, and another one inside of it would break its order.
        let refused = itself.block_on(async {}).expect_err("it turns").to_string();
        println!("itself: {}", refused.split(':').next().unwrap_or_default());
        // Another one may run; until it is done nothing else of this one does, and so it is `slow`.
        println!(
            "another one: {:?}",
            glassloop::run(async {
                sleep(MS).await;
                "runs"
            })
        );
        // What runs our host's loop, which pumps us, waits for the end of the turn.
        let dialog = Rc::clone(&itself);
        let pumped = outside(move || dialog.pump(MS)).await;
        println!("a dialog that pumps: {}", if pumped.is_ok() { "pumps" } else { "is refused" });
    })?;
    Ok(())
}

// itself: a turn was asked for inside a turn of the same loop
// another one: Ok("runs")
// a dialog that pumps: pumps
