//! Ten slow requests at once: on one loop, on ten threads, and on a loop that one of them blocks.
//!
//! A request that waits needs no thread. Ten tasks on one loop take the time of one request, as ten
//! threads do; but a single request that blocks has all the others wait for it.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use glassloop::{gather, net, offload, try_gather};

use crate::Shown;

pub(crate) const NAME: &str = "ten slow requests at once";
pub(crate) const ELSEWHERE: &str = "the same, everywhere; asyncio with `requests` in place of a \
    library for asyncio is the usual way to it";

/// How long the server takes for each.
const SLOW: Duration = Duration::from_millis(200);

/// A server that lets each who asks wait.
fn serve(listener: TcpListener) {
    for stream in listener.incoming().map_while(Result::ok) {
        thread::spawn(move || answer(stream));
    }
}

fn answer(mut stream: TcpStream) -> io::Result<()> {
    let mut question = [0; 8];
    while stream.read(&mut question)? > 0 {
        thread::sleep(SLOW);
        stream.write_all(b"answered")?;
    }
    Ok(())
}

/// A request that blocks its thread.
pub(crate) fn ask_blocking(server: SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::connect(server)?;
    stream.write_all(b"question")?;
    stream.read_exact(&mut [0; 8])
}

/// A request that waits on the loop.
pub(crate) async fn ask(server: SocketAddr) -> io::Result<()> {
    let stream = net::TcpStream::connect(server).await?;
    stream.write_all(b"question").await?;
    stream.read_exact(&mut [0; 8]).await
}

/// How many times as long as one request something took.
fn print(what: &str, begun: Instant) {
    let requests = begun.elapsed().as_secs_f64() / SLOW.as_secs_f64();
    println!("{what:<44} the time of {requests:.0} request(s)");
}

pub(crate) fn show() -> Shown {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let server = listener.local_addr()?;
    thread::spawn(move || serve(listener));

    let begun = Instant::now();
    glassloop::run(try_gather((0..10).map(move |_| ask(server))))??;
    print("ten tasks on one loop:", begun);

    let begun = Instant::now();
    let threads: Vec<_> = (0..10).map(|_| thread::spawn(move || ask_blocking(server))).collect();
    for thread in threads {
        thread.join().expect("it doesn't panic")?;
    }
    print("ten threads:", begun);

    let begun = Instant::now();
    glassloop::run(try_gather((0..10).map(move |number| async move {
        // One of them knows only the blocking way, and has the thread for so long.
        if number == 0 { ask_blocking(server) } else { ask(server).await }
    })))??;
    print("nine tasks, and one that blocks the loop:", begun);

    let begun = Instant::now();
    glassloop::run(async move {
        let jobs = (0..10).map(move |_| offload(move || ask_blocking(server)));
        gather(jobs).await
    })?;
    print("ten that block, offloaded:", begun);
    Ok(())
}

// ten tasks on one loop:                       the time of 1 request(s)
// ten threads:                                 the time of 1 request(s)
// nine tasks, and one that blocks the loop:    the time of 2 request(s)
// ten that block, offloaded:                   the time of 1 request(s)
