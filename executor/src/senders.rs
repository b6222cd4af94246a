//! `Senders`: which thread left what, for a loop that mixes what several threads left.
//!
//! It promises that its list goes as the queue beside it does, and that a loop which doesn't ask
//! for it pays one load for each thing that is left.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
    thread::{self, Thread},
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

/// Puts what several threads left into an order that `below` picks, a number below the one that it
/// is given. Each thread's own order stays.
pub(crate) fn mixed<T>(
    left: impl IntoIterator<Item = (Option<Thread>, T)>,
    mut below: impl FnMut(usize) -> usize,
) -> VecDeque<(Option<Thread>, T)> {
    let mut lines: Vec<(Option<Thread>, VecDeque<T>)> = Vec::new();
    let id = |sender: &Option<Thread>| sender.as_ref().map(Thread::id);
    for (sender, left) in left {
        match lines.iter_mut().find(|line| id(&line.0) == id(&sender)) {
            Some(line) => line.1.push_back(left),
            None => lines.push((sender, VecDeque::from([left]))),
        }
    }
    let mut mixed = VecDeque::new();
    while !lines.is_empty() {
        let at = if lines.len() == 1 { 0 } else { below(lines.len()) };
        let (sender, line) = &mut lines[at];
        mixed.extend(line.pop_front().map(|left| (sender.clone(), left)));
        if line.is_empty() {
            lines.remove(at);
        }
    }
    mixed
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
            mixed(left.map(|(sender, left)| (sender.clone(), left)), picks)
                .into_iter()
                .map(|(_, left)| left)
                .collect::<Vec<_>>()
        };
        assert_eq!(of(|_| 0), [1, 2, 3, 10, 11, 100]);
        assert_eq!(of(|count| count - 1), [100, 10, 11, 1, 2, 3]);
        assert_eq!(of(|count| usize::from(count > 2)), [10, 11, 1, 2, 3, 100]);
    }
}
