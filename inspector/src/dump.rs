//! Dumps: what the rings hold, written to files when something has happened.
//!
//! Only into the folder that the builder was given, files for this user alone, a bounded number of
//! them. A dump reads what is there; it asks no loop for anything, so it works while they hang.

use std::{
    cell::Cell,
    io::{self, Write},
    path::PathBuf,
};

use glassloop::{
    Watch,
    ws::{Request, Response},
};
use serde_json::json;

use crate::{facts::Facts, past, quietly::quietly, routes::refusal, run_file::create_file};

/// So many files one inspector writes by itself, on stalls and panics. Those who ask get theirs.
const TRIGGERED_MAX: u32 = 16;

/// Where dumps go, and how many there were.
#[derive(Debug, Default)]
pub(crate) struct Dumps {
    pub(crate) folder: Option<PathBuf>,
    written: Cell<u32>,
    triggered: Cell<u32>,
}

impl Dumps {
    pub(crate) fn new(folder: Option<PathBuf>) -> Dumps {
        Dumps { folder, ..Dumps::default() }
    }

    /// Something has happened in this loop: a stall, a panic.
    pub(crate) fn trigger(&self, facts: &Facts, watch: &Watch, occasion: &str) {
        if self.folder.is_none() || self.triggered.get() >= TRIGGERED_MAX {
            return;
        }
        match self.write(facts, watch, occasion) {
            Ok(Some(path)) => {
                self.triggered.set(self.triggered.get() + 1);
                quietly(|| log::warn!("inspector: dumped {occasion} to {}", path.display()));
            }
            Ok(None) => {}
            Err(error) => {
                quietly(|| log::warn!("inspector: {occasion} was not dumped: {error}"));
            }
        }
    }

    /// Somebody asked for it: a file of each loop that was recorded.
    pub(crate) fn write_all(&self, facts: &Facts, occasion: &str) -> io::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for watch in glassloop::loops().iter().filter(|watch| !watch.name().internal) {
            files.extend(self.write(facts, watch, occasion)?);
        }
        Ok(files)
    }

    /// Writes what the ring of a loop holds. `None` if that is nothing.
    fn write(&self, facts: &Facts, watch: &Watch, occasion: &str) -> io::Result<Option<PathBuf>> {
        let Some(folder) = &self.folder else { return Ok(None) };
        let Some(trace) = past::trace_of(facts, watch) else { return Ok(None) };
        let (began, number) = (facts.started_unix_ms, watch.name().number);
        let written = self.written.replace(self.written.get() + 1);
        let name = format!("glassloop-{}-{began}-loop{number}-{written}-{occasion}", facts.pid);
        let path = folder.join(name).with_extension("json");
        // This user's alone, and never over a file that is there.
        let mut file = create_file(&path)?;
        file.write_all(trace.as_bytes())?;
        Ok(Some(path))
    }
}

/// `POST /dump`: a file of each loop that was recorded.
pub(crate) fn dump(facts: &Facts, _: &Request) -> Result<Response, Response> {
    if facts.dumps.folder.is_none() {
        let what = "expected a folder for dumps (`Builder::dump_to`), came none";
        return Err(refusal(409, what));
    }
    let files = facts.dumps.write_all(facts, "asked");
    let files = files.map_err(|error| refusal(500, &format!("a dump was not written: {error}")))?;
    let files: Vec<_> = files.iter().map(|path| path.display().to_string()).collect();
    Ok(Response::json(json!({ "files": files }).to_string()))
}

#[cfg(test)]
mod tests {
    use std::{env, fs};

    use glassloop::EventLoop;

    use super::*;

    #[test]
    fn by_itself_it_writes_so_many_and_no_more_and_who_asks_gets_his() {
        let folder = env::temp_dir().join(format!("glassloop-dumps-{}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        let event_loop = EventLoop::test();
        let watch = event_loop.watch();
        let facts = Facts::gather(true, Dumps::new(Some(folder.clone())));
        let files = || fs::read_dir(&folder).unwrap().count();
        facts.dumps.trigger(&facts, &watch, "stall");
        assert_eq!(files(), 0, "nothing was recorded");
        event_loop.record(true);
        event_loop.block_on(async {}).unwrap();
        for _ in 0..20 {
            facts.dumps.trigger(&facts, &watch, "stall");
            facts.dumps.trigger(&facts, &watch, "panic");
        }
        assert_eq!(files(), 16);
        facts.dumps.write(&facts, &watch, "asked").unwrap();
        assert_eq!(files(), 17);
        fs::remove_dir_all(&folder).unwrap();
    }
}
