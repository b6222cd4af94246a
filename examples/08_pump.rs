//! Pump: a game's main loop keeps its thread, and lends some of it to the event loop each frame.
#![allow(clippy::print_stdout)]

use std::{cell::Cell, error::Error, rc::Rc, thread, time::Duration};

use glassloop::{EventLoop, net::duplex, sleep, spawn};

const FRAME: Duration = Duration::from_millis(16);
const SPARE: Duration = Duration::from_millis(2);

fn main() -> Result<(), Box<dyn Error>> {
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    let event_loop = EventLoop::new()?;
    let score = Rc::new(Cell::new(0));

    // Tasks of this very thread: they may hold what the game holds.
    let shown = Rc::clone(&score);
    let game = event_loop.spawn(async move {
        let (here, there) = duplex()?; // stands for a player's socket
        let server = spawn(async move {
            for points in [10, 20, 12] {
                sleep(Duration::from_millis(20)).await;
                there.write_all(&[points]).await?;
            }
            std::io::Result::Ok(())
        });
        let mut points = [0];
        while here.read(&mut points).await? == 1 {
            shown.set(shown.get() + u32::from(points[0]));
        }
        server.await.expect("it doesn't panic")
    });

    // Anybody may call from another thread; with `on_wake` a host that sleeps would hear of it.
    let remote = event_loop.remote();
    let loader = thread::spawn(move || remote.defer(|| println!("loaded: a call, in a frame")));
    loader.join().expect("it doesn't panic")?;

    let mut frames = 0;
    while !game.is_finished() {
        let pumped = event_loop.pump(SPARE)?;
        // ... draw what is there, with `score` on top ...
        frames += 1;
        if !pumped.more {
            thread::sleep(FRAME.min(pumped.next.unwrap_or(FRAME)));
        }
    }
    println!("score {} after several frames: {}", score.get(), frames > 3);
    println!("left: {}", event_loop.close(Duration::ZERO));
    Ok(())
}

// loaded: a call, in a frame
// score 42 after several frames: true
// left: nothing was left
