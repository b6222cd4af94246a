//! # 12. A WebSocket on a loop
//!
//! A browser asks, a server answers, and that is the end of it: so goes HTTP. A *WebSocket* is a
//! request that asks for more, an *upgrade*. The server answers 101, and from then on either side
//! may send what it likes, when it likes, on the same connection. What is sent are *frames*: a byte
//! that says what kind, a length, and what is said. Some are about the connection itself: a *ping*
//! is answered by a pong, and a *close* by another close, so that both know that all has arrived.
//!
//! `by_hand` does that with nothing but a stream and some bytes. `program` lets `glassloop::ws` do
//! it. Beside the two who talk there are two more tasks, a *driver* for each end. It keeps the
//! deadlines, and answers pings while nobody listens.
//!
//! All of it is what you know: sockets that wake, tasks that wait, queues with a bound. And you
//! have watched it from the first chapter on: the page hears of your loop by a WebSocket, which a
//! loop of this library serves, on a thread of its own: `inspector/src/live.rs`.
//!
//! ## Break it
//!
//! ```text
//! GLASSLOOP_INSPECT=1 cargo run --example ch12_a_websocket_on_a_loop -- broken
//! ```
//!
//! Ada reads out a long letter and never listens, while Ben repeats each line. When all the queues
//! between them are full both wait, each for the other to listen. `glassloop ps` shows each at the
//! line of its `send`, and that both drivers wait for a `write`.
//!
//! ## A question
//!
//! Ada pings Ben. No line of Ben's is about pings. Which task answers, and does `recv` return?
#![allow(clippy::print_stdout)]

use std::{env, io, net::SocketAddr};

use glassloop::{
    EventLoop,
    net::{TcpListener, TcpStream},
    spawn, ws,
};

/// Two ends of a connection.
type Line = (TcpStream, TcpStream);

/// Repeats what it hears, until the other one hangs up.
async fn repeat(stream: TcpStream) -> Result<ws::CloseInfo, ws::Error> {
    let line = ws::accept(stream).await?;
    while let Some(message) = line.recv().await? {
        line.send(message).await?;
    }
    Ok(line.closed().await)
}

pub(crate) async fn by_hand((ada, ben): Line) -> Result<(), ws::Error> {
    let ben = spawn(repeat(ben)).named("Ben");
    let ask = "GET / HTTP/1.1\r\nHost: ben\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c2l4dGVlbiBsZXR0ZXJzIQ==\r\n\r\n";
    ada.write_all(ask.as_bytes()).await?;
    let (mut answer, mut bytes, mut read) = (Vec::new(), [0; 512], 1);
    while read > 0 && !answer.ends_with(b"\r\n\r\n") {
        read = ada.read(&mut bytes).await?;
        answer.extend_from_slice(&bytes[..read]);
    }
    println!("came: {}", String::from_utf8_lossy(&answer).lines().next().unwrap_or_default());

    // A text of two bytes, then a close with the code 1000; who asked masks, here with zeros.
    for (kind, two) in [(0x81, *b"hi"), (0x88, 1000_u16.to_be_bytes())] {
        ada.write_all(&[kind, 0x80 | 2, 0, 0, 0, 0, two[0], two[1]]).await?;
        let mut came = [0; 4];
        ada.read_exact(&mut came).await?;
        println!("came: {came:02x?}");
    }
    println!("Ben: {}", ben.await.expect("Ben doesn't panic")?);
    Ok(())
}

pub(crate) async fn program((ada, ben): Line) -> Result<(), ws::Error> {
    let ben = spawn(repeat(ben)).named("Ben");
    let (line, driver) = glassloop_ws::connect_on(ada, "ws://ben/").await?;
    spawn(driver).named("driver").detach();
    line.send("hello".into()).await?;
    println!("Ada hears: {:?}", line.recv().await?);
    line.ping().await?;
    println!("Ben is still there");
    line.close(ws::code::NORMAL, "good night")?;
    println!("Ada: {}", line.closed().await);
    println!("Ben: {}", ben.await.expect("Ben doesn't panic")?);
    Ok(())
}

/// Says a line of a long letter, and another one, and never listens.
async fn broken((ada, ben): Line) -> Result<(), ws::Error> {
    spawn(repeat(ben)).named("Ben").detach();
    let (line, driver) = glassloop_ws::connect_on(ada, "ws://ben/").await?;
    spawn(driver).named("driver").detach();
    let letter = async move {
        loop {
            line.send(vec![b'x'; 50_000].into()).await?;
        }
    };
    spawn(letter).named("Ada").await.expect("Ada doesn't panic")
}

async fn dial() -> io::Result<Line> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    let here = TcpStream::connect(listener.local_addr()?).await?;
    let (there, _) = listener.accept().await?;
    Ok((here, there))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    let is_broken = env::args().nth(1).as_deref() == Some("broken");
    let ended: Result<(), ws::Error> = EventLoop::new()?.block_on(async move {
        if is_broken {
            return broken(dial().await?).await;
        }
        by_hand(dial().await?).await?;
        program(dial().await?).await
    })?;
    Ok(ended?)
}
