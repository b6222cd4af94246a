//! smol: `LocalExecutor` of async-executor, sockets and timers of async-io.

use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use async_channel::Sender as ChannelSender;
use async_executor::LocalExecutor;
use async_io::{Async, Timer, block_on};
use futures_lite::{AsyncReadExt, AsyncWriteExt};

use crate::floors::BLOCKING;
use crate::peer::{Call, Echo, Inbox, Offloads, READ_BYTES, Sender, Tasks};
use crate::tally;

thread_local! {
    /// The executor has no notion of a current one; a task that spawns must find it.
    static EXECUTOR: LocalExecutor<'static> = const { LocalExecutor::new() };
}

pub struct Smol;

impl Tasks for Smol {
    const NAME: &'static str = "smol";

    fn block_on<T: 'static>(main: impl Future<Output = T> + 'static) -> T {
        EXECUTOR.with(|executor| block_on(executor.run(main)))
    }

    fn spawn(
        task: impl Future<Output = u64> + 'static,
    ) -> impl Future<Output = u64> + Unpin + 'static {
        EXECUTOR.with(|executor| executor.spawn(task))
    }

    fn detach(task: impl Future<Output = u64> + 'static) {
        EXECUTOR.with(|executor| executor.spawn(task).detach());
    }

    fn yield_now() -> impl Future<Output = ()> {
        futures_lite::future::yield_now()
    }

    fn sleep(duration: Duration) -> impl Future + 'static {
        Timer::after(duration)
    }
}

impl Offloads for Smol {
    const POOL: &'static str = BLOCKING;

    /// The crate's threads are the process's: they outlive a sample.
    fn offload(job: impl FnOnce() -> u64 + Send + 'static) -> impl Future<Output = u64> + 'static {
        blocking::unblock(job)
    }
}

impl Sender for ChannelSender<Call> {
    fn send(&self, call: impl FnOnce() + Send + 'static) {
        assert!(self.try_send(Box::new(call)).is_ok(), "the channel is unbounded and open");
    }
}

impl Inbox for Smol {
    const NAME: &'static str = "smol";

    type Sender = ChannelSender<Call>;

    fn serve(start: impl FnOnce(Self::Sender)) {
        let executor = LocalExecutor::new();
        let (sender, calls) = async_channel::unbounded::<Call>();
        let take_calls = async move {
            while let Ok(call) = calls.recv().await {
                call();
            }
        };
        block_on(executor.run(async {
            executor.spawn(take_calls).detach();
            start(sender);
            tally::filled().await;
        }));
    }
}

impl Echo for Smol {
    const NAME: &'static str = "smol";

    fn serve(listener: TcpListener) -> ! {
        let executor = LocalExecutor::new();
        block_on(executor.run(async {
            let listener = Async::new(listener).expect("smol takes it");
            loop {
                let (stream, _) = listener.accept().await.expect("a connection comes");
                executor.spawn(echo(stream)).detach();
            }
        }))
    }
}

/// One connection, until its end or its first error.
async fn echo(mut stream: Async<TcpStream>) -> std::io::Result<()> {
    stream.get_ref().set_nodelay(true)?;
    let mut buffer = vec![0; READ_BYTES];
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            length => stream.write_all(&buffer[..length]).await?,
        }
    }
}
