//! Loops under a script, and the server that scripts are played to.

#![cfg(test)]
#![allow(dead_code, reason = "each test file uses the part it needs")]

use std::{
    future::Future,
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use glassloop::{
    Clock, EventLoop, Limits, ManualClock, RunError, Script, Step,
    net::{TcpListener, TcpStream},
};

/// Where the server of a test listens.
pub(crate) fn address() -> SocketAddr {
    "10.0.0.1:7".parse().expect("it is an address")
}

/// The current loop's time.
pub(crate) fn now() -> Instant {
    let reactor = glassloop_reactor::Reactor::current().expect("a loop");
    reactor.clock().instant(reactor.read_clock())
}

/// A loop that plays a script, with a clock that jumps and room for so many bytes on their way.
pub(crate) fn scripted_loop(script: Script, pipe_bytes: usize) -> EventLoop {
    let clock = Clock::Manual(ManualClock::new().with_autojump());
    let mut limits = Limits::default();
    limits.reactor.memory_pipe_bytes_max = pipe_bytes;
    let builder = EventLoop::builder().clock(clock).limits(limits).script(script);
    builder.build().expect("it needs no descriptor")
}

/// Three peers that begin at the same moment, where the steps leave much to the seed.
pub(crate) fn three_peers(seed: u64) -> Script {
    let times = 20;
    let peer = |name: &str| {
        [
            Step::Noise { one_in: 4 },
            Step::ShortReads { bytes_max: 9 },
            Step::send_in_chunks(name.repeat(times), 30),
            Step::HalfClose,
            Step::ReadToEnd,
        ]
    };
    let script = Script::new(seed).connects(address(), peer("one"));
    script.connects(address(), peer("two")).connects(address(), peer("three"))
}

/// Plays a script to one future, whose end is the end of the loop.
pub(crate) fn play<T: 'static>(
    script: Script,
    future: impl Future<Output = T> + 'static,
) -> Result<T, RunError> {
    let event_loop = scripted_loop(script, 4_096);
    let ended = event_loop.block_on(future);
    epilogue(&event_loop);
    event_loop.close(Duration::ZERO);
    ended
}

/// A few turns in which peers answer what the program did last.
pub(crate) fn epilogue(event_loop: &EventLoop) {
    for _ in 0..4 {
        // With something to run no wait blocks.
        event_loop.call_soon(|| ()).expect("the loop is open");
        let events = event_loop.wait().expect("no turn is under way");
        event_loop.turn(events).expect("no turn is under way");
    }
}

/// Accepts a connection; a lack of descriptors is waited out.
pub(crate) async fn accept_patiently(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(_) => glassloop::sleep(Duration::from_millis(1)).await,
        }
    }
}

/// Sends back what comes, until the end; says how many bytes that were.
pub(crate) async fn echo(stream: TcpStream) -> io::Result<usize> {
    let (mut buffer, mut echoed) = ([0; 64], 0);
    loop {
        let came = stream.read(&mut buffer).await?;
        if came == 0 {
            return Ok(echoed);
        }
        stream.write_all(&buffer[..came]).await?;
        echoed += came;
    }
}

/// A server that echoes to so many connections, each in a task of its own. Says how each ended.
pub(crate) async fn echo_server(connections: usize) -> Vec<io::Result<usize>> {
    let listener = TcpListener::bind(address()).expect("nobody else listens there");
    let mut tasks = Vec::new();
    for _ in 0..connections {
        let (stream, _) = accept_patiently(&listener).await;
        tasks.push(glassloop::spawn(echo(stream)));
    }
    let mut ended = Vec::new();
    for task in tasks {
        ended.push(task.await.expect("an echo does not panic"));
    }
    ended
}
