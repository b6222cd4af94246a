//! While a loop hangs, whoever asks is told which task holds it, where that came from, for how
//! long, and what its thread is doing; the log is told by itself.
#![cfg(test)]
#![cfg(target_os = "linux")]

#[path = "common/inspected.rs"]
mod inspected;

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use glassloop::{EventLoop, Watch, sleep};
use inspected::{Inspected, inspected};
use log::{Level, Log, Metadata, Record};
use serde_json::{Value, json};

/// Longer than any machine is late.
const PATIENCE: Duration = Duration::from_secs(60);

/// The warnings of this process.
struct Warnings(Mutex<Vec<String>>);

/// The loop may end.
static DONE: AtomicBool = AtomicBool::new(false);

static WARNINGS: Warnings = Warnings(Mutex::new(Vec::new()));

impl Log for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= Level::Warn
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            self.0.lock().unwrap().push(record.args().to_string());
        }
    }

    fn flush(&self) {}
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

/// The line of a loop in the state.
fn line(inspector: &Inspected, watch: &Watch) -> Value {
    let answer = inspector.ask_well(&format!("GET /state?loop={}", watch.name().number));
    assert_eq!(answer.status, 200, "{}", answer.body);
    let mut state: Value = serde_json::from_str(&answer.body).unwrap();
    state["loops"][0].take()
}

/// The first line of why a task ran last, and of why it does not run.
fn why(inspector: &Inspected, watch: &Watch, task: &str) -> [String; 2] {
    let task = task.replace('#', "%23");
    let path = format!("GET /why?loop={}&task={task}", watch.name().number);
    let answer = inspector.ask_well(&path);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let answer: Value = serde_json::from_str(&answer.body).unwrap();
    ["ran", "waits"].map(|key| answer[key][0].as_str().unwrap_or_default().to_owned())
}

/// Who holds a loop is shown as one that runs, whatever it was at when the loop was seen last.
fn is_shown_to_run(inspector: &Inspected, watch: &Watch, held: &Value) {
    let stall = &held["stall"];
    let (item, id) = (stall["item"].as_str().unwrap(), stall["task"].as_str().unwrap());
    let mut tasks = held["tasks"].as_array().unwrap().iter();
    let shown = tasks.find(|task| task["id"] == stall["task"]).unwrap();
    assert_eq!((&shown["state"], &shown["waits"]), (&json!("running"), &json!([])));
    let [ran, waits] = why(inspector, watch, id);
    let since = format!("{item} has been running since turn {}, because the timer", stall["turn"]);
    assert!(ran.starts_with(&since), "{ran}");
    assert_eq!(waits, format!("{id} `stuck` is running"));
    let main = id_of(held, "main");
    let [_, waits] = why(inspector, watch, &main);
    assert_eq!(waits, format!("{main} `main` joins {id} `stuck`, which is running"));
}

/// The id of the task that is called so.
fn id_of(of: &Value, name: &str) -> String {
    let mut tasks = of["tasks"].as_array().unwrap().iter();
    let task = tasks.find(|task| task["name"] == name).unwrap();
    task["id"].as_str().unwrap().to_owned()
}

/// A loop on a thread of its own, of whose eleven tasks one hangs until it is released; and the
/// line where that one is spawned.
fn hang(hangs: mpsc::Sender<Watch>, released: mpsc::Receiver<()>) -> (thread::JoinHandle<()>, u32) {
    let thread = thread::Builder::new().name("the loop's".into());
    let born = line!() + 8;
    let thread = thread.spawn(move || {
        let event_loop = EventLoop::new().unwrap();
        let watch = event_loop.watch();
        for number in 0..10 {
            let idle = std::future::pending::<()>();
            event_loop.spawn(idle).named(format!("idle {number}")).detach();
        }
        let stuck = event_loop.spawn(async move {
            // Until the inspector has found the loop and it has published its state.
            while watch.seen().is_none() {
                sleep(Duration::from_millis(1)).await;
            }
            hangs.send(watch).unwrap();
            released.recv().unwrap();
            while !DONE.load(Ordering::Relaxed) {
                sleep(Duration::from_millis(1)).await;
            }
        });
        event_loop.block_on(stuck.named("stuck")).unwrap().unwrap();
    });
    (thread.unwrap(), born)
}

#[test]
fn a_stall_is_shown_and_told_while_it_lasts_and_when_it_is_over() {
    log::set_logger(&WARNINGS).unwrap();
    log::set_max_level(log::LevelFilter::Warn);
    let inspector = inspected();
    let (hangs, hanging) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let (thread, born) = hang(hangs, released);
    let watch = hanging.recv_timeout(PATIENCE).unwrap();

    let held = until("the stall is noticed", || {
        let line = line(&inspector, &watch);
        (!line["stall"].is_null()).then_some(line)
    });
    let stall = &held["stall"];
    let name = stall["item"].as_str().unwrap();
    assert!(name.ends_with("`stuck`"), "{name}");
    assert_eq!(stall["phase"], "run");
    assert_eq!(stall["born"], format!("{}:{born}", file!()));
    assert_eq!(stall["awaits"], format!("{}:{}", file!(), born + 3));
    let doing = stall["thread"].as_str().unwrap();
    assert!(doing.starts_with("waiting for a lock, a channel or another thread"), "{doing}");
    assert_eq!(held["as_of"]["fresh"], false);
    assert_eq!(held["tasks"].as_array().unwrap().len(), 12, "as they were: with `main` and 10");
    assert_eq!(held["now"]["task"], stall["task"]);
    is_shown_to_run(&inspector, &watch, &held);

    let later = until("it lasts", || {
        let line = line(&inspector, &watch);
        (line["stall"]["for_ms"].as_u64() >= Some(1_200)).then_some(line)
    });
    assert_eq!(later["as_of"]["turn"], held["as_of"]["turn"], "nothing new was to be had");
    assert!(later["as_of"]["age_ms"].as_f64() > held["as_of"]["age_ms"].as_f64());
    let told = |part: &str| {
        let warnings = WARNINGS.0.lock().unwrap();
        warnings.iter().find(|line| line.contains(part)).cloned()
    };
    let said = until("the log is told while it lasts", || told("has held the loop for"));
    for part in ["`stuck`", &format!("spawned at {}:{born}", file!()), "waiting for a lock"] {
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(told("goes on after"), None);

    release.send(()).unwrap();
    until("the log is told that it is over", || told("goes on after"));
    assert!(line(&inspector, &watch)["stall"].is_null());
    DONE.store(true, Ordering::Relaxed);
    thread.join().unwrap();
    let after = inspector.ask_well(&format!("GET /state?loop={}", watch.name().number));
    let after: Value = serde_json::from_str(&after.body).unwrap();
    assert!(after["loops"].as_array().unwrap().is_empty(), "it has ended");
}
