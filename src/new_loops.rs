//! New loops: who is told of each loop of the process when it is built.
//!
//! A tool that looks at loops would otherwise find one only after it has run for a while, or never:
//! many a loop lives for some milliseconds. A hook runs on the loop's own thread, before its first
//! turn, and outside of our lock.

use std::{
    cell::Cell,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use glassloop_executor::{PlaceId, caught, drop_caught};

use crate::EventLoop;

type Hook = dyn Fn(&EventLoop) + Send + Sync;

static HOOKS: Mutex<Vec<Arc<Hook>>> = Mutex::new(Vec::new());
/// There may be one. Most programs have none, and a loop is built without a lock.
static HAS_ANY: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// A hook runs on this thread.
    static TELLING: Cell<bool> = const { Cell::new(false) };
}

/// Keeps a hook of [`on_new_loop`]; dropping it ends that. On another thread one may be running
/// then.
#[must_use = "the hook goes when this is dropped"]
pub struct OnNewLoop {
    hook: Arc<Hook>,
}

/// Has `hook` see every loop that any thread of this process builds from now on,
/// [internal](crate::Builder::internal) ones among them: on that thread, before the loop's first
/// turn. There it may have the loop [recorded](EventLoop::record) from its very beginning, or keep
/// its [`Watch`](crate::Watch). A loop that is being built while this is called may be missed, and
/// of one that a hook builds no hook is told.
///
/// A hook that panics is told to [`on_unhandled`](crate::Builder::on_unhandled), as any failure
/// that nobody asks for, and the loop is built all the same.
///
/// ```
/// use std::sync::mpsc;
///
/// let (sender, built) = mpsc::channel();
/// let kept = glassloop::on_new_loop(move |event_loop| {
///     event_loop.record(true);
///     let _ = sender.send(event_loop.watch());
/// });
/// glassloop::run(async {})?;
/// let watch = built.recv().expect("the loop that has ended");
/// assert!(watch.is_closed() && !watch.events(0).events.is_empty());
/// drop(kept);
/// # Ok::<(), glassloop::RunError>(())
/// ```
pub fn on_new_loop(hook: impl Fn(&EventLoop) + Send + Sync + 'static) -> OnNewLoop {
    let hook: Arc<Hook> = Arc::new(hook);
    let mut hooks = hooks();
    hooks.push(Arc::clone(&hook));
    HAS_ANY.store(true, Relaxed);
    OnNewLoop { hook }
}

fn hooks() -> MutexGuard<'static, Vec<Arc<Hook>>> {
    HOOKS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A loop was built.
pub(crate) fn tell(event_loop: &EventLoop) {
    if !HAS_ANY.load(Relaxed) || TELLING.replace(true) {
        return;
    }
    let all = hooks().clone();
    for hook in all {
        let told = caught(|| hook(event_loop));
        // It may be the last handle by now.
        for failed in [told, drop_caught(hook)] {
            if let Err(payload) = failed {
                let what = "a hook of `on_new_loop`";
                event_loop.core.executor.report(what, PlaceId::UNKNOWN, payload);
            }
        }
    }
    TELLING.set(false);
}

impl Drop for OnNewLoop {
    fn drop(&mut self) {
        let mut hooks = hooks();
        hooks.retain(|hook| !Arc::ptr_eq(hook, &self.hook));
        HAS_ANY.store(!hooks.is_empty(), Relaxed);
    }
}

impl std::fmt::Debug for OnNewLoop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OnNewLoop").finish_non_exhaustive()
    }
}
