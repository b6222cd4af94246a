//! The run file: how a terminal finds the inspectors of its user, and their tokens.
//!
//! Promises that nobody but this user can read a token from the moment its file is made, and that a
//! folder which somebody else may have laid out is not used; on Windows it relies on the folder for
//! temporary files being the user's own, as it is by default. It asks no inspector anything: that
//! one lives is told by its process and its port, on Windows by its port alone.
//!
//! Files lie in `$XDG_RUNTIME_DIR/glassloop/`, where that is this user's folder, else in
//! `glassloop-UID/` of the folder for temporary files; on Windows in `glassloop\` there. A
//! file is called after its process, `4711.json`; of several inspectors in one process the later
//! ones are `4711-1.json` and so on.

mod owner;
mod removed;

use std::{
    fmt, fs,
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use serde_json::{Value, json};

use crate::address::on_loopback;

pub(crate) use owner::create_file;
pub(crate) use removed::Removed;

/// A longer file is none of ours.
const FILE_BYTES_MAX: u64 = 16 * 1_024;

/// How long a port of this machine may take to answer.
const ANSWER_WAIT: Duration = Duration::from_millis(500);

/// What a file says of an inspector.
#[derive(Clone, PartialEq, Eq)]
pub struct RunFile {
    /// The process that it looks at.
    pub pid: u32,
    /// Where it listens.
    pub address: SocketAddr,
    /// What a request must bring. [`Debug`](fmt::Debug) does not show it.
    pub token: String,
    /// The name that the program was started by.
    pub program: String,
    /// The version of the inspector.
    pub version: String,
}

/// A folder of run files.
///
/// ```
/// use glassloop_inspector::{Builder, run_file::Folder};
///
/// # let path = std::env::temp_dir().join(format!("run-files-of-{}", std::process::id()));
/// let folder = Folder::at(&path); // or, for a terminal, Folder::of_user()
/// assert_eq!(folder.list_live()?, []);
/// let inspector = Builder::new().folder(folder.path()).start()?;
/// let live = folder.list_live()?;
/// assert_eq!((live.len(), live[0].pid), (1, std::process::id()));
/// assert_eq!(inspector.url(), format!("http://{}/#{}", live[0].address, live[0].token));
/// drop(inspector);
/// assert_eq!(folder.list_live()?, []);
///
/// // What a process that was killed leaves behind is passed over, and removed:
/// let left = folder.write(&live[0])?;
/// assert_eq!(folder.list_live()?, []);
/// assert!(!left.exists());
/// glassloop_inspector::run_file::remove(&left); // and again harms nothing
/// # std::fs::remove_dir(&path)?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder(PathBuf);

impl Folder {
    /// Where the inspectors of this user leave their files, unless they were told otherwise.
    #[must_use]
    pub fn of_user() -> Folder {
        Folder(owner::folder())
    }

    /// A folder of your own choice; it is made when a file is written, the folders above it aren't.
    pub fn at(path: impl Into<PathBuf>) -> Folder {
        Folder(path.into())
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes the file of an inspector of this process, and makes the folder if there is none.
    ///
    /// # Errors
    /// `PermissionDenied` if the folder is a link, somebody else's, or open to others; else what
    /// the operating system says.
    pub fn write(&self, file: &RunFile) -> io::Result<PathBuf> {
        owner::create_folder(&self.0)?;
        owner::judge_folder(&self.0)?;
        let path = self.0.join(next_name());
        let mut open = match owner::create_file(&path) {
            // One of an earlier process that had our number: ours is not used twice.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                fs::remove_file(&path)?;
                owner::create_file(&path)?
            }
            other => other?,
        };
        let written = open.write_all(file.to_json().as_bytes());
        if written.is_err() {
            remove(&path);
        }
        written.map(|()| path)
    }

    /// The inspectors that live, by their processes' numbers. The files of those that don't are
    /// removed: their process has gone, or refuses connections at that port.
    ///
    /// # Errors
    /// As [`write`](Folder::write); a folder that isn't there has no files, and that is none.
    pub fn list_live(&self) -> io::Result<Vec<RunFile>> {
        match owner::judge_folder(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other?,
        }
        let mut live = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let path = entry?.path();
            let Some(pid) = pid_of(&path) else { continue };
            // Another reader may have removed it.
            let Ok(file) = read(&path) else { continue };
            let file = file.filter(|file| file.pid == pid);
            match (owner::is_gone(pid), file) {
                (false, Some(file)) => match answers(file.address) {
                    Ok(()) => live.push(file),
                    Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => remove(&path),
                    Err(error) => log::debug!("inspector: {}: {error}", path.display()),
                },
                // Perhaps it is being written.
                (false, None) => {}
                (true, _) => remove(&path),
            }
        }
        live.sort_by_key(|file| (file.pid, file.address.port()));
        Ok(live)
    }
}

/// Removes a file, if it is there.
pub fn remove(path: &Path) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            log::warn!("inspector: {} is left behind: {error}", path.display());
        }
        _ => {}
    }
}

impl RunFile {
    fn to_json(&self) -> String {
        let RunFile { pid, address, token, program, version } = self;
        let address = address.to_string();
        json!({
            "pid": pid, "address": address, "token": token, "program": program, "version": version,
        })
        .to_string()
    }

    /// `None` if it is none of ours.
    fn of_json(text: &[u8]) -> Option<RunFile> {
        let value: Value = serde_json::from_slice(text).ok()?;
        let text = |key: &str| Some(value.get(key)?.as_str()?.to_owned());
        Some(RunFile {
            pid: value.get("pid")?.as_u64()?.try_into().ok()?,
            address: on_loopback(text("address")?.parse().ok()?).ok()?,
            token: text("token")?,
            program: text("program")?,
            version: text("version")?,
        })
    }
}

fn next_name() -> String {
    static WRITTEN: AtomicU32 = AtomicU32::new(0);
    let pid = std::process::id();
    match WRITTEN.fetch_add(1, Ordering::Relaxed) {
        0 => format!("{pid}.json"),
        number => format!("{pid}-{number}.json"),
    }
}

/// The process that a file is called after. `None` if we would not call a file so.
fn pid_of(path: &Path) -> Option<u32> {
    let name = path.file_name()?.to_str()?.strip_suffix(".json")?;
    name.split('-').next()?.parse().ok()
}

fn read(path: &Path) -> io::Result<Option<RunFile>> {
    let mut text = Vec::new();
    fs::File::open(path)?.take(FILE_BYTES_MAX).read_to_end(&mut text)?;
    Ok(RunFile::of_json(&text))
}

fn answers(address: SocketAddr) -> io::Result<()> {
    TcpStream::connect_timeout(&address, ANSWER_WAIT).map(drop)
}

/// The token is not shown.
impl fmt::Debug for RunFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunFile")
            .field("pid", &self.pid)
            .field("address", &self.address)
            .field("program", &self.program)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
