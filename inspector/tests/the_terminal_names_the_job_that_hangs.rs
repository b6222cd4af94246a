//! The terminal asks a real inspector about a program that hangs in a job: the job is named, with
//! how long it has run, wherever one would look; and so is one that waits for a thread behind it.

#![cfg(test)]

#[path = "common/canned.rs"]
mod canned;
#[path = "../../tests/common/gate.rs"]
mod gate;

use std::{env, fs, path::PathBuf, sync::mpsc, thread};

use canned::{Said, run, terminal};
use gate::Gate;
use glassloop::{EventLoop, Limits, Pool, PoolLimits, offload, spawn};
use glassloop_inspector::{Builder, Inspector};
use serde_json::{Value, json};

/// A loop on a thread of its own whose pool has one thread, which hangs in a job; and a pool beside
/// it, which hangs as well.
struct Hanging {
    inspector: Inspector,
    number: String,
    gate: Gate,
    thread: Option<thread::JoinHandle<()>>,
    folder: PathBuf,
}

impl Hanging {
    fn start() -> Hanging {
        let folder = env::temp_dir().join(format!("glassloop-jobs-{}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        let (gate, (told, ready)) = (Gate::default(), mpsc::channel());
        let at = gate.clone();
        let thread = thread::spawn(move || {
            let pool = PoolLimits { threads_max: 1, ..PoolLimits::default() };
            let limits = Limits { pool, ..Limits::default() };
            let event_loop = EventLoop::builder().limits(limits).build().unwrap();
            event_loop.record(true);
            told.send(event_loop.watch().name().number).unwrap();
            event_loop.block_on(program(at)).unwrap();
        });
        let number = ready.recv().unwrap().to_string();
        gate.until_waiting(2);
        let builder = Builder::new().folder(folder.join("glassloop")).record(false);
        let inspector = builder.start().unwrap();
        Hanging { inspector, number, gate, thread: Some(thread), folder }
    }

    /// What the terminal says of this loop.
    #[track_caller]
    fn said(&self, line: &[&str]) -> String {
        let options = ["-p", self.inspector.url(), "--loop", &self.number, "--fresh", "1000"];
        let Said { code, out, err } = run(&mut terminal(&[&options[..], line].concat()));
        assert_eq!((code, err.as_str()), (Some(0), ""), "{line:?}: {out}");
        out
    }

    fn jobs(&self) -> Vec<Value> {
        let mut res: Value = serde_json::from_str(&self.said(&["res", "--json"])).unwrap();
        serde_json::from_value(res["loops"][0]["jobs"].take()).unwrap()
    }
}

impl Drop for Hanging {
    fn drop(&mut self) {
        self.gate.open();
        let ended = self.thread.take().map(thread::JoinHandle::join);
        self.inspector.stop();
        fs::remove_dir_all(&self.folder).unwrap();
        assert!(thread::panicking() || matches!(ended, Some(Ok(()))));
    }
}

async fn program(gate: Gate) {
    let (at, then) = (gate.clone(), gate);
    let saves = spawn(async { offload(move || at.pass()).named("export").await });
    let shows = spawn(async { offload(|| ()).named("thumbnail").await });
    let disk = Pool::new(1);
    let reads = spawn(async move { disk.offload(move || then.pass()).named("read").await });
    let handles = [saves.named("saves"), shows.named("shows"), reads.named("reads")];
    for handle in handles {
        handle.await.unwrap().unwrap();
    }
}

#[test]
fn who_asks_what_hangs_is_told_the_job_and_how_long_it_has_run() {
    let hanging = Hanging::start();
    // Once all three tasks have run.
    let are_awaited = || hanging.jobs().iter().filter(|job| !job["task"].is_null()).count() == 3;
    assert!((0..1_000).any(|_| are_awaited()));
    let jobs = hanging.jobs();
    let told = |name: &str| jobs.iter().find(|job| job["name"] == name).unwrap();
    let states = ["export", "thumbnail", "read"].map(|name| told(name)["state"].clone());
    assert_eq!(states, ["running", "queued", "running"].map(Value::from));
    assert_eq!(jobs[2]["name"], "thumbnail", "what runs comes first");
    assert_ne!(told("export")["pool"], told("read")["pool"]);
    let place = told("export")["born"].as_str().unwrap();
    assert!(place.contains("the_terminal_names_the_job_that_hangs.rs:"), "{place}");
    // It goes on.
    let elapsed = told("export")["for_ns"].as_u64();
    let later =
        hanging.jobs().iter().find(|job| job["name"] == "export").unwrap()["for_ns"].clone();
    assert!(elapsed > Some(0) && later.as_u64() > elapsed);

    let is_told = |task: &str, job: &str, state: &str| {
        let why = hanging.said(&["why", task]);
        assert!(why.contains(&format!("waits: offload of job `{job}`, {state} for ")), "{why}");
        let ps = hanging.said(&["ps"]);
        let line = ps.lines().find(|line| line.contains(&format!("  {task} "))).unwrap();
        assert!(line.contains(&format!("offload, {state} for ")), "{line}");
        assert!(line.contains(&format!(": job `{job}`")), "{line}");
    };
    is_told("saves", "export", "running");
    is_told("shows", "thumbnail", "queued");
    is_told("reads", "read", "running");
    let why: Value = serde_json::from_str(&hanging.said(&["why", "saves", "--json"])).unwrap();
    assert_eq!(why["chain"]["lines"][0]["end"], json!("job"), "{why}");
    assert!(hanging.said(&["top"]).contains("  jobs running 2 ("));
    let res = hanging.said(&["res"]);
    assert!(res.contains("  jobs: 3\n") && res.contains("the loop's own"), "{res}");
}
