//! What a child writes, to its end and within bounds.

use std::{
    future::Future,
    io,
    process::{ExitStatus, Output},
    time::Duration,
};

use glassloop_executor::try_gather;
use glassloop_reactor::timeout;

use super::Child;
use crate::net::PipeReader;

/// So much is read at once.
const READ_BYTES: usize = 16 << 10;

pub(super) async fn status(mut child: Child, time_max: Option<Duration>) -> io::Result<ExitStatus> {
    match within(time_max, child.wait()).await {
        Some(ended) => ended,
        None => give_up(child, late(time_max, "expected the child to end")).await,
    }
}

pub(super) async fn output(
    mut child: Child,
    bytes_max: usize,
    time_max: Option<Duration>,
) -> io::Result<Output> {
    // What it reads ends: it may wait for that, and we for it.
    child.stdin = None;
    let streams = [("stdout", child.stdout.take()), ("stderr", child.stderr.take())];
    let all = async {
        let reads = streams.map(|(name, stream)| read_to_end(name, stream, bytes_max));
        let [stdout, stderr] = <[Vec<u8>; 2]>::try_from(try_gather(reads).await?)
            .expect("two streams have two outputs");
        Ok(Output { status: child.wait().await?, stdout, stderr })
    };
    match within(time_max, all).await {
        Some(Ok(output)) => Ok(output),
        Some(Err(error)) => give_up(child, error).await,
        None => {
            // What it has started may write on where it did.
            let expected = match child.try_wait() {
                Ok(Some(_)) => {
                    "the child has ended, but another process has its output (see `own_group`): \
                     expected its end"
                }
                _ => "expected the child to end",
            };
            give_up(child, late(time_max, expected)).await
        }
    }
}

/// `None` if it takes longer.
async fn within<T>(time_max: Option<Duration>, future: impl Future<Output = T>) -> Option<T> {
    match time_max {
        None => Some(future.await),
        Some(time) => timeout(time, future).await.ok(),
    }
}

fn late(time_max: Option<Duration>, expected: &str) -> io::Error {
    let what = format!("{expected} within {:?}", time_max.unwrap_or_default());
    io::Error::new(io::ErrorKind::TimedOut, what)
}

/// Kills the child, and gives the reason when it is gone, or can't be killed.
async fn give_up<T>(mut child: Child, why: io::Error) -> io::Result<T> {
    if child.kill().is_ok() {
        child.wait().await.ok();
    }
    Err(why)
}

async fn read_to_end(
    name: &str,
    stream: Option<PipeReader>,
    bytes_max: usize,
) -> io::Result<Vec<u8>> {
    let (mut bytes, mut buffer) = (Vec::new(), vec![0; READ_BYTES]);
    let Some(stream) = stream else { return Ok(bytes) };
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(bytes),
            read if bytes.len() + read <= bytes_max => bytes.extend_from_slice(&buffer[..read]),
            _ => {
                let what = format!(
                    "expected at most {bytes_max} bytes of {name} (`output_bytes_max`), came more"
                );
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, what));
            }
        }
    }
}
