//! The reaper: waits for the children that nobody waits for, so that none stays a zombie.
//!
//! A thread for each, which ends with it. It needs no loop and no descriptor, so there is little
//! that could keep it from its work.

use std::{
    io, mem,
    process::Child,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use glassloop_executor::quietly;

/// What a thread is called. Linux shows fifteen letters.
const THREAD: &str = "glassloop-reap";

/// It does nothing but wait.
const STACK_BYTES: usize = 64 << 10;

/// Those for whom there was no thread. They are tried again with the next child.
static LEFT: Mutex<Vec<Child>> = Mutex::new(Vec::new());

/// Waits for a child on behalf of nobody.
pub(super) fn adopt(child: Child) {
    let mut children = mem::take(&mut *locked(&LEFT));
    children.push(child);
    for mut child in children {
        // An error says that it is nobody's child any more.
        if let Ok(None) = child.try_wait()
            && let Err((child, error)) = wait_for(child)
        {
            let id = child.id();
            quietly(|| log::error!("no thread waits for child {id}, a zombie for now: {error}"));
            locked(&LEFT).push(child);
        }
    }
}

/// Has a thread wait for it; or gives it back, with the reason.
fn wait_for(child: Child) -> Result<(), (Child, io::Error)> {
    let passed = Arc::new(Mutex::new(Some(child)));
    let taken = Arc::clone(&passed);
    let waits = move || {
        let child = locked(&taken).take();
        if let Some(Err(error)) = child.map(|mut child| child.wait()) {
            quietly(|| log::error!("a child that was dropped could not be waited for: {error}"));
        }
    };
    let thread = thread::Builder::new().name(THREAD.to_owned()).stack_size(STACK_BYTES);
    let Err(error) = thread.spawn(waits) else { return Ok(()) };
    locked(&passed).take().map_or(Ok(()), |child| Err((child, error)))
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
