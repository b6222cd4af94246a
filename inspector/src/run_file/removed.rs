//! `Removed`: a file that goes when this does, in the process that made it.
//!
//! A fork of that process has a copy of this, which is dropped there as well: it leaves the file
//! alone, since the inspector that it tells of lives on.

use std::path::{Path, PathBuf};

/// A file of this process.
#[derive(Debug)]
pub(crate) struct Removed {
    file: PathBuf,
    process: u32,
}

impl Removed {
    pub(crate) fn new(file: PathBuf) -> Removed {
        Removed { file, process: std::process::id() }
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// Whether this is still the process that made the file.
    pub(crate) fn is_own(&self) -> bool {
        self.process == std::process::id()
    }

    /// Removes the file now.
    pub(crate) fn remove(&self) {
        if self.is_own() {
            super::remove(&self.file);
        }
    }

    /// As a fork of this process has it.
    #[cfg(test)]
    pub(crate) fn fork(&mut self) {
        self.process = self.process.wrapping_add(1);
    }
}

impl Drop for Removed {
    fn drop(&mut self) {
        self.remove();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{env, fs};

    #[test]
    fn a_file_goes_with_the_process_that_made_it_and_not_with_its_fork() {
        let file = env::temp_dir().join(format!("glassloop-removed-{}", std::process::id()));
        fs::write(&file, "").unwrap();
        let mut forked = Removed::new(file.clone());
        forked.fork();
        forked.remove();
        drop(forked);
        assert!(file.exists());
        drop(Removed::new(file.clone()));
        assert!(!file.exists());
    }
}
