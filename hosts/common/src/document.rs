//! A document as hosts have them: it belongs to the thread that made it, and looks who comes.

use std::{
    cell::RefCell,
    rc::Rc,
    thread::{self, ThreadId},
};

/// Lines of text that only one thread may touch.
#[derive(Debug)]
pub struct Document {
    owner: ThreadId,
    // Not `Send`: the compiler keeps it here. The owner is for those who get around the compiler.
    lines: RefCell<Vec<Rc<str>>>,
}

impl Document {
    /// An empty one, for this thread.
    #[must_use]
    pub fn new() -> Rc<Document> {
        Rc::new(Document { owner: thread::current().id(), lines: RefCell::default() })
    }

    /// Adds a line and gives it back as it stands there, with its number.
    ///
    /// # Panics
    /// On any other thread.
    #[must_use]
    pub fn add(&self, line: &str) -> String {
        assert_eq!(thread::current().id(), self.owner, "the document is another thread's");
        let mut lines = self.lines.borrow_mut();
        lines.push(Rc::from(line));
        format!("{}: {}", lines.len(), lines[lines.len() - 1])
    }
}
