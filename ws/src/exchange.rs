//! The exchange: the head of a handshake over a stream.
//!
//! Promises that everything before the first frame has one deadline, and that no more of a head is
//! read than the limits allow. What a head must say is judged in `handshake`.

use std::future::Future;
use std::io;
use std::time::Duration;

use glassloop_reactor::net::TcpStream;
use glassloop_reactor::{Reactor, timeout};

use crate::error::Error;
use crate::handshake::{Head, HeadReader, HeadTooLong};
use crate::limits::Limits;

/// One read of a head; most fit into it.
const PIECE_BYTES: usize = 2048;

/// Gives a whole handshake its deadline.
pub(crate) async fn within<T>(
    limits: &Limits,
    handshake: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    // Asked here for an error instead of a panic.
    Reactor::expect_current("handshake")?;
    let millis = limits.handshake_ms_max;
    match timeout(Duration::from_millis(millis), handshake).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Error::HandshakeTimeout { millis }),
    }
}

/// Reads a head and whatever comes with it.
pub(crate) async fn read_head(
    stream: &TcpStream,
    limits: &Limits,
) -> Result<Result<Head, HeadTooLong>, Error> {
    let mut reader = HeadReader::new(limits.head_bytes_max);
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let count = stream.read(&mut piece).await?;
        if count == 0 {
            let what = "expected the head of an upgrade, came the end of the stream";
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, what).into());
        }
        match reader.add(&piece[..count]) {
            Ok(None) => {}
            Ok(Some(head)) => return Ok(Ok(head)),
            Err(too_long) => return Ok(Err(too_long)),
        }
    }
}
