//! A loop that hangs, a task that panics and whoever asks for it leave a trace file behind: for
//! this user alone, one that a viewer opens, and also where the program's logger panics.
#![cfg(test)]
#![cfg(feature = "ws")]

#[path = "common/inspected.rs"]
mod inspected;
#[allow(dead_code, reason = "here only the rules matter")]
#[path = "a_trace_opens_in_perfetto/rules.rs"]
mod rules;

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, Once, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

use glassloop::{LoopThread, Watch};
use inspected::{Inspected, Scratch, inspected_by};
use log::{Level, Log, Metadata, Record};
use rules::Trace;

/// Longer than any machine is late.
const PATIENCE: Duration = Duration::from_secs(60);

/// Panics at each warning of the inspector's.
struct Panics;

/// What it was to log.
static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// One test at a time: an inspector sees every loop of the process.
static ALONE: Mutex<()> = Mutex::new(());

impl Log for Panics {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= Level::Warn && metadata.target().starts_with("glassloop_inspector")
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            LINES.lock().unwrap().push(record.args().to_string());
            panic!("a logger's bug: {}", record.args());
        }
    }

    fn flush(&self) {}
}

/// An inspector that dumps into a folder of its own.
struct Dumping {
    inspector: Inspected,
    // Behind the inspector, which writes into it.
    scratch: Scratch,
    _alone: MutexGuard<'static, ()>,
}

fn dumping() -> Dumping {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_logger(&Panics).unwrap();
        log::set_max_level(log::LevelFilter::Warn);
    });
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let scratch = Scratch::new();
    let folder = scratch.path().to_owned();
    let inspector = inspected_by(|builder| builder.allow_control(true).dump_to(folder));
    Dumping { inspector, scratch, _alone: alone }
}

/// A loop on a thread of this name, that records.
fn recorded(name: &str) -> (LoopThread, Watch) {
    let thread = LoopThread::start(name).unwrap();
    let watch = glassloop::loops().into_iter().find(|watch| &*watch.name().thread == name);
    let watch = watch.unwrap();
    watch.record(true);
    until("it records", || watch.look(PATIENCE).filter(|_| !watch.events(0).events.is_empty()));
    (thread, watch)
}

/// How many lines have this in them.
fn told(part: &str) -> usize {
    LINES.lock().unwrap().iter().filter(|line| line.contains(part)).count()
}

/// How many lines say that this loop is held.
fn told_held(watch: &Watch) -> usize {
    let of_loop = format!("loop {} on ", watch.name().number);
    let lines = LINES.lock().unwrap();
    let is_held = |line: &&String| line.contains("has held the loop for");
    lines.iter().filter(|line| line.starts_with(&of_loop)).filter(is_held).count()
}

/// Asks until `found` finds something.
fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "{what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// The dumps of a loop that were made for this reason.
fn dumps(folder: &Path, watch: &Watch, occasion: &str) -> Vec<PathBuf> {
    let of_loop = format!("-loop{}-", watch.name().number);
    let end = format!("-{occasion}.json");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_one = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.contains(&of_loop) && name.ends_with(&end)
    };
    files.filter(is_one).collect()
}

/// What must be true of each dump, once it is whole.
fn judge(file: &Path) -> Trace {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;

        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o7777, 0o600);
    }
    let text = until("it is written", || {
        let text = fs::read_to_string(file).unwrap();
        text.ends_with("}\n").then_some(text)
    });
    let program = env::current_exe().unwrap();
    let trace = Trace::checked(&text, program.file_name().unwrap().to_str().unwrap());
    assert!(trace.slices().count() > 0);
    trace
}

/// Whether it ends with a call that has not come back. A stall is told of after a second.
fn tells_of_a_call(trace: &Trace) -> bool {
    let long = |(name, ns): &(&str, u64)| name.starts_with("a call deferred") && *ns > 500_000_000;
    trace.under_way().iter().any(long)
}

#[test]
fn a_loop_that_hangs_is_dumped_once_while_it_hangs_and_a_logger_that_panics_stops_nothing() {
    let dumping = dumping();
    let (thread, watch) = recorded("hangs");
    let over = format!("loop {} on hangs: goes on after", watch.name().number);
    let found = || dumps(dumping.scratch.path(), &watch, "stall");
    for stall in 1..=2 {
        let (release, released) = mpsc::channel::<()>();
        let before = told_held(&watch);
        // It ends with the other side.
        thread.remote().defer(move || released.recv().unwrap_or_default()).unwrap();
        until("a dump that tells what hangs", || {
            let files = found();
            let told = files.iter().filter(|file| tells_of_a_call(&judge(file)));
            (told.count() >= stall).then_some(())
        });
        // It lasts on, which is told again and not dumped again.
        until("it is told twice", || (told_held(&watch) >= before + 2).then_some(()));
        drop(release);
        // A machine that stands still makes a stall of its own, with a line and a dump of its own.
        until("it is over, and one dump a stall", || {
            let over = told(&over);
            (over >= stall && found().len() == over).then_some(())
        });
    }
}

#[test]
fn a_task_that_panics_is_dumped() {
    let dumping = dumping();
    let (thread, watch) = recorded("panics");
    let files = until("a dump", || {
        // The first may come before the inspector has found the loop. Nobody looks at it.
        let panics = || glassloop::spawn(async { panic!("on purpose") }).detach();
        thread.remote().defer(panics).unwrap();
        Some(dumps(dumping.scratch.path(), &watch, "panic")).filter(|files| !files.is_empty())
    });
    judge(&files[0]);
}

#[test]
fn who_asks_for_it_gets_a_file_of_each_loop_and_is_told_where() {
    let dumping = dumping();
    let (_thread, watch) = recorded("asked");
    for asked in 1..=2 {
        let answer = dumping.inspector.ask_well("POST /dump");
        assert_eq!(answer.status, 200, "{}", answer.body);
        let said: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        let said = said["files"].as_array().unwrap();
        let files = dumps(dumping.scratch.path(), &watch, "asked");
        assert_eq!(files.len(), asked, "none is written over");
        for file in &files {
            judge(file);
        }
        let told = |file: &&PathBuf| said.iter().any(|said| said == file.to_str().unwrap());
        assert_eq!(files.iter().filter(told).count(), 1, "{said:?}");
    }
}
