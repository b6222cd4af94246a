//! The program whose footprint is taken, on tokio: a TCP echo and a line every second.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{LocalSet, spawn_local};

fn main() -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, serve())
}

async fn serve() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:7007").await?;
    let echoed = Rc::new(Cell::new(0));
    spawn_local(report(Rc::clone(&echoed)));
    loop {
        let (stream, _) = listener.accept().await?;
        spawn_local(echo(stream, Rc::clone(&echoed)));
    }
}

async fn report(echoed: Rc<Cell<usize>>) {
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        println!("{} bytes", echoed.get());
    }
}

async fn echo(mut stream: TcpStream, echoed: Rc<Cell<usize>>) -> std::io::Result<()> {
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
