//! The delivery: an answer's way to its client.
//!
//! Promises that an answer has one deadline, head and body together, and that whoever reads gets
//! all of the last one before the socket closes. It decides nothing: it is told what to send, and
//! how long that may take.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use glassloop_reactor::timeout;

use super::response::Written;
use crate::time::millis_between;
use crate::transport::Transport;

/// One read of what is thrown away.
const PIECE_BYTES: usize = 2048;

/// What is read and thrown away behind the last answer.
const DISCARDED_BYTES_MAX: usize = 64 * 1024;

/// The client is gone, or doesn't take its answer.
#[derive(Debug)]
pub(crate) struct Broken;

/// How long the last answer of a connection may keep it, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// Until the answer has left.
    answer_ms: u64,
    /// From then on, until the client has ended, too.
    linger_ms: u64,
    all_ms: u64,
}

impl Patience {
    /// A deadline for the answer, and one for what is behind it.
    pub(crate) fn each(answer_ms: u64, linger_ms: u64) -> Patience {
        Patience { answer_ms, linger_ms, all_ms: u64::MAX }
    }

    /// One deadline for all of it.
    pub(crate) fn in_all(all_ms: u64) -> Patience {
        Patience { answer_ms: all_ms, linger_ms: all_ms, all_ms }
    }
}

/// Writes all of an answer within its time.
pub(crate) async fn deliver(
    stream: &mut Transport,
    answer: &Written,
    answer_ms: u64,
) -> Result<(), Broken> {
    match timeout(Duration::from_millis(answer_ms), write(stream, answer)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => {
            log::debug!("http: an answer did not arrive: {error}");
            Err(Broken)
        }
        Err(_) => {
            log::debug!("http: a client did not take its answer");
            Err(Broken)
        }
    }
}

/// Delivers the last answer of a connection and sees its client off. Only an answer that wasn't
/// taken is `Broken`: a client that stays behind it has been served.
pub(crate) async fn deliver_last(
    stream: &mut Transport,
    answer: &Written,
    patience: Patience,
) -> Result<(), Broken> {
    let reactor = Rc::clone(stream.socket().reactor());
    let began = reactor.read_clock();
    deliver(stream, answer, patience.answer_ms).await?;
    let passed_ms = millis_between(began, reactor.read_clock());
    let left_ms = patience.linger_ms.min(patience.all_ms.saturating_sub(passed_ms));
    match timeout(Duration::from_millis(left_ms), see_off(stream, DISCARDED_BYTES_MAX, || {})).await
    {
        Ok(Ok(())) => {}
        Ok(Err(error)) => log::debug!("http: a client went early: {error}"),
        Err(_) => log::debug!("http: a client stayed behind its last answer"),
    }
    Ok(())
}

/// Ends the connection of a client that was idle and sees it off. If it has asked for something all
/// the same, too late to be answered, `missed` is told: once, and at once, whether or not the
/// client, or we, stay to the end. Past so many bytes the client is seen off no further.
pub(crate) async fn part(
    stream: &mut Transport,
    linger_ms: u64,
    bytes_max: usize,
    missed: impl FnOnce(),
) {
    let mut missed = Some(missed);
    let heard = || {
        if let Some(missed) = missed.take() {
            missed();
        }
    };
    match timeout(Duration::from_millis(linger_ms), see_off(stream, bytes_max, heard)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => log::debug!("http: an idle client went early: {error}"),
        Err(_) => log::debug!("http: an idle client stayed behind our end"),
    }
}

async fn write(stream: &mut Transport, answer: &Written) -> io::Result<()> {
    if !answer.body.is_empty() {
        // A head by itself is a small packet, and by Nagle's rule the end of the body would wait
        // for its acknowledgement. A memory socket has no such rule.
        if let Err(error) = stream.socket().set_nodelay(true) {
            log::trace!("http: no TCP_NODELAY: {error}");
        }
    }
    stream.write_all(&answer.head).await?;
    stream.write_all(&answer.body).await
}

/// Ends our direction and reads until the peer has ended its own: a socket closed with unread
/// bytes sends a reset, which may overtake the answer. Tells of each piece that is thrown away. The
/// caller sets a deadline.
async fn see_off(
    stream: &mut Transport,
    bytes_max: usize,
    mut heard: impl FnMut(),
) -> io::Result<()> {
    stream.end()?;
    let mut discarded = vec![0; PIECE_BYTES];
    let mut left = bytes_max;
    loop {
        let count = stream.discard(&mut discarded).await?;
        if count == 0 {
            return Ok(());
        }
        heard();
        left = left.saturating_sub(count);
        if left == 0 {
            return Ok(());
        }
    }
}
