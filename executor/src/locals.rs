//! `Locals`: the task-local values of one loop, of what runs now and of the tasks that don't.
//!
//! A task's values are one map, shared with whom it spawned until either changes it. A task that
//! has none takes no room here. Nothing is dropped or cloned here that isn't ours: what goes is
//! handed back.

use std::{any::Any, rc::Rc};

/// A value, as the map holds it.
pub(crate) type Value = Rc<dyn Any>;

/// The values of one task, by the address of their `TaskLocal`. Few, so a list does.
#[derive(Clone, Default)]
pub(crate) struct ValueMap {
    rows: Vec<(usize, Value)>,
}

/// A map that whoever holds it may share and nobody may change under another.
pub(crate) type SharedMap = Rc<ValueMap>;

#[derive(Default)]
pub(crate) struct Locals {
    /// Of what runs now.
    now: Option<SharedMap>,
    /// Of tasks that don't run, by index. It grows only as far as the last one that has any.
    kept: Vec<Option<SharedMap>>,
}

impl Locals {
    /// Whether what runs now has values.
    #[inline]
    pub(crate) fn any_now(&self) -> bool {
        self.now.is_some()
    }

    /// The map of what runs now, for whoever it spawns.
    pub(crate) fn share(&self) -> Option<SharedMap> {
        self.now.clone()
    }

    /// Makes a map that of what runs now. The one before.
    pub(crate) fn replace(&mut self, map: Option<SharedMap>) -> Option<SharedMap> {
        std::mem::replace(&mut self.now, map)
    }

    /// A task that has values runs now.
    #[cold]
    #[inline(never)]
    pub(crate) fn load(&mut self, index: u32) {
        debug_assert!(self.now.is_none(), "what ran before has put its values away");
        self.now = self.kept.get_mut(index as usize).and_then(Option::take);
    }

    /// The task that ran waits: its values wait with it.
    #[cold]
    #[inline(never)]
    pub(crate) fn keep(&mut self, index: u32) {
        let map = self.now.take();
        self.keep_for(index, map);
    }

    /// Gives a new task its values.
    #[cold]
    #[inline(never)]
    pub(crate) fn keep_for(&mut self, index: u32, map: Option<SharedMap>) {
        let index = index as usize;
        if self.kept.len() <= index {
            self.kept.resize_with(index + 1, || None);
        }
        debug_assert!(self.kept[index].is_none(), "a task takes its values when it runs");
        self.kept[index] = map;
    }

    /// The value of a key, in what runs now.
    pub(crate) fn get(&self, key: usize) -> Option<Value> {
        let rows = &self.now.as_ref()?.rows;
        rows.iter().find(|row| row.0 == key).map(|row| Rc::clone(&row.1))
    }

    /// Sets the value of a key, or takes it away, in what runs now. The one before.
    pub(crate) fn put(&mut self, key: usize, value: Option<Value>) -> Option<Value> {
        if self.now.is_none() && value.is_none() {
            return None;
        }
        // A map that is shared is copied first: its values are shared further, not cloned.
        let rows = &mut Rc::make_mut(self.now.get_or_insert_default()).rows;
        let at = rows.iter().position(|row| row.0 == key);
        let before = match (at, value) {
            (Some(at), Some(value)) => Some(std::mem::replace(&mut rows[at].1, value)),
            (Some(at), None) => Some(rows.swap_remove(at).1),
            (None, Some(value)) => {
                rows.push((key, value));
                None
            }
            (None, None) => None,
        };
        if rows.is_empty() {
            self.now = None;
        }
        before
    }
}
