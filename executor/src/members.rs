//! `Members`: the tasks of one scope, and who waits for them.
//!
//! A member leaves when its future has been dropped, whatever became of it; the last one wakes the
//! scope. It knows no result and no error (`scope.rs` does), and calls nothing foreign while its
//! state is borrowed.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashSet},
    panic::Location,
    rc::{Rc, Weak},
    task::Waker,
};

use crate::{executor::Executor, id::TaskId, place::PlaceId, table::Waiter};

/// Which tasks a scope aborts when it fails or is dropped.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Child,
    /// It runs to its end; the scope waits for it all the same.
    Shielded,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Open,
    /// A child has failed: no more children, and those that are left are aborted.
    Failed,
    /// The scope has returned, or was dropped.
    Over,
}

struct State {
    stage: Stage,
    /// By the order in which they joined.
    tasks: BTreeMap<u64, (TaskId, Kind)>,
    joined: u64,
    /// Whom to wake: the task of the scope itself.
    waiter: Option<Waiter>,
    /// The scope's own body is through, and it waits for its members alone.
    body_is_over: bool,
}

/// The tasks of a scope.
pub(crate) struct Members {
    executor: Rc<Executor>,
    state: RefCell<State>,
}

/// A task's place in a scope, until dropped.
pub(crate) struct Membership {
    members: Rc<Members>,
    key: u64,
}

/// A scope is that of what runs now, until dropped.
pub(crate) struct Inside<'a> {
    executor: &'a Executor,
    before: Option<Rc<Members>>,
}

impl Members {
    pub(crate) fn new(executor: Rc<Executor>) -> Rc<Members> {
        let state = State {
            stage: Stage::Open,
            tasks: BTreeMap::new(),
            joined: 0,
            waiter: None,
            body_is_over: false,
        };
        let members = Rc::new(Members { executor, state: RefCell::new(state) });
        let mut scopes = members.executor.scopes.borrow_mut();
        // COST: amortised O(1): swept only when the list would grow.
        if scopes.len() == scopes.capacity() {
            scopes.retain(|scope| scope.strong_count() > 0);
            let twice = scopes.len();
            scopes.reserve(twice.max(8));
        }
        scopes.push(Rc::downgrade(&members));
        drop(scopes);
        members
    }

    pub(crate) fn executor(&self) -> &Rc<Executor> {
        &self.executor
    }

    /// Takes a task in. `None` once the scope has failed (children) or is over (anybody).
    pub(crate) fn admit(self: &Rc<Self>, kind: Kind) -> Option<Membership> {
        let mut state = self.state.borrow_mut();
        let admits = match state.stage {
            Stage::Open => true,
            Stage::Failed => kind == Kind::Shielded,
            Stage::Over => false,
        };
        if !admits {
            return None;
        }
        let key = state.joined;
        state.joined += 1;
        state.tasks.insert(key, (TaskId::NONE, kind));
        Some(Membership { members: Rc::clone(self), key })
    }

    /// Says which task a member is, once it is known.
    pub(crate) fn name(&self, key: u64, id: TaskId) {
        if let Some(task) = self.state.borrow_mut().tasks.get_mut(&key) {
            task.0 = id;
        }
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.state.borrow().stage == Stage::Failed
    }

    pub(crate) fn is_over(&self) -> bool {
        self.state.borrow().stage == Stage::Over
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.state.borrow().tasks.is_empty()
    }

    /// No more children; those there are are aborted, newest first, and the scope is woken.
    pub(crate) fn fail(&self) {
        self.end(Stage::Failed);
        self.wake();
    }

    /// Nobody waits any more: nobody is taken in, and the children that are left are aborted.
    pub(crate) fn close(&self) {
        self.end(Stage::Over);
        let waiter = self.state.borrow_mut().waiter.take();
        self.executor.drop_foreign("the waker of a scope", waiter);
    }

    fn end(&self, stage: Stage) {
        let children: Vec<TaskId> = {
            let mut state = self.state.borrow_mut();
            if state.stage != Stage::Over {
                state.stage = stage;
            }
            let children = state.tasks.values().rev().filter(|(_, kind)| *kind == Kind::Child);
            children.map(|(id, _)| *id).collect()
        };
        for id in children {
            self.executor.abort(id);
        }
    }

    /// Notes that the running task waits for the scope, and where.
    pub(crate) fn wait(
        &self,
        waker: &Waker,
        body_is_over: bool,
        place: &'static Location<'static>,
    ) {
        let target = self.executor.target(waker);
        let owner = self.executor.current_task();
        // While the body waits somewhere, that place says more than ours.
        let place = if body_is_over { self.executor.note_wait(place) } else { PlaceId::UNKNOWN };
        let before = {
            let mut state = self.state.borrow_mut();
            state.body_is_over = body_is_over;
            state.waiter.replace(Waiter { target, owner, place })
        };
        self.executor.drop_foreign("the waker of a scope", before);
    }

    fn wake(&self) {
        let waiter = self.state.borrow_mut().waiter.take();
        if let Some(waiter) = waiter {
            self.executor.wake_target(waiter.target);
        }
    }

    /// Makes this the scope of what runs now: a shield in it is one of its members.
    pub(crate) fn enter(self: &Rc<Self>) -> Inside<'_> {
        let before = self.executor.scope.replace(Some(Rc::clone(self)));
        Inside { executor: &self.executor, before }
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        // The scope's last holder may be this one: what it waits with is dropped after the borrow.
        let left = self.executor.scope.replace(self.before.take());
        drop(left);
    }
}

impl Membership {
    pub(crate) fn members(&self) -> &Rc<Members> {
        &self.members
    }

    pub(crate) fn key(&self) -> u64 {
        self.key
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        let is_last = {
            let mut state = self.members.state.borrow_mut();
            state.tasks.remove(&self.key);
            state.tasks.is_empty()
        };
        if is_last {
            self.members.wake();
        }
    }
}

/// A scope that waits for its members, as plain data.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ScopeView {
    /// The task that waits.
    pub owner: TaskId,
    /// Where.
    pub place: PlaceId,
    /// For whom, in the order in which they joined.
    pub members: Vec<TaskId>,
}

impl Executor {
    /// Every scope whose body is through and that waits for its members.
    #[must_use]
    pub fn waiting_scopes(&self) -> Vec<ScopeView> {
        let scopes = self.scopes.borrow();
        let views = scopes.iter().filter_map(Weak::upgrade).filter_map(|members| {
            let state = members.state.borrow();
            let waiter = state.waiter.as_ref().filter(|_| state.body_is_over)?;
            let tasks = state.tasks.values().map(|(id, _)| *id).collect();
            Some(ScopeView { owner: waiter.owner, place: waiter.place, members: tasks })
        });
        views.collect()
    }

    /// The tasks that a scope may end: its members, and who waits in it, which its failure ends.
    #[must_use]
    pub fn in_scopes(&self) -> HashSet<TaskId> {
        let scopes = self.scopes.borrow();
        let mut tasks = HashSet::new();
        for members in scopes.iter().filter_map(Weak::upgrade) {
            let state = members.state.borrow();
            tasks.extend(state.tasks.values().map(|(id, _)| *id));
            tasks.extend(state.waiter.as_ref().map(|waiter| waiter.owner));
        }
        tasks
    }
}
