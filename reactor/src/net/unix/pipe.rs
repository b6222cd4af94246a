//! `PipeReader`, `PipeWriter`: the two ends of a pipe of the OS, each a [`ByteStream`] one way.
//!
//! Made as a pair, or of what a child process reads and writes. A pipe has no half-close: its
//! reader sees the end once the last writer is dropped.

use std::{
    io::{self, IoSlice, Read, Write},
    os::fd::OwnedFd,
};

use mio::unix::pipe::{self, Receiver, Sender};

use crate::{
    net::byte_stream::{ByteStream, ReadBytes, WriteBytes},
    reactor::Reactor,
    readiness::Interest,
    registered::Registered,
};

/// The end of a pipe from which bytes come. See [`ByteStream`].
///
/// For lines put it in a buffered reader of another crate, as `futures_lite::io::BufReader`: with
/// feature `futures-io` it is an `AsyncRead`.
pub type PipeReader = ByteStream<Receiver>;

/// The end of a pipe into which bytes go. See [`ByteStream`].
///
/// Writing after the reader is gone is a `BrokenPipe`. In a process whose host has not had SIGPIPE
/// ignored, as Rust's own `main` does, it is that signal.
pub type PipeWriter = ByteStream<Sender>;

/// A pipe of the OS, both ends on the current loop.
///
/// # Errors
/// The OS's; or that there is no current event loop, or that it has no descriptors.
#[track_caller]
pub fn pipe() -> io::Result<(PipeReader, PipeWriter)> {
    let reactor = Reactor::expect_current("net::pipe")?;
    reactor.expect_descriptors()?;
    let (writer, reader) = pipe::new()?;
    let reader = Registered::with_reactor(&reactor, reader, Interest::Read)?;
    let writer = Registered::with_reactor(&reactor, writer, Interest::Write)?;
    Ok((ByteStream::new(reader), ByteStream::new(writer)))
}

impl PipeReader {
    /// Takes over the reading end of a pipe, which it makes nonblocking: a child's `stdout` or
    /// `stderr`, or what another part of the program opened.
    ///
    /// # Errors
    /// The OS's, also for a regular file, which can't be waited for; or that there is no current
    /// event loop, or that it has no descriptors.
    #[track_caller]
    pub fn from_fd(fd: impl Into<OwnedFd>) -> io::Result<PipeReader> {
        let reader = Receiver::from(fd.into());
        reader.set_nonblocking(true)?;
        Registered::new(reader, Interest::Read).map(ByteStream::new)
    }

    /// Gives the descriptor back, nonblocking as it is.
    #[must_use]
    pub fn into_fd(self) -> OwnedFd {
        self.inner.into_inner().into()
    }
}

impl PipeWriter {
    /// Takes over the writing end of a pipe, which it makes nonblocking: a child's `stdin`, or what
    /// another part of the program opened.
    ///
    /// # Errors
    /// As [`PipeReader::from_fd`].
    #[track_caller]
    pub fn from_fd(fd: impl Into<OwnedFd>) -> io::Result<PipeWriter> {
        let writer = Sender::from(fd.into());
        writer.set_nonblocking(true)?;
        Registered::new(writer, Interest::Write).map(ByteStream::new)
    }

    /// Gives the descriptor back, nonblocking as it is.
    #[must_use]
    pub fn into_fd(self) -> OwnedFd {
        self.inner.into_inner().into()
    }
}

impl ReadBytes for Receiver {
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        Read::read(&mut &*self, buffer)
    }
}

impl WriteBytes for Sender {
    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        Write::write(&mut &*self, bytes)
    }

    fn write_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        Write::write_vectored(&mut &*self, pieces)
    }

    /// A pipe can't say it: dropping the writer does.
    fn end(&self) -> io::Result<()> {
        Ok(())
    }
}
