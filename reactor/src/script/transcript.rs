//! `Transcript`: what happened on the stage of a script, line by line.
//!
//! It promises that the same seed and the same program give the same text. It keeps what its bound
//! has room for and counts the rest.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// What the peers of a script did, what our sockets of their connections did, and when. Clones
/// are the same transcript; it outlives the loop.
#[derive(Clone, Default)]
pub struct Transcript {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    lines: Vec<String>,
    /// By the number of the peer.
    received: Vec<Vec<u8>>,
    bytes: usize,
    bytes_max: usize,
    lost: u64,
}

impl Transcript {
    /// The lines so far, in the order in which it happened.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.kept().lines.clone()
    }

    /// All bytes that a peer has read so far.
    #[must_use]
    pub fn received(&self, peer: usize) -> Vec<u8> {
        self.kept().received.get(peer).cloned().unwrap_or_default()
    }

    /// How many lines and reads there was no room for (`Limits::transcript_bytes_max`).
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.kept().lost
    }

    pub(crate) fn limit_to(&self, bytes_max: usize) {
        self.kept().bytes_max = bytes_max;
    }

    /// Writes a line: when, who, and what it did.
    pub(crate) fn note(&self, at: u64, who: &str, what: fmt::Arguments<'_>) {
        let line = format!("{:>6}.{:06} ms  {who}: {what}", at / 1_000_000, at % 1_000_000);
        let mut kept = self.kept();
        if kept.has_room(line.len()) {
            kept.lines.push(line);
        }
    }

    /// Keeps what a peer has read.
    pub(crate) fn keep(&self, peer: usize, bytes: &[u8]) {
        let mut kept = self.kept();
        if kept.has_room(bytes.len()) {
            let peers = kept.received.len().max(peer + 1);
            kept.received.resize_with(peers, Vec::new);
            kept.received[peer].extend_from_slice(bytes);
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn has_room(&mut self, bytes: usize) -> bool {
        let fits = self.bytes.saturating_add(bytes) <= self.bytes_max;
        if fits {
            self.bytes += bytes;
        } else {
            self.lost += 1;
        }
        fits
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines().iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl fmt::Debug for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.kept();
        f.debug_struct("Transcript")
            .field("lines", &kept.lines.len())
            .field("lost", &kept.lost)
            .finish_non_exhaustive()
    }
}
