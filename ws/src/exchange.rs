//! The exchange: the head of a handshake over a stream.
//!
//! Promises that no more of a head or of a refusal's body is read than the limits allow. What a
//! head must say is judged in `handshake`, and how long it may take in `progress`.

use std::future::Future;
use std::io;
use std::time::Duration;

use glassloop_reactor::timeout;

use crate::error::Error;
use crate::handshake::{
    Answer, Asked, BodyEnd, Head, HeadReader, HeadTooLong, Refusal, parse_response, shown,
};
use crate::limits::Limits;
use crate::progress::Progress;
use crate::transport::Transport;

/// One read of a head; most fit into it.
const PIECE_BYTES: usize = 2048;

/// Gives a server's handshake its deadline.
pub(crate) async fn within<T>(
    limits: &Limits,
    handshake: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    Progress::begin(limits, |_| ())?.whole(handshake).await
}

/// Reads a head and whatever comes with it.
pub(crate) async fn read_head(
    stream: &mut Transport,
    limits: &Limits,
) -> Result<Result<Head, HeadTooLong>, Error> {
    let mut reader = HeadReader::new(limits.head_bytes_max);
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let count = read_some(stream, &mut piece).await?;
        match reader.add(&piece[..count]) {
            Ok(None) => {}
            Ok(Some(head)) => return Ok(Ok(head)),
            Err(too_long) => return Ok(Err(too_long)),
        }
    }
}

/// What a server answered, and what came behind it.
pub(crate) struct Answered {
    pub(crate) answer: Answer,
    pub(crate) tail: Vec<u8>,
}

/// Reads an answer's head. Those of interim answers before it are read and dropped, and no more
/// bytes of them all than one may have.
pub(crate) async fn read_answer(
    stream: &mut Transport,
    limits: &Limits,
    asked: Asked<'_>,
) -> Result<Answered, Error> {
    let mut bytes_max = limits.head_bytes_max;
    let mut reader = HeadReader::new(bytes_max);
    let mut piece = vec![0; PIECE_BYTES];
    let mut came = 0;
    loop {
        match reader.add(&piece[..came]) {
            // Who speaks another language first, as many do, says no more until we do.
            Ok(None) if !reader.begins_as(b"HTTP/") => {
                let came = shown(Some(reader.bytes()));
                return Err(Error::BadUpgrade { status: 0, expected: "an answer of HTTP", came });
            }
            Ok(None) => came = read_some(stream, &mut piece).await?,
            Ok(Some(Head { head, tail })) => {
                if let Some(answer) = parse_response(&head, limits.head_lines_max, asked)? {
                    return Ok(Answered { answer, tail });
                }
                bytes_max = bytes_max.saturating_sub(head.len());
                reader = HeadReader::new(bytes_max);
                came = tail.len();
                piece[..came].copy_from_slice(&tail);
            }
            Err(HeadTooLong) => {
                let Refusal { expected, came, .. } = Refusal::head_too_long();
                return Err(Error::BadUpgrade { status: 0, expected, came });
            }
        }
    }
}

/// Reads the beginning of a refusal's body, of which `came` has come with the head. Whatever goes
/// wrong, what has come is the answer.
pub(crate) async fn read_refusal(
    stream: &mut Transport,
    limits: &Limits,
    end: BodyEnd,
    mut came: Vec<u8>,
    left_ms: u64,
) -> Vec<u8> {
    let bytes_max = limits.refusal_bytes_max;
    // A chunk of one byte takes six: so much is looked through for chunks, and no more.
    let raw_bytes_max = bytes_max.saturating_mul(6).saturating_add(PIECE_BYTES);
    let mut piece = vec![0; PIECE_BYTES];
    let patience = Duration::from_millis(limits.refusal_ms_max.min(left_ms));
    let reading = async {
        while came.len() < raw_bytes_max && !end.is_whole(&came, bytes_max) {
            match read_some(stream, &mut piece).await {
                Ok(count) => came.extend_from_slice(&piece[..count]),
                Err(error) => return log::debug!("connect: a refusal's body is cut: {error}"),
            }
        }
    };
    if timeout(patience, reading).await.is_err() {
        log::debug!("connect: a refusal's body did not come in time");
    }
    end.take(came, bytes_max)
}

/// Reads what there is; the end is an error.
async fn read_some(stream: &mut Transport, piece: &mut [u8]) -> Result<usize, Error> {
    match stream.read(piece).await? {
        0 => {
            let what = "expected the head of an upgrade, came the end of the stream";
            Err(io::Error::new(io::ErrorKind::UnexpectedEof, what).into())
        }
        count => Ok(count),
    }
}
