//! Ping-pong: two tasks that wake each other, through one cell that is the same for every peer.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use super::OfTasks;
use crate::contest::Reading;
use crate::machine::cpu_time;
use crate::peer::Tasks;

/// `trips` there and back.
#[derive(Clone, Copy)]
pub struct PingPong {
    pub trips: u64,
}

impl OfTasks for PingPong {
    fn sample<P: Tasks>(self) -> Reading {
        let nanos = P::block_on(async move {
            let ball = Rc::new(Ball::default());
            let begun = cpu_time();
            let pong = P::spawn(play(Rc::clone(&ball), 1, self.trips));
            let ping = P::spawn(play(Rc::clone(&ball), 0, self.trips));
            assert_eq!(ping.await + pong.await, 2 * self.trips, "{}: each hit", P::NAME);
            (cpu_time() - begun).as_nanos()
        });
        vec![nanos as f64 / self.trips as f64]
    }
}

/// On the side of one of two players; the other one may wait for it.
#[derive(Default)]
struct Ball {
    side: Cell<usize>,
    waiting: RefCell<Option<Waker>>,
}

/// Hits the ball `hits` times from its side.
async fn play(ball: Rc<Ball>, side: usize, hits: u64) -> u64 {
    for _ in 0..hits {
        poll_fn(|cx| {
            if ball.side.get() == side {
                return Poll::Ready(());
            }
            // A clone at each wait, as a channel that knows no executor has to make.
            ball.waiting.replace(Some(cx.waker().clone()));
            Poll::Pending
        })
        .await;
        ball.side.set(1 - side);
        let waiting = ball.waiting.take();
        if let Some(waiting) = waiting {
            waiting.wake();
        }
    }
    hits
}
