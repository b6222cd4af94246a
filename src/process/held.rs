//! `Held`: a child of this process, until it has been waited for.
//!
//! As long as it hasn't, its number, and that of its group, is its own: a signal can reach nobody
//! else. Dropped before, it is handed to the reaper.

use std::{
    io,
    process::{self, ExitStatus},
};

use glassloop_executor::quietly;
use rustix::{
    io::Errno,
    process::{Pid, Signal, kill_process, kill_process_group},
};

use super::{command::Ends, reaper};

/// A child of this process.
pub(super) struct Held {
    id: u32,
    /// INVARIANT: `None` only after the drop has taken it.
    child: Option<process::Child>,
    ends: Ends,
    ended: Option<ExitStatus>,
}

impl Held {
    pub(super) fn new(child: process::Child, ends: Ends) -> Held {
        Held { id: child.id(), child: Some(child), ends, ended: None }
    }

    pub(super) fn id(&self) -> u32 {
        self.id
    }

    pub(super) fn pid(&self) -> Option<Pid> {
        i32::try_from(self.id).ok().and_then(Pid::from_raw)
    }

    /// How it has ended, if it has. From then on it is no child any more.
    pub(super) fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        if let (None, Some(child)) = (self.ended, &mut self.child) {
            self.ended = child.try_wait()?;
        }
        Ok(self.ended)
    }

    pub(super) fn has_been_waited_for(&self) -> bool {
        self.ended.is_some()
    }

    /// Sends a signal, to its group if it has one, unless it was waited for.
    pub(super) fn send(&self, signal: Signal) -> io::Result<()> {
        let Some(pid) = self.pid().filter(|_| !self.has_been_waited_for()) else { return Ok(()) };
        let sent = match self.ends.own_group {
            // It may have gone to a group of its own making.
            true => kill_process_group(pid, signal).or_else(|error| match error {
                Errno::SRCH => kill_process(pid, signal),
                other => Err(other),
            }),
            false => kill_process(pid, signal),
        };
        Ok(sent?)
    }

    /// It has ended: what is left of its group, if it has one, ends with it.
    pub(super) fn clear_group(&self) {
        if self.ends.own_group {
            // Nobody else may be left of it.
            self.send(Signal::KILL).ok();
        }
    }

    /// It is wanted no more.
    pub(super) fn kill_and_drop(mut self) {
        self.ends.kill_on_drop = true;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.has_been_waited_for() {
            return;
        }
        if self.ends.kill_on_drop
            && let Err(error) = self.send(Signal::KILL)
        {
            quietly(|| log::error!("child {} could not be killed: {error}", self.id));
        }
        if let (Ok(None), Some(child)) = (self.try_wait(), self.child.take()) {
            reaper::adopt(child);
        }
    }
}
