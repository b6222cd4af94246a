//! `Inspector`: what a program holds of its inspector.
//!
//! Promises that stopping it closes the port, ends the thread and removes the file, once. What it
//! shows is other files' business.

use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use glassloop::LoopThread;

use crate::run_file;

/// How long a stop waits for the thread. It never runs anything long.
const PATIENCE: Duration = Duration::from_secs(2);

/// An inspector that runs. Dropping it is [`stop`](Inspector::stop).
pub struct Inspector {
    address: SocketAddr,
    url: String,
    file: PathBuf,
    /// Until it is stopped.
    thread: Mutex<Option<LoopThread>>,
}

/// What an inspector is made of.
pub(crate) struct Parts {
    pub(crate) address: SocketAddr,
    pub(crate) url: String,
    pub(crate) file: PathBuf,
    pub(crate) thread: LoopThread,
}

impl Inspector {
    pub(crate) fn new(parts: Parts) -> Inspector {
        let Parts { address, url, file, thread } = parts;
        Inspector { address, url, file, thread: Mutex::new(Some(thread)) }
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
        &self.file
    }

    /// Removes the file, closes the port and every connection, and ends the thread, for which it
    /// waits two seconds at most. What was stopped stays so.
    pub fn stop(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut thread) = thread else { return };
        run_file::remove(&self.file);
        thread.stop(Duration::ZERO);
        // Its connections are cut, so its report has nothing that anybody could want.
        if let Err(error) = thread.join(PATIENCE) {
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
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}
