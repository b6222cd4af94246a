//! Snapshot: who waits for what, and where. No future is polled to find out.
#![allow(clippy::print_stdout)]

use std::{error::Error, io, time::Duration};

use glassloop::{
    EventLoop, interval,
    net::{TcpStream, duplex},
    sleep, spawn, timeout,
};

fn main() -> Result<(), Box<dyn Error>> {
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    // A loop for tests: its clock moves when nothing else can, so this prints the same each time.
    let event_loop = EventLoop::test();
    let shown = event_loop.block_on(async {
        let (here, there) = duplex()?;
        let reader = spawn(read_a_line(here)).named("reader");
        spawn(async move { reader.await.is_ok() }).named("patient").detach();
        spawn(tick()).named("ticker").detach();
        sleep(Duration::from_millis(35)).await;

        // It is data. Printed as it is, `println!("{snapshot}")`, it is a table.
        let snapshot = glassloop::snapshot();
        for task in &snapshot.tasks {
            println!("{}: {}, {} polls", task.name, task.state.name(), task.polls);
            for wait in &task.waits {
                println!("  {wait}");
            }
        }
        drop(there);
        Ok(())
    })?;
    // What is left is dropped here. A loop that is dropped unclosed tells the log what that was.
    event_loop.close(Duration::ZERO);
    shown
}

async fn read_a_line(stream: TcpStream) -> io::Result<usize> {
    let mut line = [0; 80];
    timeout(Duration::from_secs(5), stream.read(&mut line)).await?
}

async fn tick() {
    let mut ticks = interval(Duration::from_millis(10));
    loop {
        ticks.tick().await;
    }
}

// main: running, 2 polls
// reader: waiting, 1 polls
//   read of memory 0 source 1#1 at examples/06_snapshot.rs:41
//   timeout of timer due in 4.965s at examples/06_snapshot.rs:41
// patient: waiting, 1 polls
//   join of task #1.1 `reader` at examples/06_snapshot.rs:19
// ticker: waiting, 4 polls
//   interval of timer due in 5.000ms at examples/06_snapshot.rs:47
