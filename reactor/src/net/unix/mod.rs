//! What only Unix has: its own sockets, pipes, and any descriptor as a source.

mod fd_source;
mod pipe;
mod unix_datagram;
mod unix_listener;
mod unix_stream;

pub use fd_source::FdSource;
pub use pipe::{PipeReader, PipeWriter, pipe};
pub use unix_datagram::UnixDatagram;
pub use unix_listener::UnixListener;
pub use unix_stream::{UnixConnect, UnixStream};
