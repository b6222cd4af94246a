//! mio's sockets and pipes as sources: what each is called, and its number.
//!
//! Nothing is done with them here. A program may register them by itself, too.

use crate::source::Source;

impl Source for mio::net::UdpSocket {
    fn kind(&self) -> &'static str {
        "udp"
    }

    fn kernel(&mut self) -> Option<&mut dyn mio::event::Source> {
        Some(self)
    }

    #[cfg(unix)]
    fn descriptor(&self) -> Option<i32> {
        Some(std::os::fd::AsRawFd::as_raw_fd(self))
    }
}

#[cfg(unix)]
mod unix {
    use std::os::fd::AsRawFd;

    use mio::{net, unix::pipe};

    use crate::source::Source;

    impl Source for net::UnixStream {
        fn kind(&self) -> &'static str {
            "unix"
        }

        fn kernel(&mut self) -> Option<&mut dyn mio::event::Source> {
            Some(self)
        }

        fn descriptor(&self) -> Option<i32> {
            Some(self.as_raw_fd())
        }
    }

    impl Source for net::UnixListener {
        fn kind(&self) -> &'static str {
            "unix listener"
        }

        fn kernel(&mut self) -> Option<&mut dyn mio::event::Source> {
            Some(self)
        }

        fn descriptor(&self) -> Option<i32> {
            Some(self.as_raw_fd())
        }
    }

    impl Source for net::UnixDatagram {
        fn kind(&self) -> &'static str {
            "unix datagram"
        }

        fn kernel(&mut self) -> Option<&mut dyn mio::event::Source> {
            Some(self)
        }

        fn descriptor(&self) -> Option<i32> {
            Some(self.as_raw_fd())
        }
    }

    impl Source for pipe::Receiver {
        fn kind(&self) -> &'static str {
            "pipe reader"
        }

        fn kernel(&mut self) -> Option<&mut dyn mio::event::Source> {
            Some(self)
        }

        fn descriptor(&self) -> Option<i32> {
            Some(self.as_raw_fd())
        }
    }

    impl Source for pipe::Sender {
        fn kind(&self) -> &'static str {
            "pipe writer"
        }

        fn kernel(&mut self) -> Option<&mut dyn mio::event::Source> {
            Some(self)
        }

        fn descriptor(&self) -> Option<i32> {
            Some(self.as_raw_fd())
        }
    }
}
