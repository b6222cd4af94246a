//! The servers: which there are, what they are asked to do, and how one of them starts.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

#[cfg(feature = "ours")]
use super::peers::ours;
use super::peers::tokio_websockets;
use super::peers::{async_tungstenite, fastwebsockets, mio, node, tokio_tungstenite};
use crate::child::Child;
use crate::effort::Effort;

/// What a server does with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Sends it back.
    Echo,
    /// Sends it to every connection, the sender's own as well.
    Broadcast,
}

/// A peer that serves WebSockets for ever.
pub struct Server {
    pub name: &'static str,
    pub serve: fn(TcpListener, Duty) -> !,
}

/// What most ratios are taken to.
pub const DEFAULT: &str = tokio_tungstenite::NAME;

/// The same machine below, and nothing of ours: the floor of our own layer.
pub const BARE: &str = mio::NAME;

pub const TUNED: &str = tokio_tungstenite::TUNED;
pub const FAST: &str = fastwebsockets::NAME;
pub const TOKIO_WEBSOCKETS: &str = tokio_websockets::NAME;

const SERVERS: &[Server] = &[
    #[cfg(feature = "ours")]
    Server { name: crate::floors::OURS, serve: ours::serve },
    Server { name: DEFAULT, serve: tokio_tungstenite::serve },
    Server { name: TUNED, serve: tokio_tungstenite::serve_tuned },
    Server { name: FAST, serve: fastwebsockets::serve },
    Server { name: TOKIO_WEBSOCKETS, serve: tokio_websockets::serve },
    Server { name: async_tungstenite::NAME, serve: async_tungstenite::serve },
    Server { name: BARE, serve: mio::serve },
    Server { name: node::NAME, serve: node::serve },
];

/// The servers that can run here. A smoke run goes without those from outside of cargo.
pub fn available(effort: Effort) -> impl Iterator<Item = &'static Server> {
    let has_node = effort != Effort::Smoke && node::is_here();
    SERVERS.iter().filter(move |server| has_node || server.name != node::NAME)
}

/// Connections that wait to be accepted: all of them at worst.
const BACKLOG: i32 = 8_192;

/// What the child process runs: says its address and serves.
pub fn child(name: &str, duty: &str) -> ! {
    let server = SERVERS.iter().find(|server| server.name == name).expect("the parent knows it");
    let duty = match duty {
        "echo" => Duty::Echo,
        "broadcast" => Duty::Broadcast,
        _ => panic!("a duty that no parent asks for: {duty:?}"),
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    rustix::net::listen(&listener, BACKLOG).expect("a listener may listen again");
    println!("{}", listener.local_addr().expect("a bound listener has an address"));
    (server.serve)(listener, duty)
}

impl Duty {
    pub fn name(self) -> &'static str {
        match self {
            Duty::Echo => "echo",
            Duty::Broadcast => "broadcast",
        }
    }
}

/// Starts a server, pinned like the thread that starts it, as an argument of `wrapper` if that is
/// not empty.
pub fn start(wrapper: &[String], name: &str, duty: Duty) -> (Child, SocketAddr) {
    let mut child = Child::start_under(wrapper, &["websocket", name, duty.name()]);
    let address = child.read_line().parse().expect("the child says its address");
    (child, address)
}
