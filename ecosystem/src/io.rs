//! `Io`: a stream of ours, as hyper reads and writes one.

use std::{
    io::{self, IoSlice},
    net::Shutdown,
    pin::Pin,
    task::{Context, Poll, ready},
};

use glassloop::net::TcpStream;
use hyper::rt::{Read, ReadBufCursor, Write};

/// What is read at once. hyper lends memory that may be uninitialised, and to say how much of that
/// was filled takes unsafe code; so a read goes by this, and costs a copy of it.
const READ_BYTES: usize = 8 * 1_024;

/// A stream for hyper.
#[derive(Debug)]
pub struct Io {
    stream: TcpStream,
    bytes: Box<[u8; READ_BYTES]>,
}

impl Io {
    /// Wraps a stream.
    pub fn new(stream: TcpStream) -> Io {
        Io { stream, bytes: Box::new([0; READ_BYTES]) }
    }
}

impl Read for Io {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut cursor: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let Io { stream, bytes } = &mut *self;
        let room = cursor.remaining().min(bytes.len());
        let read = ready!(stream.poll_read(cx, &mut bytes[..room]))?;
        cursor.put_slice(&bytes[..read]);
        Poll::Ready(Ok(()))
    }
}

impl Write for Io {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.stream.poll_write(cx, bytes)
    }

    /// Nothing is held back here.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.stream.shutdown(Shutdown::Write))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream.poll_write_vectored(cx, slices)
    }
}
