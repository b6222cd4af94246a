//! `Viewer`: a client of the live socket that reads the head of the answer and nothing after it.

use std::fs;
use std::io::Read;
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use rustix::net::sockopt::set_socket_recv_buffer_size;

use super::Door;

/// As many pushes as an inspector makes.
const QUERY: &str = "?every_ms=50";

/// Without a bound the system would take megabytes more before anything is in the inspector's way.
const RECEIVE_BYTES: usize = 4_096;

/// Six pushes long nothing was written: there is no room for them.
const STILL: Duration = Duration::from_millis(300);

/// It takes a push every 50 ms, some tens of KiB each.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Viewer {
    /// Kept open, and never read.
    _stream: TcpStream,
    /// The inspector's end and ours, as the system's table has them.
    ends: [String; 2],
}

impl Viewer {
    /// Attaches, and waits until what is pushed has filled every buffer on its way.
    pub fn attach(door: &Door) -> Viewer {
        let mut stream = door.ask_for_live(QUERY);
        set_socket_recv_buffer_size(&stream, RECEIVE_BYTES).expect("a buffer can be made small");
        let mut status = [0; 12];
        stream.read_exact(&mut status).expect("the inspector answers");
        assert_eq!(&status, b"HTTP/1.1 101", "the inspector refused");
        let ends = [stream.peer_addr(), stream.local_addr()];
        let ends = ends.map(|end| in_hex(end.expect("a connection has two ends")));
        let viewer = Viewer { _stream: stream, ends };
        viewer.wait_until_full();
        viewer
    }

    /// Bytes that the inspector has written, and the system holds for it: both ends' buffers.
    pub fn unread(&self) -> u64 {
        let table = fs::read_to_string("/proc/net/tcp").expect("the system tells its connections");
        let [near, far] = &self.ends;
        queue(&table, [near, far], 0) + queue(&table, [far, near], 1)
    }

    fn wait_until_full(&self) {
        let begun = Instant::now();
        let (mut unread, mut since) = (0, begun);
        while unread == 0 || since.elapsed() < STILL {
            assert!(begun.elapsed() < PATIENCE, "the inspector pushes on, after {unread} bytes");
            thread::sleep(STILL / 10);
            let now = self.unread();
            if now != unread {
                (unread, since) = (now, Instant::now());
            }
        }
    }
}

/// An IPv4 address as `/proc/net/tcp` has it.
fn in_hex(address: SocketAddr) -> String {
    let SocketAddr::V4(address) = address else { panic!("expected IPv4, got {address}") };
    let ip = u32::from_ne_bytes(address.ip().octets());
    format!("{ip:08X}:{:04X}", address.port())
}

/// What the connection between two ends holds: 0 to be sent, 1 received.
fn queue(table: &str, ends: [&str; 2], which: usize) -> u64 {
    let row = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let row = row.into_iter().find(|row| row.get(1..3) == Some(&ends)).expect("it is connected");
    let bytes = row.get(4).and_then(|queues| queues.split(':').nth(which));
    bytes.and_then(|hex| u64::from_str_radix(hex, 16).ok()).expect("the fifth column is two sizes")
}
