//! Dumps: what the rings hold, written to files when something has happened.
//!
//! Only into the folder that the builder was given, files for this user alone. So many are written
//! on stalls, and so many on panics; who asks, by a signal or a request, gets a file a loop each
//! time. A dump reads what is there; it asks no loop for anything, so it works while they hang.

use std::{
    cell::Cell,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use glassloop::{
    Watch,
    ws::{Request, Response},
};
use serde_json::json;

use crate::{facts::Facts, past, quietly::quietly, routes::refusal, run_file::create_file};

/// So many files one inspector writes by itself on stalls, and as many on panics.
const TRIGGERED_MAX: u32 = 16;

/// The dumps of this process, in whichever folders: two inspectors may have been given the same.
static WRITTEN: AtomicU32 = AtomicU32::new(0);

/// What a dump is made by.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Occasion {
    Stall,
    Panic,
}

/// Where dumps go, and how many there were that nobody asked for.
#[derive(Debug, Default)]
pub(crate) struct Dumps {
    pub(crate) folder: Option<PathBuf>,
    stalls: Cell<u32>,
    panics: Cell<u32>,
}

/// What became of a dump of each loop.
#[derive(Debug, Default)]
pub(crate) struct Dumped {
    pub(crate) files: Vec<PathBuf>,
    /// Why a loop has none.
    pub(crate) errors: Vec<String>,
}

impl Dumps {
    pub(crate) fn new(folder: Option<PathBuf>) -> Dumps {
        Dumps { folder, ..Dumps::default() }
    }

    /// Something has happened in this loop.
    pub(crate) fn trigger(&self, facts: &Facts, watch: &Watch, occasion: Occasion) {
        // A program that stalls now and then has its first panic dumped all the same.
        let (name, count) = match occasion {
            Occasion::Stall => ("stall", &self.stalls),
            Occasion::Panic => ("panic", &self.panics),
        };
        if self.folder.is_none() || count.get() >= TRIGGERED_MAX {
            return;
        }
        match self.write(facts, watch, name) {
            Ok(Some(path)) => {
                count.set(count.get() + 1);
                quietly(|| log::warn!("inspector: dumped {name} to {}", path.display()));
                if count.get() == TRIGGERED_MAX {
                    quietly(|| {
                        log::warn!("inspector: dumped {name} {TRIGGERED_MAX} times: no more of it");
                    });
                }
            }
            Ok(None) => {}
            Err(error) => {
                quietly(|| log::warn!("inspector: {name} was not dumped: {error}"));
            }
        }
    }

    /// Somebody asked for it: a file of each loop that was recorded, as far as that can be.
    pub(crate) fn write_all(&self, facts: &Facts, occasion: &str) -> Dumped {
        let mut dumped = Dumped::default();
        for watch in glassloop::loops().iter().filter(|watch| !watch.name().internal) {
            match self.write(facts, watch, occasion) {
                Ok(file) => dumped.files.extend(file),
                Err(error) => {
                    dumped.errors.push(format!("loop {}: {error}", watch.name().number));
                }
            }
        }
        dumped
    }

    /// Writes what the ring of a loop holds. `None` if that is nothing.
    fn write(&self, facts: &Facts, watch: &Watch, occasion: &str) -> io::Result<Option<PathBuf>> {
        let Some(folder) = &self.folder else { return Ok(None) };
        let Some(trace) = past::trace_of(facts, watch) else { return Ok(None) };
        let written = WRITTEN.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(name(facts, watch, written, occasion));
        create(&path, |mut file| file.write_all(trace.as_bytes()))?;
        Ok(Some(path))
    }
}

fn name(facts: &Facts, watch: &Watch, written: u32, occasion: &str) -> String {
    let (pid, began, number) = (facts.pid, facts.started_unix_ms, watch.name().number);
    format!("glassloop-{pid}-{began}-loop{number}-{written}-{occasion}.json")
}

/// Makes a file that is this user's alone, and never one that is there. What could not be filled
/// is removed: half a trace is none.
fn create(path: &Path, fill: impl FnOnce(File) -> io::Result<()>) -> io::Result<()> {
    let named = |error: io::Error| {
        let what = format!("{}: {error}", path.display());
        io::Error::new(error.kind(), what)
    };
    let file = create_file(path).map_err(named)?;
    fill(file).map_err(|error| match fs::remove_file(path) {
        Ok(()) => named(error),
        Err(left) => named(io::Error::other(format!("{error}; half a file is left: {left}"))),
    })
}

/// `POST /dump`: a file of each loop that was recorded.
pub(crate) fn dump(facts: &Facts, _: &Request) -> Result<Response, Response> {
    if facts.dumps.folder.is_none() {
        let what = "expected a folder for dumps (`Builder::dump_to`), came none";
        return Err(refusal(409, what));
    }
    let Dumped { files, errors } = facts.dumps.write_all(facts, "asked");
    if files.is_empty() && !errors.is_empty() {
        return Err(refusal(500, &format!("no dump was written: {}", errors.join("; "))));
    }
    let files: Vec<_> = files.iter().map(|path| path.display().to_string()).collect();
    Ok(Response::json(json!({ "files": files, "errors": errors }).to_string()))
}

