//! `Link`: what waits on the connection that stands, for messages and for room.
//!
//! It is polled by whoever drives the connection's namespaces, a client or a server.

use std::{
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use super::shared::Shared;
use crate::{
    CloseInfo, Message, connection::Connection, receiving::Receiving, waiting::Entry,
    waits::WaitsFor,
};

pub(in crate::socketio) struct Link {
    pub(in crate::socketio) connection: Rc<Connection>,
    receiving: Receiving,
    room: Entry<Connection>,
    drain: Entry<Connection>,
    end: Entry<Connection>,
    /// A client's ping behind the goodbye of this number.
    pub(in crate::socketio) farewell: Option<(u64, Pong)>,
}

pub(in crate::socketio) type Pong = Pin<Box<dyn Future<Output = ()>>>;

impl Link {
    pub(in crate::socketio) fn new(connection: &Rc<Connection>) -> Link {
        Link {
            connection: Rc::clone(connection),
            receiving: Receiving::new(connection),
            room: Entry::new(connection, WaitsFor::Room),
            drain: Entry::new(connection, WaitsFor::Drain),
            end: Entry::new(connection, WaitsFor::End),
            farewell: None,
        }
    }

    /// The next message, if it is here and there is room for it; or how the connection ended.
    pub(in crate::socketio) fn receive(
        &mut self,
        shared: &Shared,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Message, CloseInfo>> {
        if shared.is_full() && self.connection.ended().is_none() {
            // Nothing is read, and yet its end is heard of.
            self.end.put(cx);
            return Poll::Pending;
        }
        match Pin::new(&mut self.receiving).poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(Some(message))) => {
                self.receiving = Receiving::new(&self.connection);
                Poll::Ready(Ok(message))
            }
            Poll::Ready(Ok(None) | Err(_)) => Poll::Ready(Err(self.connection.final_info())),
        }
    }

    /// What waits goes to the connection; if that is full, we wait for room.
    pub(in crate::socketio) fn send(&mut self, shared: &Shared, cx: &Context<'_>) {
        loop {
            shared.flush();
            if !shared.has_to_send() {
                return;
            }
            let limits = self.connection.limits();
            // Below high water it was refused for its length: an empty outbox takes anything.
            let choked = self.connection.with(|mailbox, _| mailbox.outbox.is_choked(limits));
            let room = if choked { &mut self.room } else { &mut self.drain };
            if !room.put(cx) {
                return;
            }
        }
    }
}
