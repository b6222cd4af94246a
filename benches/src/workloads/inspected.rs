//! TCP echo under inspection: what a message costs a server that is looked into, and more or less.
//!
//! 64 connections, as in `tcp-64`, and one client for all servers. A server without feature
//! `observe` is another build of this program: [`OTHER_BUILD`] says where, `inspection.sh` makes
//! it. Processor time and memory are those of the whole process, its inspector's thread included.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;
use std::{env, thread};

use super::tcp::{DEPTHS, sample};
use super::{INSPECTION, Workload};
use crate::child::Child;
use crate::contest::{Contestant, Reading};
use crate::echo_client::EchoClient;
use crate::floors::{INSPECTED, NOT_RECORDED, OBSERVE_OFF, OURS, UNREAD};
use crate::inspection::{Inspected, Viewer};
use crate::machine::{Place, Processors, resident_bytes_of};
use crate::measure::{Measure, Unit};

/// The environment's name for a program of this workspace, built without feature `observe`.
const OTHER_BUILD: &str = "GLASSLOOP_BENCHES_OBSERVE_OFF";

const CONNECTIONS: usize = 64;

/// It is more than fills the ring, which then touches no page for the first time.
const WARM_UP: Duration = Duration::from_millis(200);

/// A loop is found, and recorded, within a tenth of a second.
const FOUND_IN: Duration = Duration::from_millis(500);

/// A viewer that has gone is let go of when the next push is due.
const SEEN_TO_GO: Duration = Duration::from_millis(100);

pub const WORKLOAD: Workload = Workload {
    name: "inspected",
    title: "TCP echo, 64 connections, inspected",
    measures: &[
        Measure { name: "depth 1: server's processor time a message", unit: Unit::Nanos },
        Measure { name: "depth 1: messages", unit: Unit::PerSecond },
        Measure { name: "depth 16: server's processor time a message", unit: Unit::Nanos },
        Measure { name: "depth 16: messages", unit: Unit::PerSecond },
        Measure { name: "resident memory it has grown by", unit: Unit::Bytes },
    ],
    rounds: 11,
    ratios_to: INSPECTION,
    enter: |effort, processors| {
        let time = effort.time(Duration::from_millis(400));
        let bare = |peer, child| echo(peer, Server::bare(child), time, processors);
        let mut contestants = vec![bare(NOT_RECORDED, Child::start(&["echo", OURS]))];
        contestants.extend(inspected(time, processors));
        match env::var_os(OTHER_BUILD) {
            Some(program) => {
                let child = Child::start_of(Path::new(&program), &["echo", OURS]);
                contestants.insert(0, bare(OBSERVE_OFF, child));
            }
            None => eprintln!("[inspected: {OBSERVE_OFF} takes no part; see inspection.sh]"),
        }
        contestants
    },
};

/// A server, and the client that asks it.
struct Server {
    child: Child,
    client: EchoClient,
    /// What was resident once it had echoed for a while.
    before: u64,
}

impl Server {
    fn new(child: Child, address: SocketAddr) -> Server {
        let mut client = EchoClient::connect(address, CONNECTIONS);
        thread::sleep(FOUND_IN);
        client.run(DEPTHS[1], WARM_UP);
        let before = resident_bytes_of(child.id());
        Server { child, client, before }
    }

    /// One that nobody looks into.
    fn bare(mut child: Child) -> Server {
        let address = child.read_line().parse().expect("the child says its address");
        Server::new(child, address)
    }

    fn sample(&mut self, time: Duration, processors: Processors) -> Reading {
        let Server { child, client, before } = self;
        processors.pin(Place::Feeder);
        let mut reading: Reading =
            DEPTHS.iter().flat_map(|&depth| sample(client, child.id(), depth, time)).collect();
        processors.pin(Place::Loop);
        reading.push(resident_bytes_of(child.id()).saturating_sub(*before) as f64);
        reading
    }
}

fn echo(peer: &'static str, mut server: Server, time: Duration, at: Processors) -> Contestant {
    Contestant::new(peer, move || server.sample(time, at))
}

/// One server with an inspector that records, by turns without and with a viewer: two processes
/// would differ by more than what that costs.
fn inspected(time: Duration, at: Processors) -> [Contestant; 2] {
    let Inspected { child, address, door } = Inspected::start();
    let mut server = Server::new(child, address);
    let state = door.get("/state");
    assert!(state.contains(r#""on":true"#), "the loop is recorded: {state}");
    // What the first look costs once is not what a viewer costs.
    server.before = resident_bytes_of(server.child.id());
    let server = Rc::new(RefCell::new(server));
    let watched = Rc::clone(&server);
    let alone = Contestant::new(INSPECTED, move || server.borrow_mut().sample(time, at));
    let with_viewer = Contestant::new(UNREAD, move || {
        let viewer = Viewer::attach(&door);
        let unread = viewer.unread();
        let reading = watched.borrow_mut().sample(time, at);
        assert_eq!(viewer.unread(), unread, "there was no room for a push");
        drop(viewer);
        thread::sleep(SEEN_TO_GO);
        reading
    });
    [alone, with_viewer]
}
