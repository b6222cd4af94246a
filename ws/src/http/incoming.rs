//! The incoming requests of one connection: from a stream to whole requests, in order.
//!
//! Promises that one deadline covers all of a request, that what is kept of a client is bounded by
//! the limits, and that bytes behind a request are the beginning of the next. It answers nothing
//! but a client that waits for `100 Continue`.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::{Poll, ready};
use std::time::Duration;

use glassloop_reactor::timeout;

use super::request::Request;
use crate::handshake::{Head, HeadReader, Refusal};
use crate::transport::Transport;

/// One read: most requests fit into it.
const PIECE_BYTES: usize = 2048;

/// How much a client may ask, and how long it may take over it: a number of milliseconds of
/// `u64::MAX` means "for ever".
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestLimits {
    pub(crate) head_bytes_max: usize,
    pub(crate) head_lines_max: usize,
    pub(crate) body_bytes_max: usize,
    /// For all of a request, its body included.
    pub(crate) request_ms_max: u64,
    /// Between two requests.
    pub(crate) keep_alive_ms_max: u64,
}

/// What came of waiting for a request.
#[derive(Debug)]
pub(crate) enum Heard {
    /// A whole one.
    Request(Box<Request>),
    /// One that can't be served; nothing behind it can be understood.
    Refused(Refusal),
    /// The deadline, after a part of a request.
    Late,
    /// The deadline of the first request, before any of it.
    Silent,
    /// No further request: the client has ended, has nothing to ask, or we are stopping.
    Nothing,
    /// The stream broke, or ended in a request.
    Broken,
}

/// Why there is no request.
enum NoRequest {
    Refused(Refusal),
    Nothing,
    Broken,
}

impl From<io::Error> for NoRequest {
    fn from(error: io::Error) -> NoRequest {
        log::debug!("http: a client went away: {error}");
        NoRequest::Broken
    }
}

impl From<Refusal> for NoRequest {
    fn from(refusal: Refusal) -> NoRequest {
        NoRequest::Refused(refusal)
    }
}

/// Reads the requests of one client.
pub(crate) struct Incoming<S> {
    stream: Transport,
    limits: RequestLimits,
    peer: Option<SocketAddr>,
    /// What came behind the last request.
    rest: Vec<u8>,
    /// True once a byte of the request under way has come.
    begun: bool,
    /// True when no new request is to begin.
    is_stopping: S,
}

impl<S: Fn() -> bool> Incoming<S> {
    pub(crate) fn new(
        stream: Transport,
        limits: RequestLimits,
        peer: Option<SocketAddr>,
        is_stopping: S,
    ) -> Incoming<S> {
        Incoming { stream, limits, peer, rest: Vec::new(), begun: false, is_stopping }
    }

    /// The stream, to answer on.
    pub(crate) fn stream(&mut self) -> &mut Transport {
        &mut self.stream
    }

    /// The first request of a connection, from its first to its last byte within one deadline.
    pub(crate) async fn first(&mut self, request_ms: u64) -> Heard {
        self.begun = false;
        match timeout(Duration::from_millis(request_ms), self.request()).await {
            Ok(Ok(request)) => Heard::Request(Box::new(request)),
            Ok(Err(NoRequest::Refused(refusal))) => Heard::Refused(refusal),
            Ok(Err(NoRequest::Nothing)) => Heard::Nothing,
            Ok(Err(NoRequest::Broken)) => Heard::Broken,
            Err(_) if self.begun => Heard::Late,
            Err(_) => Heard::Silent,
        }
    }

    /// A further request. Until its first byte the client may be idle for a while.
    pub(crate) async fn next(&mut self) -> Heard {
        if self.rest.is_empty() {
            let patience = Duration::from_millis(self.limits.keep_alive_ms_max);
            self.begun = false;
            match timeout(patience, self.piece()).await {
                Ok(Ok(piece)) => self.rest = piece,
                Ok(Err(NoRequest::Broken)) => return Heard::Broken,
                Ok(Err(_)) | Err(_) => return Heard::Nothing,
            }
        }
        self.first(self.limits.request_ms_max).await
    }

    /// The stream, and what came behind the last request: the first frames, after an upgrade.
    pub(crate) fn into_parts(self) -> (Transport, Vec<u8>) {
        (self.stream, self.rest)
    }

    async fn request(&mut self) -> Result<Request, NoRequest> {
        let head = self.head().await?;
        self.rest = head.tail;
        let mut request = Request::parse(&head.head, self.limits.head_lines_max, self.peer)?;
        let body_bytes = request.body_bytes()?;
        if body_bytes > self.limits.body_bytes_max {
            let came = format!("{body_bytes} bytes");
            return Err(Refusal::new(413, "a shorter body", came).into());
        }
        if self.rest.is_empty() && body_bytes > 0 && request.expects_continue() {
            self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        while self.rest.len() < body_bytes {
            let piece = self.piece().await?;
            self.rest.extend(piece);
        }
        let behind = self.rest.split_off(body_bytes);
        request.set_body(std::mem::replace(&mut self.rest, behind));
        Ok(request)
    }

    async fn head(&mut self) -> Result<Head, NoRequest> {
        let mut reader = HeadReader::new(self.limits.head_bytes_max);
        let mut piece = std::mem::take(&mut self.rest);
        self.begun = !piece.is_empty();
        loop {
            match reader.add(&piece) {
                Ok(Some(head)) => return Ok(head),
                Ok(None) => piece = self.piece().await?,
                Err(_) => return Err(Refusal::head_too_long().into()),
            }
        }
    }

    /// The next bytes. The buffer lives in the poll alone: who waits costs no buffer.
    async fn piece(&mut self) -> Result<Vec<u8>, NoRequest> {
        let begun = self.begun;
        let read = poll_fn(|cx| {
            if !begun && (self.is_stopping)() {
                return Poll::Ready(Ok(None));
            }
            let mut buffer = [0; PIECE_BYTES];
            let count = ready!(self.stream.poll_read(cx, &mut buffer))?;
            Poll::Ready(io::Result::Ok(Some(buffer[..count].to_vec())))
        });
        match read.await? {
            Some(piece) if !piece.is_empty() => {
                self.begun = true;
                Ok(piece)
            }
            Some(_) if begun => Err(NoRequest::Broken),
            _ => Err(NoRequest::Nothing),
        }
    }
}
