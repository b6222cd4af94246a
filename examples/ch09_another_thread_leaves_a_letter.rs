//! # 9. Another thread leaves a letter
//!
//! All that a loop has belongs to one thread: its lists, its tasks, and whatever those share. That
//! is why none of it needs a lock. So no other thread may touch any of it, and the compiler sees to
//! that: an `Rc` can't be sent. What another thread may do is to leave a *letter*: a closure, which
//! the loop opens and calls on its own thread, between two items of its work.
//!
//! `Remote::defer` leaves one. It never waits for the loop, and the loop never waits for it. If the
//! loop sleeps, the first letter wakes it, which is a call of the system; whoever comes next sees
//! that somebody has rung, and only drops his in. So however many come, a sleep ends by one call.
//!
//! Here a clerk takes orders by telephone, on a thread of his own. The book of orders belongs to
//! the thread of the loop. `ORDERS` is one for each thread, so where a letter counts says where it
//! was opened. `Remote::call` is a letter that asks for an answer: its `Call` can be awaited.
//!
//! ## Break it
//!
//! ```text
//! GLASSLOOP_INSPECT=1 cargo run --example ch09_another_thread_leaves_a_letter -- broken
//! ```
//!
//! No letters: clerk and baker share one book, under a `Mutex`. The clerk holds it while he is on
//! the telephone, and the baker wants to read it. She is a task, so with her the whole loop stands
//! still. `glassloop where` says that `baker` has held it, for how long, and that its thread is
//! `waiting for a lock`.
//!
//! ## A question
//!
//! The clerk is through before the loop begins. How many turns does the loop take for a thousand
//! letters, and how often was the system asked to wake it? And if it had been asleep?
#![allow(clippy::print_stdout)]

use std::{
    cell::Cell,
    env,
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

use glassloop::{Call, EventLoop, Remote, sleep};

thread_local! {
    /// Each thread has its own. That of the loop's thread is the book.
    static ORDERS: Cell<u32> = const { Cell::new(0) };
}

pub(crate) fn program(event_loop: &EventLoop) {
    let remote = event_loop.remote();
    let clerk = thread::spawn(move || telephone(&remote));
    let answer = clerk.join().expect("nobody hangs up on the clerk");
    println!("the book has {} orders before the loop has run", ORDERS.get());
    let baker = async { answer.await.expect("the loop has not ended") };
    let told = event_loop.block_on(baker).expect("every letter is opened");
    println!("the last letter asked how many there are: {told}");
    let now = event_loop.snapshot();
    let (opened, woken) = (now.executor.calls, now.reactor.wake_calls);
    println!("letters opened: {opened}, calls to wake the loop: {woken}");
}

/// Runs on a thread of its own.
pub(crate) fn telephone(remote: &Remote) -> Call<u32> {
    for _ in 0..1_000 {
        remote.defer(|| ORDERS.set(ORDERS.get() + 1)).expect("there is room for a letter");
    }
    println!("the clerk has left a thousand letters, and a book with {} orders", ORDERS.get());
    remote.call(|| ORDERS.get())
}

fn broken(event_loop: &EventLoop) {
    let book = Arc::new(Mutex::new(0));
    let (rings, answered) = mpsc::channel();
    let at_the_telephone = Arc::clone(&book);
    thread::spawn(move || {
        let mut orders = at_the_telephone.lock().expect("the baker has not panicked");
        rings.send(()).expect("the bakery is open");
        thread::sleep(Duration::from_secs(60)); // a long call, with the book in his hand
        *orders += 1;
    });
    answered.recv().expect("the clerk is there");
    let baker = async move {
        sleep(Duration::from_secs(1)).await; // the bread is in the oven
        println!("the baker looks into the book");
        println!("{} orders", book.lock().expect("the clerk has not panicked"));
    };
    event_loop.spawn(baker).named("baker").detach();
    let seller = async { sleep(Duration::from_secs(2)).await };
    event_loop.spawn(seller).named("seller").detach();
    event_loop.run().expect("the clerk hangs up in the end");
}

fn main() -> std::io::Result<()> {
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    let event_loop = EventLoop::new()?;
    match env::args().nth(1).as_deref() {
        Some("broken") => broken(&event_loop),
        _ => program(&event_loop),
    }
    Ok(())
}
