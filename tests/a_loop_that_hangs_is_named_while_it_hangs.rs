//! While a loop hangs, whoever asks is told which task holds it, where that came from, for how
//! long, and what its thread is doing; the log is told by itself.
#![cfg(test)]
#![cfg(target_os = "linux")]

#[path = "common/inspected.rs"]
mod inspected;

use std::{
    future::poll_fn,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    task::Poll,
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

/// What is answered of a loop.
fn asked(inspector: &Inspected, watch: &Watch, path: &str) -> Value {
    let answer = inspector.ask_well(&format!("GET {path}loop={}", watch.name().number));
    assert_eq!(answer.status, 200, "{}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

/// The answer to why a task runs, and the first line of why it ran last and why it does not run.
fn why(inspector: &Inspected, watch: &Watch, task: &str) -> (Value, [String; 2]) {
    let answer = asked(inspector, watch, &format!("/why?task={}&", task.replace('#', "%23")));
    let first = |key| answer[key][0].as_str().unwrap_or_default().to_owned();
    let lines = ["ran", "waits"].map(first);
    (answer, lines)
}

/// The last turn of the story, the figures and the trace is told with what holds it.
fn is_told_as_under_way(inspector: &Inspected, watch: &Watch, stall: &Value) {
    let item = stall["item"].as_str().unwrap();
    let story = asked(inspector, watch, "/story?turns=1&");
    assert_eq!(story["turns"][0]["turn"], stall["turn"]);
    let sentences = story["turns"][0]["sentences"].as_array().unwrap();
    let last = sentences.last().unwrap().as_str().unwrap();
    let [begin, end] = [" has been running for ", ", woke itself, and has not come back."];
    assert!(last.starts_with(&format!("{item}{begin}")) && last.ends_with(end), "{last}");
    assert!(!sentences.contains(&json!("nothing was ready.")), "{sentences:?}");
    let turns = asked(inspector, watch, "/turns?turns=2&");
    let (turn, before) = turns["turns"].as_array().unwrap().split_last().unwrap();
    assert!(before.iter().all(|turn| turn["under_way"].is_null()), "{before:?}");
    assert_eq!(turn["turn"], stall["turn"]);
    let under_way = &turn["under_way"];
    assert_eq!((&under_way["item"], &under_way["task"]), (&stall["item"], &stall["task"]));
    assert!(under_way["for_ns"].as_u64() > Some(0), "{under_way}");
    let trace = asked(inspector, watch, "/trace?");
    let trace = trace["traceEvents"].as_array().unwrap();
    let is_it = |event: &&Value| event["args"]["outcome"] == "under way";
    let drawn: Vec<_> = trace.iter().filter(is_it).collect();
    assert_eq!(drawn.len(), 1);
    assert_eq!((&drawn[0]["args"]["task"], &drawn[0]["flow_in"]), (&stall["task"], &json!(true)));
}

/// Who holds a loop is shown as one that runs, whatever it was at when the loop was seen last.
fn is_shown_to_run(inspector: &Inspected, watch: &Watch, held: &Value) {
    let stall = &held["stall"];
    let (item, id) = (stall["item"].as_str().unwrap(), stall["task"].as_str().unwrap());
    let mut tasks = held["tasks"].as_array().unwrap().iter();
    let shown = tasks.find(|task| task["id"] == stall["task"]).unwrap();
    assert_eq!((&shown["state"], &shown["waits"]), (&json!("running"), &json!([])));
    let (answer, [ran, waits]) = why(inspector, watch, id);
    assert_eq!(answer["running"]["turn"], stall["turn"]);
    assert_eq!(answer["stall"]["task"], stall["task"]);
    assert_eq!(answer["steps"]["origin"], "timer");
    let since = format!("{item} has been running since turn {}, because the timer", stall["turn"]);
    assert!(ran.starts_with(&since), "{ran}");
    assert_eq!(waits, format!("{id} `stuck` is running"));
    let main = id_of(held, "main");
    let (answer, [_, waits]) = why(inspector, watch, &main);
    assert_eq!(answer["running"], Value::Null);
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
            // Runs once more when this is over: no reason for why it runs now.
            poll_fn(|context| {
                context.waker().wake_by_ref();
                Poll::Ready(())
            })
            .await;
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
    is_told_as_under_way(&inspector, &watch, stall);

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
