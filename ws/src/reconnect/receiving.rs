//! The receiving: the future behind `Reconnecting::recv`.
//!
//! Promises the messages of all connections in their order, those of one to their last before the
//! first of the next. It outlives every connection.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::shared::Shared;
use crate::connection::Connection;
use crate::error::Error;
use crate::message::Message;
use crate::receiving::Receiving;
use crate::waiting::Entry;
use crate::waits::WaitsFor;

/// Takes the oldest message of whichever connection has one.
#[must_use = "futures do nothing unless polled"]
pub(crate) struct ReceivingOn {
    entry: Entry<Shared>,
    /// What waits on the present connection, and that connection.
    link: Option<(Rc<Connection>, Receiving)>,
}

impl ReceivingOn {
    #[track_caller]
    pub(crate) fn new(shared: &Rc<Shared>) -> ReceivingOn {
        ReceivingOn { entry: Entry::new(shared, WaitsFor::Message), link: None }
    }

    /// A message of the present connection, if there is one of both.
    fn receive(&mut self, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        let Some(link) = self.entry.on.with(|core, _| core.link.clone()) else {
            self.link = None;
            return Poll::Ready(None);
        };
        let mut receiving = match self.link.take() {
            Some((same, receiving)) if Rc::ptr_eq(&same, &link) => receiving,
            _ => Receiving::at(&link, self.entry.place()),
        };
        match Pin::new(&mut receiving).poll(cx) {
            Poll::Ready(Ok(message)) => Poll::Ready(message),
            // It has ended. The driver says what comes now.
            Poll::Ready(Err(_)) => Poll::Ready(None),
            Poll::Pending => {
                self.link = Some((link, receiving));
                Poll::Pending
            }
        }
    }
}

impl Future for ReceivingOn {
    type Output = Result<Option<Message>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        loop {
            if let Some(message) = this.entry.on.take_unread() {
                this.link = None;
                this.entry.withdraw();
                return Poll::Ready(Ok(Some(message)));
            }
            match this.receive(cx) {
                Poll::Ready(Some(message)) => {
                    this.entry.withdraw();
                    return Poll::Ready(Ok(Some(message)));
                }
                Poll::Ready(None) => {}
                Poll::Pending => return Poll::Pending,
            }
            if let Some(why) = this.entry.on.ended() {
                this.entry.withdraw();
                return Poll::Ready(why.map_or(Ok(None), |why| Err(Error::Over(why))));
            }
            // Cloning a waker is foreign code, which may have changed what we asked about.
            if !this.entry.put(cx) {
                return Poll::Pending;
            }
        }
    }
}
