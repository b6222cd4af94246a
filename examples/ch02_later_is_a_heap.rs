//! # 2. Later is a heap
//!
//! Some of what is to be done has to wait for its time. A list in the order of asking won't do:
//! what was asked for last may be due first. What helps is a *heap*, from which the smallest can
//! always be taken, and what we compare is the *deadline*: the instant before which nobody may be
//! called.
//!
//! And a loop that has nothing to do before the next deadline should do nothing. It asks its heap
//! who is first, and sleeps until then. That sleep is the only place in which a loop may stop, and
//! in the page it is the first sector of the ring: `wait`.
//!
//! `mine` (try `-- mine`) sleeps by `thread::sleep`. glassloop sleeps in the operating system's
//! poller, so that sockets and other threads can end its sleep, too: chapters 5 and 9.
//!
//! ## Break it
//!
//! ```text
//! GLASSLOOP_INSPECT=1 cargo run --example ch02_later_is_a_heap -- broken
//! ```
//!
//! An egg timer that looks at the clock, and if it isn't time yet asks to be called again at once.
//! It is as punctual as the others, but the loop gets no sleep. `glassloop top` counts more than a
//! million turns a second, and `glassloop story` shows that each waited for the same timer, and
//! less than a microsecond.
//!
//! ## A question
//!
//! Four callbacks, of which two were asked for with the same delay. How often does the loop sleep,
//! and who of the two is called first?
#![allow(clippy::print_stdout)]

use std::{
    env,
    rc::Rc,
    time::{Duration, Instant},
};

use glassloop::EventLoop;

/// What the program asks of a loop.
pub(crate) trait Loop: Clone + 'static {
    /// Calls back when at least so much time has passed.
    #[track_caller]
    fn call_later(&self, delay: Duration, callback: impl FnOnce() + 'static);

    /// Until nobody is left to be called.
    fn run(&self);
}

pub(crate) fn program(on: &impl Loop) {
    let ms = Duration::from_millis;
    let again = on.clone();
    on.call_later(ms(2_000), || println!("the eggs are hard"));
    on.call_later(ms(2_000), || println!("the toast is brown"));
    on.call_later(ms(200), move || {
        println!("the eggs are warm");
        again.call_later(ms(200), || println!("the eggs are soft"));
    });
    on.run();
}

fn broken(on: &impl Loop) {
    ask_again(on, Instant::now() + Duration::from_secs(60));
    on.run();
}

fn ask_again(on: &impl Loop, deadline: Instant) {
    let again = on.clone();
    on.call_later(Duration::ZERO, move || match Instant::now() < deadline {
        true => ask_again(&again, deadline),
        false => println!("the eggs are ready, and so is the processor"),
    });
}

/// A loop from the standard library.
mod mine {
    use std::{
        cell::RefCell,
        cmp::Reverse,
        collections::BinaryHeap,
        rc::Rc,
        thread,
        time::{Duration, Instant},
    };

    type Callback = Box<dyn FnOnce()>;

    #[derive(Default)]
    struct Later {
        /// The earliest first. Among equal deadlines the one that was asked for first.
        heap: BinaryHeap<Reverse<(Instant, usize)>>,
        /// By the number in the heap; one that was called is gone.
        callbacks: Vec<Option<Callback>>,
    }

    #[derive(Clone, Default)]
    pub(super) struct Loop(Rc<RefCell<Later>>);

    impl super::Loop for Loop {
        fn call_later(&self, delay: Duration, callback: impl FnOnce() + 'static) {
            let mut later = self.0.borrow_mut();
            let number = later.callbacks.len();
            later.heap.push(Reverse((Instant::now() + delay, number)));
            later.callbacks.push(Some(Box::new(callback)));
        }

        fn run(&self) {
            while let Some((deadline, callback)) = self.next() {
                thread::sleep(deadline.saturating_duration_since(Instant::now()));
                callback();
            }
        }
    }

    impl Loop {
        fn next(&self) -> Option<(Instant, Callback)> {
            let mut later = self.0.borrow_mut();
            let Reverse((deadline, number)) = later.heap.pop()?;
            Some((deadline, later.callbacks[number].take()?))
        }
    }
}

/// glassloop, asked for the same.
#[derive(Clone)]
pub(crate) struct Glass(pub(crate) Rc<EventLoop>);

impl Loop for Glass {
    fn call_later(&self, delay: Duration, callback: impl FnOnce() + 'static) {
        self.0.call_later(delay, callback).expect("there is room among its timers");
    }

    fn run(&self) {
        self.0.run().expect("the time comes for everybody");
    }
}

fn main() -> std::io::Result<()> {
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    let glass = Glass(Rc::new(EventLoop::new()?));
    match env::args().nth(1).as_deref() {
        Some("mine") => program(&mine::Loop::default()),
        Some("broken") => broken(&glass),
        _ => program(&glass),
    }
    Ok(())
}
