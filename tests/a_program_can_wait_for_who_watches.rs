//! A program that is started with `GLASSLOOP_INSPECT=wait` stands still until somebody watches, and
//! does not end before who watches has every event: its first and its last.

#![cfg(test)]
#![cfg(all(feature = "ws", unix))]

#[path = "common/batches.rs"]
mod batches;
#[path = "common/examples.rs"]
mod examples;
#[path = "common/inspected.rs"]
mod inspected;

use std::{
    io::Read,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use batches::Batch;
use glassloop::{
    Event, Happening, JoinHandle, net,
    ws::{CloseInfo, Endpoint, Message, WebSocket, code},
};
use glassloop_inspector::run_file::{Folder, RunFile};
use inspected::Scratch;
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(30);

/// A program that waits; it is ended if nobody comes.
struct Waiting(Child);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn started(runtime: &Path) -> Waiting {
    let mut program = Command::new(examples::built("01_timer"));
    program.env("GLASSLOOP_INSPECT", "wait").env("RUST_LOG", "off");
    program.env("XDG_RUNTIME_DIR", runtime).env("TMPDIR", runtime);
    Waiting(program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
}

/// Where it listens, once it does.
fn listening(runtime: &Path) -> RunFile {
    let folder = Folder::at(runtime.join("glassloop"));
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(file) = folder.list_live().ok().and_then(|mut live| live.pop()) {
            return file;
        }
        assert!(Instant::now() < end, "it has no inspector");
        thread::yield_now();
    }
}

fn all_of(pipe: Option<impl Read>) -> String {
    let mut text = String::new();
    pipe.unwrap().read_to_string(&mut text).unwrap();
    text
}

/// What somebody is told who watches to the end.
struct Told {
    events: Vec<(u64, Event)>,
    last_state: Value,
    processes: Vec<Value>,
    close: Option<u16>,
}

async fn connect(file: &RunFile, query: &str) -> (WebSocket, JoinHandle<CloseInfo>) {
    let endpoint = Endpoint::new(&format!("ws://{}/live?every_ms=50{query}", file.address));
    let endpoint = endpoint.unwrap().bearer(&file.token).unwrap();
    let endpoint = endpoint.subprotocols(["glassloop.v1"]).unwrap().require_subprotocol();
    let stream = net::TcpStream::connect(file.address).await.unwrap();
    let (socket, driver) = endpoint.connect_on(stream).await.unwrap();
    (socket, glassloop::spawn(driver))
}

/// Looks at the state alone for some pushes: how many loops there were.
async fn look(file: &RunFile) -> Vec<usize> {
    let (socket, driver) = connect(file, "").await;
    let mut loops = Vec::new();
    while loops.len() < 4 {
        let message = socket.recv().await.unwrap().unwrap();
        let push: Value = serde_json::from_str(message.as_text().unwrap()).unwrap();
        loops.push(push["state"]["loops"].as_array().unwrap().len());
    }
    drop(socket);
    driver.await.ok();
    loops
}

async fn watch(file: RunFile) -> Told {
    let (socket, driver) = connect(&file, "&events=1").await;
    let mut told =
        Told { events: Vec::new(), last_state: Value::Null, processes: Vec::new(), close: None };
    while let Ok(Some(message)) = socket.recv().await {
        match message {
            Message::Text(text) => {
                let mut push: Value = serde_json::from_str(&text).unwrap();
                if push["ending"] == true {
                    // Who goes by himself is not waited for.
                    socket.close(code::NORMAL, "").unwrap();
                }
                if push["state"].is_object() {
                    told.processes.push(push["state"]["process"].take());
                    if let Some(row) = push["state"]["loops"].get_mut(0) {
                        told.last_state = row.take();
                    }
                }
            }
            other => told.events.extend(Batch::read(other.as_bytes()).events()),
        }
    }
    told.close = socket.close_info().map(|info| info.code);
    drop(socket);
    driver.await.ok();
    told
}

#[test]
fn who_watches_a_program_that_waits_is_told_of_its_first_event_and_of_its_last() {
    let scratch = Scratch::new();
    let mut program = started(scratch.path());
    let file = listening(scratch.path());
    // It would be over by now, or soon.
    assert!(program.0.try_wait().unwrap().is_none());

    let told = glassloop::run(async {
        assert_eq!(look(&file).await, [0, 0, 0, 0], "who looks at the state is not waited for");
        watch(file).await
    });
    let told = told.unwrap();
    assert!(program.0.wait().unwrap().success());
    let printed = all_of(program.0.stdout.take());
    assert_eq!(printed.lines().count(), 6, "{printed}");
    let said = all_of(program.0.stderr.take());
    assert!(said.contains("waits for who watches") && !said.contains('#'), "no token: {said}");

    let numbers: Vec<u64> = told.events.iter().map(|(number, _)| *number).collect();
    let all: Vec<u64> = (0..).take(numbers.len()).collect();
    assert_eq!(numbers, all, "from the first, without a gap");
    let happenings: Vec<Happening> = told.events.iter().map(|(_, event)| event.what).collect();
    assert!(matches!(happenings[0], Happening::Born(..)), "{:?}", happenings[0]);
    assert!(happenings.contains(&Happening::Turn(1)));
    let row = &told.last_state;
    assert_eq!(row["loop"]["ended"], true, "{row}");
    let ended: Vec<_> = row["recorded"]["ended"].as_array().unwrap().iter().collect();
    let polls: u64 = ended.iter().map(|task| task["polls"].as_u64().unwrap()).sum();
    let is_poll = |what: &&Happening| {
        matches!(what, Happening::Ran(item, how, _) if item.is_task()
            && !matches!(how, glassloop::Outcome::Cancelled | glassloop::Outcome::Stale))
    };
    let ran = happenings.iter().filter(is_poll).count();
    assert_eq!(ran as u64, polls, "each poll of those that have ended was told: {row}");
    assert!(told.processes.iter().all(|process| process["waits"] == true));
    assert_eq!(told.close, Some(code::NORMAL));
    assert!(!scratch.path().join("glassloop").read_dir().unwrap().any(|_| true), "no file is left");
}
