//! Unix sockets and pipes: every byte, the end, and nobody forgotten; and any descriptor as a
//! source.

#![cfg(test)]
#![cfg(unix)]
// Miri has no Unix sockets.
#![cfg(not(miri))]

mod common;

use std::{
    env, fs,
    io::{self, Read, Write},
    net::Shutdown,
    os::fd::AsFd,
    os::unix::net::UnixStream as StdStream,
    path::PathBuf,
    process::{self, Command, Stdio},
};

use common::{Harness, join, poll_with};
use glassloop_reactor::{
    Direction, Interest, Registered, mio,
    net::{FdSource, PipeReader, PipeWriter, UnixDatagram, UnixListener, UnixStream, pipe},
};

/// A path of this test, which is removed when this is dropped.
struct Spot(PathBuf);

impl Spot {
    fn new(name: &str) -> Spot {
        let path = env::temp_dir().join(format!("glassloop-{}-{name}", process::id()));
        fs::remove_file(&path).ok();
        Spot(path)
    }
}

impl Drop for Spot {
    fn drop(&mut self) {
        fs::remove_file(&self.0).ok();
    }
}

#[test]
fn a_stream_is_accepted_at_a_path_and_talks_both_ways() {
    let harness = Harness::kernel();
    let spot = Spot::new("stream");
    let listener = UnixListener::bind(&spot.0).unwrap();
    let (here, accepted) = harness.block_on(join(UnixStream::connect(&spot.0), listener.accept()));
    let (here, (there, _)) = (here.unwrap(), accepted.unwrap());
    assert_eq!(here.peer_addr().unwrap().as_pathname(), Some(spot.0.as_path()));
    assert_eq!(there.local_addr().unwrap().as_pathname(), Some(spot.0.as_path()));
    let mut buffer = [0; 5];
    harness.block_on(async {
        here.write_all(b"hello").await.unwrap();
        there.read_exact(&mut buffer).await.unwrap();
        there.write_all(b"world").await.unwrap();
        there.shutdown(Shutdown::Write).unwrap();
        here.read_exact(&mut buffer).await.unwrap();
        assert_eq!(here.read(&mut [0; 1]).await.unwrap(), 0, "the end");
    });
    assert_eq!(&buffer, b"world");
    let listener = UnixListener::from_std(listener.into_std()).unwrap();
    assert_eq!(listener.local_addr().unwrap().as_pathname(), Some(spot.0.as_path()));
    assert!(poll_with(|cx| listener.poll_accept(cx)).is_pending());
}

