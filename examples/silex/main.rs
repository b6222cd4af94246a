//! The Silex scene: a loop on a second thread of a program that draws, with Socket.IO over three
//! namespaces, and several actions at once. They call into the program's main thread, give away
//! what blocks, and tell a service how far they are. One of them holds the loop for so long that
//! the service gives the connection up: the log names it, the connection comes back, and what the
//! actions have to tell arrives.
//!
//! `docs/silex.md` tells the scene. It has a service of its own, or is told of another: one on node
//! is started by `tools/silex.sh`.
//!
//! ```text
//! cargo run --example silex --features socketio
//! cargo run --example silex --features socketio -- --service ws://127.0.0.1:5118
//! ```
#![allow(clippy::print_stdout)]

mod actions;
mod host;
mod network;
mod service;

use std::{env, error::Error, time::Duration};

use glassloop::{EventLoop, LoopThread};

/// How long the host may wait for the loop's end.
const PATIENCE: Duration = Duration::from_secs(30);

fn main() -> Result<(), Box<dyn Error>> {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("warn")).init();
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    let named = env::args().skip_while(|argument| argument != "--service").nth(1);
    let (own, service) = match named {
        Some(service) => (None, service),
        None => service::start().map(|(thread, address)| (Some(thread), address))?,
    };

    // The host goes on drawing all the while.
    let (host, calls) = host::Host::start();
    let debug = || EventLoop::builder().debug(true).build();
    let mut silex = LoopThread::start_with("silex", debug)?;
    let mut scene = silex.spawn(move || network::scene(service, calls));
    while !scene.is_resolved() {
        host.draw_a_frame();
    }
    let report = scene.wait(PATIENCE)?.map_err(|error| error.to_string())?;
    println!("drawn meanwhile: {} frames, the longest wait {:?}", host.frames(), host.longest());
    println!("left on the thread: {}", silex.join(PATIENCE)?);
    if let Some(mut own) = own {
        own.join(PATIENCE)?;
    }
    for line in &report {
        println!("{line}");
    }
    let is_good = report.iter().all(|line| line.is_good);
    if is_good { Ok(()) } else { Err("an action was not told of as it went".into()) }
}
