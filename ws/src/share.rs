//! The share: what one turn has read of a connection, and who goes on in the next.
//!
//! Promises that whoever reads, the driver or who receives, takes from one budget; and that nobody
//! who has spent it is polled again before the turn is over. The phase `flush` begins a new one.

use std::rc::Rc;

use crate::connection::Connection;
use crate::limits::Limits;

/// What is known of the turn.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Share {
    /// Bytes that were taken, as long as more may lie there.
    bytes: usize,
    /// An ending was read, which takes effect in the next turn.
    ended: bool,
    /// Who waits for a message is woken when the turn is over.
    pub(crate) reader_goes_on: bool,
    /// So is the driver.
    pub(crate) driver_goes_on: bool,
}

impl Share {
    fn left(&self, limits: &Limits) -> usize {
        limits.read_bytes_per_turn_max.saturating_sub(self.bytes)
    }

    fn is_spent(&self, limits: &Limits) -> bool {
        self.ended || self.left(limits) == 0
    }
}

impl Connection {
    fn change_share(&self, change: impl FnOnce(&mut Share)) {
        let mut share = self.share.get();
        change(&mut share);
        self.share.set(share);
    }

    /// What this turn may still take, in bytes.
    pub(crate) fn share_left(&self) -> usize {
        self.share.get().left(self.limits())
    }

    /// So many bytes were taken.
    pub(crate) fn spend_share(&self, bytes: usize) {
        self.change_share(|share| share.bytes = share.bytes.saturating_add(bytes));
    }

    /// A reading is over. If nothing is left to be read, what it took needs not be remembered;
    /// else the end of the turn forgets it.
    pub(crate) fn end_reading(self: &Rc<Self>, ended: bool, more: bool) {
        if ended || more {
            self.change_share(|share| share.ended |= ended);
            self.cork();
        } else {
            self.change_share(|share| share.bytes = 0);
        }
    }

    /// True if an ending was read in this very turn.
    pub(crate) fn ended_in_turn(&self) -> bool {
        self.share.get().ended
    }

    /// Whether this turn reads no more. Then `who` is noted, to go on when it is over.
    pub(crate) fn puts_off(&self, who: impl FnOnce(&mut Share)) -> bool {
        let spent = self.share.get().is_spent(self.limits());
        if spent {
            self.change_share(who);
        }
        spent
    }
}
