//! The facts: what a server knows of its process, and what it keeps between two requests.
//!
//! It looks into no loop.

use std::{
    env,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

use crate::{attendance::Attendance, dump::Dumps, loops::Wants, watchdog::Stalls};

/// An item that has lasted this long is told to the log.
const STALL_MIN: Duration = Duration::from_secs(1);

/// What a server knows.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) pid: u32,
    pub(crate) program: String,
    pub(crate) version: &'static str,
    /// Milliseconds since 1970.
    pub(crate) started_unix_ms: u64,
    /// What is wanted of loops that are found.
    pub(crate) wants: Wants,
    /// Whether who has the token may change the program.
    pub(crate) allows_control: bool,
    /// From when on a stall is told to the log.
    pub(crate) stall_min: Duration,
    pub(crate) stalls: Stalls,
    pub(crate) dumps: Dumps,
    /// Loops of a higher number were attached when they were built.
    pub(crate) attached_above: u64,
    /// Who watches, where the program waits for that.
    pub(crate) attendance: Option<Arc<Attendance>>,
}

impl Facts {
    pub(crate) fn gather(wants: Wants, allows_control: bool, dumps: Dumps) -> Facts {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Facts {
            pid: std::process::id(),
            program: program(),
            version: env!("CARGO_PKG_VERSION"),
            started_unix_ms: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
            wants,
            allows_control,
            stall_min: STALL_MIN,
            stalls: Stalls::default(),
            dumps,
            attached_above: u64::MAX,
            attendance: None,
        }
    }

    /// The process, as JSON.
    pub(crate) fn process(&self) -> Value {
        json!({
            "pid": self.pid,
            "program": self.program,
            "version": self.version,
            "control": self.allows_control,
            "waits": self.attendance.is_some(),
            "watched": self.attendance.as_ref().is_some_and(|it| it.was_watched()),
            "inspector_started_unix_ms": self.started_unix_ms,
        })
    }
}

/// The name that the program was started by, without its folder.
pub(crate) fn program() -> String {
    let path = env::args_os().next().unwrap_or_default();
    let name = Path::new(&path).file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
