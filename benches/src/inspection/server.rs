//! `Inspected`: an echo server with an inspector, alone in its process.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process;

use glassloop_inspector::Builder;

use super::Door;
use crate::child::Child;
use crate::peer::Echo;
use crate::peers::ours::Ours;
use crate::workloads::tcp::listen;

/// The child process, as its parent sees it.
pub struct Inspected {
    pub child: Child,
    pub address: SocketAddr,
    pub door: Door,
}

impl Inspected {
    pub fn start() -> Inspected {
        let mut child = Child::start(&["inspected"]);
        let door = Door::at(&child.read_line());
        let address = child.read_line().parse().expect("the child says its address");
        Inspected { child, address, door }
    }
}

/// What the child process runs: says where it can be looked into, and its port, and serves.
pub fn child() -> ! {
    let folder = folder();
    let inspector = Builder::new().folder(&folder).start().expect("the inspector starts");
    println!("{}", inspector.url());
    // Who asks was told, and whoever ends this process does so without asking it.
    fs::remove_file(inspector.file()).expect("the inspector wrote its file");
    fs::remove_dir(&folder).expect("nothing else is in its folder");
    <Ours as Echo>::serve(listen())
}

pub fn folder() -> PathBuf {
    std::env::temp_dir().join(format!("glassloop-benches-{}", process::id()))
}
