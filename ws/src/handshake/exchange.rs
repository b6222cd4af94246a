//! The exchange: heads over a stream.
//!
//! Promises that everything before the first frame has one deadline, and that a refused client
//! gets its answer before the socket closes. What a head must say is judged elsewhere.

use std::future::Future;
use std::io;
use std::net::Shutdown;
use std::time::Duration;

use glassloop_reactor::net::TcpStream;
use glassloop_reactor::{Reactor, timeout};

use crate::error::Error;
use crate::limits::Limits;

use super::{Head, HeadReader, HeadTooLong, Refusal, write_refusal};

/// One read of a head; most fit into it.
const PIECE_BYTES: usize = 2048;

/// What is read and thrown away behind a refusal.
const DISCARDED_BYTES_MAX: usize = 64 * 1024;

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

/// Answers a bad upgrade and sees the answer off, for as long as a close may take.
pub(crate) async fn refuse(stream: &TcpStream, limits: &Limits, refusal: &Refusal) {
    let farewell = async {
        stream.write_all(&write_refusal(refusal)).await?;
        see_off(stream).await
    };
    match timeout(Duration::from_millis(limits.close_ms_max), farewell).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => log::debug!("handshake: a refusal did not arrive: {error}"),
        Err(_) => log::debug!("handshake: a refused client stayed"),
    }
}

/// Ends our direction and reads until the peer has ended its own: a socket closed with unread
/// bytes sends a reset, which may overtake the answer. The caller sets a deadline.
pub(crate) async fn see_off(stream: &TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    let mut discarded = vec![0; PIECE_BYTES];
    let mut left = DISCARDED_BYTES_MAX;
    loop {
        let count = stream.read(&mut discarded).await?;
        left = left.saturating_sub(count);
        if count == 0 || left == 0 {
            return Ok(());
        }
    }
}
