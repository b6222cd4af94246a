//! The transport: the stream of bytes under a handshake, a page or a WebSocket.
//!
//! Promises the same operations whether or not TLS lies between us and the socket, and that without
//! the feature `tls` it is the socket and nothing more. It keeps no bytes itself: a `TlsStream`
//! does, and `has_input` and `has_unsent` say so.
//!
//! Who writes and is told that some bytes were not taken must offer the same bytes first the next
//! time: TLS may have made a record of them already.

use std::io;
use std::net::Shutdown;
use std::task::{Context, Poll};

use glassloop_reactor::Direction;
use glassloop_reactor::net::TcpStream;

#[cfg(feature = "tls")]
use crate::tls::TlsStream;

/// A connected stream, in the clear or not.
#[derive(Debug)]
pub(crate) enum Transport {
    Plain(TcpStream),
    #[cfg(feature = "tls")]
    Tls(Box<TlsStream>),
}

impl From<TcpStream> for Transport {
    fn from(socket: TcpStream) -> Transport {
        Transport::Plain(socket)
    }
}

impl Transport {
    /// The socket at the bottom of it, for all that is not its bytes.
    pub(crate) fn socket(&self) -> &TcpStream {
        match self {
            Transport::Plain(socket) => socket,
            #[cfg(feature = "tls")]
            Transport::Tls(stream) => stream.socket(),
        }
    }

    /// True while bytes that have left the socket wait to be read. No event tells of them.
    pub(crate) fn has_input(&self) -> bool {
        match self {
            Transport::Plain(_) => false,
            #[cfg(feature = "tls")]
            Transport::Tls(stream) => stream.has_input(),
        }
    }

    /// True while bytes that are not the caller's to offer again wait for the socket.
    pub(crate) fn has_unsent(&self) -> bool {
        match self {
            Transport::Plain(_) => false,
            #[cfg(feature = "tls")]
            Transport::Tls(stream) => stream.has_unsent(),
        }
    }

    /// How many bytes the socket has taken, if that is not what the caller was told.
    pub(crate) fn taken(&self) -> Option<u64> {
        match self {
            Transport::Plain(_) => None,
            #[cfg(feature = "tls")]
            Transport::Tls(stream) => Some(stream.taken()),
        }
    }

    /// True once after bytes came of which nothing can be read yet.
    pub(crate) fn take_heard(&mut self) -> bool {
        match self {
            Transport::Plain(_) => false,
            #[cfg(feature = "tls")]
            Transport::Tls(stream) => stream.take_heard(),
        }
    }

    /// True if something has come of which nothing was read, or not all.
    pub(crate) fn has_part(&self) -> bool {
        match self {
            Transport::Plain(_) => false,
            #[cfg(feature = "tls")]
            Transport::Tls(stream) => stream.has_part(),
        }
    }

    /// True if a read is worth trying.
    pub(crate) fn may_read(&self) -> bool {
        self.has_input() || self.socket().readiness().is_ready(Direction::Read)
    }

    /// Ready once a read is worth trying.
    #[track_caller]
    pub(crate) fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.has_input() { Poll::Ready(()) } else { self.socket().poll_read_ready(cx) }
    }

    /// As [`TcpStream::poll_read_stand_in`].
    #[track_caller]
    pub(crate) fn poll_read_stand_in(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.has_input() { Poll::Ready(()) } else { self.socket().poll_read_stand_in(cx) }
    }

    /// As [`TcpStream::put_off_read`].
    pub(crate) fn put_off_read(&self) {
        self.socket().put_off_read();
    }

    /// Whoever waits to read waits no more.
    pub(crate) fn end_read_wait(&self) {
        self.socket().end_read_wait();
    }

    /// Reads, or waits until there is something to read. 0 is the end.
    #[track_caller]
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        match self {
            Transport::Plain(socket) => socket.poll_read(cx, buffer),
            #[cfg(feature = "tls")]
            Transport::Tls(stream) => stream.poll_read(cx, buffer),
        }
    }

    /// Reads what is there at this moment, also what no event has told of yet.
    pub(crate) fn try_read_untold(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Transport::Plain(socket) => socket.try_read_untold(buffer),
            #[cfg(feature = "tls")]
            Transport::Tls(stream) => stream.try_read_untold(buffer),
        }
    }

    /// Reads what is there.
    pub(crate) async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Transport::Plain(socket) => socket.read(buffer).await,
            #[cfg(feature = "tls")]
            Transport::Tls(stream) => stream.read(buffer).await,
        }
    }

    /// Reads what nobody is to hear: while hands are being shaken, the bytes as they come.
    pub(crate) async fn discard(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            #[cfg(feature = "tls")]
            Transport::Tls(stream) if stream.is_shaking() => stream.socket().read(buffer).await,
            _ => self.read(buffer).await,
        }
    }

    /// Writes what there is room for at this moment: one write of the socket.
    pub(crate) fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Transport::Plain(socket) => socket.try_write(bytes),
            #[cfg(feature = "tls")]
            Transport::Tls(stream) => stream.try_write(bytes),
        }
    }

    /// Writes, or waits until there is room. Nothing offered means: what is unsent.
    #[track_caller]
    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self {
            Transport::Plain(socket) => socket.poll_write(cx, bytes),
            #[cfg(feature = "tls")]
            Transport::Tls(stream) => stream.poll_write(cx, bytes),
        }
    }

    /// Writes all of it.
    pub(crate) async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Transport::Plain(socket) => socket.write_all(bytes).await,
            #[cfg(feature = "tls")]
            Transport::Tls(stream) => stream.write_all(bytes).await,
        }
    }

    /// Ends our direction. It never waits: what TLS has to say at the end is left out if the socket
    /// is full.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        #[cfg(feature = "tls")]
        if let Transport::Tls(stream) = self {
            stream.say_end();
        }
        self.socket().shutdown(Shutdown::Write)
    }
}
