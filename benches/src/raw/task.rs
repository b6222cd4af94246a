//! The floor's task: one allocation, counted without atomics, run from one queue.
//!
//! Its waker is a pointer to the task. Nothing here may leave its thread, and nothing stops it.

use std::cell::{Cell, UnsafeCell};
use std::collections::VecDeque;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::ptr;
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};

/// What a pointer to a task whose future is forgotten can still reach.
struct Header {
    calls: &'static Calls,
    references: Cell<u32>,
    is_queued: Cell<bool>,
    is_done: Cell<bool>,
    joiner: UnsafeCell<Option<Waker>>,
}

type Pointer = *const Header;

/// The operations that must know the type of the future.
struct Calls {
    poll: unsafe fn(Pointer),
    take: unsafe fn(Pointer, *mut ()),
    free: unsafe fn(Pointer),
}

// INVARIANT: `repr(C)`, so that a pointer to the header is a pointer to the task.
#[repr(C)]
struct Task<F: Future> {
    header: Header,
    stage: UnsafeCell<Stage<F>>,
}

enum Stage<F: Future> {
    Running(F),
    Done(F::Output),
    Gone,
}

thread_local! {
    static READY: UnsafeCell<VecDeque<Pointer>> = const { UnsafeCell::new(VecDeque::new()) };
}

/// The queue, for one push, pop or look.
fn with_ready<R>(act: impl FnOnce(&mut VecDeque<Pointer>) -> R) -> R {
    // SAFETY: `act` is a line of this file; none of them comes back here, so the borrow is alone.
    READY.with(|ready| act(unsafe { &mut *ready.get() }))
}

pub(super) fn is_idle() -> bool {
    with_ready(|ready| ready.is_empty())
}

/// Polls what was ready when it began.
pub(super) fn run_batch() {
    for _ in 0..with_ready(|ready| ready.len()) {
        let Some(task) = with_ready(VecDeque::pop_front) else { return };
        // SAFETY: the queue's reference keeps the task alive until it is released here.
        unsafe {
            (*task).is_queued.set(false);
            if !(*task).is_done.get() {
                ((*task).calls.poll)(task);
            }
            release(task);
        }
    }
}

pub(super) fn spawn<F: Future + 'static>(future: F) -> Handle<F::Output> {
    let header = Header {
        calls: &const { Calls { poll: poll::<F>, take: take::<F>, free: free::<F> } },
        // One for the handle, one for the queue.
        references: Cell::new(2),
        is_queued: Cell::new(true),
        is_done: Cell::new(false),
        joiner: UnsafeCell::new(None),
    };
    let task = Box::new(Task { header, stage: UnsafeCell::new(Stage::Running(future)) });
    let task = Box::into_raw(task).cast_const().cast::<Header>();
    with_ready(|ready| ready.push_back(task));
    Handle { task, output: PhantomData }
}

/// Waits for a task; dropping it detaches.
pub(super) struct Handle<T> {
    task: Pointer,
    output: PhantomData<T>,
}

impl<T> Handle<T> {
    /// The result, once it is there.
    pub(super) fn take(&mut self) -> Option<T> {
        // SAFETY: the handle holds a reference, and `T` is the output of this task's future.
        unsafe {
            if !(*self.task).is_done.get() {
                return None;
            }
            let mut output: Option<T> = None;
            ((*self.task).calls.take)(self.task, (&raw mut output).cast());
            output
        }
    }
}

impl<T> Unpin for Handle<T> {}

impl<T> Future for Handle<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        if let Some(output) = self.take() {
            return Poll::Ready(output);
        }
        // SAFETY: the handle holds a reference; the joiner is touched here and in `poll` only.
        unsafe { *(*self.task).joiner.get() = Some(cx.waker().clone()) };
        Poll::Pending
    }
}

impl<T> Drop for Handle<T> {
    fn drop(&mut self) {
        // SAFETY: gives up the handle's own reference.
        unsafe { release(self.task) };
    }
}

unsafe fn poll<F: Future>(task: Pointer) {
    // SAFETY: `task` points to the header of a live `Task<F>` whose future never moves out of its
    // box; the waker borrows the caller's reference and is not dropped.
    unsafe {
        let stage = (*task.cast::<Task<F>>()).stage.get();
        let Stage::Running(future) = &mut *stage else { return };
        let waker = ManuallyDrop::new(Waker::from_raw(RawWaker::new(task.cast(), &WAKER)));
        let poll = Pin::new_unchecked(future).poll(&mut Context::from_waker(&waker));
        if let Poll::Ready(output) = poll {
            *stage = Stage::Done(output);
            (*task).is_done.set(true);
            if let Some(joiner) = (*(*task).joiner.get()).take() {
                joiner.wake();
            }
        }
    }
}

unsafe fn take<F: Future>(task: Pointer, output: *mut ()) {
    // SAFETY: `task` is a live `Task<F>`, and `output` points to an `Option<F::Output>`.
    unsafe {
        let stage = ptr::replace((*task.cast::<Task<F>>()).stage.get(), Stage::Gone);
        if let Stage::Done(value) = stage {
            *output.cast::<Option<F::Output>>() = Some(value);
        }
    }
}

unsafe fn free<F: Future>(task: Pointer) {
    // SAFETY: made by `Box::into_raw` in `spawn`, and this was the last reference.
    drop(unsafe { Box::from_raw(task.cast::<Task<F>>().cast_mut()) });
}

unsafe fn release(task: Pointer) {
    // SAFETY: the caller owns the reference that it gives up.
    unsafe {
        let left = (*task).references.get() - 1;
        (*task).references.set(left);
        if left == 0 {
            ((*task).calls.free)(task);
        }
    }
}

static WAKER: RawWakerVTable = RawWakerVTable::new(
    |task| {
        // SAFETY: a waker's pointer is a task that the waker keeps alive.
        let references = unsafe { &(*task.cast::<Header>()).references };
        references.set(references.get() + 1);
        RawWaker::new(task, &WAKER)
    },
    |task| {
        // SAFETY: as above; the waker's own reference is given up.
        unsafe {
            wake(task.cast());
            release(task.cast());
        }
    },
    // SAFETY: as above; the waker lives on.
    |task| unsafe { wake(task.cast()) },
    // SAFETY: as above; the waker's own reference is given up.
    |task| unsafe { release(task.cast()) },
);

unsafe fn wake(task: Pointer) {
    // SAFETY: the caller's waker keeps the task alive.
    unsafe {
        if !(*task).is_queued.replace(true) {
            (*task).references.set((*task).references.get() + 1);
            with_ready(|ready| ready.push_back(task));
        }
    }
}
