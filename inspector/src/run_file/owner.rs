//! The owner: whose a folder is, and that of what is made nobody else sees anything.
//!
//! Promises modes that are there from the beginning: what is made open and closed afterwards was
//! open for a moment. On Windows there are no modes, and that the folder for temporary files is the
//! user's own is not checked.

use std::{
    env,
    fs::{File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

#[cfg(unix)]
mod unix {
    use std::{
        fs::{self, DirBuilder, Metadata},
        os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    };

    use rustix::{
        io::Errno,
        process::{Pid, geteuid, test_kill_process},
    };

    use super::{File, OpenOptions, Path, PathBuf, env, io, made};

    pub(crate) fn folder() -> PathBuf {
        let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        // Who became another user may have kept the variable of the first.
        let is_ours = |path: &PathBuf| {
            path.is_absolute() && fs::metadata(path).is_ok_and(|of| of.is_dir() && is_own(&of))
        };
        match runtime.filter(is_ours) {
            Some(runtime) => runtime.join("glassloop"),
            None => env::temp_dir().join(format!("glassloop-{}", geteuid().as_raw())),
        }
    }

    pub(crate) fn create_folder(path: &Path) -> io::Result<()> {
        made(DirBuilder::new().mode(0o700).create(path))
    }

    /// A link is none of its own: what it leads to may change behind our back.
    pub(crate) fn judge_folder(path: &Path) -> io::Result<()> {
        let of = fs::symlink_metadata(path)?;
        let came = if !of.is_dir() {
            "a link or a file".to_owned()
        } else if !is_own(&of) {
            format!("one of user {}", of.uid())
        } else if of.mode() & 0o077 != 0 {
            format!("one of mode {:o}", of.mode() & 0o7777)
        } else {
            return Ok(());
        };
        let path = path.display();
        let what = format!("expected {path} to be a folder of this user's alone, came {came}");
        Err(io::Error::new(io::ErrorKind::PermissionDenied, what))
    }

    pub(crate) fn create_file(path: &Path) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
    }

    pub(crate) fn is_gone(pid: u32) -> bool {
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
        pid.is_none_or(|pid| test_kill_process(pid) == Err(Errno::SRCH))
    }

    fn is_own(of: &Metadata) -> bool {
        of.uid() == geteuid().as_raw()
    }
}

#[cfg(not(unix))]
mod other {
    use std::fs;

    use super::{File, OpenOptions, Path, PathBuf, env, io, made};

    pub(crate) fn folder() -> PathBuf {
        env::temp_dir().join("glassloop")
    }

    pub(crate) fn create_folder(path: &Path) -> io::Result<()> {
        made(fs::create_dir(path))
    }

    pub(crate) fn judge_folder(path: &Path) -> io::Result<()> {
        fs::metadata(path).map(drop)
    }

    pub(crate) fn create_file(path: &Path) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).open(path)
    }

    /// Its port tells.
    pub(crate) fn is_gone(_pid: u32) -> bool {
        false
    }
}

#[cfg(not(unix))]
pub(crate) use other::{create_file, create_folder, folder, is_gone, judge_folder};
#[cfg(unix)]
pub(crate) use unix::{create_file, create_folder, folder, is_gone, judge_folder};

/// What is there already is as good as made.
fn made(made: io::Result<()>) -> io::Result<()> {
    match made {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}
