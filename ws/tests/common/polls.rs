//! How often futures are polled, and how much a turn takes.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::rc::Rc;
use std::time::Duration;

use glassloop_ws::WebSocket;

use super::{End, Loop};

/// Counts the polls of a future.
pub fn counted<F: Future>(
    future: F,
    polls: &Rc<Cell<u32>>,
) -> impl Future<Output = F::Output> + use<F> {
    let polls = Rc::clone(polls);
    let mut future = Box::pin(future);
    poll_fn(move |cx| {
        polls.set(polls.get() + 1);
        future.as_mut().poll(cx)
    })
}

/// Receives for ever, and says how much.
pub async fn receive(socket: WebSocket, received: Rc<Cell<u32>>) {
    while let Ok(Some(_)) = socket.recv().await {
        received.set(received.get() + 1);
    }
}

/// Turns until nothing is left to do, `feed` before each; the most bytes and frames that any of
/// them took from this connection. `feed` says whether it has more.
pub fn most_of_a_turn(
    event_loop: &mut Loop,
    end: &End,
    mut feed: impl FnMut() -> bool,
) -> (u64, u64) {
    let mut most = (0, 0);
    while feed() || event_loop.has_work() {
        let before = end.socket.counts();
        event_loop.turn(Duration::ZERO);
        let after = end.socket.counts();
        most.0 = most.0.max(after.bytes_read - before.bytes_read);
        most.1 = most.1.max(after.frames_read - before.frames_read);
    }
    most
}
