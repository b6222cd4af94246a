//! `Senders`: which thread left what, for a loop that mixes what several threads left.
//!
//! It promises that its list goes as the queue beside it does, and that a loop which doesn't ask
//! for it pays one load for each thing that is left.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
    thread::{self, Thread, ThreadId},
};

/// The threads that left what lies in an inbox, in its order.
#[derive(Debug, Default)]
pub(crate) struct Senders {
    /// Empty as long as nobody wants to know.
    list: OnceLock<Mutex<VecDeque<Thread>>>,
}

impl Senders {
    /// From now on they are noted. What was left before has no sender: nothing must have been.
    pub(crate) fn note(&self) {
        self.list.get_or_init(Mutex::default);
    }

    /// Pushes into the queue beside the list, and this thread into the list.
    #[inline]
    pub(crate) fn push<T>(&self, push: impl FnOnce() -> T) -> T {
        let Some(mut list) = self.lock() else { return push() };
        list.push_back(thread::current());
        push()
    }

    /// Who left what was just taken out of the queue.
    pub(crate) fn pop(&self) -> Option<Thread> {
        self.lock()?.pop_front()
    }

    #[inline]
    fn lock(&self) -> Option<MutexGuard<'_, VecDeque<Thread>>> {
        let list = self.list.get()?;
        Some(list.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What several threads left, a line for each of them.
#[derive(Debug)]
pub(crate) struct Lines<T> {
    lines: Vec<(Option<Thread>, VecDeque<T>)>,
    by_thread: HashMap<Option<ThreadId>, usize>,
    len: usize,
}

impl<T> Default for Lines<T> {
    fn default() -> Lines<T> {
        Lines { lines: Vec::new(), by_thread: HashMap::new(), len: 0 }
    }
}

impl<T> Lines<T> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Something joins its thread's line.
    pub(crate) fn push(&mut self, sender: Option<Thread>, left: T) {
        let next = self.lines.len();
        let at = *self.by_thread.entry(sender.as_ref().map(Thread::id)).or_insert(next);
        if at == next {
            self.lines.push((sender, VecDeque::new()));
        }
        self.lines[at].1.push_back(left);
        self.len += 1;
    }

    /// Takes the first of the line that `below` picks, a number below the one that it is given.
    pub(crate) fn take(
        &mut self,
        below: &mut impl FnMut(usize) -> usize,
    ) -> Option<(Option<Thread>, T)> {
        let at = if self.lines.len() > 1 { below(self.lines.len()) } else { 0 };
        let (sender, line) = self.lines.get_mut(at)?;
        let (sender, left) = (sender.clone(), line.pop_front()?);
        self.len -= 1;
        if line.is_empty() {
            self.lines.swap_remove(at);
            self.by_thread.remove(&sender.as_ref().map(Thread::id));
            if let Some((moved, _)) = self.lines.get(at) {
                self.by_thread.insert(moved.as_ref().map(Thread::id), at);
            }
        }
        Some((sender, left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_threads_own_order_stays_whatever_is_picked() {
        let other = thread::spawn(thread::current).join().unwrap();
        let (here, other) = (Some(thread::current()), Some(other));
        let left = [(&here, 1), (&here, 2), (&other, 10), (&None, 100), (&other, 11), (&here, 3)];
        let of = |picks: fn(usize) -> usize| {
            let mut lines = Lines::default();
            left.iter().for_each(|(sender, left)| lines.push((*sender).clone(), *left));
            assert_eq!(lines.len(), 6);
            let mut below = picks;
            let taken = std::iter::from_fn(|| lines.take(&mut below));
            taken.map(|(_, left)| left).collect::<Vec<_>>()
        };
        assert_eq!(
            of(|_| 0),
            [1, 2, 3, 100, 10, 11],
            "the last line takes the place of an empty one"
        );
        assert_eq!(of(|count| count - 1), [100, 10, 11, 1, 2, 3]);
        assert_eq!(of(|count| usize::from(count > 2)), [10, 11, 1, 2, 3, 100]);
    }
}
