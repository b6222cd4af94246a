//! `Child`: a process that was started here.

use std::{
    fmt,
    future::Future,
    io,
    process::{self, ExitStatus},
    time::Duration,
};

use glassloop_reactor::{Reactor, timeout};
use rustix::process::Signal;

use super::{command::Ends, exit::Exit, held::Held};
use crate::net::{PipeReader, PipeWriter};

/// A process that was started by a [`Command`](super::Command).
///
/// # Drop
/// It goes on, unless [`kill_on_drop`](super::Command::kill_on_drop) was set; either way it is
/// waited for, and leaves no zombie.
///
/// ```
/// use std::{os::unix::process::ExitStatusExt, time::Duration};
/// use glassloop::process::Command;
///
/// # glassloop::run(async {
/// let mut sleeper = Command::new("sleep").arg("60").spawn()?;
/// assert!(sleeper.id() > 0 && sleeper.try_wait()?.is_none(), "it runs");
/// sleeper.kill()?;
/// assert_eq!(sleeper.wait().await?.signal(), Some(9));
///
/// // As one ends a server: it is asked first, and killed if it doesn't end in time.
/// let mut server = Command::new("sleep").arg("60").spawn()?;
/// assert_eq!(server.end(Duration::from_secs(5)).await?.signal(), Some(15));
///
/// let mut sleepers = Vec::new();
/// for _ in 0..2 {
///     sleepers.push(Command::new("sleep").arg("60").spawn()?);
/// }
/// sleepers[0].terminate()?;
/// sleepers[1].signal(14)?;
/// assert_eq!(sleepers[0].wait().await?.signal(), Some(15));
/// assert_eq!(sleepers[1].wait().await?.signal(), Some(14));
/// # std::io::Result::Ok(())
/// # }).unwrap().unwrap();
/// ```
#[must_use = "a child that is dropped can't be waited for"]
pub struct Child {
    /// What it reads comes from here, if that was piped.
    pub stdin: Option<PipeWriter>,
    /// What it writes comes here, if that was piped: [`read`](PipeReader::read) gives what there
    /// is. For lines, with feature `futures-io` (default), put it in a buffered reader of another
    /// crate, as `futures_lite::io::BufReader`, and ask that for its `lines()`.
    pub stdout: Option<PipeReader>,
    /// And its complaints.
    pub stderr: Option<PipeReader>,
    exit: Exit,
    held: Held,
}

impl Child {
    #[track_caller]
    pub(super) fn spawn(command: &mut process::Command, ends: Ends) -> io::Result<Child> {
        // Asked before there is a process that this loop can't hear of.
        Reactor::expect_current("Command::spawn")?.descriptor()?;
        let mut child = command.spawn()?;
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let held = Held::new(child, ends);
        let taken_over = || {
            let stdin = stdin.map(PipeWriter::from_fd).transpose()?;
            let stdout = stdout.map(PipeReader::from_fd).transpose()?;
            let stderr = stderr.map(PipeReader::from_fd).transpose()?;
            Ok((stdin, stdout, stderr, Exit::watch(&held)?))
        };
        match taken_over() {
            Ok((stdin, stdout, stderr, exit)) => Ok(Child { stdin, stdout, stderr, exit, held }),
            Err(error) => {
                // It was to be this loop's, and can't be.
                held.kill_and_drop();
                Err(error)
            }
        }
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.held.id()
    }

    /// Waits until it has ended, and gives how; asked again, gives it again. What it reads ends:
    /// [`stdin`](Child::stdin) is dropped first.
    ///
    /// # Errors
    /// The OS's.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing but the stdin.
    #[track_caller]
    pub fn wait(&mut self) -> impl Future<Output = io::Result<ExitStatus>> {
        self.stdin = None;
        self.exit.wait(&mut self.held)
    }

    /// How it has ended, if it has.
    ///
    /// # Errors
    /// The OS's.
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.held.try_wait()
    }

    /// Kills it; or all of its [group](super::Command::own_group) if it has one, though it may have
    /// ended itself. Its end is seen by waiting for it. One that was waited for and has no group is
    /// left in peace: its number may be another's by now.
    ///
    /// # Errors
    /// The OS's.
    pub fn kill(&mut self) -> io::Result<()> {
        self.held.send(Signal::KILL)
    }

    /// Asks it, and all of its group, to end: SIGTERM. Else as [`kill`](Child::kill).
    ///
    /// # Errors
    /// The OS's.
    pub fn terminate(&mut self) -> io::Result<()> {
        self.held.send(Signal::TERM)
    }

    /// Sends a signal by its number. Else as [`kill`](Child::kill).
    ///
    /// # Errors
    /// `InvalidInput` for a number that is no signal's; the OS's.
    pub fn signal(&mut self, number: i32) -> io::Result<()> {
        let signal = Signal::from_named_raw(number).ok_or_else(|| {
            let what = format!("expected the number of a signal, came {number}");
            io::Error::new(io::ErrorKind::InvalidInput, what)
        })?;
        self.held.send(signal)
    }

    /// Asks it to end, gives it so long to do so, then kills it; waits for it, and gives how it has
    /// ended. What is then left of its group is killed.
    ///
    /// # Errors
    /// The OS's.
    ///
    /// # Cancel safety
    /// Dropping the future leaves it asked.
    #[expect(clippy::manual_async_fn, reason = "no public function of ours is an `async fn`")]
    pub fn end(&mut self, grace: Duration) -> impl Future<Output = io::Result<ExitStatus>> {
        async move {
            self.stdin = None;
            self.terminate()?;
            if let Ok(ended) = timeout(grace, self.wait_and_clear()).await {
                return ended;
            }
            self.kill()?;
            self.wait().await
        }
    }

    /// Waits for its end, and kills what is then left of its group, while that is still its.
    #[track_caller]
    pub(super) fn wait_and_clear(&mut self) -> impl Future<Output = io::Result<ExitStatus>> {
        self.exit.wait_and_clear(&mut self.held)
    }
}

impl fmt::Debug for Child {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Child").field("id", &self.id()).finish_non_exhaustive()
    }
}
