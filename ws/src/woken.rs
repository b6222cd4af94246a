//! The woken: who is to be woken once nothing of ours is borrowed.
//!
//! Promises that all of them are woken, in their order, even if one panics.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::task::Waker;
use std::{iter, mem};

/// Wakers on their way out of a table.
// COST: the first lies in place. It is the only one nearly always, and a list for it would take
// 180 instructions.
#[derive(Debug, Default)]
pub(crate) struct Woken {
    first: Option<Waker>,
    others: Vec<Waker>,
}

impl Woken {
    /// Wakes all of them; the first panic then goes on.
    #[inline]
    pub(crate) fn wake(self) {
        match self.first {
            Some(first) => wake_all(first, self.others),
            // COST: an empty list has nothing to drop, and to find that out takes 20 instructions,
            // thirty times a message.
            None => mem::forget(self.others),
        }
    }
}

/// Looks at what is in a cell or changes it; those it wants woken are woken after the borrow.
#[inline]
pub(crate) fn with<S, T>(cell: &RefCell<S>, act: impl FnOnce(&mut S, &mut Woken) -> T) -> T {
    let mut woken = Woken::default();
    let outcome = act(&mut cell.borrow_mut(), &mut woken);
    woken.wake();
    outcome
}

fn wake_all(first: Waker, others: Vec<Waker>) {
    let mut panic = None;
    for waker in iter::once(first).chain(others) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| waker.wake())) {
            panic.get_or_insert(payload);
        }
    }
    if let Some(payload) = panic {
        resume_unwind(payload);
    }
}

impl Extend<Waker> for Woken {
    #[inline]
    fn extend<T: IntoIterator<Item = Waker>>(&mut self, wakers: T) {
        for waker in wakers {
            if self.first.is_none() {
                self.first = Some(waker);
            } else {
                self.others.push(waker);
            }
        }
    }
}

impl FromIterator<Waker> for Woken {
    fn from_iter<T: IntoIterator<Item = Waker>>(wakers: T) -> Woken {
        let mut woken = Woken::default();
        woken.extend(wakers);
        woken
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::task::Wake;

    use super::*;

    struct Note(usize, Arc<Mutex<Vec<usize>>>);

    impl Wake for Note {
        fn wake(self: Arc<Self>) {
            self.1.lock().unwrap().push(self.0);
            assert!(self.0 != 1, "the second one panics");
        }
    }

    #[test]
    fn all_are_woken_in_their_order_even_if_one_panics() {
        for count in 0..5 {
            let heard = Arc::default();
            let note = |number| Waker::from(Arc::new(Note(number, Arc::clone(&heard))));
            let woken: Woken = (0..count).map(note).collect();
            let outcome = catch_unwind(AssertUnwindSafe(|| woken.wake()));
            assert_eq!(outcome.is_err(), count > 1, "the panic goes on");
            assert_eq!(*heard.lock().unwrap(), (0..count).collect::<Vec<_>>());
        }
    }
}
