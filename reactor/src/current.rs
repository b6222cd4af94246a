//! The current reactor of a thread, and the guard that makes one current.
//!
//! It promises to answer also while the thread's locals are being destroyed, with "none". It makes
//! no reactor by itself.

use std::{
    cell::{Cell, RefCell},
    fmt, io,
    rc::Rc,
    thread,
};

use crate::{reactor::Reactor, waiter::Place};

thread_local! {
    static CURRENT: RefCell<Option<Rc<Reactor>>> = const { RefCell::new(None) };
    /// Where the reactor was made that was current last, to be named in errors.
    static FORMER: Cell<Option<Place>> = const { Cell::new(None) };
}

impl Reactor {
    /// The reactor that was entered last on this thread and not left yet.
    #[must_use]
    pub fn current() -> Option<Rc<Reactor>> {
        // A thread that ends has no current reactor, whatever its destructors ask.
        CURRENT.try_with(|current| current.borrow().clone()).ok().flatten()
    }

    /// The current reactor, for an operation that can fail.
    ///
    /// # Errors
    /// `NotConnected` if there is none; the text names the thread and says what to do.
    pub fn expect_current(operation: &str) -> io::Result<Rc<Reactor>> {
        Reactor::current()
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotConnected, no_reactor(operation)))
    }

    /// Makes this reactor the current one of the thread, until the guard is dropped.
    #[must_use]
    pub fn enter(self: &Rc<Self>) -> Entered {
        let entered = Some(Rc::clone(self));
        let previous = CURRENT.try_with(|current| current.replace(entered)).ok().flatten();
        Entered { previous }
    }
}

/// Why there is no current reactor, as far as this thread can tell.
pub(crate) fn no_reactor(operation: &str) -> String {
    let thread = thread::current();
    let name = thread.name().unwrap_or("without a name");
    let former = FORMER.try_with(Cell::get).ok().flatten();
    let former = former.map(|made| format!(" (it had the one made at {made}, which was left)"));
    format!(
        "{operation}: expected a current event loop on the thread `{name}`, came none{}: \
         call it from a task or a callback of the loop, or inside `enter`",
        former.unwrap_or_default()
    )
}

/// While it lives, a reactor is the current one. Dropping it brings the previous one back; guards
/// are to be dropped in reverse order.
pub struct Entered {
    previous: Option<Rc<Reactor>>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        let previous = self.previous.take();
        let left = CURRENT.try_with(|current| current.replace(previous)).ok().flatten();
        if let Some(left) = &left {
            FORMER.try_with(|former| former.set(Some(left.made()))).ok();
        }
        // Dropped here, after the borrow: it may be the last handle.
        drop(left);
    }
}

impl fmt::Debug for Entered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entered").finish_non_exhaustive()
    }
}
