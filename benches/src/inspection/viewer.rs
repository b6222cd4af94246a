//! `Viewer`: a client of the live socket that reads the head of the answer and nothing after it.

use std::io::Read;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::ioctl_fionread;
use rustix::net::sockopt::set_socket_recv_buffer_size;

use super::Door;

/// As many pushes as an inspector makes.
const QUERY: &str = "?every_ms=50";

/// Without a bound the system would take megabytes before anything is in the inspector's way.
const RECEIVE_BYTES: usize = 4_096;

/// Four pushes long nothing came: there is no room for them.
const STILL: Duration = Duration::from_millis(200);

/// It takes a push every 50 ms and some tens of KiB each.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Viewer {
    stream: TcpStream,
}

impl Viewer {
    /// Attaches, and waits until what is pushed has filled every buffer on its way.
    pub fn attach(door: &Door) -> Viewer {
        let mut stream = door.ask_for_live(QUERY);
        set_socket_recv_buffer_size(&stream, RECEIVE_BYTES).expect("a buffer can be made small");
        let mut status = [0; 12];
        stream.read_exact(&mut status).expect("the inspector answers");
        assert_eq!(&status, b"HTTP/1.1 101", "the inspector refused");
        let viewer = Viewer { stream };
        viewer.wait_until_full();
        viewer
    }

    /// Bytes that came and were not read.
    pub fn unread(&self) -> u64 {
        ioctl_fionread(&self.stream).expect("a socket tells what it holds")
    }

    fn wait_until_full(&self) {
        let begun = Instant::now();
        let (mut unread, mut since) = (0, begun);
        while unread == 0 || since.elapsed() < STILL {
            assert!(begun.elapsed() < PATIENCE, "the inspector pushes on, after {unread} bytes");
            thread::sleep(STILL / 10);
            if self.unread() != unread {
                (unread, since) = (self.unread(), Instant::now());
            }
        }
    }
}
