//! `Door`: where a server's inspector listens, and what it wants to see of who comes.
//!
//! It speaks just enough HTTP for one request a connection, and blocks.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// An inspector that says nothing for so long is broken.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Clone, Debug)]
pub struct Door {
    address: SocketAddr,
    token: String,
}

impl Door {
    /// From the URL that the inspector itself tells: `http://ADDRESS/#TOKEN`.
    pub fn at(url: &str) -> Door {
        let parts = url.strip_prefix("http://").and_then(|rest| rest.split_once("/#"));
        let (address, token) = parts.expect("an inspector's URL has a token");
        let address = address.parse().expect("an inspector's URL has an address");
        Door { address, token: token.to_owned() }
    }

    /// What it answers to a GET, head and all.
    pub fn get(&self, path: &str) -> String {
        let lines = format!("Authorization: Bearer {}\r\n", self.token);
        let mut stream = self.ask(path, &lines);
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the inspector answers, and closes");
        assert!(answer.starts_with("HTTP/1.1 200 "), "the inspector refused: {answer}");
        answer
    }

    /// A connection that has asked for its upgrade to the live socket.
    pub fn ask_for_live(&self, query: &str) -> TcpStream {
        let lines = format!(
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: glassloop.v1, glassloop.token.{}\r\n",
            self.token
        );
        self.ask(&format!("/live{query}"), &lines)
    }

    fn ask(&self, path: &str, lines: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).expect("the inspector listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket can wait for a limited time");
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{lines}\r\n", self.address);
        stream.write_all(request.as_bytes()).expect("a fresh connection takes a request");
        stream
    }
}
