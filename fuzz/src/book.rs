//! `Book`: the lines that a real loop's program writes, from whatever thread.
//!
//! And `Token`, which everything that a program gives away carries: its birth and its one drop are
//! in the book, with the thread it died on.

use std::{
    panic::resume_unwind,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, ThreadId},
};

use crate::{
    line::{Line, Uid},
    script::Body,
    world::World,
};

/// What is written in a book.
#[derive(Default)]
struct Pages {
    lines: Vec<Line>,
    born: Vec<Uid>,
    dropped: Vec<Uid>,
    faults: Vec<String>,
}

/// A book, and the thread of its loop.
pub(crate) struct Book {
    thread: ThreadId,
    pages: Mutex<Pages>,
}

impl Book {
    /// A book of a loop on this thread.
    pub(crate) fn new() -> Arc<Book> {
        Arc::new(Book { thread: thread::current().id(), pages: Mutex::default() })
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn note(&self, line: Line) {
        self.pages().lines.push(line);
    }

    /// Something happened that may never happen.
    pub(crate) fn fault(&self, what: String) {
        self.pages().faults.push(what);
    }

    /// The lines since this was last asked.
    pub(crate) fn take_lines(&self) -> Vec<Line> {
        std::mem::take(&mut self.pages().lines)
    }

    /// The first thing that may never happen.
    pub(crate) fn first_fault(&self) -> Option<String> {
        self.pages().faults.first().cloned()
    }

    /// Whoever was born but not dropped, or dropped twice.
    pub(crate) fn unbalanced(&self) -> Option<String> {
        let mut pages = self.pages();
        pages.born.sort_unstable();
        pages.dropped.sort_unstable();
        (pages.born != pages.dropped)
            .then(|| format!("born {:?}, dropped {:?}", pages.born, pages.dropped))
    }
}

/// What a thing of the program carries.
pub(crate) struct Token {
    uid: Uid,
    book: Arc<Book>,
    death: Death,
}

/// What the drop of a thing does, beside being noted.
#[derive(Clone)]
pub(crate) enum Death {
    /// Nothing.
    Quiet,
    /// Nothing, and it may happen on any thread.
    Anywhere,
    /// It panics.
    Panics,
    /// That of a future, as its body says.
    Future(Arc<Body>),
}

impl Death {
    pub(crate) fn panics_if(panics: bool) -> Death {
        if panics { Death::Panics } else { Death::Quiet }
    }
}

impl Token {
    /// A token of the world of this thread.
    pub(crate) fn new(death: Death) -> Token {
        let world = World::here();
        let (uid, book) = (world.birth(), Arc::clone(&world.book));
        book.pages().born.push(uid);
        Token { uid, book, death }
    }

    pub(crate) fn uid(&self) -> Uid {
        self.uid
    }

    pub(crate) fn note(&self, line: Line) {
        self.book.note(line);
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        let Token { uid, book, death } = self;
        book.note(Line::Dropped(*uid));
        book.pages().dropped.push(*uid);
        let elsewhere = thread::current().id() != book.thread;
        if elsewhere && !matches!(death, Death::Anywhere) {
            book.fault(format!("{uid} was dropped on another thread"));
        }
        if elsewhere {
            return;
        }
        let world = World::here();
        world.probe();
        let panics = match death {
            Death::Quiet | Death::Anywhere => false,
            Death::Panics => true,
            Death::Future(body) => {
                for act in &body.on_drop {
                    world.act(*act, None);
                }
                body.drop_panics
            }
        };
        // What is dropped by a panic doesn't panic again: that would end the process.
        if panics && !thread::panicking() {
            panic_quietly();
        }
    }
}

/// Panics with a payload that is in the book, past the hook that listens for true panics.
pub(crate) fn panic_quietly() -> ! {
    resume_unwind(Box::new(Token::new(Death::Quiet)))
}
