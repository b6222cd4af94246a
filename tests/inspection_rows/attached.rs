//! Rows 34 to 38: from outside, live, and only for the owner.

use std::{
    env,
    net::{IpAddr, TcpStream, UdpSocket},
    path::PathBuf,
    process::{Command, Stdio},
};

use glassloop::{sleep, spawn, ws::Message};
use glassloop_inspector::{Builder, run_file::Folder};
use serde_json::json;

use crate::{
    batches::Batch,
    inspected::{Scratch, UPGRADE},
    watchers::{serve, watch},
    web::in_memory,
    *,
};

const CHILD: &str = "GLASSLOOP_TEST_CHILD";

/// The files that a text of the page asks for.
fn asked_for_by(text: &str, between: [&str; 2]) -> Vec<String> {
    let parts = text.split(between[0]).skip(1);
    parts.map(|part| part.split(between[1]).next().unwrap().to_owned()).collect()
}

#[test]
fn row_34_live_in_a_browser() {
    let _alone = alone();
    let inspector = looks_on();
    // What a browser asks for has no token: it says nothing about the program.
    let page = inspector.ask("GET /", &inspector.host());
    assert_eq!((page.status, page.header("Content-Type")), (200, Some("text/html; charset=utf-8")));
    let mut files = asked_for_by(&page.body, ["src=\"/", "\""]);
    files.extend(asked_for_by(&page.body, ["href=\"/", "\""]));
    assert!(files.iter().any(|file| file == "page/main.js"), "{files:?}");
    for file in files {
        let answer = inspector.ask(&format!("GET /{file}"), &inspector.host());
        assert_eq!(answer.status, 200, "{file}");
        assert!(!answer.body.is_empty(), "{file}");
    }
    let main = inspector.ask("GET /page/main.js", &inspector.host());
    for module in asked_for_by(&main.body, ["from \"./", "\""]) {
        let answer = inspector.ask(&format!("GET /page/{module}"), &inspector.host());
        let kind = answer.header("Content-Type");
        assert_eq!(
            (answer.status, kind),
            (200, Some("text/javascript; charset=utf-8")),
            "{module}"
        );
    }
    let (event_loop, _clock) = recorded_loop();
    let live = format!("GET /live?events=1&loop={}", number_of(&event_loop));
    let protocols = format!("glassloop.v1, glassloop.token.{}", inspector.token());
    let lines = format!("{}{UPGRADE}Sec-WebSocket-Protocol: {protocols}\r\n", inspector.host());
    let answer = inspector.ask(&live, &lines);
    assert_eq!(
        (answer.status, answer.header("Sec-WebSocket-Protocol")),
        (101, Some("glassloop.v1"))
    );
    drop(inspector);
    in_memory(65_536, async |_| is_pushed_live().await);
}

/// The state and each event of the loop that runs this go out as they come.
async fn is_pushed_live() {
    let watched = glassloop::remote().watch();
    watched.record(true);
    let handle = serve();
    let query = format!("?every_ms=50&events=1&loop={}", watched.name().number);
    let socket = watch(&handle, &query).await.unwrap();
    let (mut events, mut states) = (Vec::new(), Vec::new());
    for round in 0..12 {
        let name = format!("born in round {round}");
        spawn(async { sleep(PATIENCE).await }).named(name).detach();
        match socket.recv().await.unwrap().unwrap() {
            Message::Binary(bytes) => events.extend(Batch::read(&bytes).events()),
            text => {
                let push: Value = serde_json::from_str(text.as_text().unwrap()).unwrap();
                let mut loops = push["state"]["loops"].as_array().into_iter().flatten();
                let is_it = |line: &&Value| line["loop"]["number"] == watched.name().number;
                states.extend(loops.find(is_it).cloned());
            }
        }
    }
    let read = watched.events(0).events;
    let sent: Vec<_> = events.iter().map(|(_, event)| *event).collect();
    assert!(sent.len() > 20, "{}", sent.len());
    assert_eq!(sent, read[..sent.len()], "each once, in its order");
    let [first, last] = [states.first(), states.last()].map(|state| {
        let tasks = each(&state.unwrap()["tasks"], "name");
        tasks.iter().filter(|name| name.to_string().contains("born in round")).count()
    });
    assert!(last > first, "the state moves on: {first} tasks, then {last}");
}

#[test]
fn row_35_live_in_a_terminal() {
    let _alone = alone();
    let (event_loop, clock) = recorded_loop();
    let works = clock.clone();
    let worker = async move {
        loop {
            sleep(3 * MS).await;
            works.advance(MS);
        }
    };
    event_loop.spawn(worker).named("worker").detach();
    settle(&event_loop);
    let inspector = looks_on();
    // What `top` asks for time and again: the difference of two is what it shows.
    let sample = || {
        let text = text_of(&inspector, &event_loop, "/state");
        let state: Value = serde_json::from_str(&text).unwrap();
        let of = &state["loops"][0];
        let (task, times) = (&of["tasks"][0], &of["recorded"]["times"]);
        let from = [&task["polls"], &task["times"]["busy_ns"], &times["waited_ns"]];
        (from.map(|count| count.as_u64().unwrap()), of["as_of"]["turn"].as_u64().unwrap())
    };
    let (before, turn) = sample();
    for _ in 0..5 {
        advance(&event_loop, &clock, 3 * MS);
    }
    let (after, later) = sample();
    let grown: Vec<_> = before.iter().zip(after).map(|(before, after)| after - before).collect();
    assert_eq!(grown[..2], [5, 5 * MS_NS]);
    assert!(later > turn, "turn {turn}, then {later}");
}

