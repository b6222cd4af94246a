//! The reaper: waits for the children that nobody waits for, so that none stays a zombie.
//!
//! A loop of its own on a thread of its own, which starts with the first such child and ends with
//! the last.

use std::{
    io,
    process::Child,
    sync::{Mutex, PoisonError, mpsc},
    thread,
};

use glassloop_executor::quietly;

use super::{command::Ends, exit::Exit, held::Held};
use crate::{EventLoop, Remote};

/// What the thread is called. Linux shows fifteen letters.
const THREAD: &str = "glassloop-reap";

/// The loop that waits, while it has somebody to wait for.
static REAPER: Mutex<Option<Reaper>> = Mutex::new(None);

struct Reaper {
    remote: Remote,
    children: usize,
}

/// Waits for a child on behalf of nobody.
pub(super) fn adopt(child: Child) {
    let id = child.id();
    if let Err(error) = try_adopt(child) {
        quietly(|| log::error!("nobody waits for child {id}, which will be a zombie: {error}"));
    }
}

fn try_adopt(child: Child) -> io::Result<()> {
    let mut reaper = REAPER.lock().unwrap_or_else(PoisonError::into_inner);
    let current = match reaper.take() {
        Some(current) => current,
        None => Reaper { remote: start()?, children: 0 },
    };
    let current = reaper.insert(current);
    current.children += 1;
    drop(current.remote.spawn(move || async move {
        let id = child.id();
        if let Err(error) = wait(child).await {
            quietly(|| log::error!("child {id} could not be waited for: {error}"));
        }
        release();
    }));
    Ok(())
}

async fn wait(child: Child) -> io::Result<()> {
    let mut held = Held::new(child, Ends::default());
    Exit::watch(&held)?.wait(&mut held).await?;
    Ok(())
}

/// One child less. With the last one the loop is let go of, and ends.
fn release() {
    let mut reaper = REAPER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(current) = &mut *reaper {
        current.children -= 1;
    }
    let last = reaper.take_if(|current| current.children == 0);
    drop(reaper);
    drop(last);
}

fn start() -> io::Result<Remote> {
    let (told, made) = mpsc::channel();
    thread::Builder::new().name(THREAD.to_owned()).spawn(move || {
        let event_loop = EventLoop::builder().internal().build();
        let event_loop = match event_loop {
            Ok(event_loop) => event_loop,
            Err(error) => return told.send(Err(error)).unwrap_or(()),
        };
        told.send(Ok(event_loop.remote())).ok();
        drop(told);
        if let Err(error) = event_loop.run() {
            quietly(|| log::error!("the loop that waits for children ended: {error}"));
        }
    })?;
    made.recv().unwrap_or_else(|_| Err(io::Error::other("the thread for children panicked")))
}
