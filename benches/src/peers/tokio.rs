//! tokio on its current-thread runtime: plain `tokio::spawn`, and tasks of a `LocalSet`.

use std::net::TcpListener;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio::task::LocalSet;

use crate::floors::SPAWN_BLOCKING;
use crate::peer::{Call, Echo, Inbox, Joined, Offloads, READ_BYTES, Sender, Tasks};
use crate::raw::CurrentThread;
use crate::tally;

pub fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("tokio starts")
}

/// `Runtime::block_on` and `tokio::spawn`: what the ratios are taken to.
pub struct Tokio;

impl Tasks for Tokio {
    const NAME: &'static str = "tokio";

    fn block_on<T: 'static>(main: impl Future<Output = T> + 'static) -> T {
        runtime().block_on(main)
    }

    fn spawn(
        task: impl Future<Output = u64> + 'static,
    ) -> impl Future<Output = u64> + Unpin + 'static {
        Joined(tokio::spawn(CurrentThread::new(task)))
    }

    fn detach(task: impl Future<Output = u64> + 'static) {
        drop(tokio::spawn(CurrentThread::new(task)));
    }

    fn yield_now() -> impl Future<Output = ()> {
        tokio::task::yield_now()
    }

    fn sleep(duration: Duration) -> impl Future + 'static {
        tokio::time::sleep(duration)
    }

    /// A task's 129th sleep in one poll would not be armed, but told to come back later.
    fn unlimited<F: Future<Output = u64> + 'static>(
        task: F,
    ) -> impl Future<Output = u64> + 'static {
        tokio::task::unconstrained(task)
    }
}

impl Offloads for Tokio {
    const POOL: &'static str = SPAWN_BLOCKING;

    fn offload(job: impl FnOnce() -> u64 + Send + 'static) -> impl Future<Output = u64> + 'static {
        Joined(tokio::task::spawn_blocking(job))
    }
}

/// `LocalSet::block_on` and `spawn_local`.
pub struct TokioLocalSet;

impl Tasks for TokioLocalSet {
    const NAME: &'static str = "tokio LocalSet";

    fn block_on<T: 'static>(main: impl Future<Output = T> + 'static) -> T {
        LocalSet::new().block_on(&runtime(), main)
    }

    fn spawn(
        task: impl Future<Output = u64> + 'static,
    ) -> impl Future<Output = u64> + Unpin + 'static {
        Joined(tokio::task::spawn_local(task))
    }

    fn detach(task: impl Future<Output = u64> + 'static) {
        drop(tokio::task::spawn_local(task));
    }

    fn yield_now() -> impl Future<Output = ()> {
        tokio::task::yield_now()
    }

    fn sleep(duration: Duration) -> impl Future + 'static {
        tokio::time::sleep(duration)
    }

    /// A task's 129th sleep in one poll would not be armed, but told to come back later.
    fn unlimited<F: Future<Output = u64> + 'static>(
        task: F,
    ) -> impl Future<Output = u64> + 'static {
        tokio::task::unconstrained(task)
    }
}

impl Sender for mpsc::UnboundedSender<Call> {
    fn send(&self, call: impl FnOnce() + Send + 'static) {
        assert!(mpsc::UnboundedSender::send(self, Box::new(call)).is_ok(), "the loop is there");
    }
}

impl Inbox for Tokio {
    const NAME: &'static str = "tokio";

    /// tokio has no queue of calls: an unbounded channel of closures into a task stands for it.
    type Sender = mpsc::UnboundedSender<Call>;

    fn serve(start: impl FnOnce(Self::Sender)) {
        runtime().block_on(async {
            let (sender, mut calls) = mpsc::unbounded_channel::<Call>();
            tokio::spawn(async move {
                while let Some(call) = calls.recv().await {
                    call();
                }
            });
            start(sender);
            tally::filled().await;
        });
    }
}

impl Echo for Tokio {
    const NAME: &'static str = "tokio";

    fn serve(listener: TcpListener) -> ! {
        runtime().block_on(async {
            listener.set_nonblocking(true).expect("a socket has a nonblocking mode");
            let listener = tokio::net::TcpListener::from_std(listener).expect("tokio takes it");
            loop {
                let (stream, _) = listener.accept().await.expect("a connection comes");
                tokio::spawn(echo(stream));
            }
        })
    }
}

/// One connection, until its end or its first error.
async fn echo(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; READ_BYTES];
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            length => stream.write_all(&buffer[..length]).await?,
        }
    }
}
