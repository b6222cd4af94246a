//! # 11. Backpressure is a queue that says wait
//!
//! One task makes things, another one uses them up, and between them lies a queue. If the maker is
//! quicker the queue grows, for as long as the program runs. No line of that is wrong, and for an
//! hour all is well; then the memory is full. A queue that is never full only hides that the two
//! don't fit.
//!
//! So give it a *bound*, and let `send` wait while it is full. Then the wait is felt by who can do
//! something about it: the maker makes no more than is used. That is *backpressure*. Sockets do the
//! same: if a peer doesn't read, your writes wait.
//!
//! Here a baker bakes ten loaves in no time, and the seller needs 20 ms for each. Between them is a
//! shelf for three. It is what you know by now: a list, and two wakers. Who finds it full leaves a
//! waker for room, who finds it empty one for bread; and whoever changes that wakes the other.
//!
//! ## Break it
//!
//! ```text
//! GLASSLOOP_INSPECT=1 cargo run --example ch11_backpressure_is_a_queue_that_says_wait -- broken
//! ```
//!
//! The oven has a thread of its own, and leaves each loaf as a letter, near to 1,000 a second.
//! `defer` never waits. `glassloop res` shows how many deferred calls wait, and each time you ask
//! they are more. At 3,000 the loop refuses, and the oven is told: a bound ends it, but this one
//! doesn't say *wait*, so bread is thrown away.
//!
//! ## A question
//!
//! Make the shelf twice as long. Is the last loaf sold earlier? What does change?
#![allow(clippy::print_stdout)]

use std::task::{Poll, Waker};
use std::{cell::Cell, cell::RefCell, collections::VecDeque, env, future::poll_fn};
use std::{process, rc::Rc, thread, time::Duration};

use glassloop::{EventLoop, Limits, sleep, spawn};

const SALE: Duration = Duration::from_millis(20);

/// A queue with a bound, for one who puts and one who takes.
pub(crate) struct Shelf {
    loaves: RefCell<VecDeque<u32>>,
    most: usize,
    pub(crate) deepest: Cell<usize>,
    /// How often the baker found it full.
    pub(crate) full: Cell<usize>,
    wants_room: Cell<Option<Waker>>,
    wants_bread: Cell<Option<Waker>>,
}

impl Shelf {
    pub(crate) fn new(most: usize) -> Shelf {
        let (deepest, full, loaves) = Default::default();
        let (wants_room, wants_bread) = Default::default();
        Shelf { loaves, most, deepest, full, wants_room, wants_bread }
    }

    /// Waits while the shelf is full.
    async fn send(&self, loaf: u32) {
        poll_fn(|context| {
            let depth = self.loaves.borrow().len();
            if depth == self.most {
                self.full.set(self.full.get() + 1);
                self.wants_room.set(Some(context.waker().clone()));
                return Poll::Pending;
            }
            self.loaves.borrow_mut().push_back(loaf);
            self.deepest.set(self.deepest.get().max(depth + 1));
            self.wants_bread.take().into_iter().for_each(Waker::wake);
            Poll::Ready(())
        })
        .await
    }

    /// Waits while the shelf is empty.
    async fn receive(&self) -> u32 {
        poll_fn(|context| {
            let Some(loaf) = self.loaves.borrow_mut().pop_front() else {
                self.wants_bread.set(Some(context.waker().clone()));
                return Poll::Pending;
            };
            self.wants_room.take().into_iter().for_each(Waker::wake);
            Poll::Ready(loaf)
        })
        .await
    }
}

pub(crate) async fn program(shelf: Rc<Shelf>) {
    let baker = spawn(bake(Rc::clone(&shelf))).named("baker");
    let seller = spawn(sell(Rc::clone(&shelf))).named("seller");
    baker.await.expect("the baker does not panic");
    seller.await.expect("the seller does not panic");
    println!("never more than {} on the shelf", shelf.deepest.get());
    println!("the baker found it full {} times", shelf.full.get());
}

async fn bake(shelf: Rc<Shelf>) {
    for loaf in 1..=10 {
        shelf.send(loaf).await;
    }
    println!("the baker goes home");
}

async fn sell(shelf: Rc<Shelf>) {
    for _ in 1..=10 {
        let loaf = shelf.receive().await;
        sleep(SALE).await;
        println!("loaf {loaf} is sold");
    }
}

fn broken() -> std::io::Result<()> {
    let mut limits = Limits::default();
    limits.executor.deferred_max = 3_000;
    let event_loop = EventLoop::builder().limits(limits).build()?;
    let remote = event_loop.remote();
    thread::spawn(move || {
        loop {
            if let Err(refused) = remote.defer(|| thread::sleep(SALE)) {
                println!("a loaf is thrown away: {refused}");
            }
            thread::sleep(Duration::from_millis(1));
        }
    });
    let close = || process::exit(0); // what waits would be called first, for minutes
    event_loop.call_later(Duration::from_secs(60), close).expect("there is room");
    event_loop.run().expect("bread comes for ever");
    Ok(())
}

fn main() -> std::io::Result<()> {
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    if env::args().nth(1).as_deref() == Some("broken") {
        return broken();
    }
    let shelf = Rc::new(Shelf::new(3));
    EventLoop::new()?.block_on(program(shelf)).expect("everything is sold");
    Ok(())
}
