//! A server whose answers are files: what an inspector says, from a tin.
//!
//! Promises to listen on a port that the system picked, to keep every request that it got, and to
//! refuse each without the token as an inspector would. It ends with the test's process.

#![cfg(test)]
#![allow(dead_code, reason = "each test file uses the part it needs")]

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Command, Output},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// Nothing here takes so long.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const TOKEN: &str = "0123456789abcdef";

/// The state of a process with a host queue and no loop.
const HOSTS: &str =
    r#"{"loops":[],"host_queues":[{"number":7,"made":"src/host.rs:3","thread":"gui","queued":2}]}"#;

/// How it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Open,
    /// Control is off.
    ReadOnly,
    /// It takes connections and says nothing.
    Silent,
    /// It is no inspector.
    Stranger,
    /// It has no loop.
    Empty,
    /// It waits for who watches, and has no loop yet.
    Waits,
    /// It has no loop, and a host queue.
    Hosts,
}

/// One request: its first line, its head and its body.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// A server that lives as long as the process.
#[derive(Debug)]
pub(crate) struct Canned {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// What a run of the terminal said, and how it ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Canned {
    pub(crate) fn start(mood: Mood) -> Canned {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        thread::spawn(move || {
            let mut silent = Vec::new();
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                if mood == Mood::Silent {
                    silent.push(stream);
                } else {
                    serve(stream, mood, &kept);
                }
            }
        });
        Canned { address, asked }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/#{TOKEN}", self.address)
    }

    /// Everything that was asked since this was asked for last.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    /// Runs the terminal on this server.
    pub(crate) fn run(&self, line: &[&str]) -> Said {
        let url = self.url();
        let mut whole = vec!["--process", url.as_str()];
        whole.extend(line);
        run(&mut terminal(&whole))
    }
}

/// The terminal, with no input, an environment of its own and these arguments.
pub(crate) fn terminal(line: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_glassloop"));
    command.args(line).env_remove("NO_COLOR").env("TERM", "xterm");
    command
}

pub(crate) fn run(command: &mut Command) -> Said {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace("\r\n", "\n");
    Said { code: status.code(), out: text(stdout), err: text(stderr) }
}

fn serve(mut stream: TcpStream, mood: Mood, asked: &Mutex<Vec<Asked>>) {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut line, mut head, mut length) = (String::new(), String::new(), 0);
    reader.read_line(&mut line).unwrap();
    // Who looks whether the port is open sends nothing.
    if line.is_empty() {
        return;
    }
    loop {
        let mut field = String::new();
        reader.read_line(&mut field).unwrap();
        if let Some(value) = field.strip_prefix("Content-Length: ") {
            length = value.trim().parse().unwrap();
        }
        if field.trim().is_empty() {
            break;
        }
        head.push_str(&field);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let body = String::from_utf8(body).unwrap();
    let line = line.trim().to_owned();
    let (status, answer) = answer(&line, &head, mood);
    asked.lock().unwrap().push(Asked { line, head, body });
    let length = answer.len();
    let written = match mood {
        Mood::Stranger => stream.write_all(b"220 mail.example ready\r\n"),
        _ => stream.write_all(
            format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n\r\n{answer}").as_bytes(),
        ),
    };
    written.unwrap();
}

fn answer(line: &str, head: &str, mood: Mood) -> (u16, String) {
    if !head.contains(&format!("Authorization: Bearer {TOKEN}\r\n")) {
        return (401, r#"{"error":"expected the token"}"#.to_owned());
    }
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let path = target.split('?').next().unwrap();
    match (method, path) {
        ("GET", "/state") if mood == Mood::Empty => (200, r#"{"loops":[]}"#.to_owned()),
        ("GET", "/state") if mood == Mood::Waits => {
            (200, r#"{"process":{"pid":1,"waits":true},"loops":[]}"#.to_owned())
        }
        ("GET", "/why") if target.ends_with("%237.7") => (200, canned("why_it_runs")),
        ("GET", "/state") if mood == Mood::Hosts => (200, HOSTS.to_owned()),
        ("GET", "/events") => (200, r#"{"first":1234,"next":1234,"events":[]}"#.to_owned()),
        ("GET", "/state" | "/why" | "/wakes" | "/story" | "/turns" | "/slow" | "/trace") => {
            (200, canned(path.trim_start_matches('/')))
        }
        ("POST", _) if mood == Mood::ReadOnly => {
            (405, r#"{"error":"control is off: start it with allow_control"}"#.to_owned())
        }
        ("POST", "/record") => (200, r#"{"on":true}"#.to_owned()),
        ("POST", "/cancel") => (200, r##"{"task":"#3.9"}"##.to_owned()),
        _ => (404, r#"{"error":"expected a path that is there"}"#.to_owned()),
    }
}

fn canned(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/canned/{name}.json"));
    fs::read_to_string(path).unwrap()
}
