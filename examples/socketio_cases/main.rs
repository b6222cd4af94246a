//! What a client of Socket.IO does with a real server, a case at a time: `tools/socketio.sh` has
//! one of node and one of Python.
//!
//! Prints a line a case, with what the server does differently from the other one, and
//! `N passed, M failed`; its exit status says the same.
//!
//! ```text
//! cargo run --release --features socketio --example socketio_cases -- node http://127.0.0.1:3000
//! ```
#![allow(clippy::print_stdout)]

mod answers;
mod binary;
mod entering;
mod leaving;
mod member;
mod returning;
mod traffic;
mod values;

use std::{env, error::Error, future::Future, pin::Pin, process::ExitCode, time::Duration};

use glassloop::timeout;
use member::{Kind, Outcome, Peer};

/// The longest case waits for a server that hangs.
const DEADLINE: Duration = Duration::from_secs(20);

/// A case: its name, and what runs it.
type Case = (&'static str, fn(Peer) -> Pin<Box<dyn Future<Output = Outcome>>>);

fn main() -> Result<ExitCode, Box<dyn Error>> {
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    env_logger::init();
    const USAGE: &str = "expected node or python, an address and maybe a part of a case's name";
    let mut arguments = env::args().skip(1);
    let kind = match arguments.next().as_deref() {
        Some("node") => Kind::Node,
        Some("python") => Kind::Python,
        _ => return Err(USAGE.into()),
    };
    let peer = Peer::new(kind, &arguments.next().ok_or(USAGE)?);
    let part = arguments.next().unwrap_or_default();
    let failed = glassloop::run(async move {
        let (mut passed, mut failed) = (0, 0);
        for (name, run) in cases().filter(|(name, _)| name.contains(&part)) {
            let outcome = timeout(DEADLINE, run(peer.clone())).await;
            let outcome = outcome.unwrap_or_else(|_| Err("expected an end, came none".into()));
            match outcome {
                Ok(None) => println!("passed  {name}"),
                Ok(Some(difference)) => println!("passed  {name} ({kind}: {difference})"),
                Err(ref error) => println!("FAILED  {name}: {error}"),
            }
            match outcome {
                Ok(_) => passed += 1,
                Err(_) => failed += 1,
            }
        }
        println!("{passed} passed, {failed} failed");
        failed
    })?;
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn cases() -> impl Iterator<Item = Case> {
    let groups = [
        entering::CASES,
        values::CASES,
        binary::CASES,
        answers::CASES,
        leaving::CASES,
        returning::CASES,
        traffic::CASES,
    ];
    groups.into_iter().flatten().copied()
}

/// A case of a function: `case!("its name", function)`.
macro_rules! case {
    ($name:literal, $run:ident) => {
        ($name, |peer| Box::pin($run(peer)))
    };
}
use case;
