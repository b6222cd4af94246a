//! node with its package `ws`: what most WebSocket servers of the world are.
//!
//! The program is `node/server.mjs`. Without node or the package, and no way to get it, the peer
//! says so and stays away.

use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::websocket::server::Duty;

pub const NAME: &str = "node ws";

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/node");

/// True if node can run the server. Fetches the package once, where npm can.
pub fn is_here() -> bool {
    static IS_HERE: OnceLock<bool> = OnceLock::new();
    *IS_HERE.get_or_init(|| {
        let missing = if !runs(Command::new("node").arg("--version")) {
            "no node"
        } else if !Path::new(FOLDER).join("node_modules/ws").is_dir()
            && !runs(
                Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(FOLDER),
            )
        {
            "no package ws, and npm can't get it"
        } else {
            return true;
        };
        eprintln!("[{NAME} stays away: {missing}]");
        false
    })
}

fn runs(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// Becomes node, which finds the listener as its standard input.
pub fn serve(listener: TcpListener, duty: Duty) -> ! {
    let error = Command::new("node")
        .args([&format!("{FOLDER}/server.mjs"), duty.name()])
        .stdin(OwnedFd::from(listener))
        .exec();
    panic!("node was there a moment ago: {error}")
}
