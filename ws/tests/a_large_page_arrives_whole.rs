//! A large page arrives whole, over memory and over the kernel's sockets, and one deadline is for
//! all of it.

mod common;
#[path = "common/page.rs"]
mod page;

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    thread,
    time::Duration,
};

use common::Loop;
use glassloop_reactor::net::TcpListener;
use page::{PAGE_BYTES, REQUEST, ask, page, serve};

#[test]
fn it_arrives_whole_and_the_connection_goes_on() {
    let mut event_loop = Loop::new();
    let server = serve(&event_loop, None);
    let mut raw = ask(&mut event_loop, &server);
    for asked in 1..=3 {
        let (answer, ended) = raw.take(&mut event_loop);
        assert!(!ended, "it may ask for more");
        let head_end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
        let length = format!("\r\nContent-Length: {PAGE_BYTES}\r\n");
        let head = String::from_utf8_lossy(&answer[..head_end]);
        assert!(head.contains(&length), "{head}");
        assert!(answer[head_end..] == page(), "every byte in its place, and none behind them");
        assert_eq!(server.counts().requests, asked);
        raw.write(&mut event_loop, REQUEST);
    }
}

#[test]
fn it_arrives_whole_over_sockets_of_the_kernel() {
    let mut event_loop = Loop::new();
    let listener = TcpListener::bind(([127, 0, 0, 1], 0).into()).expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = serve(&event_loop, Some(listener));
    let reader = thread::spawn(move || {
        let mut client = TcpStream::connect(address).expect("it listens");
        client.write_all(REQUEST).expect("it reads");
        client.shutdown(Shutdown::Write).expect("a socket");
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).expect("the answer and the end");
        answer
    });
    while !reader.is_finished() {
        event_loop.turn(Duration::from_millis(1));
    }
    let answer = reader.join().expect("it doesn't panic");
    assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
    assert!(answer.ends_with(&page()), "every byte in its place");
    assert_eq!(server.counts().requests, 1);
}

#[test]
fn a_reader_that_sips_has_one_deadline_for_all_of_it() {
    let mut event_loop = Loop::new();
    let server = serve(&event_loop, None);
    let raw = ask(&mut event_loop, &server);
    for _ in 0..29 {
        let sip = raw.stream.try_read(&mut [0; 1_024]).expect("there is more");
        assert!(sip > 0);
        event_loop.pass(Duration::from_secs(1));
    }
    event_loop.pass(Duration::from_millis(999));
    assert_eq!(server.connections(), 1, "within the time of an answer");
    event_loop.pass(Duration::from_millis(1));
    assert_eq!(server.connections(), 0);
}
