//! The reading: which of a socket's bytes a read takes.
//!
//! Promises that a read of what nobody has told of never waits. It decrypts nothing.

use std::io::{self, ErrorKind};
use std::task::{Context, Poll};

use glassloop_reactor::net::TcpStream;

/// What a read goes by.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reading {
    /// What the poller has told of; else it waits.
    Told,
    /// What is there at this moment.
    Untold,
}

impl Reading {
    #[track_caller]
    pub(super) fn of(
        self,
        socket: &TcpStream,
        cx: &mut Context<'_>,
        cipher: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        match self {
            Reading::Told => socket.poll_read(cx, cipher),
            Reading::Untold => poll_untold(socket, cipher),
        }
    }
}

/// One read of what is there at this moment; pending if nothing is.
pub(super) fn poll_untold(socket: &TcpStream, cipher: &mut [u8]) -> Poll<io::Result<usize>> {
    match socket.try_read_untold(cipher) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Poll::Pending,
        read => Poll::Ready(read),
    }
}
