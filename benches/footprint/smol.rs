//! The program whose footprint is taken, on smol: a TCP echo and a line every second.

use std::cell::Cell;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::rc::Rc;
use std::time::Duration;

use async_executor::LocalExecutor;
use async_io::{Async, Timer, block_on};
use futures_lite::{AsyncReadExt, AsyncWriteExt};

fn main() -> std::io::Result<()> {
    let executor = LocalExecutor::new();
    block_on(executor.run(serve(&executor)))
}

async fn serve(executor: &LocalExecutor<'_>) -> std::io::Result<()> {
    let listener = Async::<TcpListener>::bind((Ipv4Addr::LOCALHOST, 7007))?;
    let echoed = Rc::new(Cell::new(0));
    executor.spawn(report(Rc::clone(&echoed))).detach();
    loop {
        let (stream, _) = listener.accept().await?;
        executor.spawn(echo(stream, Rc::clone(&echoed))).detach();
    }
}

async fn report(echoed: Rc<Cell<usize>>) {
    loop {
        Timer::after(Duration::from_secs(1)).await;
        println!("{} bytes", echoed.get());
    }
}

async fn echo(mut stream: Async<TcpStream>, echoed: Rc<Cell<usize>>) -> std::io::Result<()> {
    let mut buffer = vec![0; 4096];
    loop {
        let length = stream.read(&mut buffer).await?;
        if length == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..length]).await?;
        echoed.set(echoed.get() + length);
    }
}
