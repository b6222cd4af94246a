//! A loop per process: as many worker processes as you like serve one port, each with one loop for
//! all of its life; a supervisor starts one again that dies, and ends all of them in peace.
//!
//! Each worker has a listener of its own on the port (`SO_REUSEPORT`), among which the kernel
//! shares out who connects. The supervisor holds them open: who waits in a line whose worker is
//! gone, or draining, is served by the next.
//!
//! SIGTERM drains a worker: it accepts nobody any more, answers what still comes on the connections
//! it has, says `Connection: close`, and ends. `ServerHandle::stop` says what HTTP/1.1 leaves open.
//! SIGKILL costs what the worker had accepted: each such connection ends without a further byte,
//! and what was asked on it may have had its effect or not.
//!
//! ```text
//! cargo run --example loop_per_process --features process,signal -- --workers 4
//! ```
//!
//! `--seconds N` ends it by itself; `--patience N` is how many seconds a worker drains at most, and
//! `--idle-ms N` how long it leaves an idle connection open meanwhile. Unix only.
#![allow(clippy::print_stdout)]

use std::{
    cell::Cell,
    env,
    error::Error,
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    os::fd::{AsFd, OwnedFd},
    path::{Path, PathBuf},
    process,
    rc::Rc,
    time::{Duration, Instant},
};

use glassloop::{
    CancelToken, EventLoop, net,
    process::{Child, Command},
    signal::{Signal, signals},
    sleep, spawn, timeout,
    ws::{self, Response, Server, ServerLimits},
};
use rustix::net::{
    AddressFamily, SocketFlags, SocketType, bind, listen, socket_with,
    sockopt::set_socket_reuseport,
};

/// How many seconds a worker waits for its connections to end, and then for what else it has begun.
const PATIENCE: u64 = 2;
/// Connections that wait to be accepted, a worker.
const LINE: i32 = 1_024;
/// A worker that dies at once is not started again at once.
const REST: Duration = Duration::from_millis(100);

fn main() -> Result<(), Box<dyn Error>> {
    if env::args().any(|argument| argument == "--worker") {
        return work();
    }
    let workers = number("--workers")?.unwrap_or(2).max(1);
    Ok(glassloop::run(supervise(workers, number("--seconds")?))??)
}

/// The number behind an argument, if that was given.
fn number(name: &str) -> Result<Option<u64>, String> {
    let Some(value) = env::args().skip_while(|argument| argument != name).nth(1) else {
        return Ok(None);
    };
    let number = value.parse().map_err(|_| format!("expected a number for {name}, came {value}"));
    number.map(Some)
}

fn patience() -> Result<Duration, String> {
    Ok(Duration::from_secs(number("--patience")?.unwrap_or(PATIENCE)))
}

/// The supervisor's loop: a task for each worker, until somebody asks it to end.
async fn supervise(workers: u64, seconds: Option<u64>) -> io::Result<()> {
    let ends = signals(&[Signal::Terminate, Signal::Interrupt])?;
    // Asked once: another file may lie in its place by the next start.
    let program = env::current_exe()?;
    let mut address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let mut listeners = Vec::new();
    for _ in 0..workers {
        let listener = share_of_port(address)?;
        address = listener.local_addr()?;
        listeners.push(listener);
    }
    println!("http://{address}/ is served by {workers} processes");
    let stop = CancelToken::new();
    let lives = Vec::from_iter(listeners.into_iter().enumerate().map(|(slot, listener)| {
        let life = keep_alive(slot, program.clone(), listener, stop.clone());
        spawn(life).named(format!("slot {slot}"))
    }));
    let asked = async { ends.recv().await.map(drop) };
    let mut outcome = match seconds {
        Some(seconds) => timeout(Duration::from_secs(seconds), asked).await.unwrap_or(Ok(())),
        None => asked.await,
    };
    stop.cancel();
    // Whatever has become of one, the others end in peace.
    for (slot, life) in lives.into_iter().enumerate() {
        if let Err(error) = life.await.unwrap_or_else(|panic| Err(io::Error::other(panic))) {
            println!("worker {slot} was lost: {error}");
            outcome = outcome.and(Err(error));
        }
    }
    println!("all workers have ended");
    outcome
}

