//! `Passage`: what goes between a guest's thread and its helper's, and to the host.
//!
//! It promises that the wait, and the poller with it, is in one place at a time; that one tick is
//! on its way at most; that the end is told once; and that no lock is held while the host's code
//! runs.

use std::{
    panic::Location,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use glassloop_executor::{Inbox, caught, drop_caught, drop_payload, message, quietly};
use glassloop_reactor::{LentWait, Notifier};

use super::{GuestEnd, GuestTick};
use crate::core::Core;

/// Gives a tick to the host.
type Post = dyn Fn(GuestTick) + Send + Sync;

/// Is told of the end.
pub(super) type Told = Box<dyn FnOnce(GuestEnd) + Send>;

/// How long the guest's thread waits for the poller at the end. It comes at once, unless the system
/// gives the helper no time, or it is no more, as in the child of a fork.
const POLLER_WAIT: Duration = Duration::from_secs(10);

/// How long it then waits for a helper that is in the host's `post`.
const POST_WAIT: Duration = Duration::from_secs(1);

/// What the helper is to do next.
pub(super) enum Order {
    /// Wait, and post a tick then.
    Wait(LentWait),
    /// Post this.
    Post(GuestTick),
}

pub(super) struct Passage {
    /// There until it is dropped.
    post: Option<Box<Post>>,
    notifier: Arc<Notifier>,
    inbox: Arc<Inbox>,
    made: &'static Location<'static>,
    inside: Mutex<Inside>,
    changed: Condvar,
}

struct Inside {
    order: Option<Order>,
    /// The helper blocks in the OS.
    waits: bool,
    /// The wait that the next tick ends.
    wait: Option<LentWait>,
    over: bool,
    told: Option<Told>,
    helper_ended: bool,
}

impl Passage {
    pub(super) fn new(core: &Core, post: Box<Post>, told: Told) -> Arc<Passage> {
        Arc::new(Passage {
            post: Some(post),
            notifier: Arc::clone(&core.shared.notifier),
            inbox: Arc::clone(core.executor.inbox()),
            made: core.made,
            inside: Mutex::new(Inside {
                order: None,
                waits: false,
                wait: None,
                over: false,
                told: Some(told),
                helper_ended: false,
            }),
            changed: Condvar::new(),
        })
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn tick(self: &Arc<Self>) -> GuestTick {
        GuestTick::new(self)
    }

    // The loop's thread.

    pub(super) fn order(&self, order: Order) {
        self.inside().order = Some(order);
        self.changed.notify_all();
    }

    /// Leaves a wait for the next tick.
    pub(super) fn keep(&self, wait: LentWait) {
        self.inside().wait = Some(wait);
    }

    /// The wait that a tick ends; none if the guest is over.
    pub(super) fn take_wait(&self) -> Option<LentWait> {
        let mut inside = self.inside();
        if inside.over { None } else { inside.wait.take() }
    }

    pub(super) fn is_over(&self) -> bool {
        self.inside().over
    }

    /// Nothing comes any more. What was on its way comes back: the wait, from wherever it is, and
    /// whom to tell, if nobody was told.
    pub(super) fn end(&self) -> (Option<LentWait>, Option<Told>) {
        let mut inside = self.inside();
        inside.over = true;
        let (told, order) = (inside.told.take(), inside.order.take());
        self.changed.notify_all();
        if inside.waits {
            self.notifier.interrupt();
        }
        inside = self.rest(inside, POLLER_WAIT, |inside| !inside.waits);
        let mut wait = inside.wait.take();
        drop(inside);
        match order {
            Some(Order::Wait(ordered)) => wait = Some(ordered),
            Some(Order::Post(tick)) => tick.spend(),
            None => {}
        }
        (wait, told)
    }

    /// Waits for the helper's last act.
    pub(super) fn join(&self, helper: thread::JoinHandle<()>) {
        let inside = self.rest(self.inside(), POST_WAIT, |inside| inside.helper_ended);
        let ended = inside.helper_ended;
        drop(inside);
        if ended {
            drop(helper.join());
        } else {
            quietly(|| {
                log::error!("the host's `post` holds the helper of a guest: it is left alone");
            });
        }
    }

    fn rest<'a>(
        &self,
        mut inside: MutexGuard<'a, Inside>,
        longest: Duration,
        done: impl Fn(&Inside) -> bool,
    ) -> MutexGuard<'a, Inside> {
        let began = Instant::now();
        while !done(&inside) {
            let Some(left) = longest.checked_sub(began.elapsed()) else { break };
            let waited = self.changed.wait_timeout(inside, left);
            inside = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        inside
    }

    // Any thread.

    pub(super) fn post(&self, tick: GuestTick) {
        // If it panics the tick is dropped on its way, which ends the guest.
        let Some(post) = &self.post else { return };
        if let Err(payload) = caught(|| post(tick)) {
            let what = message(payload.as_ref());
            quietly(|| log::error!("what posts the ticks of a guest panicked: {what}"));
            drop_payload(payload);
        }
    }

    /// The host will not come. Its loop takes no more calls: nobody would run them.
    pub(super) fn abandon(&self, why: &str) {
        let mut inside = self.inside();
        if std::mem::replace(&mut inside.over, true) {
            return;
        }
        let told = inside.told.take();
        drop(inside);
        self.changed.notify_all();
        self.inbox.close();
        let made = self.made;
        quietly(|| log::error!("the guest loop made at {made} was abandoned: {why}"));
        if let Some(told) = told {
            tell(told, GuestEnd::Abandoned);
        }
    }

    // The helper's thread.

    /// The helper's life.
    pub(super) fn help(self: Arc<Self>) {
        while let Some(order) = self.next() {
            match order {
                Order::Wait(mut wait) => {
                    wait.block();
                    if self.bring(wait) {
                        self.post(self.tick());
                    }
                }
                Order::Post(tick) => self.post(tick),
            }
        }
        self.inside().helper_ended = true;
        self.changed.notify_all();
    }

    fn next(&self) -> Option<Order> {
        let mut inside = self.inside();
        loop {
            if inside.over {
                return None;
            }
            if let Some(order) = inside.order.take() {
                inside.waits = matches!(order, Order::Wait(_));
                return Some(order);
            }
            inside = self.changed.wait(inside).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A wait is over. Whether somebody wants it.
    fn bring(&self, wait: LentWait) -> bool {
        let mut inside = self.inside();
        inside.wait = Some(wait);
        inside.waits = false;
        let wanted = !inside.over;
        drop(inside);
        self.changed.notify_all();
        wanted
    }
}

impl Drop for Passage {
    /// What the host gave us may panic as it goes.
    fn drop(&mut self) {
        drop_caught(self.post.take()).unwrap_or_else(drop_payload);
    }
}

pub(super) fn tell(told: Told, end: GuestEnd) {
    if let Err(payload) = caught(|| told(end)) {
        let what = message(payload.as_ref());
        quietly(|| log::error!("what is told of a guest's end panicked: {what}"));
        drop_payload(payload);
    }
}
