//! The environment: whether `GLASSLOOP_INSPECT` asks for an inspector.
//!
//! Promises that without it nothing is opened and no thread starts. It is asked once a call.

use std::{cell::RefCell, env, ffi::OsString, io, path::PathBuf, sync::OnceLock, thread};

use crate::{Builder, Inspector, address, run_file::Removed};

const VARIABLE: &str = "GLASSLOOP_INSPECT";

/// Starts the inspector if the environment variable `GLASSLOOP_INSPECT` asks for it, and keeps it
/// until the process ends: `1` is 127.0.0.1 on a port that the operating system picks,
/// `127.0.0.1:7000` or `[::1]:7000` is that; `wait` is as `1`, and the program
/// [waits for who watches](Builder::wait_for_watcher). Unset, empty or `0`: nothing happens at
/// all. Anything else is an error in the log, and nothing starts.
///
/// Gives what runs, of which one may ask the address; a second call gives the same.
///
/// ```
/// glassloop_inspector::init(); // the first line of `main`
/// // ... the program ...
/// ```
pub fn init() -> Option<&'static Inspector> {
    static KEPT: OnceLock<Option<Inspector>> = OnceLock::new();
    let kept = KEPT.get_or_init(|| {
        try_init().unwrap_or_else(|error| {
            log::error!("inspector: not started: {error}");
            None
        })
    });
    if let Some(inspector) = kept {
        end_at_exit(inspector.file().to_owned(), Some(inspector));
    }
    kept.as_ref()
}

/// As [`init`], but hands over what it started, or why it did not.
///
/// ```
/// // Nobody has asked for it here.
/// assert!(glassloop_inspector::try_init()?.is_none());
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// `InvalidInput` if the variable says something that can't be meant. Otherwise as
/// [`Builder::start`].
pub fn try_init() -> io::Result<Option<Inspector>> {
    let value = env::var_os(VARIABLE).unwrap_or_default();
    let value = value.into_string().map_err(not_text)?;
    let asked = address::asked_for(&value)
        .map_err(|error| io::Error::new(error.kind(), format!("{VARIABLE}: {error}")))?;
    let waits = value == address::WAIT;
    asked.map(|at| Builder::new().address(at).wait_for_watcher(waits).start()).transpose()
}

fn not_text(came: OsString) -> io::Error {
    let what = format!("{VARIABLE}: expected 1, 0, wait or an address, came {came:?}");
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

/// A static is never dropped, but a local of the main thread is, on most systems: when `main` has
/// returned, or calls `exit`. Another thread's end is not the program's.
fn end_at_exit(file: PathBuf, inspector: Option<&'static Inspector>) {
    thread_local! {
        static END: RefCell<Option<End>> = const { RefCell::new(None) };
    }
    if thread::current().name() == Some("main") {
        // The first stays: what takes its place would drop it, and the file.
        END.with_borrow_mut(|kept| {
            if kept.is_none() {
                *kept = Some(End { inspector, _file: Removed::new(file) });
            }
        });
    }
}

/// What the end of the program does when it is dropped: it lets go who watches, then the file.
struct End {
    inspector: Option<&'static Inspector>,
    _file: Removed,
}

impl Drop for End {
    fn drop(&mut self) {
        if let Some(inspector) = self.inspector {
            inspector.let_watchers_finish();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// Whether the file is there when a thread of this name has asked twice, and when it has ended.
    fn is_there(name: &str) -> [bool; 2] {
        let file = env::temp_dir().join(format!("glassloop-{name}-{}", std::process::id()));
        fs::write(&file, "").unwrap();
        let asked = file.clone();
        let thread = thread::Builder::new().name(name.into()).spawn(move || {
            end_at_exit(asked.clone(), None);
            end_at_exit(asked.clone(), None);
            asked.exists()
        });
        let meanwhile = thread.unwrap().join().unwrap();
        let afterwards = file.exists();
        crate::run_file::remove(&file);
        [meanwhile, afterwards]
    }

    #[test]
    fn the_end_of_the_main_thread_takes_the_file_along_and_nothing_else_does() {
        assert_eq!(is_there("main"), [true, false]);
        assert_eq!(is_there("another"), [true, true]);
    }
}
