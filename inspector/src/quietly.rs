//! `quietly`: a line for the log of a program whose logger may panic.
//!
//! A logger is the program's own code. Its panic must not end what tells it something: the line is
//! lost, and that is all.

use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// Runs code whose panic concerns nobody.
pub(crate) fn quietly(tell: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(tell)) {
        // What it carries may panic in its turn when it is dropped.
        mem::forget(panic);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::panic_any;

    #[test]
    fn neither_a_panic_nor_what_it_carries_comes_through() {
        struct Mine;

        impl Drop for Mine {
            fn drop(&mut self) {
                panic!("dropped on purpose");
            }
        }

        quietly(|| panic_any(Mine));
        quietly(|| ());
    }
}
