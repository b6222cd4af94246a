//! TCP echo under inspection: what a message costs a server that is looked into, and more or less.
//!
//! 64 connections, as in `tcp-64`, and one client for all servers. A server without feature
//! `observe` is another build of this program: [`OTHER_BUILD`] says where, `inspection.sh` makes
//! it. Processor time and memory are those of the whole process, its inspector's thread included.

use std::path::Path;
use std::time::Duration;
use std::{env, thread};

use super::tcp::{DEPTHS, sample};
use super::{INSPECTION, Workload};
use crate::child::Child;
use crate::contest::{Contestant, Reading};
use crate::echo_client::EchoClient;
use crate::effort::Effort;
use crate::floors::{INSPECTED, NOT_RECORDED, OBSERVE_OFF, OURS, UNREAD};
use crate::inspection::{Inspected, Viewer};
use crate::machine::{Place, Processors, resident_bytes_of};
use crate::measure::{Measure, Unit};

/// The environment's name for a program of this workspace, built without feature `observe`.
const OTHER_BUILD: &str = "GLASSLOOP_BENCHES_OBSERVE_OFF";

const CONNECTIONS: usize = 64;

/// So many messages beforehand: more than fill the ring, which then costs no page for the first
/// time.
const WARM_UP: Duration = Duration::from_millis(200);

/// A loop is found, and recorded, within a tenth of a second.
const FOUND_IN: Duration = Duration::from_millis(500);

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
        let mut contestants = vec![
            echo(NOT_RECORDED, Child::start(&["echo", OURS]), time, processors),
            inspected(INSPECTED, effort, processors, |_| None),
            inspected(UNREAD, effort, processors, |server| Some(Viewer::attach(&server.door))),
        ];
        match env::var_os(OTHER_BUILD) {
            Some(program) => {
                let child = Child::start_of(Path::new(&program), &["echo", OURS]);
                contestants.insert(0, echo(OBSERVE_OFF, child, time, processors));
            }
            None => eprintln!("[inspected: {OBSERVE_OFF} takes no part; see inspection.sh]"),
        }
        contestants
    },
};

/// A server that nobody looks into.
fn echo(peer: &'static str, mut child: Child, time: Duration, at: Processors) -> Contestant {
    let address = child.read_line().parse().expect("the child says its address");
    let mut client = EchoClient::connect(address, CONNECTIONS);
    client.run(DEPTHS[1], WARM_UP);
    let before = resident_bytes_of(child.id());
    Contestant::new(peer, move || reading(&mut client, &child, before, time, at))
}

/// A server with an inspector that records, and whoever is attached to that.
fn inspected(
    peer: &'static str,
    effort: Effort,
    at: Processors,
    attach: fn(&Inspected) -> Option<Viewer>,
) -> Contestant {
    let time = effort.time(Duration::from_millis(400));
    let server = Inspected::start();
    let mut client = EchoClient::connect(server.address, CONNECTIONS);
    thread::sleep(FOUND_IN);
    let state = server.door.get("/state");
    assert!(state.contains(r#""on":true"#), "the loop is recorded: {state}");
    client.run(DEPTHS[1], WARM_UP);
    let before = resident_bytes_of(server.child.id());
    let viewer = attach(&server);
    Contestant::new(peer, move || {
        let unread = viewer.as_ref().map(Viewer::unread);
        let reading = reading(&mut client, &server.child, before, time, at);
        assert_eq!(viewer.as_ref().map(Viewer::unread), unread, "there was no room for a push");
        reading
    })
}

fn reading(
    client: &mut EchoClient,
    child: &Child,
    before: u64,
    time: Duration,
    processors: Processors,
) -> Reading {
    processors.pin(Place::Feeder);
    let mut reading: Reading =
        DEPTHS.iter().flat_map(|&depth| sample(client, child.id(), depth, time)).collect();
    processors.pin(Place::Loop);
    reading.push(resident_bytes_of(child.id()).saturating_sub(before) as f64);
    reading
}
