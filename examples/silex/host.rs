//! The host: a program that draws 60 times a second, and has a scene that its main thread alone may
//! touch. In its idle time it runs what was posted to it.

use std::{
    cell::{Cell, RefCell},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use glassloop::{Drain, HostQueue};

const FRAME: Duration = Duration::from_micros(16_667);

thread_local! {
    /// What is in the scene. Another thread's would be empty.
    static SCENE: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

pub(crate) struct Host {
    /// What the loop wants done: `executeDeferred`, `invokeMethod`, `PostMessage`.
    idle: mpsc::Receiver<Drain>,
    frames: Cell<u32>,
    drawn: Cell<Instant>,
    longest: Cell<Duration>,
}

impl Host {
    /// The host, and the queue in which actions leave their calls.
    pub(crate) fn start() -> (Host, HostQueue) {
        let (post, idle) = mpsc::channel();
        let calls = HostQueue::builder().kick(move |drain| drop(post.send(drain))).build();
        let host = Host {
            idle,
            frames: Cell::new(0),
            drawn: Cell::new(Instant::now()),
            longest: Cell::new(Duration::ZERO),
        };
        (host, calls)
    }

    /// One frame: what was posted, as far as there is time, and then the picture.
    pub(crate) fn draw_a_frame(&self) {
        let begun = Instant::now();
        if let Ok(drain) = self.idle.try_recv() {
            drain.run(FRAME / 2);
        }
        self.longest.set(self.longest.get().max(self.drawn.get().elapsed()));
        self.drawn.set(Instant::now());
        self.frames.set(self.frames.get() + 1);
        thread::sleep(FRAME.saturating_sub(begun.elapsed()));
    }

    pub(crate) fn frames(&self) -> u32 {
        self.frames.get()
    }

    /// The longest time between two pictures.
    pub(crate) fn longest(&self) -> Duration {
        self.longest.get()
    }
}

/// What only the main thread may do: makes something in the scene, and counts what is there.
pub(crate) fn make(what: &str) -> usize {
    assert_eq!(thread::current().name(), Some("main"), "the scene is the main thread's");
    SCENE.with_borrow_mut(|scene| {
        scene.push(what.to_owned());
        scene.len()
    })
}