#[test]
fn a_path_where_nobody_listens_is_an_error_and_leaves_no_source() {
    let harness = Harness::kernel();
    let spot = Spot::new("nobody");
    let error = harness.block_on(UnixStream::connect(&spot.0)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert_eq!(harness.reactor.counts().sources, 0);
}

#[test]
fn a_million_bytes_and_the_end_arrive_through_a_pair_and_a_pipe() {
    let harness = Harness::kernel();
    let bytes: Vec<u8> = (0_u32..1 << 20).map(|n| n.to_le_bytes()[n as usize % 4]).collect();
    let (here, there) = UnixStream::pair().unwrap();
    let write = async {
        here.write_all(&bytes).await.unwrap();
        drop(here);
    };
    let (_, came) = harness.block_on(join(write, drain(async |buffer| there.read(buffer).await)));
    assert_eq!(came, bytes);
    let (reader, writer) = pipe().unwrap();
    let write = async {
        writer.write_all(&bytes).await.unwrap();
        drop(writer);
    };
    let (_, came) = harness.block_on(join(write, drain(async |buffer| reader.read(buffer).await)));
    assert_eq!(came, bytes);
}

async fn drain(mut read: impl AsyncFnMut(&mut [u8]) -> io::Result<usize>) -> Vec<u8> {
    let (mut all, mut buffer) = (Vec::new(), [0; 5_000]);
    loop {
        match read(&mut buffer).await.unwrap() {
            0 => return all,
            moved => all.extend_from_slice(&buffer[..moved]),
        }
    }
}

#[test]
fn a_childs_input_and_output_are_pipes() {
    let harness = Harness::kernel();
    let piped = |command: &mut Command| {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
    };
    let mut child = piped(&mut Command::new("cat"));
    let writer = PipeWriter::from_fd(child.stdin.take().unwrap()).unwrap();
    let reader = PipeReader::from_fd(child.stdout.take().unwrap()).unwrap();
    let mut buffer = [0; 16];
    harness.block_on(async {
        writer.write_all(b"through the cat").await.unwrap();
        reader.read_exact(&mut buffer[..15]).await.unwrap();
        drop(writer);
        assert_eq!(reader.read(&mut [0; 8]).await.unwrap(), 0, "cat has ended");
    });
    assert_eq!(&buffer[..15], b"through the cat");
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_pipe_whose_reader_is_gone_is_broken() {
    let harness = Harness::kernel();
    let (reader, writer) = pipe().unwrap();
    harness.settle();
    drop(reader.into_fd());
    let error = harness.block_on(writer.write_all(b"anybody?")).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
}

#[test]
fn a_regular_file_is_no_pipe() {
    let _harness = Harness::kernel();
    let file = fs::File::open(env::current_exe().unwrap()).unwrap();
    let error = PipeReader::from_fd(file).map(drop);
    // kqueue watches files; epoll refuses them.
    assert_eq!(error.is_err(), cfg!(target_os = "linux"));
}

#[test]
fn datagrams_keep_their_bounds_between_paths_and_in_pairs() {
    let harness = Harness::kernel();
    let (spot, other) = (Spot::new("datagram"), Spot::new("other"));
    let (here, there) =
        (UnixDatagram::bind(&spot.0).unwrap(), UnixDatagram::bind(&other.0).unwrap());
    let mut buffer = [0; 16];
    harness.block_on(async {
        here.send_to(b"one", &other.0).await.unwrap();
        here.send_to(b"three", &other.0).await.unwrap();
        let (bytes, from) = there.recv_from(&mut buffer).await.unwrap();
        assert_eq!((bytes, from.as_pathname()), (3, Some(spot.0.as_path())));
        assert_eq!(there.recv(&mut buffer).await.unwrap(), 5);
        let nameless = UnixDatagram::unbound().unwrap();
        nameless.connect(&spot.0).unwrap();
        nameless.send(b"seven").await.unwrap();
        assert_eq!(here.recv(&mut buffer).await.unwrap(), 5);
    });
    let (here, there) = UnixDatagram::pair().unwrap();
    let here = UnixDatagram::from_std(here.into_std()).unwrap();
    let (sent, received) = harness.block_on(join(here.send(b"pair"), there.recv(&mut buffer)));
    assert_eq!((sent.unwrap(), received.unwrap()), (4, 4));
}

#[test]
fn a_stream_goes_to_the_standard_library_and_comes_back() {
    let harness = Harness::kernel();
    let (here, there) = UnixStream::pair().unwrap();
    let mut standard = here.into_std();
    standard.write_all(b"by hand").unwrap();
    let mut buffer = [0; 7];
    harness.block_on(there.read_exact(&mut buffer)).unwrap();
    let error = standard.read(&mut buffer).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock, "it stays nonblocking");
    let here = UnixStream::from_std(standard).unwrap();
    let duplicate = here.as_fd().try_clone_to_owned().unwrap();
    drop((here, duplicate));
    assert_eq!(harness.block_on(there.read(&mut buffer)).unwrap(), 0);
}

#[test]
fn anything_with_a_descriptor_is_a_source() {
    let harness = Harness::kernel();
    let (theirs, mut other) = StdStream::pair().unwrap();
    theirs.set_nonblocking(true).unwrap();
    let source = Registered::new(FdSource::new("theirs", theirs), Interest::Read).unwrap();
    harness.settle();
    let mut buffer = [0; 8];
    let mut read = Box::pin(source.io(Direction::Read, "read theirs", |source| {
        Read::read(&mut source.get_ref(), &mut buffer)
    }));
    assert!(harness.poll_once(&mut read).is_pending());
    let view = harness.reactor.sources().remove(0);
    assert_eq!((view.kind, view.waiters[0].operation), ("theirs", "read theirs"));
    assert_eq!(view.waiters[0].place.file(), file!());
    other.write_all(b"edge").unwrap();
    assert_eq!(harness.block_on(read).unwrap(), 4);
    let theirs = source.into_inner().into_inner();
    assert_eq!(harness.reactor.counts().sources, 0);
    drop(theirs);
}

#[test]
fn a_source_of_mio_is_registered_as_it_is() {
    let harness = Harness::kernel();
    let socket = mio::net::UdpSocket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    let source = Registered::new(socket, Interest::Both).unwrap();
    let mut buffer = [0; 8];
    harness.block_on(async {
        let sent = source.io(Direction::Write, "send", |socket| socket.send_to(b"self", address));
        assert_eq!(sent.await.unwrap(), 4);
        let received = source.io(Direction::Read, "receive", |socket| socket.recv(&mut buffer));
        assert_eq!(received.await.unwrap(), 4);
    });
    assert_eq!(&buffer[..4], b"self");
}

#[test]
fn a_snapshot_knows_the_kinds() {
    let harness = Harness::kernel();
    let spot = Spot::new("kinds");
    let _listener = UnixListener::bind(&spot.0).unwrap();
    let _datagram = UnixDatagram::unbound().unwrap();
    let _streams = UnixStream::pair().unwrap();
    let _pipe = pipe().unwrap();
    let views = harness.reactor.sources();
    let kinds: Vec<&str> = views.iter().map(|view| view.kind).collect();
    let expected = ["unix listener", "unix datagram", "unix", "unix", "pipe reader", "pipe writer"];
    assert_eq!(kinds, expected);
    assert!(views.iter().all(|view| view.descriptor.is_some()));
}

#[cfg(feature = "futures-io")]
#[test]
fn streams_and_pipes_speak_the_traits_of_futures_io() {
    use std::{future::poll_fn, pin::Pin};

    use futures_io::{AsyncRead, AsyncWrite};

    async fn hand_over(mut writer: impl AsyncWrite + Unpin, mut reader: impl AsyncRead + Unpin) {
        let wrote = poll_fn(|cx| Pin::new(&mut writer).poll_write(cx, b"hello")).await;
        assert_eq!(wrote.unwrap(), 5);
        poll_fn(|cx| Pin::new(&mut writer).poll_flush(cx)).await.unwrap();
        poll_fn(|cx| Pin::new(&mut writer).poll_close(cx)).await.unwrap();
        // A pipe ends with its writer.
        drop(writer);
        let mut buffer = [0; 8];
        for expected in [5, 0] {
            let read = poll_fn(|cx| Pin::new(&mut reader).poll_read(cx, &mut buffer));
            assert_eq!(read.await.unwrap(), expected);
        }
    }
    let harness = Harness::kernel();
    let (reader, writer) = pipe().unwrap();
    harness.block_on(hand_over(writer, reader));
    let (here, there) = UnixStream::pair().unwrap();
    harness.block_on(hand_over(here, there));
    let (here, there) = UnixStream::pair().unwrap();
    harness.block_on(async {
        poll_fn(|cx| Pin::new(&mut &here).poll_close(cx)).await.unwrap();
        assert_eq!(there.read(&mut [0; 1]).await.unwrap(), 0, "closed, though not dropped");
    });
}
