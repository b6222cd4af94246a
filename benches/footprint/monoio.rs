//! The program whose footprint is taken, on monoio: a TCP echo and a line every second.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use monoio::io::{AsyncReadRent, AsyncWriteRentExt};
use monoio::net::{TcpListener, TcpStream};
use monoio::{FusionDriver, RuntimeBuilder};

fn main() -> std::io::Result<()> {
    RuntimeBuilder::<FusionDriver>::new().enable_timer().build()?.block_on(serve())
}

async fn serve() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:7007")?;
    let echoed = Rc::new(Cell::new(0));
    monoio::spawn(report(Rc::clone(&echoed)));
    loop {
        let (stream, _) = listener.accept().await?;
        monoio::spawn(echo(stream, Rc::clone(&echoed)));
    }
}

async fn report(echoed: Rc<Cell<usize>>) {
    loop {
        monoio::time::sleep(Duration::from_secs(1)).await;
        println!("{} bytes", echoed.get());
    }
}

async fn echo(mut stream: TcpStream, echoed: Rc<Cell<usize>>) -> std::io::Result<()> {
    let mut buffer = Vec::with_capacity(4096);
    loop {
        let (length, read) = stream.read(buffer).await;
        let length = length?;
        if length == 0 {
            return Ok(());
        }
        let (written, mut sent) = stream.write_all(read).await;
        written?;
        sent.clear();
        buffer = sent;
        echoed.set(echoed.get() + length);
    }
}
