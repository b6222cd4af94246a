//! What the layers above leave with the reactor for one another: the last stall, who resolves
//! names, and the dice of a loop that was given a seed.

use crate::{
    dice::Dice,
    hooks::{Resolver, Stall},
    reactor::Reactor,
};

impl Reactor {
    /// The last stall that was reported.
    #[must_use]
    pub fn last_stall(&self) -> Option<Stall> {
        self.last_stall.borrow().clone()
    }

    /// Reports a stall, for whoever must explain being late. One that was longer is kept for as
    /// long again as it took: it explains more than a shorter one right after it.
    pub fn set_last_stall(&self, stall: Stall) {
        let kept = self.last_stall.borrow().as_ref().is_some_and(|last| {
            let since = stall.at.saturating_sub(last.at) / 1_000_000;
            last.millis > stall.millis && since < last.millis
        });
        if !kept {
            self.last_stall.replace(Some(stall));
        }
    }

    /// Who resolves names for this loop. `None`: the OS, on a thread that starts with the first.
    #[must_use]
    pub fn resolver(&self) -> Option<Resolver> {
        self.resolver.borrow().clone()
    }

    /// Sets who resolves names for this loop.
    pub fn set_resolver(&self, resolver: Resolver) {
        // The one it replaces is dropped here, after the borrow: its drop may be anything.
        let replaced = self.resolver.borrow_mut().replace(resolver);
        drop(replaced);
    }

    /// From now on dice that fall by this seed decide what no promise does: see
    /// [`Reactor::dice`]. Once; a second seed is handed back.
    ///
    /// # Errors
    /// With the seed, if it has dice.
    pub fn seed(&self, seed: u64) -> Result<(), u64> {
        self.dice.set(Dice::new(seed)).map_err(|dice| dice.seed())
    }

    /// The dice of a loop that was given a seed. In phase `io` they say in which order events are
    /// told, and which of them only in the next turn, as an OS might; the layers above have them
    /// fall for what is nobody's promise there.
    #[inline]
    #[must_use]
    pub fn dice(&self) -> Option<&Dice> {
        self.dice.get()
    }
}
