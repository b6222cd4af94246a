//! A program that runs in the test's own process, with an inspector; the terminal is another.

#![cfg(test)]
#![allow(dead_code, reason = "each test file uses the part it needs")]

use std::{
    env, fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use glassloop::{EventLoop, RunError, Watch, net::TcpListener, sleep, spawn, yield_now};
use glassloop_inspector::{Builder, Inspector};
use serde_json::Value;

use crate::canned::{Said, run, terminal};

/// Longer than any machine is late.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
const TICK: Duration = Duration::from_millis(2);

/// A loop on a thread of its own, and an inspector of it.
pub(crate) struct Running {
    pub(crate) inspector: Inspector,
    pub(crate) number: String,
    pub(crate) done: Arc<AtomicBool>,
    pub(crate) busy: Arc<AtomicBool>,
    pub(crate) thread: Option<thread::JoinHandle<Result<(), RunError>>>,
    pub(crate) folder: PathBuf,
}

impl Running {
    pub(crate) fn start(allow_control: bool) -> Running {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let made = MADE.fetch_add(1, Ordering::Relaxed);
        let folder = format!("glassloop-running-{}-{made}", std::process::id());
        let folder = env::temp_dir().join(folder);
        fs::create_dir(&folder).unwrap();
        let done = Arc::new(AtomicBool::new(false));
        let (told, ready) = mpsc::channel();
        let busy = Arc::new(AtomicBool::new(false));
        let (ends, works) = (Arc::clone(&done), Arc::clone(&busy));
        let thread = thread::Builder::new().name("served".into());
        let thread = thread.spawn(move || {
            let event_loop = EventLoop::new().unwrap();
            event_loop.record(true);
            let number = event_loop.watch().name().number;
            event_loop.block_on(program(told, number, ends, works))
        });
        let number = ready.recv_timeout(PATIENCE).unwrap().to_string();
        // The loop records by itself: an inspector that did would switch on those of other tests.
        let builder = Builder::new().folder(folder.join("glassloop")).record(false);
        let inspector = builder.allow_control(allow_control).start().unwrap();
        Running { inspector, number, done, busy, thread: Some(thread.unwrap()), folder }
    }

    /// Runs the terminal on this loop.
    pub(crate) fn run(&self, line: &[&str]) -> Said {
        let url = self.inspector.url();
        run(&mut terminal(&[&["-p", url, "--loop", &self.number], line].concat()))
    }

    /// The same, and expects that all is well.
    #[track_caller]
    pub(crate) fn said_well(&self, line: &[&str]) -> String {
        let Said { code, out, err } = self.run(line);
        assert_eq!((code, err.as_str()), (Some(0), ""), "{line:?}: {out}");
        out
    }

    #[track_caller]
    pub(crate) fn json(&self, line: &[&str]) -> Value {
        serde_json::from_str(&self.said_well(&[line, &["--json"]].concat())).unwrap()
    }

    /// The tasks by their names, as they are now.
    pub(crate) fn tasks(&self) -> Vec<Value> {
        let mut ps = self.json(&["ps", "--fresh", "1000"]);
        serde_json::from_value(ps["loops"][0]["tasks"].take()).unwrap()
    }

    pub(crate) fn file(&self, name: &str) -> String {
        self.folder.join(name).to_str().unwrap().to_owned()
    }

    /// The slices of all that is recorded, by way of a file.
    pub(crate) fn slices(&self, name: &str) -> Vec<(f64, f64)> {
        self.said_well(&["trace", &self.file(name)]);
        slices(&self.file(name))
    }
}

/// When each slice of the loop's track began and ended, in microseconds.
pub(crate) fn slices(file: &str) -> Vec<(f64, f64)> {
    let trace: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let rows = trace["traceEvents"].as_array().unwrap();
    let of_loop = rows.iter().filter(|row| row["ph"] == "X" && row["tid"] == 1);
    let span = |row: &Value| {
        let began = row["ts"].as_f64().unwrap();
        (began, began + row["dur"].as_f64().unwrap())
    };
    of_loop.map(span).collect()
}

impl Drop for Running {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
        // A test that fails may have stopped it.
        let own = |watch: &&Watch| watch.name().number.to_string() == self.number;
        glassloop::loops().iter().filter(own).for_each(Watch::resume);
        let ended = self.thread.take().map(thread::JoinHandle::join);
        self.inspector.stop();
        fs::remove_dir_all(&self.folder).unwrap();
        if !thread::panicking() {
            assert!(matches!(ended, None | Some(Ok(Ok(())))), "{ended:?}");
        }
    }
}

/// A task that ticks, one that listens and one that waits for nobody.
async fn program(
    told: mpsc::Sender<u64>,
    number: u64,
    ends: Arc<AtomicBool>,
    works: Arc<AtomicBool>,
) {
    let ticks = spawn(async {
        loop {
            sleep(TICK).await;
        }
    });
    ticks.named("ticks").detach();
    let listens = spawn(async {
        let listener = TcpListener::bind(([127, 0, 0, 1], 0).into()).unwrap();
        drop(listener.accept().await);
    });
    listens.named("listens").detach();
    spawn(std::future::pending::<()>()).named("doomed").detach();
    // Each has run, and recorded it.
    sleep(5 * TICK).await;
    told.send(number).unwrap();
    let mut busy = None;
    while !ends.load(Ordering::Relaxed) {
        sleep(TICK).await;
        if works.load(Ordering::Relaxed) {
            busy.get_or_insert_with(|| spawn(work()).named("busy"));
        }
    }
}

/// Holds the loop, again and again.
async fn work() {
    loop {
        let began = Instant::now();
        while began.elapsed() < 2 * TICK {
            std::hint::spin_loop();
        }
        yield_now().await;
    }
}

#[track_caller]
pub(crate) fn fails(said: &Said, code: i32, why: &str) {
    assert_eq!((said.code, said.out.as_str()), (Some(code), ""), "{}", said.err);
    assert!(said.err.starts_with("glassloop: ") && said.err.contains(why), "{}", said.err);
}

pub(crate) fn named<'a>(tasks: &'a [Value], name: &str) -> Option<&'a Value> {
    tasks.iter().find(|task| task["name"] == name)
}
