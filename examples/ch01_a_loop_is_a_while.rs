//! # 1. A loop is a while statement
//!
//! A program that does several things at once on one thread keeps a list of what is to be done
//! next. It takes the first thing off the list, does it, and looks at the list again, until the
//! list is empty. That is an event loop. All that the next eleven chapters add are better ways to
//! get onto the list.
//!
//! On ours are *callbacks*: functions that are called later, once. `program` puts two there. Each
//! says a number, puts itself back at the end of the list for the next number, and returns. Nobody
//! switches between the two, yet they take turns: who returns gives the thread to the next in line.
//!
//! `mine` is such a loop, made of what every Rust program has: `-- mine` runs the program on it.
//! `Glass` asks glassloop for the same, and both print the same six lines.
//!
//! ## Break it
//!
//! ```text
//! GLASSLOOP_INSPECT=1 cargo run --example ch01_a_loop_is_a_while -- broken
//! ```
//!
//! Here Ada doesn't return before she has said all her numbers, one a second. Ben waits, and so
//! would everybody. No single line of it is wrong, so no error will tell; but `glassloop where`, in
//! a second terminal, says who has the thread, since when, and from which line.
//!
//! ## A question
//!
//! glassloop counts its turns: in one turn it calls whatever was on the list as the turn began. How
//! many turns do the six calls take?
#![allow(clippy::print_stdout)]

use std::{env, rc::Rc, thread, time::Duration};

use glassloop::EventLoop;

/// What the program asks of a loop.
pub(crate) trait Loop: Clone + 'static {
    /// Puts a callback at the end of the list.
    #[track_caller]
    fn call_soon(&self, callback: impl FnOnce() + 'static);

    /// Calls what is on the list, until nothing is.
    fn run(&self);
}

pub(crate) fn program(on: &impl Loop) {
    count(on, "Ada", 1);
    count(on, "Ben", 1);
    on.run();
}

fn count(on: &impl Loop, who: &'static str, number: u32) {
    let again = on.clone();
    on.call_soon(move || {
        println!("{who} says {number}");
        if number < 3 {
            count(&again, who, number + 1);
        }
    });
}

fn broken(on: &impl Loop) {
    on.call_soon(|| {
        for number in 1..=60 {
            println!("Ada says {number}");
            thread::sleep(Duration::from_secs(1)); // she has all the time, and with it the thread
        }
    });
    count(on, "Ben", 1);
    on.run();
}

/// A loop from the standard library.
mod mine {
    use std::{cell::RefCell, collections::VecDeque, rc::Rc};

    type Callback = Box<dyn FnOnce()>;

    #[derive(Clone, Default)]
    pub(super) struct Loop {
        list: Rc<RefCell<VecDeque<Callback>>>,
    }

    impl super::Loop for Loop {
        fn call_soon(&self, callback: impl FnOnce() + 'static) {
            self.list.borrow_mut().push_back(Box::new(callback));
        }

        fn run(&self) {
            while let Some(callback) = self.next() {
                callback();
            }
        }
    }

    impl Loop {
        /// By itself, so that the list is free again when the callback wants it.
        fn next(&self) -> Option<Callback> {
            self.list.borrow_mut().pop_front()
        }
    }
}

/// glassloop, asked for the same.
#[derive(Clone)]
pub(crate) struct Glass(pub(crate) Rc<EventLoop>);

impl Loop for Glass {
    fn call_soon(&self, callback: impl FnOnce() + 'static) {
        self.0.call_soon(callback).expect("there is room on its list");
    }

    fn run(&self) {
        self.0.run().expect("who is called returns");
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