#[test]
fn row_36_attached_at_run_time_without_a_rebuild() {
    if env::var_os(CHILD).is_some() {
        // Says where its file is if somebody can look, and lives until the parent has.
        let inspector = glassloop_inspector::init();
        let file = inspector.map_or(String::new(), |it| it.file().display().to_string());
        println!("\nfile {file}");
        std::io::stdin().read_line(&mut String::new()).unwrap();
        return;
    }
    let _alone = alone();
    for asked in [true, false] {
        let scratch = Scratch::new();
        let mut child = Command::new(env::current_exe().unwrap());
        child.args(["--exact", "attached::row_36_attached_at_run_time_without_a_rebuild"]);
        child.args(["--nocapture"]).env(CHILD, "1").env("TMPDIR", scratch.path());
        child.env("XDG_RUNTIME_DIR", scratch.path()).env("LOCALAPPDATA", scratch.path());
        child.env("GLASSLOOP_INSPECT", if asked { "1" } else { "" });
        let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let said = std::io::BufReader::new(child.stdout.take().unwrap());
        let mut said = std::io::BufRead::lines(said).map(Result::unwrap);
        let file = said.find_map(|line| line.strip_prefix("file ").map(PathBuf::from)).unwrap();
        let folder = file.parent().map(Folder::at);
        let live = folder.map_or(Vec::new(), |folder| folder.list_live().unwrap());
        let pids: Vec<_> = live.iter().map(|file| file.pid).collect();
        assert_eq!(pids, if asked { vec![child.id()] } else { vec![] });
        for file in live {
            let (address, token) = (file.address, file.token.clone());
            let head = format!("GET /state HTTP/1.1\r\nHost: {address}\r\n");
            let answer = ask(address, format!("{head}Authorization: Bearer {token}\r\n\r\n"));
            let state: Value = serde_json::from_str(&answer.body).unwrap();
            assert_eq!(state["process"]["pid"], child.id(), "{state}");
        }
        drop(child.stdin.take());
        let rest: Vec<_> = said.collect();
        assert!(child.wait().unwrap().success(), "{rest:?}");
    }
}

#[test]
fn row_37_from_another_machine_by_a_tunnel_to_loopback() {
    let _alone = alone();
    let inspector = looks_on();
    let address = inspector.address();
    assert!(address.ip().is_loopback());
    let elsewhere = Builder::new().address(([0, 0, 0, 0], 0)).start().expect_err("not loopback");
    assert_eq!(elsewhere.kind(), std::io::ErrorKind::InvalidInput);
    // Nothing is sent: the system only says by which address it would be.
    let route = UdpSocket::bind("0.0.0.0:0").unwrap();
    let outer = route.connect("192.0.2.1:9").and_then(|()| route.local_addr());
    if let Ok(outer) = outer.map(|outer| outer.ip())
        && outer != IpAddr::from([0, 0, 0, 0])
        && !outer.is_loopback()
    {
        assert!(TcpStream::connect((outer, address.port())).is_err(), "{outer}");
    }
    // As it comes out of a tunnel whose port on the other machine is the same.
    let named = format!("Host: localhost:{}\r\n", address.port());
    let lines = format!("{named}Authorization: Bearer {}\r\n", inspector.token());
    let answer = inspector.ask("GET /state", &lines);
    let state: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!((answer.status, &state["process"]["pid"]), (200, &json!(std::process::id())));
    // The way that the table names.
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/inspection.md");
    assert!(std::fs::read_to_string(docs).unwrap().contains("`ssh -L`"));
}

#[test]
fn row_38_a_lock_on_that_door() {
    let _alone = alone();
    let inspector = looks_on();
    let (good, host) = (inspector.good(), inspector.host());
    let port = inspector.port();
    let token = format!("Authorization: Bearer {}\r\n", inspector.token());
    let own = format!("Origin: http://127.0.0.1:{port}\r\n");
    assert_eq!(inspector.token().len(), 64, "256 bits");
    for (lines, status) in [
        (good.clone(), 200),
        (format!("{good}{own}"), 200),
        (host.clone(), 401),
        (format!("{host}Authorization: Bearer {}\r\n", "0".repeat(64)), 401),
        (format!("Host: evil.example:{port}\r\n{token}"), 403),
        (format!("Host: 127.0.0.1:{}\r\n{token}", port ^ 1), 403),
        (token.clone(), 400),
        (format!("{good}Origin: http://evil.example\r\n"), 403),
        (format!("{good}Origin: null\r\n"), 403),
    ] {
        let answer = inspector.ask("GET /state", &lines);
        assert_eq!(answer.status, status, "{lines}");
        assert_eq!(answer.body.contains("\"process\""), status == 200, "{lines}");
    }
    // Nor does the token change anything, unless the builder has allowed it.
    assert_eq!(inspector.ask_well("POST /record").status, 405);
}
