//! A probe: one echo server under an instrument, asked for an exact number of messages.
//!
//! The instrument (valgrind, strace, perf) is a program that takes ours as its arguments. It says
//! what it has to say; this only starts it, plays, and ends it.

use super::client::{Client, Stop};
use super::frames::Frames;
use super::server::{Duty, start};

/// The first argument, before the rest.
pub const ROLE: &str = "probe";

pub const USAGE: &str = "\
usage: probe PEER CONNECTIONS DEPTH BYTES MESSAGES [INSTRUMENT [ARGUMENT..]]";

/// Runs the arguments behind [`ROLE`]. `None` if they make no sense.
pub fn run(arguments: &[String]) -> Option<()> {
    let [peer, connections, depth, bytes, messages, instrument @ ..] = arguments else {
        return None;
    };
    let (connections, depth) = (connections.parse().ok()?, depth.parse().ok()?);
    let (bytes, messages) = (bytes.parse().ok()?, messages.parse().ok()?);
    let (mut child, address) = start(instrument, peer, Duty::Echo);
    let played = Client::connect(address, connections).echo(
        &Frames::new(bytes, depth + 1),
        depth,
        Stop::Count(messages),
    );
    assert_eq!(played.messages, messages, "each message is answered once");
    child.terminate();
    Some(())
}
