//! `TaskLocal`: a value that follows a task through its awaits, and goes along to what it spawns.
//!
//! Whoever is spawned, called soon or later, or queued as a microtask starts with the values that
//! were there when it was asked for; what either side sets afterwards the other doesn't see. After
//! each poll and each callback the values are put away, also when it panics. No clone and no drop
//! of a value happens while a table of ours is borrowed.

use std::{
    any::Any,
    fmt,
    future::Future,
    marker::PhantomData,
    pin::Pin,
    ptr,
    rc::Rc,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::{
    callback::BoxedCall,
    executor::Executor,
    id::Entry,
    locals::{SharedMap, Value},
};

/// A value of its own for each task. Make it a `static`.
///
/// ```
/// use glassloop_executor::TaskLocal;
///
/// static USER: TaskLocal<String> = TaskLocal::new();
/// assert_eq!(USER.get(), None, "outside of a task nothing is set");
/// ```
pub struct TaskLocal<T> {
    /// Its address is the key, so it must have one of its own.
    _address: u8,
    value: PhantomData<fn() -> T>,
}

impl<T: 'static> TaskLocal<T> {
    /// A task-local value that is set nowhere yet.
    #[must_use]
    pub const fn new() -> TaskLocal<T> {
        TaskLocal { _address: 0, value: PhantomData }
    }

    fn key(&'static self) -> usize {
        ptr::from_ref(self).addr()
    }

    /// Sets the value for the task or callback that runs, from now on. The one before is dropped.
    ///
    /// # Panics
    /// Outside of a task, callback, deferred call or microtask: there the value would be nobody's.
    #[track_caller]
    pub fn set(&'static self, value: T) {
        let Some(executor) = running() else {
            panic!("`TaskLocal::set` needs a task or callback that runs on this thread's loop")
        };
        let before = executor.put_local(self.key(), Some(Rc::new(value)));
        // After the borrow: a value's drop is anybody's code.
        drop(before);
    }

    /// A copy of the value, if one is set for what runs now.
    #[must_use]
    pub fn get(&'static self) -> Option<T>
    where
        T: Clone,
    {
        self.with(T::clone)
    }

    /// Looks at the value, if one is set for what runs now.
    pub fn with<R>(&'static self, look: impl FnOnce(&T) -> R) -> Option<R> {
        let value = running()?.tasks.borrow().locals.get(self.key())?;
        value.downcast_ref().map(look)
    }

    /// Has `future` see `value`, and nobody around it. What it sets anew it keeps to itself.
    ///
    /// # Cancel safety
    /// Dropping it drops the future, which sees the value while it is dropped, and the value.
    pub fn scope<F: Future>(&'static self, value: T, future: F) -> LocalScope<F> {
        LocalScope { future: Some(future), key: self.key(), value: Some(Rc::new(value)) }
    }
}

impl<T: 'static> Default for TaskLocal<T> {
    fn default() -> TaskLocal<T> {
        TaskLocal::new()
    }
}

impl<T> fmt::Debug for TaskLocal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskLocal").finish_non_exhaustive()
    }
}

/// The executor of this thread, if it runs something that can have values.
fn running() -> Option<Rc<Executor>> {
    Executor::current().filter(|executor| executor.current.get() != Entry::NOTHING)
}

pin_project! {
    /// A future that sees a value of its own. Made by [`TaskLocal::scope`].
    ///
    /// # Cancel safety
    /// Dropping it drops the future, which sees the value while it is dropped, and the value.
    #[must_use = "futures do nothing unless awaited"]
    pub struct LocalScope<F> {
        #[pin]
        future: Option<F>,
        key: usize,
        value: Option<Value>,
    }

    impl<F> PinnedDrop for LocalScope<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _lent = Lent::lend(*this.key, this.value);
            this.future.set(None);
        }
    }
}

impl<F: Future> Future for LocalScope<F> {
    type Output = F::Output;

    /// # Panics
    /// When polled again after it was ready.
    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _lent = Lent::lend(*this.key, this.value);
        this.future.as_pin_mut().expect("it is dropped only with its scope").poll(cx)
    }
}

impl<F> fmt::Debug for LocalScope<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalScope").finish_non_exhaustive()
    }
}

/// A value that is lent to what runs now, until dropped; then the one before is back.
struct Lent<'a> {
    key: usize,
    home: &'a mut Option<Value>,
    outer: Option<Value>,
}

impl<'a> Lent<'a> {
    fn lend(key: usize, home: &'a mut Option<Value>) -> Option<Lent<'a>> {
        let outer = running()?.put_local(key, home.take());
        Some(Lent { key, home, outer })
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if let Some(executor) = running() {
            *self.home = executor.put_local(self.key, self.outer.take());
        }
    }
}

/// Values that a callback brings along, until dropped.
struct Brought {
    executor: Rc<Executor>,
    before: Option<SharedMap>,
}

impl Drop for Brought {
    fn drop(&mut self) {
        let left = self.executor.replace_locals(self.before.take());
        self.executor.drop_foreign("task-local values", left);
    }
}

impl Executor {
    fn put_local(&self, key: usize, value: Option<Rc<dyn Any>>) -> Option<Value> {
        self.tasks.borrow_mut().locals.put(key, value)
    }

    pub(crate) fn replace_locals(&self, map: Option<SharedMap>) -> Option<SharedMap> {
        self.tasks.borrow_mut().locals.replace(map)
    }

    /// A closure for later, with the values that are there now. COST: where there are none, it is
    /// the closure itself.
    pub(crate) fn with_locals<F: FnOnce() + 'static>(self: &Rc<Self>, run: F) -> BoxedCall {
        let Some(map) = self.tasks.borrow().locals.share() else { return Box::new(run) };
        let executor = Rc::downgrade(self);
        Box::new(move || {
            let _brought = executor.upgrade().map(|executor| {
                let before = executor.replace_locals(Some(map));
                Brought { executor, before }
            });
            run();
        })
    }

    /// Runs it as if the item that runs now had no values: a task that it spawns inherits none.
    pub fn without_locals<T>(self: &Rc<Self>, run: impl FnOnce() -> T) -> T {
        let before = self.replace_locals(None);
        let _brought = Brought { executor: Rc::clone(self), before };
        run()
    }

    /// What ran is over: the values that were its own are dropped.
    #[inline]
    pub(crate) fn drop_locals(&self) {
        if self.tasks.borrow().locals.any_now() {
            self.drop_locals_now();
        }
    }

    #[cold]
    #[inline(never)]
    fn drop_locals_now(&self) {
        let map = self.replace_locals(None);
        // Nothing runs any more: what a value sets in its drop would be the next item's.
        let over = self.current.replace(Entry::NOTHING);
        self.drop_foreign("task-local values", map);
        self.current.set(over);
    }
}
