//! The test's end of a connection of Socket.IO: it says each message, and hears each.

#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    pin::Pin,
    rc::Rc,
    task::{Poll, Waker},
};

use glassloop_ws::{CloseInfo, Config, Driver, Message, WebSocket};

use crate::common::{Loop, Output};

/// What is to come to rest before it is asked.
pub trait Settles {
    fn settle(&mut self);
}

/// The test's end of a connection.
pub struct Peer {
    pub socket: WebSocket,
    heard: Rc<RefCell<Vec<Message>>>,
    /// How the other side has ended it.
    pub end: Output<CloseInfo>,
    life: Rc<Life>,
}

/// Whether the end of a connection is driven still.
#[derive(Default)]
struct Life {
    is_over: Cell<bool>,
    waker: Cell<Option<Waker>>,
}

/// A peer that says nothing unless it is told to.
pub fn silent() -> Config {
    let mut config = Config::default();
    config.limits.heartbeat_idle_ms_max = u64::MAX;
    config
}

impl Peer {
    pub fn new(event_loop: &Loop, socket: WebSocket, mut driver: Driver) -> Peer {
        let (heard, life) = (Rc::<RefCell<Vec<Message>>>::default(), Rc::new(Life::default()));
        let (noted, reads) = (Rc::clone(&heard), socket.clone());
        event_loop.spawn(async move {
            while let Ok(Some(message)) = reads.recv().await {
                noted.borrow_mut().push(message);
            }
        });
        let (drives, end) = (Rc::clone(&life), Output::default());
        let ended = Rc::clone(&end);
        event_loop.spawn(poll_fn(move |cx| {
            drives.waker.set(Some(cx.waker().clone()));
            match Pin::new(&mut driver).poll(cx) {
                Poll::Ready(info) => *ended.borrow_mut() = Some(info),
                Poll::Pending if !drives.is_over.get() => return Poll::Pending,
                Poll::Pending => {}
            }
            Poll::Ready(())
        }));
        Peer { socket, heard, end, life }
    }

    pub fn say(&self, it: &mut impl Settles, text: &str) {
        assert!(self.socket.try_send(text.into()).is_taken());
        it.settle();
    }

    pub fn say_bytes(&self, it: &mut impl Settles, bytes: &[u8]) {
        assert!(self.socket.try_send(bytes.into()).is_taken());
        it.settle();
    }

    /// What the other side has said since this was asked last.
    pub fn heard(&self, it: &mut impl Settles) -> Vec<Message> {
        it.settle();
        self.take_heard()
    }

    /// The same by now.
    pub fn take_heard(&self) -> Vec<Message> {
        self.heard.take()
    }

    pub fn texts(&self, it: &mut impl Settles) -> Vec<String> {
        let text = |message: &Message| message.as_text().expect("text").to_owned();
        self.heard(it).iter().map(text).collect()
    }

    /// The code with which the other side has closed it.
    pub fn code(&self, it: &mut impl Settles) -> Option<u16> {
        it.settle();
        self.end.take().map(|info| info.code)
    }

    /// The connection breaks.
    pub fn vanish(self, it: &mut impl Settles) {
        it.settle();
        self.life.is_over.set(true);
        if let Some(waker) = self.life.waker.take() {
            waker.wake();
        }
        it.settle();
    }
}
