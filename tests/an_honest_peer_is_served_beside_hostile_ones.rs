//! Beside peers that flood a server with empty fragments, pings or messages that nobody takes, an
//! honest client's echoes keep coming. Over sockets of the kernel; prints how long they took.
#![cfg(test)]
#![cfg(all(feature = "ws", not(miri)))]

use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use glassloop::{net::TcpListener, spawn, ws};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

/// A hundred times what a quiet machine shows, for one that has other things to do.
const P99_MAX: Duration = Duration::from_millis(250);

/// A frame of a client whose mask changes nothing.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = 0x80 | u8::try_from(payload.len()).unwrap();
    assert!(payload.len() < 126);
    [&[first, length, 0, 0, 0, 0], payload].concat()
}

/// A connection with its handshake done.
fn open(address: SocketAddr) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.write_all(REQUEST)?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.extend(byte);
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "));
    Ok(stream)
}

/// A server on a thread of its own; the remote stops it.
fn serve() -> (SocketAddr, glassloop::Remote, thread::JoinHandle<()>) {
    let (told, addresses) = mpsc::channel();
    let server = thread::spawn(move || {
        let event_loop = glassloop::EventLoop::new().unwrap();
        let remote = event_loop.remote();
        let listener = event_loop.enter(|| TcpListener::bind(([127, 0, 0, 1], 0).into())).unwrap();
        told.send((listener.local_addr().unwrap(), remote)).unwrap();
        let listening = async move {
            while let Ok((stream, _)) = listener.accept().await {
                spawn(async move {
                    let Ok(socket) = ws::accept(stream).await else { return };
                    while let Ok(Some(message)) = socket.recv().await {
                        if socket.send(message).await.is_err() {
                            return;
                        }
                    }
                })
                .detach();
            }
        };
        match event_loop.block_on(listening) {
            Err(glassloop::RunError::Stopped) => {}
            other => panic!("expected a stop, came {other:?}"),
        }
    });
    let (address, remote) = addresses.recv().unwrap();
    (address, remote, server)
}

/// Floods until it is told to stop; a server that has had enough is met again. It sleeps while the
/// server takes no more: the processors are for the server and the honest client.
fn flood(address: SocketAddr, bytes: &[u8], stop: &AtomicBool) -> u64 {
    let mut sent = 0;
    while !stop.load(Relaxed) {
        let Ok(mut stream) = open(address) else { continue };
        stream.set_write_timeout(Some(Duration::from_millis(100))).unwrap();
        let mut answers = stream.try_clone().unwrap();
        // It takes its answers, or it would soon be left alone.
        let taking = thread::spawn(move || io::copy(&mut answers, &mut io::sink()));
        let mut left = bytes;
        while !stop.load(Relaxed) {
            match stream.write(left) {
                Ok(count) => {
                    sent += count as u64;
                    left = if count == left.len() { bytes } else { &left[count..] };
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => break,
            }
        }
        let _gone_already = stream.shutdown(Shutdown::Both);
        let _ended_somehow = taking.join().unwrap();
    }
    sent
}

/// Echoes for so long, one after the other; how long each took.
fn echoes(address: SocketAddr, lasting: Duration) -> Vec<Duration> {
    let mut stream = open(address).unwrap();
    let (message, mut answer) = (frame(0x81, b"are you well?"), [0; 15]);
    let (began, mut took) = (Instant::now(), Vec::new());
    while began.elapsed() < lasting {
        let asked = Instant::now();
        stream.write_all(&message).unwrap();
        stream.read_exact(&mut answer).unwrap();
        assert!(answer.ends_with(b"are you well?"));
        took.push(asked.elapsed());
    }
    took
}

fn an_honest_client_beside(what: &str, bytes: &[u8], lasting: Duration) {
    let (address, remote, server) = serve();
    let stop = Arc::new(AtomicBool::new(false));
    let (bytes, flooding) = (bytes.to_vec(), Arc::clone(&stop));
    let flooder = thread::spawn(move || flood(address, &bytes, &flooding));
    let mut took = echoes(address, lasting);
    stop.store(true, Relaxed);
    let sent = flooder.join().unwrap();
    remote.stop();
    server.join().unwrap();
    took.sort_unstable();
    let (half, most) = (took[took.len() / 2], took[took.len() * 99 / 100]);
    println!(
        "beside {what}, {} MB of it: {} echoes, p50 {half:.1?}, p99 {most:.1?}",
        sent / 1_000_000,
        took.len()
    );
    assert!(sent > 0, "{what}: nothing was sent");
    assert!(most < P99_MAX, "{what}: p99 {most:?}");
}

fn an_honest_client_is_served(lasting: Duration) {
    // A message of so many, again and again: one without an end would soon be refused.
    let fragments = [frame(0x02, b""), frame(0x00, b"").repeat(100_000), frame(0x80, b"")].concat();
    an_honest_client_beside("empty fragments", &fragments, lasting);
    let pings = frame(0x89, b"ping").repeat(1_000);
    an_honest_client_beside("pings", &pings, lasting);
    let messages = frame(0x82, b"").repeat(10_000);
    an_honest_client_beside("empty messages", &messages, lasting);
}

#[test]
fn an_honest_client_is_served_beside_every_flood() {
    an_honest_client_is_served(Duration::from_millis(100));
}

#[test]
#[ignore = "the full size, for .ci/full"]
fn full_an_honest_client_is_served_beside_every_flood_for_ten_seconds_each() {
    an_honest_client_is_served(Duration::from_secs(10));
}