/// A listener of its own on a port that others have, too.
fn share_of_port(address: SocketAddr) -> io::Result<TcpListener> {
    let kind = SocketType::STREAM;
    let socket = socket_with(AddressFamily::INET, kind, SocketFlags::CLOEXEC, None)?;
    set_socket_reuseport(&socket, true)?;
    bind(&socket, &address)?;
    listen(&socket, LINE)?;
    Ok(socket.into())
}

/// Starts a worker, and another whenever one has ended, until the stop; then ends the last.
async fn keep_alive(
    slot: usize,
    program: PathBuf,
    listener: TcpListener,
    stop: CancelToken,
) -> io::Result<()> {
    while !stop.is_cancelled() {
        let begun = Instant::now();
        match start(&program, &listener) {
            Ok(mut worker) => {
                println!("worker {slot} is {}", worker.id());
                let Some(ended) = stop.run_until_cancelled(worker.wait()).await else {
                    // It is patient twice; who is not through by then hangs.
                    worker.end(3 * patience().map_err(io::Error::other)?).await?;
                    return Ok(());
                };
                println!("worker {slot} has ended: {}", ended?);
            }
            Err(error) => println!("worker {slot} could not be started: {error}"),
        }
        if begun.elapsed() < REST {
            stop.run_until_cancelled(sleep(REST)).await;
        }
    }
    Ok(())
}

/// A worker is this program, with the same arguments and one more, and a listener as its standard
/// input; in a group of its own: Ctrl-C is for the supervisor.
fn start(program: &Path, listener: &TcpListener) -> io::Result<Child> {
    let mut command = Command::new(program);
    command.args(env::args().skip(1)).arg("--worker");
    command.stdin(OwnedFd::from(listener.try_clone()?));
    command.own_group().kill_on_drop(true).spawn()
}

/// A worker's life: one loop, from its start to its drain.
fn work() -> Result<(), Box<dyn Error>> {
    let event_loop = EventLoop::new()?;
    event_loop.block_on(serve())??;
    let report = event_loop.close(patience()?);
    println!("worker {}: {report}", process::id());
    Ok(())
}

/// Serves what is its share, until it is asked to end.
async fn serve() -> Result<(), Box<dyn Error>> {
    let ends = signals(&[Signal::Terminate])?;
    let listener = TcpListener::from(io::stdin().as_fd().try_clone_to_owned()?);
    let letters = Rc::new(Cell::new(0));
    let server = pages(&letters).limits(limits()?);
    let server = ws::serve(server, [net::TcpListener::from_std(listener)?])?;
    println!("worker {} serves", process::id());
    let asked = ends.recv().await;
    // Who comes from here on waits for the next worker; who has come in is answered.
    let report = server.stop(patience()?).await;
    let (missed, letters) = (server.counts().missed, letters.get());
    println!("worker {}: {report}; missed: {missed}; letters sent: {letters}", process::id());
    asked?;
    Ok(())
}

/// How long who is idle may stay. Who crosses its end is heard as long as the worker is patient.
fn limits() -> Result<ServerLimits, Box<dyn Error>> {
    let mut limits = ServerLimits::default();
    limits.linger_ms_max = patience()?.as_millis().try_into()?;
    limits.stop_idle_ms_max = number("--idle-ms")?.unwrap_or(limits.stop_idle_ms_max);
    Ok(limits)
}

/// What there is to see: who has answered.
fn pages(letters: &Rc<Cell<u32>>) -> Server {
    let letters = Rc::clone(letters);
    Server::new().get("/", move |_| {
        // What the answer doesn't wait for is done all the same: the loop lives on.
        let sent = Rc::clone(&letters);
        let letter = async move {
            sleep(Duration::from_millis(20)).await;
            sent.set(sent.get() + 1);
        };
        spawn(letter).named("letter").detach();
        Response::text(format!("this is {}\n", process::id()))
    })
}
