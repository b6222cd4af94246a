//! A read that ends early though more is there: at urgent data, behind a message with descriptors,
//! at a packet of a pipe. No edge tells of what is left.

#![cfg(test)]
#![cfg(unix)]
// Miri has no such sockets.
#![cfg(not(miri))]

mod common;

use std::{
    io::{IoSlice, Write},
    net::{TcpListener, TcpStream as StdStream},
    os::{
        fd::{AsFd, BorrowedFd},
        unix::net::UnixStream as StdUnix,
    },
};

use common::Harness;
use glassloop_reactor::net::{TcpStream, UnixStream};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, send, sendmsg};

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
fn urgent_data_that_comes_while_a_reader_waits_hides_nothing_either() {
    let harness = Harness::kernel();
    let (here, mut peer) = tcp();
    for round in 0..20_u8 {
        peer.write_all(&[round]).unwrap();
        harness.settle();
        // Told of one byte; when it is read there are others.
        send_urgent(&peer);
        peer.write_all(&[round, round]).unwrap();
        let mut buffer = [0; 3];
        harness.block_on(here.read_exact(&mut buffer)).unwrap();
        assert_eq!(buffer, [round; 3]);
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

fn send_with_descriptor(peer: &StdUnix, bytes: &[u8], descriptor: BorrowedFd<'_>) {
    let descriptors = [descriptor];
    let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    assert!(control.push(SendAncillaryMessage::ScmRights(&descriptors)));
    let sent = sendmsg(peer, &[IoSlice::new(bytes)], &mut control, SendFlags::empty()).unwrap();
    assert_eq!(sent, bytes.len());
}
