//! `Inbox`: events that have come and that nobody has taken yet.
//!
//! It knows when it is full, and refuses nothing: who reads the connection asks first.

use std::collections::VecDeque;

use super::limits::Limits;
use crate::socketio::Data;

/// An event that has come.
pub(in crate::socketio) struct Arrived {
    pub(in crate::socketio) data: Data,
    /// It is to be answered under this number.
    pub(in crate::socketio) number: Option<u64>,
    /// Of which membership that number is. Known once it is delivered.
    pub(in crate::socketio) membership: u64,
}

/// Events that nobody has taken yet.
#[derive(Default)]
pub(in crate::socketio) struct Inbox {
    events: VecDeque<Arrived>,
    bytes: usize,
}

impl Inbox {
    pub(in crate::socketio) fn push(&mut self, arrived: Arrived) {
        self.bytes += arrived.data.bytes();
        self.events.push_back(arrived);
    }

    pub(in crate::socketio) fn pop(&mut self) -> Option<Arrived> {
        let arrived = self.events.pop_front()?;
        self.bytes -= arrived.data.bytes();
        Some(arrived)
    }

    pub(in crate::socketio) fn is_full(&self, limits: &Limits) -> bool {
        self.events.len() >= limits.received_events_max || self.bytes >= limits.received_bytes_max
    }

    /// Half an empty one sets the reading going again.
    pub(in crate::socketio) fn is_roomy(&self, limits: &Limits) -> bool {
        self.events.len() <= limits.received_events_max / 2
            && self.bytes <= limits.received_bytes_max / 2
    }
}
