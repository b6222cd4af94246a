//! The chat example serves its page and its room on the port it prints, to pages of its own.

#![cfg(test)]
#![cfg(all(feature = "ws", not(miri)))]

#[path = "common/examples.rs"]
mod examples;
#[path = "common/web.rs"]
mod web;

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use glassloop::{net::TcpStream, run, ws};
use web::Client;

/// Ends with the test, however that ends.
struct Room(Child);

impl Drop for Room {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn two_guests_hear_each_other_and_another_page_is_kept_out() {
    let mut command = Command::new(examples::built("ws_chat"));
    let child = command.args(["--seconds", "60"]).stdout(Stdio::piped()).spawn();
    let mut room = Room(child.expect("it starts"));
    let mut first = String::new();
    let mut said = BufReader::new(room.0.stdout.take().expect("it is a pipe"));
    said.read_line(&mut first).expect("it says where it is");
    let place = first.trim().strip_prefix("http://").expect("an address").trim_end_matches('/');
    let address = place.parse().expect("an address");
    let url = format!("ws://{place}/chat");
    run(async move {
        let enter = async || Client::over(TcpStream::connect(address).await.expect("it listens"));
        let mut page = enter().await;
        assert!(page.get("/", "").await.text().contains("new WebSocket"));
        let evil = enter().await.upgrade("/chat", "Origin: http://evil.example\r\n").await;
        assert_eq!(evil.status, 403);

        let one = ws::connect(&url).await.expect("it opens");
        assert_eq!(one.recv().await.expect("open"), Some("you are guest 1".into()));
        let two = ws::connect(&url).await.expect("it opens");
        assert_eq!(one.recv().await.expect("open"), Some("guest 2 has come".into()));
        assert_eq!(two.recv().await.expect("open"), Some("you are guest 2".into()));
        assert_eq!(page.get("/count", "").await.text(), "2");
        two.send("hello".into()).await.expect("open");
        for guest in [&one, &two] {
            assert_eq!(guest.recv().await.expect("open"), Some("guest 2: hello".into()));
        }
        drop(two);
        assert_eq!(one.recv().await.expect("open"), Some("guest 2 has gone".into()));
    })
    .expect("a loop");
}
