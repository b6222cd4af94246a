//! `Inspector`: what a program holds of its inspector.
//!
//! Promises that stopping it closes the port, ends the thread and removes the file, once, and only
//! in the process that started it. What it shows is other files' business.

use std::{
    fmt, mem,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use glassloop::{LoopThread, OnNewLoop};

use crate::{attendance::Attendance, loops, run_file::Removed};

/// How long a stop waits for the thread. It never runs anything long.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long the end of a program waits for who watches.
const END_PATIENCE: Duration = Duration::from_secs(4);

/// An inspector that runs. Dropping it is [`stop`](Inspector::stop).
pub struct Inspector {
    address: SocketAddr,
    url: String,
    file: Removed,
    /// Until it is stopped.
    thread: Mutex<Option<Running>>,
    /// Who watches, where the program waits for that.
    attendance: Option<Arc<Attendance>>,
}

/// What goes on until it is stopped.
struct Running {
    thread: LoopThread,
    /// New loops are seen into from their beginning.
    follows: OnNewLoop,
}

/// What an inspector is made of.
pub(crate) struct Parts {
    pub(crate) address: SocketAddr,
    pub(crate) url: String,
    pub(crate) file: PathBuf,
    pub(crate) thread: LoopThread,
    pub(crate) attendance: Option<Arc<Attendance>>,
    pub(crate) follows: OnNewLoop,
}

impl Inspector {
    pub(crate) fn new(parts: Parts) -> Inspector {
        let Parts { address, url, file, thread, attendance, follows } = parts;
        let file = Removed::new(file);
        let running = Running { thread, follows };
        Inspector { address, url, file, thread: Mutex::new(Some(running)), attendance }
    }

    /// The address of its page, with the token behind a `#`. Whoever has it may look: don't log it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where its [file](crate::run_file) is, or was.
    #[must_use]
    pub fn file(&self) -> &Path {
        self.file.file()
    }

    /// The program ends: who watches is sent what is left, where it waits for that.
    pub(crate) fn let_watchers_finish(&self) {
        if let Some(attendance) = &self.attendance
            && self.file.is_own()
            && !attendance.end(END_PATIENCE)
        {
            log::warn!("inspector: somebody still watches, {END_PATIENCE:?} after the end");
        }
    }

    /// Removes the file, closes the port and every connection, and ends the thread, for which it
    /// waits two seconds at most. What was stopped stays so.
    ///
    /// In a fork of the process that started it there is no such thread, and file and port are the
    /// parent's: there this does nothing.
    pub fn stop(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut running) = thread else { return };
        if !self.file.is_own() {
            // Its drop would wait for a thread that is not in this process.
            return mem::forget(running);
        }
        self.let_watchers_finish();
        // From here on no loop is kept that would be forgotten by nobody.
        drop(running.follows);
        if self.attendance.is_some() {
            loops::forget();
        }
        self.file.remove();
        running.thread.stop(Duration::ZERO);
        // Its connections are cut, so its report has nothing that anybody could want.
        if let Err(error) = running.thread.join(PATIENCE) {
            log::warn!("inspector: its thread was left alone: {error}");
        }
    }
}

impl Drop for Inspector {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The token is not shown.
impl fmt::Debug for Inspector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inspector")
            .field("address", &self.address)
            .field("file", &self.file())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use crate::{Builder, run_file::remove};
    use std::{env, fs, net::TcpStream};

    #[test]
    fn what_a_fork_drops_is_left_to_its_parent() {
        let folder = env::temp_dir().join(format!("glassloop-forked-{}", std::process::id()));
        let mut inspector = Builder::new().folder(&folder).record(false).start().unwrap();
        let (address, file) = (inspector.address(), inspector.file().to_owned());
        inspector.file.fork();
        drop(inspector);
        assert!(file.exists());
        assert!(TcpStream::connect(address).is_ok(), "it is served on");
        remove(&file);
        fs::remove_dir(folder).unwrap();
    }
}
