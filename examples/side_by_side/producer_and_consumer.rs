//! A producer that waits for its consumer: there is room for two between them.
#![allow(clippy::print_stdout)]

use std::{cell::Cell, rc::Rc, time::Duration};

use async_channel::{Receiver, Sender};
use glassloop::{sleep, spawn};

const ROOM: usize = 2;
const THINGS: u32 = 6;

async fn produce(queue: Sender<u32>, made: Rc<Cell<u32>>) {
    for number in 1..=THINGS {
        // It fails if nobody is left to consume.
        if queue.send(number).await.is_err() {
            return;
        }
        made.set(number);
    }
    println!("the producer is done");
}

async fn consume(queue: Receiver<u32>, made: Rc<Cell<u32>>) {
    // It ends when the producer has, and let go of its end.
    while let Ok(number) = queue.recv().await {
        // It takes its time; meanwhile the producer fills what room there is.
        sleep(Duration::from_millis(10)).await;
        println!("consumed {number}, made {}", made.get());
    }
    println!("the consumer is done");
}

fn main() -> Result<(), glassloop::RunError> {
    glassloop::run(async {
        let (sender, receiver) = async_channel::bounded(ROOM);
        let made = Rc::new(Cell::new(0));
        let producer = spawn(produce(sender, Rc::clone(&made)));
        consume(receiver, made).await;
        producer.await.expect("it doesn't panic");
    })
}