#[cfg(test)]
mod tests {
    use std::{env, sync::Mutex};

    use glassloop::EventLoop;
    use log::{Log, Metadata, Record};

    use super::*;
    use crate::loops::Wants;

    /// What was logged here.
    static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

    struct Keeps;

    impl Log for Keeps {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn log(&self, record: &Record<'_>) {
            LINES.lock().unwrap().push(record.args().to_string());
        }

        fn flush(&self) {}
    }

    /// A folder that is there for as long as this is.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Scratch {
            let name = format!("glassloop-dumps-{name}-{}", std::process::id());
            let folder = env::temp_dir().join(name);
            fs::create_dir(&folder).unwrap();
            Scratch(folder)
        }

        /// What dumps into it.
        fn facts(&self) -> Facts {
            Facts::gather(Wants::RECORDS, false, Dumps::new(Some(self.0.clone())))
        }

        fn files(&self) -> usize {
            fs::read_dir(&self.0).unwrap().count()
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    fn recorded() -> EventLoop {
        let event_loop = EventLoop::test();
        event_loop.record(true);
        event_loop.block_on(async {}).unwrap();
        event_loop
    }

    #[test]
    fn by_itself_it_writes_so_many_of_each_kind_and_says_so_and_who_asks_gets_his() {
        log::set_logger(&Keeps).unwrap();
        log::set_max_level(log::LevelFilter::Warn);
        let scratch = Scratch::new("bounded");
        let facts = scratch.facts();
        let event_loop = EventLoop::test();
        let watch = event_loop.watch();
        facts.dumps.trigger(&facts, &watch, Occasion::Stall);
        assert_eq!(scratch.files(), 0, "nothing was recorded");
        event_loop.record(true);
        event_loop.block_on(async {}).unwrap();
        for (occasion, files) in [(Occasion::Stall, 16), (Occasion::Panic, 32)] {
            for _ in 0..20 {
                facts.dumps.trigger(&facts, &watch, occasion);
            }
            assert_eq!(scratch.files(), files, "{occasion:?}");
        }
        for name in ["stall", "panic"] {
            let last = format!("inspector: dumped {name} 16 times: no more of it");
            let lines = LINES.lock().unwrap();
            assert_eq!(lines.iter().filter(|line| **line == last).count(), 1, "{lines:?}");
        }
        facts.dumps.write(&facts, &watch, "asked").unwrap();
        assert_eq!(scratch.files(), 33);
    }

    #[test]
    fn a_loop_whose_file_can_not_be_made_costs_the_others_nothing() {
        let scratch = Scratch::new("blocked");
        let facts = scratch.facts();
        let loops = [recorded(), recorded()];
        let [blocked, free] = loops.each_ref().map(|event_loop| event_loop.watch());
        // Other tests may write some meanwhile.
        let written = WRITTEN.load(Ordering::Relaxed);
        for written in written..written + 1_000 {
            fs::write(scratch.0.join(name(&facts, &blocked, written, "asked")), "theirs").unwrap();
        }
        let Dumped { files, errors } = facts.dumps.write_all(&facts, "asked");
        let of_loop = format!("loop {}: ", blocked.name().number);
        assert!(errors.len() == 1 && errors[0].starts_with(&of_loop), "{errors:?}");
        let of_loop = format!("-loop{}-", free.name().number);
        assert!(files.iter().any(|file| file.to_str().unwrap().contains(&of_loop)), "{files:?}");
        assert_eq!(scratch.files(), 1_000 + files.len(), "what was there is left alone");
    }

    #[test]
    fn half_a_file_is_none_and_somebody_elses_is_left_alone() {
        let scratch = Scratch::new("half");
        let path = scratch.0.join("it");
        let half = |mut file: File| {
            file.write_all(b"{")?;
            Err(io::Error::other("no room"))
        };
        let said = create(&path, half).unwrap_err().to_string();
        assert_eq!(said, format!("{}: no room", path.display()));
        assert_eq!(scratch.files(), 0);
        fs::write(&path, "theirs").unwrap();
        assert_eq!(create(&path, half).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
    }

    #[test]
    fn two_inspectors_that_began_together_may_share_a_folder() {
        let scratch = Scratch::new("shared");
        let (one, mut other) = (scratch.facts(), scratch.facts());
        other.started_unix_ms = one.started_unix_ms;
        let event_loop = recorded();
        for facts in [&one, &other] {
            facts.dumps.write(facts, &event_loop.watch(), "asked").unwrap();
        }
        assert_eq!(scratch.files(), 2);
    }
}
