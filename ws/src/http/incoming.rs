//! The incoming requests of one connection: from a stream to whole requests, in order.
//!
//! Promises that one deadline covers all of a request, that what is kept of a client is bounded by
//! the limits, and that bytes behind a request are the beginning of the next. It answers nothing
//! but a client that waits for `100 Continue`.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use glassloop_reactor::timeout;

use super::delivery::Broken;
use super::request::Request;
use crate::handshake::{Head, HeadReader, Refusal};
use crate::transport::Transport;

/// One read: most requests fit into it.
const PIECE_BYTES: usize = 2048;

/// What a client may ask ahead, while an answer to it is made, is read up to this and one piece.
const AHEAD_BYTES_MAX: usize = 2048;

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
    /// No further request: the client has ended.
    Nothing,
    /// No further request: the client has been idle for its time, or idle at the parting.
    Idle,
    /// The stream broke, or ended in a request.
    Broken,
}

/// Why there is no request.
enum NoRequest {
    Refused(Refusal),
    Nothing,
    Idle,
    Broken,
}

impl From<NoRequest> for Heard {
    fn from(none: NoRequest) -> Heard {
        match none {
            NoRequest::Refused(refusal) => Heard::Refused(refusal),
            NoRequest::Nothing => Heard::Nothing,
            NoRequest::Idle => Heard::Idle,
            NoRequest::Broken => Heard::Broken,
        }
    }
}

impl From<io::Error> for NoRequest {
    fn from(error: io::Error) -> NoRequest {
        if error.kind() == io::ErrorKind::WouldBlock {
            return NoRequest::Idle;
        }
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
    /// True while the client has a while of its own, whenever who is idle is to go.
    has_while: bool,
    /// True when who is idle is to go.
    is_parting: S,
}

impl<S: Fn() -> bool> Incoming<S> {
    pub(crate) fn new(
        stream: Transport,
        limits: RequestLimits,
        peer: Option<SocketAddr>,
        is_parting: S,
    ) -> Incoming<S> {
        Incoming {
            stream,
            limits,
            peer,
            rest: Vec::new(),
            begun: false,
            has_while: false,
            is_parting,
        }
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
            Ok(Err(none)) => none.into(),
            Err(_) if self.begun => Heard::Late,
            Err(_) => Heard::Silent,
        }
    }

    /// A further request. Until its first byte the client may be idle for a while: so many
    /// milliseconds if it has one of its own, parting or not.
    pub(crate) async fn next(&mut self, while_ms: Option<u64>) -> Heard {
        if self.rest.is_empty() {
            let keep_alive_ms = self.limits.keep_alive_ms_max;
            let patience_ms = while_ms.unwrap_or(u64::MAX).min(keep_alive_ms);
            self.begun = false;
            self.has_while = while_ms.is_some();
            let heard = match timeout(Duration::from_millis(patience_ms), self.piece()).await {
                Ok(heard) => heard,
                Err(_) => match self.look() {
                    Poll::Ready(read) => {
                        read.map_err(NoRequest::from).and_then(|piece| self.judge(piece))
                    }
                    Poll::Pending => Ok(Vec::new()),
                },
            };
            self.has_while = false;
            match heard {
                Ok(piece) => self.rest = piece,
                Err(none) => return none.into(),
            }
        }
        self.first(self.limits.request_ms_max).await
    }

    /// Waits until the client ends, in order or not, while it is the client who waits. What it asks
    /// ahead meanwhile is kept for its turn. Past `AHEAD_BYTES_MAX` it is left in the socket, and
    /// the end behind it is not seen.
    pub(crate) async fn end(&mut self) -> Result<(), Broken> {
        let read = poll_fn(|cx| {
            while self.rest.len() < AHEAD_BYTES_MAX {
                let piece = ready!(self.poll_piece(cx))?;
                if piece.is_empty() {
                    return Poll::Ready(io::Result::Ok(()));
                }
                self.rest.extend(piece);
            }
            Poll::Pending
        });
        read.await.map_err(|error| {
            log::debug!("http: a client went before its answer: {error}");
            Broken
        })
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

    /// The next bytes; none at the end. The buffer lives in the poll alone: who waits costs no
    /// buffer.
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Vec<u8>>> {
        let mut buffer = [0; PIECE_BYTES];
        let count = ready!(self.stream.poll_read(cx, &mut buffer))?;
        Poll::Ready(Ok(buffer[..count].to_vec()))
    }

    async fn piece(&mut self) -> Result<Vec<u8>, NoRequest> {
        let read = poll_fn(|cx| {
            let polled = self.poll_piece(cx);
            // What has come is heard first, a part of a TLS record too.
            let is_idle = polled.is_pending() && !self.begun && !self.stream.has_part();
            if is_idle && !self.has_while && (self.is_parting)() {
                return self.look();
            }
            polled
        });
        let piece = read.await?;
        self.judge(piece)
    }

    /// What has come without a word of it by now: the last look before we end, which WouldBlock
    /// says is due. Pending if it is a part of a TLS record, whose rest is to be waited for.
    ///
    /// FACT (RFC 9112, section 9.3.1): what the client says between this look and our end is not
    /// answered, and HTTP/1.1 has no way to exclude that. It sees an end without an answer, and may
    /// ask once more on another connection if its method is idempotent.
    fn look(&mut self) -> Poll<io::Result<Vec<u8>>> {
        let mut buffer = [0; PIECE_BYTES];
        match self.stream.try_read_untold(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && self.stream.has_part() => {
                Poll::Pending
            }
            read => Poll::Ready(read.map(|count| buffer[..count].to_vec())),
        }
    }

    fn judge(&mut self, piece: Vec<u8>) -> Result<Vec<u8>, NoRequest> {
        match (piece.is_empty(), self.begun) {
            (false, _) => {
                self.begun = true;
                Ok(piece)
            }
            (true, true) => Err(NoRequest::Broken),
            (true, false) => Err(NoRequest::Nothing),
        }
    }
}
