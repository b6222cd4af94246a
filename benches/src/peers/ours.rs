//! glassloop, as its users get it: default limits, the free functions, nobody recording.
//!
//! Two rows beside it show what an option of its builder changes.

use std::net;
use std::thread;
use std::time::Duration;

use glassloop::net::{TcpListener, TcpStream};
use glassloop::{EventLoop, Precision, Refused, Remote};

use crate::floors::OURS;
use crate::peer::{Echo, Inbox, Joined, Offloads, READ_BYTES, Sender, Tasks};
use crate::tally;

pub struct Ours;

impl Tasks for Ours {
    const NAME: &'static str = OURS;

    fn block_on<T: 'static>(main: impl Future<Output = T> + 'static) -> T {
        glassloop::run(main).expect("the loop runs")
    }

    fn spawn(
        task: impl Future<Output = u64> + 'static,
    ) -> impl Future<Output = u64> + Unpin + 'static {
        Joined(glassloop::spawn(task))
    }

    fn detach(task: impl Future<Output = u64> + 'static) {
        drop(glassloop::spawn(task));
    }

    fn yield_now() -> impl Future<Output = ()> {
        glassloop::yield_now()
    }

    fn sleep(duration: Duration) -> impl Future + 'static {
        glassloop::sleep(duration)
    }
}

impl Offloads for Ours {
    const POOL: &'static str = OURS;

    fn offload(job: impl FnOnce() -> u64 + Send + 'static) -> impl Future<Output = u64> + 'static {
        Joined(glassloop::offload(job))
    }
}

/// As [`Ours`], with `Precision::Precise`.
pub struct Precise;

impl Tasks for Precise {
    const NAME: &'static str = "glassloop precise";

    fn block_on<T: 'static>(main: impl Future<Output = T> + 'static) -> T {
        let builder = EventLoop::builder().timeout_precision(Precision::Precise);
        let event_loop = builder.build().expect("glassloop starts");
        event_loop.block_on(main).expect("the loop runs")
    }

    fn spawn(
        task: impl Future<Output = u64> + 'static,
    ) -> impl Future<Output = u64> + Unpin + 'static {
        <Ours as Tasks>::spawn(task)
    }

    fn detach(task: impl Future<Output = u64> + 'static) {
        Ours::detach(task);
    }

    fn sleep(duration: Duration) -> impl Future + 'static {
        Ours::sleep(duration)
    }
}

impl Sender for Remote {
    /// Tries again when the loop says that enough calls wait; the peers' queues have no bound.
    fn send(&self, call: impl FnOnce() + Send + 'static) {
        let mut refused = self.defer(call);
        while let Err(Refused::Full(call)) = refused {
            thread::yield_now();
            refused = self.defer(call);
        }
        assert!(refused.is_ok(), "the loop outlives its producers");
    }
}

impl Inbox for Ours {
    const NAME: &'static str = OURS;

    type Sender = Remote;

    fn serve(start: impl FnOnce(Remote)) {
        let event_loop = EventLoop::new().expect("glassloop starts");
        start(event_loop.remote());
        event_loop.block_on(tally::filled()).expect("the loop runs");
    }
}

/// As [`Ours`], with `spin_us`.
pub struct Spinning;

/// Longer than a call is away.
const SPIN_US: u64 = 5_000;

impl Inbox for Spinning {
    const NAME: &'static str = "glassloop spinning";

    type Sender = Remote;

    fn serve(start: impl FnOnce(Remote)) {
        let event_loop = EventLoop::builder().spin_us(SPIN_US).build().expect("glassloop starts");
        start(event_loop.remote());
        event_loop.block_on(tally::filled()).expect("the loop runs");
    }
}

impl Echo for Ours {
    const NAME: &'static str = OURS;

    fn serve(listener: net::TcpListener) -> ! {
        glassloop::run(async {
            let listener = TcpListener::from_std(listener).expect("glassloop takes it");
            loop {
                let (stream, _) = listener.accept().await.expect("a connection comes");
                drop(glassloop::spawn(echo(stream)));
            }
        })
        .expect("the loop runs")
    }
}

/// One connection, until its end or its first error.
async fn echo(stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; READ_BYTES];
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            length => stream.write_all(&buffer[..length]).await?,
        }
    }
}
