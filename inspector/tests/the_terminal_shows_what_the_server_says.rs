//! The terminal shows what the server says: as text that a person reads, as JSON that a script
//! reads, and as an exit code.
//!
//! The server is a tin of answers (`canned/`), the text is in `golden/`; `GLASSLOOP_BLESS=1`
//! rewrites it. What a real inspector says is not the matter of this file.

#![cfg(test)]

#[path = "common/canned.rs"]
mod canned;
#[path = "../../tests/common/golden.rs"]
mod golden;

use std::{
    env, fs,
    net::TcpStream,
    path::PathBuf,
    time::{Duration, Instant},
};

use canned::{Canned, Mood, Said, TOKEN, run, terminal};
use glassloop_inspector::run_file::{Folder, RunFile};
use serde_json::{Value, json};

/// Each command whose text is a golden file, by the name of that file.
const COMMANDS: [(&str, &[&str]); 17] = [
    ("ps", &["ps"]),
    ("ps_of_one_loop_in_ascii", &["ps", "--loop", "1", "--ascii"]),
    ("tree", &["tree"]),
    ("tree_in_ascii", &["tree", "--ascii"]),
    ("where", &["where"]),
    ("where_of_a_task", &["where", "conn"]),
    ("where_of_a_task_that_hangs", &["where", "#7"]),
    ("where_of_a_task_that_has_ended", &["where", "2.2"]),
    ("why", &["why", "3"]),
    ("why_of_a_task_that_hangs", &["why", "#7"]),
    ("wakes", &["wakes", "#3.9"]),
    ("res", &["res"]),
    ("turns", &["turns", "2", "--loop", "1"]),
    ("story", &["story"]),
    ("slow", &["slow", "--loop", "1"]),
    ("top", &["top"]),
    ("top_in_ascii", &["top", "--ascii"]),
];

/// The same text as the golden file of that name.
#[track_caller]
fn is_golden(name: &str, text: &str) {
    golden::is_golden(&format!("tests/golden/{name}.txt"), text);
}

/// What a run says that does what it was told.
#[track_caller]
fn said_well(server: &Canned, line: &[&str]) -> String {
    let Said { code, out, err } = server.run(line);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{line:?}: {out}");
    out
}

#[track_caller]
fn fails(said: &Said, code: i32, why: &str) {
    assert_eq!((said.code, said.out.as_str()), (Some(code), ""), "{}", said.err);
    assert_eq!(said.err, format!("glassloop: {why}\n"));
}

/// A folder that is there for as long as this is.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let path = env::temp_dir().join(format!("glassloop-{name}-{}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Scratch(path)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

#[test]
fn every_command_says_it_in_text() {
    let server = Canned::start(Mood::Open);
    for (name, line) in COMMANDS {
        is_golden(name, &said_well(&server, line));
    }
    is_golden("help", &run(&mut terminal(&["help"])).out);
    is_golden("usage", &run(&mut terminal(&[])).out);
}

#[test]
fn every_command_says_it_in_one_json_value() {
    let server = Canned::start(Mood::Open);
    for (name, line) in COMMANDS {
        let out = said_well(&server, &[line, &["--json"]].concat());
        let value: Value = serde_json::from_str(&out).unwrap_or_else(|error| {
            panic!("{name}: {error}: {out}");
        });
        assert!(value.is_object(), "{name}: {out}");
        if line.contains(&"--ascii") {
            assert!(out.is_ascii(), "{name}: {out}");
        }
    }
    let ps: Value = serde_json::from_str(&said_well(&server, &["ps", "--json"])).unwrap();
    assert_eq!(ps["loops"][0]["tasks"][1]["id"], "#3.9");
    assert_eq!(ps["loops"][1]["as_of"]["fresh"], false);
    let tree: Value = serde_json::from_str(&said_well(&server, &["tree", "--json"])).unwrap();
    assert_eq!(tree["loops"][0]["tree"][2]["depth"], 2);
    let where_: Value = serde_json::from_str(&said_well(&server, &["where", "--json"])).unwrap();
    assert_eq!(where_["loops"][0]["next_timer_ns"], 1_200_000_000);
}

#[test]
fn a_pipe_gets_text_and_nothing_else() {
    let server = Canned::start(Mood::Open);
    for (name, line) in COMMANDS {
        for more in [&[][..], &["--json"]] {
            let out = said_well(&server, &[line, more].concat());
            let is_text = |c: char| c == '\n' || !c.is_control();
            assert!(out.chars().all(is_text), "{name}: a control character in {out:?}");
        }
        let out = said_well(&server, &[line, &["--ascii"]].concat());
        assert!(out.is_ascii(), "{name}: {out}");
    }
}

