//! A read that ends early though more is there: at urgent data, behind a message with descriptors,
//! at a packet of a pipe. No edge tells of what is left.

#![cfg(test)]
// Elsewhere a short read proves nothing to begin with.
#![cfg(target_os = "linux")]
// Miri has no such sockets.
#![cfg(not(miri))]

mod common;

use std::{
    fs::File,
    io::{self, IoSlice, Write},
    net::{TcpListener, TcpStream as StdStream},
    os::{
        fd::{AsFd, BorrowedFd},
        unix::net::UnixStream as StdUnix,
    },
};

use common::Harness;
use glassloop_reactor::{
    Direction, Interest, Registered,
    net::{FdSource, PipeReader, TcpStream, UnixStream},
};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, send, sendmsg};
use rustix::pipe::{PipeFlags, pipe_with};

/// A stream of a loop, and its peer, which blocks.
fn tcp() -> (TcpStream, StdStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let peer = StdStream::connect(listener.local_addr().unwrap()).unwrap();
    peer.set_nodelay(true).unwrap();
    (TcpStream::from_std(listener.accept().unwrap().0).unwrap(), peer)
}

fn send_urgent(peer: &StdStream) {
    assert_eq!(send(peer, b"!", SendFlags::OOB).unwrap(), 1);
}

#[test]
fn what_lies_behind_urgent_data_is_read() {
    let harness = Harness::kernel();
    let (here, mut peer) = tcp();
    peer.write_all(b"abc").unwrap();
    send_urgent(&peer);
    peer.write_all(b"def").unwrap();
    harness.settle();
    let mut buffer = [0; 6];
    // A loop that forgets the rest waits here, and the harness tells of it.
    harness.block_on(here.read_exact(&mut buffer)).unwrap();
    assert_eq!(&buffer, b"abcdef");
}

#[test]
fn urgent_data_that_comes_between_the_event_and_the_read_hides_nothing_either() {
    let harness = Harness::kernel();
    for is_told_before_the_read in [false, true] {
        let (here, mut peer) = tcp();
        peer.write_all(b"a").unwrap();
        harness.settle();
        send_urgent(&peer);
        peer.write_all(b"bc").unwrap();
        if is_told_before_the_read {
            harness.settle();
        }
        let mut buffer = [0; 3];
        harness.block_on(here.read_exact(&mut buffer)).unwrap();
        assert_eq!(&buffer, b"abc");
    }
}

#[test]
fn urgent_data_at_the_end_is_no_byte_and_the_end_is_heard() {
    let harness = Harness::kernel();
    let (here, mut peer) = tcp();
    peer.write_all(b"abc").unwrap();
    send_urgent(&peer);
    harness.settle();
    let mut buffer = [0; 8];
    assert_eq!(harness.block_on(here.read(&mut buffer)).unwrap(), 3);
    drop(peer);
    assert_eq!(harness.block_on(here.read(&mut buffer)).unwrap(), 0);
}

#[test]
fn a_would_block_at_urgent_data_is_not_believed_at_once() {
    let harness = Harness::kernel();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut peer = StdStream::connect(listener.local_addr().unwrap()).unwrap();
    let here = FdSource::new("tcp", listener.accept().unwrap().0);
    let here = Registered::new(here, Interest::Both).unwrap();
    let would_block = || Err::<(), _>(io::Error::from(io::ErrorKind::WouldBlock));
    let tries_before_it_waits = || {
        (0..9).find(|_| {
            // Told not ready, it isn't tried.
            let mut tried = false;
            here.try_io(Direction::Read, |_| {
                tried = true;
                would_block()
            })
            .unwrap_err();
            !tried
        })
    };
    peer.write_all(b"abc").unwrap();
    harness.settle();
    assert_eq!(tries_before_it_waits(), Some(1), "without urgent data");
    send_urgent(&peer);
    harness.settle();
    for _ in 0..3 {
        peer.write_all(b"def").unwrap();
        harness.settle();
        // A signal that is pending makes it say so once, though more is there.
        assert_eq!(tries_before_it_waits(), Some(4));
    }
}

#[test]
fn what_lies_behind_a_message_with_descriptors_is_read() {
    let harness = Harness::kernel();
    let (here, mut peer) = StdUnix::pair().unwrap();
    let here = UnixStream::from_std(here).unwrap();
    send_with_descriptor(&peer, b"one", peer.as_fd());
    peer.write_all(b"two").unwrap();
    harness.settle();
    let mut buffer = [0; 6];
    harness.block_on(here.read_exact(&mut buffer)).unwrap();
    assert_eq!(&buffer, b"onetwo");
}

#[test]
fn every_packet_of_a_pipe_is_read() {
    let harness = Harness::kernel();
    let (here, there) = pipe_with(PipeFlags::DIRECT | PipeFlags::NONBLOCK).unwrap();
    let here = PipeReader::from_fd(here).unwrap();
    let mut there = File::from(there);
    there.write_all(b"one").unwrap();
    there.write_all(b"two").unwrap();
    harness.settle();
    let mut buffer = [0; 6];
    harness.block_on(here.read_exact(&mut buffer)).unwrap();
    assert_eq!(&buffer, b"onetwo");
}

fn send_with_descriptor(peer: &StdUnix, bytes: &[u8], descriptor: BorrowedFd<'_>) {
    let descriptors = [descriptor];
    let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    assert!(control.push(SendAncillaryMessage::ScmRights(&descriptors)));
    let sent = sendmsg(peer, &[IoSlice::new(bytes)], &mut control, SendFlags::empty()).unwrap();
    assert_eq!(sent, bytes.len());
}
