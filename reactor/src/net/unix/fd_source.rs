//! `FdSource`: anything with a descriptor, as a source.
//!
//! It promises to watch the descriptor, and nothing more: whether an operation on it blocks is its
//! owner's affair.

use std::{
    io,
    os::fd::{AsFd, AsRawFd},
};

use mio::{Interest, Registry, Token, event, unix::SourceFd};

use crate::source::Source;

/// A thing with a descriptor, to be registered: a timer, an inotify handle, a socket of another
/// library.
///
/// It must be nonblocking, or an operation on it holds the loop; the OS must be able to watch it,
/// which it can't for regular files; and `as_fd` must give the same descriptor as long as it is
/// registered.
///
/// ```
/// use std::{io::Read, os::unix::net::UnixStream};
///
/// use glassloop_reactor::{Direction, Interest, Options, Reactor, Registered, net::FdSource};
///
/// # fn main() -> std::io::Result<()> {
/// # let reactor = Reactor::new(Options::default())?;
/// # let _entered = reactor.enter();
/// let (theirs, _other) = UnixStream::pair()?;
/// theirs.set_nonblocking(true)?;
/// let source = Registered::new(FdSource::new("their socket", theirs), Interest::Read)?;
/// let mut buffer = [0; 64];
/// let read = async {
///     source.io(Direction::Read, "read", |source| (&mut source.get_ref()).read(&mut buffer)).await
/// };
/// # drop(read);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct FdSource<T> {
    kind: &'static str,
    inner: T,
}

impl<T: AsFd> FdSource<T> {
    /// A source of this thing. `kind` is what it is called in a snapshot.
    pub fn new(kind: &'static str, inner: T) -> FdSource<T> {
        FdSource { kind, inner }
    }

    /// The thing itself.
    pub fn get_ref(&self) -> &T {
        &self.inner
    }

    /// Gives the thing back.
    pub fn into_inner(self) -> T {
        self.inner
    }

    fn raw(&self) -> i32 {
        self.inner.as_fd().as_raw_fd()
    }
}

impl<T: AsFd> Source for FdSource<T> {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn kernel(&mut self) -> Option<&mut dyn event::Source> {
        Some(self)
    }

    fn descriptor(&self) -> Option<i32> {
        Some(self.raw())
    }
}

impl<T: AsFd> event::Source for FdSource<T> {
    fn register(&mut self, at: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        SourceFd(&self.raw()).register(at, token, interests)
    }

    fn reregister(&mut self, at: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        SourceFd(&self.raw()).reregister(at, token, interests)
    }

    fn deregister(&mut self, at: &Registry) -> io::Result<()> {
        SourceFd(&self.raw()).deregister(at)
    }
}
