//! What does a loop do while nothing is to be done? Nothing, in each of the shapes in which it
//! lives in its host: no wait returns, no tick and no pump is asked for. `tools/idle.sh` has the
//! kernel say the same.
//!
//! cargo run --release --example idle -- 10
#![allow(clippy::print_stdout)]

use std::{error::Error, rc::Rc, sync::mpsc, thread, time::Duration};

use glassloop::{
    EventLoop, Guest, LoopThread, Remote, RunError, call_later, mio, net, sleep, spawn,
};

type Outcome = Result<u64, Box<dyn Error>>;

/// For what ends the idleness.
const PATIENCE: Duration = Duration::from_secs(10);

/// A loop with all that may keep it awake: a socket that is silent, a timer and a task that wait.
fn furnished() -> std::io::Result<EventLoop> {
    let event_loop = EventLoop::new()?;
    event_loop.enter(|| {
        let listener = net::TcpListener::bind(([127, 0, 0, 1], 0).into())?;
        spawn(async move { listener.accept().await.map(drop) }).detach();
        let hour = Duration::from_secs(3600);
        spawn(sleep(hour)).detach();
        call_later(hour, || ()).map(drop).map_err(|_| std::io::Error::other("no room"))
    })?;
    Ok(event_loop)
}

/// Marks the time of idleness in the output, and then has the loop do something.
fn end_later<F>(shape: &'static str, idle: Duration, remote: Remote, done: F)
where
    F: FnOnce() + Send + 'static,
{
    thread::spawn(move || {
        // Whatever was begun has come to rest.
        thread::sleep(Duration::from_millis(100));
        println!("{shape}: idle begins");
        thread::sleep(idle);
        println!("{shape}: idle ends");
        remote.defer(done).ok();
    });
}

fn main() -> Result<(), Box<dyn Error>> {
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    let seconds = std::env::args().nth(1).map_or(Ok(0.2), |text| text.parse())?;
    let idle = Duration::from_secs_f64(seconds);
    on_a_thread(idle)?;
    println!("pump: served {} time(s)", pumped(idle)?);
    #[cfg(unix)]
    println!("descriptor: served {} time(s)", by_descriptor(idle)?);
    println!("guest: served {} time(s)", as_guest(idle)?);
    Ok(())
}

fn on_a_thread(idle: Duration) -> Result<(), Box<dyn Error>> {
    let mut network = LoopThread::start_with("network", furnished)?;
    let (done, end) = mpsc::channel();
    end_later("thread", idle, network.remote().clone(), move || _ = done.send(()));
    end.recv()?;
    network.join(PATIENCE)?;
    Ok(())
}

/// Turns, until there is nothing to do at the moment.
fn serve(event_loop: &EventLoop) -> Result<(), RunError> {
    while event_loop.pump(Duration::ZERO)?.more {}
    Ok(())
}

/// The host waits for whatever calls it, as a GUI does.
fn pumped(idle: Duration) -> Outcome {
    let event_loop = furnished()?;
    let (call, called) = mpsc::channel();
    event_loop.on_wake(move || _ = call.send(()));
    serve(&event_loop)?;
    while called.try_recv().is_ok() {}
    let (done, end) = mpsc::channel();
    end_later("pump", idle, event_loop.remote(), move || _ = done.send(()));
    let mut served = 0;
    while end.try_recv().is_err() {
        called.recv_timeout(event_loop.timeout().unwrap_or(PATIENCE))?;
        serve(&event_loop)?;
        served += 1;
    }
    Ok(served)
}

#[cfg(unix)]
fn by_descriptor(idle: Duration) -> Outcome {
    let (event_loop, mut host) = (furnished()?, mio::Poll::new()?);
    let descriptor = std::os::fd::AsRawFd::as_raw_fd(&event_loop.descriptor()?);
    let readable = mio::Interest::READABLE;
    host.registry().register(&mut mio::unix::SourceFd(&descriptor), mio::Token(0), readable)?;
    let mut events = mio::Events::with_capacity(8);
    serve(&event_loop)?;
    host.poll(&mut events, Some(Duration::ZERO))?; // what the furnishing has told
    serve(&event_loop)?;
    let (done, end) = mpsc::channel();
    end_later("descriptor", idle, event_loop.remote(), move || _ = done.send(()));
    let mut served = 0;
    while end.try_recv().is_err() {
        host.poll(&mut events, event_loop.timeout())?;
        serve(&event_loop)?;
        served += 1;
    }
    Ok(served)
}

fn as_guest(idle: Duration) -> Outcome {
    let event_loop = Rc::new(furnished()?);
    let (post, ticks) = mpsc::channel();
    let guest = Guest::start(&event_loop, move |tick| _ = post.send(tick), |_| ())?;
    ticks.recv()?.run(PATIENCE); // what the furnishing has left
    let (done, end) = mpsc::channel();
    end_later("guest", idle, event_loop.remote(), move || _ = done.send(()));
    let mut served = 0;
    while end.try_recv().is_err() {
        ticks.recv()?.run(Duration::ZERO);
        served += 1;
    }
    guest.end();
    Ok(served)
}
