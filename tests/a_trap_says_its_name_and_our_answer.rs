//! Each trap of `examples/traps/` says its name, what it runs into elsewhere, and what becomes of
//! it here, which is what the last comment of its program says.
#![cfg(test)]
#![cfg(all(feature = "observe", feature = "ws", not(miri)))]

#[path = "common/examples.rs"]
mod examples;
#[path = "../examples/traps/ten_requests.rs"]
#[allow(dead_code)]
mod ten_requests;

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    process::Command,
    sync::{Arc, Barrier},
    thread,
};

use glassloop::try_gather;

/// As in the program of the traps.
pub(crate) type Shown = Result<(), Box<dyn std::error::Error>>;

fn traps(arguments: &[&str]) -> String {
    let ran = Command::new(examples::built("traps")).args(arguments).output().unwrap();
    assert!(ran.status.success(), "traps {arguments:?}: {ran:?}");
    String::from_utf8(ran.stdout).unwrap()
}

/// Without the line and column of each place in the programs of the traps.
fn without_lines(text: &str) -> String {
    let mut parts = text.split("examples/traps/");
    let mut short = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (file, rest) = part.split_once(".rs").expect("a file's name");
        short += &format!("{file}.rs");
        short += rest.trim_start_matches(|c: char| c == ':' || c.is_ascii_digit());
    }
    short
}

/// The comment that ends a source, without its slashes.
fn last_comment(source: &str) -> Vec<String> {
    let lines = source.lines().rev().map_while(|line| line.strip_prefix("//"));
    let lines = lines.map(|line| line.get(1..).unwrap_or_default().to_owned());
    let mut lines: Vec<_> = lines.collect();
    lines.reverse();
    lines
}

/// How many requests' time something took is not for a test to say.
fn without_times(line: &str) -> &str {
    line.split("the time of").next().unwrap()
}

#[test]
fn each_trap_prints_its_last_comment() {
    let list = traps(&[]);
    let names: Vec<_> = list.lines().skip(1).map(|line| line.trim_start()).collect();
    assert_eq!(names.len(), 9, "{list}");
    for (number, name) in (1..).zip(names) {
        let said = traps(&[&number.to_string()]);
        let mut lines = said.trim_end().lines();
        let (_, name) = name.split_once("  ").unwrap();
        assert_eq!(lines.next(), Some(&*format!("trap {number}: {name}")));
        assert!(lines.next().is_some_and(|line| line.starts_with("elsewhere: ")), "{said}");
        let file = lines.next().and_then(|line| line.strip_prefix("here, by ")?.strip_suffix(':'));
        let source = fs::read_to_string(file.expect("the program's name")).unwrap();
        let printed = without_lines(&lines.collect::<Vec<_>>().join("\n"));
        let printed: Vec<_> = printed.lines().map(without_times).collect();
        let expected = last_comment(&source);
        let expected: Vec<_> = expected.iter().map(|line| without_times(line)).collect();
        assert_eq!(printed, expected, "trap {number}");
    }
}

#[test]
fn a_number_that_is_none_is_told_what_was_expected() {
    for wrong in ["0", "10", "x"] {
        let ran = Command::new(examples::built("traps")).arg(wrong).output().unwrap();
        let said = String::from_utf8(ran.stderr).unwrap();
        assert!(!ran.status.success(), "{wrong}");
        assert!(said.contains("expected a number from 1 to 9, or all; came"), "{said}");
    }
}

/// A server that answers nobody before so many have asked: who asks one after the other hangs.
fn serve(expected: usize) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let all_there = Arc::new(Barrier::new(expected));
    thread::spawn(move || {
        for stream in listener.incoming().take(expected) {
            let (mut stream, all_there) = (stream.unwrap(), Arc::clone(&all_there));
            thread::spawn(move || {
                stream.read_exact(&mut [0; 8]).unwrap();
                all_there.wait();
                stream.write_all(b"answered").unwrap();
            });
        }
    });
    address
}

#[test]
fn ten_requests_on_one_loop_are_under_way_at_once_as_on_ten_threads() {
    let server = serve(10);
    glassloop::run(try_gather((0..10).map(move |_| ten_requests::ask(server)))).unwrap().unwrap();
    let server = serve(10);
    let threads = [(); 10].map(|()| thread::spawn(move || ten_requests::ask_blocking(server)));
    threads.into_iter().for_each(|thread| thread.join().unwrap().unwrap());
}
