//! monoio: io_uring where the kernel has it, else epoll; its `FusionDriver` decides.
//!
//! Built without its feature `sync`, as its users who want speed build it; so its wakers can't
//! cross threads, and it takes no part in the workloads of calls from other threads.

use std::net::TcpListener;
use std::time::Duration;

use monoio::io::{AsyncReadRent, AsyncWriteRentExt};
use monoio::net::TcpStream;
use monoio::{FusionDriver, RuntimeBuilder};

use crate::peer::{Echo, READ_BYTES, Tasks};

pub struct Monoio;

/// A macro, as the runtime's type can't be named outside monoio.
macro_rules! runtime {
    () => {
        RuntimeBuilder::<FusionDriver>::new().enable_timer().build().expect("monoio starts")
    };
}

impl Tasks for Monoio {
    const NAME: &'static str = "monoio";

    fn block_on<T: 'static>(main: impl Future<Output = T> + 'static) -> T {
        runtime!().block_on(main)
    }

    fn spawn(
        task: impl Future<Output = u64> + 'static,
    ) -> impl Future<Output = u64> + Unpin + 'static {
        monoio::spawn(task)
    }

    fn detach(task: impl Future<Output = u64> + 'static) {
        drop(monoio::spawn(task));
    }

    fn sleep(duration: Duration) -> impl Future + 'static {
        monoio::time::sleep(duration)
    }
}

impl Echo for Monoio {
    const NAME: &'static str = "monoio";

    fn serve(listener: TcpListener) -> ! {
        runtime!().block_on(async {
            let listener = monoio::net::TcpListener::from_std(listener).expect("monoio takes it");
            loop {
                let (stream, _) = listener.accept().await.expect("a connection comes");
                monoio::spawn(echo(stream));
            }
        })
    }
}

/// One connection, until its end or its first error.
async fn echo(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(READ_BYTES);
    loop {
        let (length, read) = stream.read(buffer).await;
        if length? == 0 {
            return Ok(());
        }
        let (written, mut sent) = stream.write_all(read).await;
        written?;
        sent.clear();
        buffer = sent;
    }
}
