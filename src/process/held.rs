//! `Held`: a child of this process, until it has been waited for.
//!
//! As long as it hasn't, its number, and that of its group, is its own: a signal can reach nobody
//! else. So one that has a group is waited for when it is dropped, and not before: what is left of
//! the group can be reached as long. Dropped before it has ended, it is handed to the reaper.

use std::{
    io,
    os::unix::process::ExitStatusExt,
    process::{self, ExitStatus},
};

use glassloop_executor::quietly;
use rustix::{
    io::Errno,
    process::{
        Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus, getpgid, kill_process,
        kill_process_group, waitid,
    },
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

    /// How it has ended, if it has. From then on it is no child any more, unless it has a group.
    pub(super) fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        if let (None, Some(child)) = (self.ended, &mut self.child) {
            self.ended = match self.ends.own_group {
                true => look(self.pid().ok_or(Errno::INVAL)?)?,
                false => child.try_wait()?,
            };
        }
        Ok(self.ended)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.is_some()
    }

    /// Sends a signal: to its group if it has one, whether it has ended or not; else to itself,
    /// unless it was waited for.
    pub(super) fn send(&self, signal: Signal) -> io::Result<()> {
        let Some(pid) = self.pid() else { return Ok(()) };
        let sent = match self.ends.own_group {
            true => self.send_to_group(pid, signal),
            false if self.has_ended() => return Ok(()),
            false => kill_process(pid, signal),
        };
        match sent {
            // Nobody else may be left of its group, and not every system signals the dead.
            Err(_) if look(pid).is_ok_and(|how| how.is_some()) => Ok(()),
            sent => Ok(sent?),
        }
    }

    fn send_to_group(&self, pid: Pid, signal: Signal) -> rustix::io::Result<()> {
        // It may have gone to another group, and left others behind.
        let has_left = getpgid(Some(pid)).is_ok_and(|group| group != pid);
        match kill_process_group(pid, signal) {
            Err(Errno::SRCH) => kill_process(pid, signal),
            _ if has_left => kill_process(pid, signal),
            sent => sent,
        }
    }

    /// It has ended: what is left of its group, if it has one, ends with it.
    pub(super) fn clear_group(&self) {
        if self.ends.own_group {
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
        if self.has_ended() && !self.ends.own_group {
            return;
        }
        if self.ends.kill_on_drop
            && let Err(error) = self.send(Signal::KILL)
        {
            quietly(|| log::error!("child {} could not be killed: {error}", self.id));
        }
        // An error says that it is nobody's child any more.
        if let Some(mut child) = self.child.take()
            && let Ok(None) = child.try_wait()
        {
            reaper::adopt(child);
        }
    }
}

/// How a child has ended, if it has. It stays one, to be waited for.
fn look(pid: Pid) -> io::Result<Option<ExitStatus>> {
    let how = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    Ok(waitid(WaitId::Pid(pid), how)?.and_then(|status| status_of(&status)))
}

/// As the standard library has it: what `wait` would have written.
fn status_of(status: &WaitIdStatus) -> Option<ExitStatus> {
    const CORE_DUMPED: i32 = 0x80;
    let signal = || status.terminating_signal();
    let raw = match status.exit_status() {
        Some(code) => (code & 0xff) << 8,
        None if status.dumped() => signal()? | CORE_DUMPED,
        None => signal()?,
    };
    Some(ExitStatus::from_raw(raw))
}
