//! The program whose footprint is taken, on glassloop: a TCP echo and a line every second.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use glassloop::net::{TcpListener, TcpStream};

fn main() {
    if let Err(error) = glassloop::run(serve()) {
        eprintln!("{error}");
    }
}

async fn serve() -> std::io::Result<()> {
    let listener = TcpListener::bind(([127, 0, 0, 1], 7007).into())?;
    let echoed = Rc::new(Cell::new(0));
    glassloop::spawn(report(Rc::clone(&echoed)));
    loop {
        let (stream, _) = listener.accept().await?;
        glassloop::spawn(echo(stream, Rc::clone(&echoed)));
    }
}

async fn report(echoed: Rc<Cell<usize>>) {
    loop {
        glassloop::sleep(Duration::from_secs(1)).await;
        println!("{} bytes", echoed.get());
    }
}

async fn echo(stream: TcpStream, echoed: Rc<Cell<usize>>) -> std::io::Result<()> {
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
