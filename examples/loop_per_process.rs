//! A loop per process: as many worker processes as you like serve one port, each with one loop for
//! all of its life; a supervisor starts one again that dies, and ends all of them in peace.
//!
//! Each worker has a listener of its own on the port (`SO_REUSEPORT`), among which the kernel
//! shares out who connects. The supervisor holds them open: who waits in a line whose worker is
//! gone is served by the next. SIGTERM drains: a worker accepts nobody any more, answers those it
//! has accepted, and ends; its report says what of its work was left.
//!
//! ```text
//! cargo run --example loop_per_process --features process,signal -- --workers 4
//! ```
//!
//! `--seconds N` ends it by itself. Unix only.
#![allow(clippy::print_stdout)]

use std::{
    cell::Cell,
    env,
    error::Error,
    io, net,
    os::fd::OwnedFd,
    path::Path,
    process,
    rc::Rc,
    time::{Duration, Instant},
};

use glassloop::{
    CancelToken, EventLoop,
    net::TcpListener,
    process::{Child, Command},
    signal::{Signal, signals},
    sleep, spawn, timeout,
    ws::{self, Response, Server},
};
use rustix::{
    fd::AsFd,
    net::{AddressFamily, SocketFlags, SocketType, bind, listen, socket_with, sockopt},
};

/// How long who has come is waited for, and then who doesn't go.
const PATIENCE: Duration = Duration::from_secs(2);
/// Connections that wait to be accepted, a worker.
const LINE: i32 = 1_024;
/// A worker that dies at once is not started again at once.
const REST: Duration = Duration::from_millis(100);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let value = |name: &str| {
        let place = arguments.iter().position(|argument| argument == name);
        place.and_then(|place| arguments.get(place + 1)?.parse::<u64>().ok())
    };
    if arguments.iter().any(|argument| argument == "--worker") {
        return work();
    }
    let workers = value("--workers").unwrap_or(2).max(1);
    Ok(glassloop::run(supervise(workers, value("--seconds")))??)
}

/// The supervisor's loop: a task for each worker, until somebody asks it to end.
async fn supervise(workers: u64, seconds: Option<u64>) -> io::Result<()> {
    let mut address = net::SocketAddrV4::new(net::Ipv4Addr::LOCALHOST, 0);
    let (ends, stop) = (signals(&[Signal::Terminate, Signal::Interrupt])?, CancelToken::new());
    let mut lives = Vec::new();
    for slot in 0..workers {
        let listener = share_of_port(address)?;
        if let net::SocketAddr::V4(bound) = listener.local_addr()? {
            address = bound;
        }
        lives.push(spawn(keep_alive(slot, listener, stop.clone())).named(format!("slot {slot}")));
    }
    println!("http://{address}/ is served by {workers} processes");
    match seconds {
        Some(seconds) => drop(timeout(Duration::from_secs(seconds), ends.recv()).await),
        None => drop(ends.recv().await?),
    }
    stop.cancel();
    for life in lives {
        life.await.expect("nobody aborts it")?;
    }
    println!("all workers have ended");
    Ok(())
}

/// A listener of its own on a port that others have, too.
fn share_of_port(address: net::SocketAddrV4) -> io::Result<net::TcpListener> {
    let (family, kind) = (AddressFamily::INET, SocketType::STREAM);
    let socket = socket_with(family, kind, SocketFlags::CLOEXEC, None)?;
    sockopt::set_socket_reuseport(socket.as_fd(), true)?;
    bind(socket.as_fd(), &address)?;
    listen(socket.as_fd(), LINE)?;
    Ok(socket.into())
}

/// Starts a worker, and another whenever one has ended, until the stop; then ends the last.
async fn keep_alive(slot: u64, listener: net::TcpListener, stop: CancelToken) -> io::Result<()> {
    // Asked once: another file may lie in its place by the next start.
    let program = env::current_exe()?;
    loop {
        let begun = Instant::now();
        let mut worker = match start(&program, &listener) {
            Ok(worker) => worker,
            Err(error) => {
                println!("worker {slot} could not be started: {error}");
                match stop.run_until_cancelled(sleep(REST)).await {
                    Some(()) => continue,
                    None => return Ok(()),
                }
            }
        };
        println!("worker {slot} is {}", worker.id());
        let Some(ended) = stop.run_until_cancelled(worker.wait()).await else {
            // A worker is patient three times.
            worker.end(4 * PATIENCE).await?;
            return Ok(());
        };
        println!("worker {slot} has ended: {}", ended?);
        if begun.elapsed() < REST && stop.run_until_cancelled(sleep(REST)).await.is_none() {
            return Ok(());
        }
    }
}

/// A worker is this program, with a listener as its standard input, in a group of its own: Ctrl-C
/// is for the supervisor.
fn start(program: &Path, listener: &net::TcpListener) -> io::Result<Child> {
    let mut command = Command::new(program);
    command.arg("--worker").stdin(OwnedFd::from(listener.try_clone()?));
    command.own_group().kill_on_drop(true).spawn()
}

/// A worker's life: one loop, from its start to its drain.
fn work() -> Result<(), Box<dyn Error>> {
    let event_loop = EventLoop::new()?;
    event_loop.block_on(serve())??;
    let report = event_loop.close(PATIENCE);
    println!("worker {}: {report}", process::id());
    Ok(())
}

/// Serves what is its share, until it is asked to end.
async fn serve() -> Result<(), Box<dyn Error>> {
    let ends = signals(&[Signal::Terminate])?;
    let listener = net::TcpListener::from(io::stdin().as_fd().try_clone_to_owned()?);
    let listener = TcpListener::from_std(listener)?;
    let letters = Rc::new(Cell::new(0));
    let sent = Rc::clone(&letters);
    let pages = Server::new().get("/", move |_| {
        // What the answer doesn't wait for is done all the same: the loop lives on.
        let sent = Rc::clone(&sent);
        let letter = async move {
            sleep(Duration::from_millis(20)).await;
            sent.set(sent.get() + 1);
        };
        spawn(letter).named("letter").detach();
        Response::text(format!("this is {}\n", process::id()))
    });
    let server = Rc::new(ws::serve(pages, [])?);
    let door = Rc::clone(&server);
    let door = spawn(async move {
        loop {
            match listener.accept().await {
                Ok((stream, _from)) => door.admit(stream),
                Err(error) => {
                    println!("worker {}: {error}", process::id());
                    sleep(REST).await;
                }
            }
        }
    });
    ends.recv().await?;
    // Who comes from here on waits for the next worker; who has come in is answered.
    door.abort();
    drop(door.await);
    let empty = async {
        while server.connections() > 0 {
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(PATIENCE, empty).await.ok();
    let report = server.stop(PATIENCE).await;
    println!("worker {}: {report}; letters sent: {}", process::id(), letters.get());
    Ok(())
}