#[test]
fn a_loop_that_hangs_is_shown_as_it_was_and_says_so() {
    let server = Canned::start(Mood::Open);
    let hung = "as of turn 9, 10.0 s ago: the loop has not answered";
    for command in ["ps", "tree", "res", "where"] {
        let out = said_well(&server, &[command]);
        assert!(out.contains(hung), "{command}: {out}");
        assert!(out.contains("task #7.7 `sleeper`, spawned at examples/stall.rs:40"), "{out}");
        assert!(out.contains("has held the loop for 10.0 s: sleeping in the kernel"), "{out}");
    }
    let out = said_well(&server, &["top", "--loop", "2"]);
    let held =
        "task #7.7 `sleeper`, last waited at examples/stall.rs:44, holds the loop for 10.0 s: ";
    assert!(out.contains(&format!("\n{held}sleeping")), "{out}");
    assert!(out.lines().any(|line| line.starts_with(">") && line.contains("  100.0%  ")), "{out}");
}

#[test]
fn the_token_and_the_query_are_sent_as_the_server_wants_them() {
    let server = Canned::start(Mood::Open);
    said_well(&server, &["why", "conn", "--fresh", "7", "--internal"]);
    let asked = server.asked();
    let lines: Vec<&str> = asked.iter().map(|asked| asked.line.as_str()).collect();
    let expected =
        ["GET /state?fresh_ms=7&internal=1 HTTP/1.1", "GET /why?loop=1&task=%233.9 HTTP/1.1"];
    assert_eq!(lines, expected);
    for asked in &asked {
        assert!(asked.head.contains(&format!("Host: {}\r\n", server.address)), "{}", asked.head);
        assert!(asked.head.contains(&format!("Authorization: Bearer {TOKEN}\r\n")));
        assert!(asked.head.contains("Connection: close\r\n"), "{}", asked.head);
    }
    said_well(&server, &["story", "5", "--loop", "1"]);
    assert_eq!(server.asked()[1].line, "GET /story?loop=1&turns=5 HTTP/1.1");
    for of in ["turns", "story"] {
        said_well(&server, &[of, "--loop", "1", "--idle"]);
        let line = format!("GET /{of}?loop=1&turns=20&idle=1 HTTP/1.1");
        assert_eq!(server.asked()[1].line, line);
    }
}

#[test]
fn control_is_posted_and_told() {
    let server = Canned::start(Mood::Open);
    let out = said_well(&server, &["cancel", "3"]);
    assert_eq!(out, "task #3.9 `conn` is cancelled when its loop comes to it\n");
    let asked = server.asked();
    assert_eq!(asked[1].line, "POST /cancel HTTP/1.1");
    let body: Value = serde_json::from_str(&asked[1].body).unwrap();
    assert_eq!(body, json!({ "loop": 1, "task": "#3.9" }));

    let out = said_well(&server, &["record", "off"]);
    assert_eq!(out, "loop 1 does not record\nloop 2 does not record\n");
    let bodies: Vec<String> = server.asked().into_iter().skip(1).map(|it| it.body).collect();
    assert_eq!(bodies, [r#"{"loop":1,"on":false}"#, r#"{"loop":2,"on":false}"#]);
}

#[test]
fn a_recording_is_written_and_switched_off_only_if_it_was_off() {
    let (server, scratch) = (Canned::start(Mood::Open), Scratch::new("recording"));
    let file = scratch.file("out.json");
    let out = said_well(&server, &["record", "1ms", &file, "--loop", "2"]);
    let told = format!(
        "{file}: 900 events over 5.0 s, the first 7 events are lost, \
        1 could not be read\nopen it at https://ui.perfetto.dev\n"
    );
    assert_eq!(out, told);
    let written: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(written["displayTimeUnit"], "ns");
    let lines = |server: &Canned| -> Vec<String> {
        let asked = server.asked().into_iter().skip(1);
        asked.map(|it| format!("{} {}", it.line.replace(" HTTP/1.1", ""), it.body)).collect()
    };
    // The ring is asked where it stands; the look at the loop may be old.
    let next = format!("from={}&events=1&fresh_ms=0 ", u64::MAX);
    let expected = [
        &format!("GET /events?loop=2&{next}"),
        r#"POST /record {"loop":2,"on":true}"#,
        "GET /trace?loop=2&from=1234 ",
        r#"POST /record {"loop":2,"on":false}"#,
    ];
    assert_eq!(lines(&server), expected);

    said_well(&server, &["record", "1ms", &file, "--loop", "1"]);
    let expected = [&format!("GET /events?loop=1&{next}"), "GET /trace?loop=1&from=1234 "];
    assert_eq!(lines(&server), expected, "it was on, and stays so");

    let out = said_well(&server, &["trace", &file, "--loop", "1"]);
    assert!(out.contains(", 7 events before it are lost, "), "{out}");
    let out = said_well(&server, &["trace", &file, "--loop", "1", "--json"]);
    let facts: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&facts["events"], &facts["lost"], &facts["torn"]),
        (&900.into(), &7.into(), &1.into())
    );
    let said = server.run(&["trace", &file]);
    let there = "1 (on main, made at src/x.rs:12), 2 (on second, made at src/y.rs:7)";
    fails(&said, 2, &format!("expected --loop with one of {there}"));
}

