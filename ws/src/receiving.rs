//! The receiving: the future behind `recv`.
//!
//! Promises that a message is answered while it is at hand: who waits for one is woken by the
//! socket and reads it in the same poll. What it reads beyond its own message waits in the mailbox;
//! what it leaves, the driver reads, as it does where nobody receives.

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use crate::connection::Connection;
use crate::error::Error;
use crate::message::Message;
use crate::reading::read_turn;
use crate::waiting::{Driven, Entry};
use crate::waits::WaitsFor;

/// Takes the oldest message of the mailbox, or reads one.
#[must_use = "futures do nothing unless polled"]
pub(crate) struct Receiving {
    entry: Entry<Connection>,
    /// True while our waker lies with the socket.
    at_socket: bool,
}

type Received = Result<Option<Message>, Error>;

impl Receiving {
    #[track_caller]
    pub(crate) fn new(connection: &Rc<Connection>) -> Receiving {
        Receiving::at(connection, Location::caller())
    }

    /// On behalf of another place.
    pub(crate) fn at(connection: &Rc<Connection>, place: &'static Location<'static>) -> Receiving {
        Receiving { entry: Entry::at(connection, WaitsFor::Message, place), at_socket: false }
    }

    /// Waits no more.
    fn withdraw(&mut self) {
        self.entry.withdraw();
        if std::mem::take(&mut self.at_socket)
            && let Some(wire) = self.entry.on.take_wire()
        {
            wire.stream.end_read_wait();
            self.entry.on.return_wire(wire);
        }
    }

    /// Reads the socket, or waits for it. Of what is not for a receiver to do (to write, to judge,
    /// to close) it does nothing. True if it has read.
    fn read(&mut self, cx: &mut Context<'_>) -> bool {
        let connection = &self.entry.on;
        let Some(mut wire) = connection.take_wire() else { return false };
        if !connection.is_open() || wire.has_ended() {
            if std::mem::take(&mut self.at_socket) {
                wire.stream.end_read_wait();
            }
            connection.return_wire(wire);
            return false;
        }
        self.at_socket = wire.stream.poll_read_ready(cx).is_pending();
        if self.at_socket {
            connection.return_wire(wire);
            return false;
        }
        let guard = connection.guard();
        // What was said before these bytes came is said before they are answered.
        connection.encode(&mut wire);
        read_turn(connection, &mut wire, cx);
        // Nothing came that is a message, or not the whole of it.
        if connection.with(|mailbox, _| mailbox.nothing_received()) {
            self.at_socket = wire.stream.poll_read_ready(cx).is_pending();
            let may_go_on = !self.at_socket && !wire.has_ended();
            if may_go_on && connection.puts_off(|share| share.reader_goes_on = true) {
                wire.stream.put_off_read();
            }
        }
        // No event tells of what TLS keeps.
        let left = wire.stream.has_input() || wire.stream.has_unsent();
        let driven = left || wire.has_ended();
        drop(guard);
        connection.put_wire(wire);
        if driven {
            connection.wake_driver();
        }
        true
    }
}

impl Future for Receiving {
    type Output = Received;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Received> {
        let this = self.get_mut();
        let mut received = receive(&this.entry.on);
        if received.is_none() {
            // What we deliver is to wake others, not ourselves.
            this.entry.withdraw();
            if this.read(cx) {
                received = receive(&this.entry.on);
            }
        }
        if received.is_none() && this.entry.put(cx) {
            // Cloning a waker is foreign code, which may have changed what we asked about.
            received = receive(&this.entry.on);
        }
        match received {
            Some(received) => {
                this.withdraw();
                Poll::Ready(received)
            }
            None => Poll::Pending,
        }
    }
}

impl Drop for Receiving {
    fn drop(&mut self) {
        self.withdraw();
    }
}

fn receive(connection: &Rc<Connection>) -> Option<Received> {
    match connection.with(|mailbox, woken| mailbox.receive(connection.limits(), woken)) {
        Some(message) => Some(Ok(Some(message))),
        None => connection.ended().map(|info| {
            if info.is_clean() { Ok(None) } else { Err(Error::Closed(Box::new(info))) }
        }),
    }
}
