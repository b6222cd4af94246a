//! `Watch`: looking at a loop from another thread, also while it hangs.
//!
//! Everything it gives was written by the loop itself, in atomics or as finished data: a watch
//! takes no lock that the loop could hold, and can't slow it down or keep it alive.

use std::{panic::Location, sync::Arc};

use glassloop_executor::Kind;

use crate::{LoopName, Snapshot, now_record::Now, ring::Read, shared::Shared};

/// A loop's state as another thread may read it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Watch {
    shared: Arc<Shared>,
}

impl Watch {
    pub(crate) fn new(shared: Arc<Shared>) -> Watch {
        Watch { shared }
    }

    /// Which loop this is.
    #[must_use]
    pub fn name(&self) -> &LoopName {
        &self.shared.name
    }

    /// What the loop runs at this moment.
    #[must_use]
    pub fn now(&self) -> Now {
        self.shared.now.read()
    }

    /// Where the task that runs now was spawned, and where it last waited.
    #[must_use]
    pub fn places(&self) -> [Option<&'static Location<'static>>; 2] {
        let item = self.now().item;
        if item.kind() != Kind::Task {
            return [None, None];
        }
        let index = item.index();
        [self.shared.sites.born(index).location(), self.shared.sites.awaits(index).location()]
    }

    /// The snapshot that the loop published last: see
    /// [`snapshot_every`](crate::Builder::snapshot_every).
    #[must_use]
    pub fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.shared.snapshot()
    }

    /// The recorded events from number `from` on; empty when nothing was ever recorded.
    #[must_use]
    pub fn events(&self, from: u64) -> Read {
        self.shared.ring.get().map_or_else(Read::default, |ring| ring.read(from))
    }

    /// Whether the loop was closed, or is gone.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.inbox.is_closed()
    }
}