#[test]
fn each_failure_has_its_exit_code() {
    let server = Canned::start(Mood::Open);
    fails(
        &server.run(&["why", "nobody"]),
        1,
        "no task `nobody`: expected an id, such as 3 or #3.9, or a name",
    );
    let there = "1 (on main, made at src/x.rs:12), 2 (on second, made at src/y.rs:7)";
    fails(&server.run(&["ps", "--loop", "9"]), 1, &format!("no loop 9; there are {there}"));
    fails(&server.run(&["cancel", "opener"]), 1, "task #2.2 `opener` has ended already");
    fails(&server.run(&["pz"]), 2, "expected a command that `glassloop help` lists, came `pz`");
    let empty = Canned::start(Mood::Empty);
    fails(&empty.run(&["ps"]), 1, "the process has no loop");
    fails(&empty.run(&["res"]), 1, "the process has no loop");

    let stranger = Canned::start(Mood::Stranger);
    let said = stranger.run(&["ps"]);
    fails(&said, 3, "expected an answer in HTTP, came invalid HTTP version");

    let wrong = format!("http://{}/#wrong", server.address);
    let said = run(&mut terminal(&["-p", &wrong, "ps"]));
    fails(&said, 4, "the token was refused (401): expected the token");

    let read_only = Canned::start(Mood::ReadOnly);
    let why = "control was refused (405): control is off: start it with allow_control";
    fails(&read_only.run(&["cancel", "3"]), 4, why);
    fails(&read_only.run(&["record", "on"]), 4, why);
}

#[test]
fn the_page_of_a_program_that_has_no_loop_yet_has_its_address() {
    let empty = Canned::start(Mood::Empty);
    let url = format!("http://{}/#{TOKEN}\n", empty.address);
    assert_eq!(said_well(&empty, &["url"]), url);
}

#[test]
fn a_program_that_waits_for_who_watches_is_told_so() {
    let waiting = Canned::start(Mood::Waits);
    let why = "the process has no loop yet: it waits for somebody who watches its page; \
        `glassloop url` has the address";
    let task = ["why", "sitter"];
    for line in [&["ps"][..], &["story"], &["where"], &["tree"], &["res"], &task] {
        fails(&waiting.run(line), 1, why);
    }
    let url = format!("http://{}/#{TOKEN}\n", waiting.address);
    assert_eq!(said_well(&waiting, &["url"]), url);
}

#[test]
fn host_queues_are_shown_where_there_is_no_loop() {
    let hosts = Canned::start(Mood::Hosts);
    let out = said_well(&hosts, &["res"]);
    assert!(out.starts_with("host queues: 1\n") && out.contains("src/host.rs:3"), "{out}");
    let res: Value = serde_json::from_str(&said_well(&hosts, &["res", "--json"])).unwrap();
    assert_eq!((&res["loops"], &res["host_queues"][0]["queued"]), (&json!([]), &json!(2)));
    for line in [&["ps"][..], &["res", "--loop", "1"]] {
        fails(&hosts.run(line), 1, "the process has no loop");
    }
}

#[test]
fn who_does_not_listen_or_does_not_answer_is_not_waited_for() {
    // The near end of a connection: its port is ours, and nobody listens at it.
    let silent = Canned::start(Mood::Silent);
    let connection = TcpStream::connect(silent.address).unwrap();
    let address = connection.local_addr().unwrap();
    let said = run(&mut terminal(&["-p", &format!("http://{address}/#{TOKEN}"), "ps"]));
    let why = format!("nobody listens at {address}: the program has ended, or its inspector");
    fails(&said, 3, &why);

    let began = Instant::now();
    let said = silent.run(&["ps", "--timeout", "150", "--fresh", "50"]);
    fails(&said, 3, &format!("{} has not answered for 200.0 ms", silent.address));
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(200), "{took:?}: it was not waited for at all");
}

#[cfg(unix)]
#[test]
fn a_process_is_found_by_its_file() {
    let (server, scratch) = (Canned::start(Mood::Open), Scratch::new("runtime"));
    let found = |line: &[&str]| run(terminal(line).env("XDG_RUNTIME_DIR", &scratch.0));
    let hint = "it is one that calls glassloop_inspector::init() and was started with \
        GLASSLOOP_INSPECT=1";
    let none = format!("no process with an inspector was found: {hint}");
    fails(&found(&["ps"]), 1, &none);

    let pid = std::process::id();
    let folder = Folder::at(scratch.0.join("glassloop"));
    let file = RunFile {
        pid,
        address: server.address,
        token: TOKEN.into(),
        program: "tour".into(),
        version: "0.1.0".into(),
    };
    folder.write(&file).unwrap();
    let only = found(&["where", "conn"]);
    assert_eq!(only.code, Some(0), "{}", only.err);
    assert_eq!(only, found(&[&pid.to_string(), "where", "conn"]));
    let missing = format!("no inspector of process 0 was found: {hint}; there are {pid} (tour)");
    fails(&found(&["--process", "0", "ps"]), 1, &missing);

    folder.write(&file).unwrap();
    let several = format!(
        "expected a process id before the command, came none; there are {pid} (tour), {pid} (tour)"
    );
    fails(&found(&["ps"]), 2, &several);
}
