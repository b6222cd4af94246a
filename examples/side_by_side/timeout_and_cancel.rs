//! An answer that is late, a task that is cancelled and tidies up, and one that nobody disturbs.
#![allow(clippy::print_stdout)]

use std::time::Duration;

use async_channel::Sender;
use glassloop::{sleep, spawn, timeout};

const MS: Duration = Duration::from_millis(1);

async fn answer<T>(after: Duration, value: T) -> T {
    sleep(after).await;
    value
}

/// What is held is dropped with the future that holds it.
struct Tidies;

impl Drop for Tidies {
    fn drop(&mut self) {
        println!("the ticker has tidied up");
    }
}

async fn tick(ticks: Sender<u32>) {
    let _tidies = Tidies;
    for number in 1..1_000 {
        if ticks.send(number).await.is_err() {
            return; // nobody hears it
        }
        sleep(10 * MS).await;
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    glassloop::run(async {
        let quick = spawn(answer(20 * MS, 42));

        if timeout(30 * MS, answer(60_000 * MS, "never")).await.is_err() {
            println!("the slow answer is late");
        }

        let (sender, ticks) = async_channel::bounded(1);
        let ticker = spawn(tick(sender));
        println!("tick {}", ticks.recv().await?);
        println!("tick {}", ticks.recv().await?);
        ticker.abort();
        if ticker.await.is_err() {
            println!("the ticker was cancelled");
        }

        println!("the quick answer is {}", quick.await?);
        Ok(())
    })?
}
