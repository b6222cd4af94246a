//! The five actions: what the loop does at once. Each is a task under a name of its own.
//!
//! Each goes on until it is asked to end, and then ends at the next step it takes. None of them
//! knows that it is watched.

use std::{
    cell::RefCell,
    error::Error,
    future::Future,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use glassloop::{
    CancelToken, Remote, interval,
    net::{self, TcpListener, TcpStream},
    sleep, spawn, ws,
};

/// Their names, as the account shows them.
pub(crate) const NAMES: [&str; 5] = ["ticker", "tcp", "ws", "blocking", "deferred"];

/// The pause between two steps of an action.
const PAUSE: Duration = Duration::from_millis(10);
/// What keeps the worker busy: some ten milliseconds.
const PRIMES_BELOW: usize = 2_000_000;

type Outcome = Result<(), Box<dyn Error>>;

/// Spawns all five on the current loop.
pub(crate) fn begin_all(server: SocketAddr, worker: Remote, ending: &CancelToken) {
    begin("ticker", ticker(ending.clone()));
    begin("tcp", tcp(ending.clone()));
    begin("ws", web_socket(server, ending.clone()));
    begin("blocking", blocking(worker, ending.clone()));
    begin("deferred", deferred());
}

/// Spawns a task that tells the log if it fails.
#[track_caller]
fn begin(name: &'static str, action: impl Future<Output = Outcome> + 'static) {
    let told = async move {
        if let Err(error) = action.await {
            log::error!("{name}: {error}");
        }
    };
    spawn(told).named(name).detach();
}

/// A timer: a tick every pause.
async fn ticker(ending: CancelToken) -> Outcome {
    let mut ticks = interval(PAUSE);
    while !ending.is_cancelled() {
        ticks.tick().await;
    }
    Ok(())
}

/// A pair of TCP streams: one end sends, the other sends it back.
async fn tcp(ending: CancelToken) -> Outcome {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let address = listener.local_addr()?;
    begin("tcp far end", far_end(listener));
    let stream = TcpStream::connect(address).await?;
    let (sent, mut came) = ([7; 64], [0; 64]);
    while !ending.is_cancelled() {
        stream.write_all(&sent).await?;
        stream.read_exact(&mut came).await?;
        assert_eq!(sent, came, "what comes back is what was sent");
        sleep(PAUSE).await;
    }
    Ok(())
}

async fn far_end(listener: TcpListener) -> Outcome {
    let (stream, _) = listener.accept().await?;
    let mut bytes = [0; 64];
    loop {
        match stream.read(&mut bytes).await? {
            0 => return Ok(()),
            came => stream.write_all(&bytes[..came]).await?,
        }
    }
}

/// A WebSocket client of the tour's own server.
async fn web_socket(server: SocketAddr, ending: CancelToken) -> Outcome {
    let socket = ws::connect(&format!("ws://{server}/")).await?;
    let messages = [ws::Message::from("a text"), ws::Message::from(&b"and bytes"[..])];
    for message in messages.iter().cycle().take_while(|_| !ending.is_cancelled()) {
        socket.send(message.clone()).await?;
        let came = socket.recv().await?;
        assert_eq!(came.as_ref(), Some(message), "the server echoes");
        sleep(PAUSE).await;
    }
    socket.close(ws::code::NORMAL, "the tour is over")?;
    log::debug!("ws: {}", socket.closed().await);
    Ok(())
}

/// Work that blocks, done by a thread that may; its result comes back as that of a call.
async fn blocking(worker: Remote, ending: CancelToken) -> Outcome {
    while !ending.is_cancelled() {
        let primes = worker.call(|| primes_below(PRIMES_BELOW)).await?;
        log::debug!("blocking: {primes} primes are below {PRIMES_BELOW}");
        sleep(PAUSE).await;
    }
    Ok(())
}

fn primes_below(end: usize) -> usize {
    let mut composite = vec![false; end];
    let mut primes = 0;
    for n in 2..end {
        if !composite[n] {
            primes += 1;
            (n * n..end).step_by(n).for_each(|multiple| composite[multiple] = true);
        }
    }
    primes
}

thread_local! {
    /// What calls of the main thread find on the loop's thread: the way to `deferred`.
    static INLET: RefCell<Option<TcpStream>> = const { RefCell::new(None) };
}

/// Takes what the calls of the main thread bring, through a stream in memory, until its end.
async fn deferred() -> Outcome {
    let (inlet, outlet) = net::duplex()?;
    INLET.set(Some(inlet));
    let mut letter = [0; 64];
    while outlet.read(&mut letter).await? > 0 {}
    Ok(())
}

/// The call that the main thread leaves again and again. It runs on the loop's thread.
pub(crate) fn deliver() {
    INLET.with_borrow(|inlet| {
        if let Some(Err(error)) = inlet.as_ref().map(|inlet| inlet.try_write(b"a letter")) {
            log::debug!("deferred: {error}");
        }
    });
}

/// The last call: there is no more to come.
pub(crate) fn end_deliveries() {
    drop(INLET.take());
}
