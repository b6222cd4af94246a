//! Eight pages, at most three of them at once.
#![allow(clippy::print_stdout)]

use std::{cell::Cell, io, net::SocketAddr, time::Duration};

use async_lock::Semaphore;
use futures::{AsyncBufReadExt, AsyncReadExt, io::BufReader};
use glassloop::{
    net::{TcpListener, TcpStream},
    sleep, spawn, try_gather,
};

const PAGES: u32 = 8;
const AT_ONCE: usize = 3;

async fn answer(stream: TcpStream) -> io::Result<()> {
    let (mut head, mut lines) = (String::new(), BufReader::new(&stream));
    while !head.ends_with("\r\n\r\n") && lines.read_line(&mut head).await? > 0 {}
    sleep(Duration::from_millis(20)).await;
    let body = format!("this is {}", head.split_whitespace().nth(1).unwrap_or_default());
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all(answer.as_bytes()).await
}

async fn fetch(server: SocketAddr, page: u32) -> io::Result<String> {
    let mut stream = TcpStream::connect(server).await?;
    let ask = format!("GET /page/{page} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n");
    stream.write_all(ask.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    Ok(format!("{} {body}", head.split_whitespace().nth(1).unwrap_or_default()))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    glassloop::run(async {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let server = listener.local_addr()?;
        spawn(async move {
            while let Ok((stream, _from)) = listener.accept().await {
                spawn(answer(stream)).or_report();
            }
        })
        .detach();
        let (limit, [busy, most]) = (Semaphore::new(AT_ONCE), [const { Cell::new(0) }; 2]);
        let fetched = try_gather((1..=PAGES).map(async |page| {
            let _place = limit.acquire().await;
            busy.set(busy.get() + 1);
            most.set(most.get().max(busy.get()));
            let fetched = fetch(server, page).await;
            busy.set(busy.get() - 1);
            fetched
        }));
        fetched.await?.iter().for_each(|page| println!("{page}"));
        println!("at most {} at once", most.get());
        Ok(())
    })?
}
