//! Hosts: a task asks for what only the host's main thread may do, with a result and without.
#![allow(clippy::print_stdout)]

use std::{cell::RefCell, error::Error, sync::mpsc, thread, time::Duration};

use glassloop::{Chunk, Drain, HostQueue, LoopThread, sleep, spawn};

thread_local! {
    /// The host's scene. Touching another thread's would show an empty one.
    static SCENE: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

const SLICE: Duration = Duration::from_millis(5);

fn main() -> Result<(), Box<dyn Error>> {
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    // The host's queue of idle work: `executeDeferred`, `invokeMethod`, `PostMessage`.
    let (post, idle) = mpsc::channel::<Drain>();
    let host = HostQueue::builder().kick(move |drain| drop(post.send(drain))).build();

    let mut network = LoopThread::start("network")?;
    let scene = host.clone();
    let mut actions = network.spawn(move || async move {
        let other = spawn(async {
            sleep(Duration::from_millis(1)).await;
            println!("meanwhile the loop goes on, on `{}`", here());
        });
        // Without a result: in order, and nobody waits for it.
        scene.defer(|| SCENE.with_borrow_mut(|scene| scene.push("sphere"))).ok();
        // With one: this task waits, and no other.
        let count = scene.call(|| SCENE.with_borrow(Vec::len)).await?;
        other.await.ok();
        println!("{count} in the scene");
        let mut frame = 0; // in steps: the host lives on between two of them
        let export = scene.call_chunked(move |_| {
            frame += 1;
            if frame < 3 { Chunk::More } else { Chunk::Done(format!("{frame} on `{}`", here())) }
        });
        println!("exported {}", export.await?);
        Ok::<_, glassloop::HostError>(())
    });
    // The host's main loop: it runs what was posted to it when it is idle, and knows no loop.
    while !actions.is_resolved() {
        if let Ok(drain) = idle.recv_timeout(SLICE) {
            drain.run(SLICE);
        }
    }
    host.block_on(&mut actions, SLICE)???;
    println!("left on the thread: {}", network.join(Duration::from_secs(5))?);
    Ok(())
}

fn here() -> String {
    thread::current().name().unwrap_or("?").to_owned()
}

// meanwhile the loop goes on, on `network`
// 1 in the scene
// exported 3 on `main`
// left on the thread: nothing was left
