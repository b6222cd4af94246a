//! The loop of this thread, which the free functions mean.
//!
//! It is the loop whose turn runs here, or the one of `enter`; several a thread nest. Outside of
//! any, the error says which thread this is, what to do, and what became of the last loop.

use std::{cell::Cell, cell::RefCell, panic::Location, rc::Rc};

use glassloop_executor as executor;
use glassloop_reactor as reactor;

use crate::{core::Core, debug};

thread_local! {
    static CURRENT: RefCell<Option<Rc<Core>>> = const { RefCell::new(None) };
    /// Where this thread's last loop was made, and where it ended.
    static PAST: Cell<Option<Past>> = const { Cell::new(None) };
}

#[derive(Clone, Copy)]
struct Past {
    made: &'static Location<'static>,
    ended: &'static Location<'static>,
}

/// The current loop of this thread.
pub(crate) fn get() -> Option<Rc<Core>> {
    CURRENT.try_with(|current| current.borrow().clone()).ok().flatten()
}

/// Whether a turn, or a wait, of this thread's current loop is under way.
pub(crate) fn in_turn() -> bool {
    get().is_some_and(|core| core.busy.get())
}

/// The current loop, or a panic that says what to do.
#[track_caller]
pub(crate) fn expect(what: &str) -> Rc<Core> {
    match get() {
        Some(core) => core,
        None => panic!("{}", no_loop(what)),
    }
}

/// The executor of the current loop, or a panic that says what to do.
#[track_caller]
pub(crate) fn executor(what: &str) -> Rc<executor::Executor> {
    match executor::Executor::current() {
        Some(executor) => executor,
        None => panic!("{}", no_loop(what)),
    }
}

fn no_loop(what: &str) -> String {
    let (thread, loops) = (debug::this_thread(), debug::where_the_loops_are());
    let past = match PAST.get() {
        Some(Past { made, ended }) => {
            format!(" The last loop of this thread was made at {made} and ended at {ended}.")
        }
        None => String::new(),
    };
    format!(
        "`{what}` needs a current event loop and {thread} has none: call it from a task or \
         callback, or inside `EventLoop::block_on`, `run` or `enter`; from another thread use \
         the loop's `Remote`.{past}{loops}"
    )
}

/// A loop of this thread has ended.
pub(crate) fn ended(made: &'static Location<'static>, ended: &'static Location<'static>) {
    PAST.set(Some(Past { made, ended }));
}

/// Makes a loop and its halves current until dropped.
#[must_use]
pub(crate) struct Entered {
    before: Option<Rc<Core>>,
    // Dropped after our own drop has run: the halves are left last, as they were entered first.
    _executor: executor::Entered,
    _reactor: reactor::Entered,
}

pub(crate) fn enter(core: &Rc<Core>) -> Entered {
    let _reactor = core.reactor.enter();
    let _executor = core.executor.enter();
    // A thread that ends may have lost CURRENT already, and still drops a loop.
    let entered = Some(Rc::clone(core));
    let before = CURRENT.try_with(|current| std::mem::replace(&mut *current.borrow_mut(), entered));
    let before = before.ok().flatten();
    Entered { before, _executor, _reactor }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let left = CURRENT
            .try_with(|current| std::mem::replace(&mut *current.borrow_mut(), self.before.take()));
        drop(left);
    }
}
