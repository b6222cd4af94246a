//! # 4. A waker is a note that says whom to ask
//!
//! To ask every future all the time takes the whole processor, and is nearly always for nothing. A
//! loop does better to ask only whom it is worth asking, and to sleep while there is nobody. But
//! only who waits for something knows what that is, and only who brings it knows that it is there.
//!
//! So with each poll comes a *waker*: a note with the task's name on it. A future that isn't done
//! leaves a copy with whoever will bring what it waits for. Who brings it hands the note in, by
//! `wake`, and the loop asks that one task again. `mine` (try `-- mine`) sleeps until a note comes.
//! Between the halves of glassloop, one of which waits and one polls, nothing passes but wakers.
//!
//! ## Break it
//!
//! ```text
//! GLASSLOOP_INSPECT=1 cargo run --example ch04_a_waker_is_a_note -- broken
//! ```
//!
//! The reader says `Pending` and forgets to leave its note. The letter comes, and nobody knows whom
//! it concerns. `glassloop why reader`: it waits, and nobody holds its waker.
//!
//! ## A question
//!
//! The broken program hangs because another thread might still call into its loop (`_remote`;
//! chapter 9). Take that line away: what does glassloop do when nobody else could come?
#![allow(clippy::print_stdout)]

use std::task::{Poll, Waker};
use std::{cell::Cell, env, future::poll_fn, rc::Rc};

use glassloop::EventLoop;

/// What the program asks of a loop.
pub(crate) trait Loop {
    #[track_caller]
    fn spawn(&self, name: &'static str, future: impl Future<Output = ()> + 'static);
    /// Until all are done. How often it polled.
    fn run(&self) -> u64;
}

#[derive(Default)]
struct Letterbox {
    letter: Cell<Option<&'static str>>,
    note: Cell<Option<Waker>>,
}

pub(crate) fn program(on: &impl Loop, leaves_its_note: bool) {
    let letterbox = Rc::new(Letterbox::default());
    on.spawn("reader", read(Rc::clone(&letterbox), leaves_its_note));
    on.spawn("postman", post(letterbox));
    println!("{} polls", on.run());
}

fn read(letterbox: Rc<Letterbox>, leaves_its_note: bool) -> impl Future<Output = ()> {
    poll_fn(move |context| {
        if let Some(letter) = letterbox.letter.take() {
            println!("reads: {letter}");
            return Poll::Ready(());
        }
        println!("the letterbox is empty");
        letterbox.note.set(leaves_its_note.then(|| context.waker().clone()));
        Poll::Pending
    })
}

fn post(letterbox: Rc<Letterbox>) -> impl Future<Output = ()> {
    poll_fn(move |_| {
        println!("posts a letter");
        letterbox.letter.set(Some("hello"));
        if let Some(note) = letterbox.note.take() {
            note.wake();
        }
        Poll::Ready(())
    })
}

/// A loop from the standard library.
mod mine {
    use std::sync::{Arc, mpsc};
    use std::task::{Context, Wake, Waker};
    use std::{cell::RefCell, pin::Pin};

    type Task = Pin<Box<dyn Future<Output = ()>>>;

    /// The number of a task, and where it is handed in.
    struct Note(usize, mpsc::Sender<usize>);

    impl Wake for Note {
        fn wake(self: Arc<Self>) {
            self.1.send(self.0).ok(); // a loop that is gone asks nobody
        }
    }

    pub(super) struct Loop {
        tasks: RefCell<Vec<Option<Task>>>,
        desk: (mpsc::Sender<usize>, mpsc::Receiver<usize>),
    }

    impl super::Loop for Loop {
        fn spawn(&self, _name: &'static str, future: impl Future<Output = ()> + 'static) {
            let mut tasks = self.tasks.borrow_mut();
            self.desk.0.send(tasks.len()).ok(); // everybody is asked once
            tasks.push(Some(Box::pin(future)));
        }

        fn run(&self) -> u64 {
            let (mut tasks, mut polls) = (self.tasks.borrow_mut(), 0);
            while tasks.iter().any(Option::is_some) {
                let number = self.desk.1.recv().expect("we hold a sender ourselves");
                let Some(task) = &mut tasks[number] else { continue };
                let note = Waker::from(Arc::new(Note(number, self.desk.0.clone())));
                polls += 1;
                if task.as_mut().poll(&mut Context::from_waker(&note)).is_ready() {
                    tasks[number] = None;
                }
            }
            polls
        }
    }

    impl Loop {
        pub(super) fn new() -> Loop {
            Loop { tasks: RefCell::default(), desk: mpsc::channel() }
        }
    }
}

/// glassloop, asked for the same.
pub(crate) struct Glass(pub(crate) EventLoop);

impl Loop for Glass {
    fn spawn(&self, name: &'static str, future: impl Future<Output = ()> + 'static) {
        self.0.spawn(future).named(name).detach();
    }
    fn run(&self) -> u64 {
        self.0.run().unwrap_or_else(|error| println!("{error}"));
        self.0.snapshot().executor.polls
    }
}

fn main() -> std::io::Result<()> {
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    let glass = Glass(EventLoop::new()?);
    let how = env::args().nth(1).unwrap_or_default();
    let _remote = (how == "broken").then(|| glass.0.remote());
    match &*how {
        "mine" => program(&mine::Loop::new(), true),
        _ => program(&glass, how != "broken"),
    }
    Ok(())
}
