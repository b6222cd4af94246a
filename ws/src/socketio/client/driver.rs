//! `ClientDriver`: the future that keeps a client going.
//!
//! Promises that what one connection has received is dealt with before anything of the next, and
//! that a namespace is asked for once a connection. It runs the program's sinks and credentials,
//! one at a time, with nothing borrowed.

use std::{
    any::Any,
    fmt,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
};

use glassloop_reactor::Sleep;

use crate::{
    CloseInfo, Error, Reconnecting,
    reconnect::ReconnectDriver,
    socketio::{
        ConnectError, EnginePacket, NamespaceState,
        namespaces::{
            link::Link,
            session::Session,
            shared::Shared,
            space::{Showing, Space, Stage},
        },
    },
    time::deadline,
    waiting::Driven,
};

/// Drives a client to its end; the output says what made it give up, `None` if the program wanted
/// it.
///
/// Spawn it, or poll it beside the work that uses the [`Client`](super::Client).
///
/// # Cancel safety
/// Dropped before its end it drops the connection, and the client is over.
#[must_use = "a client connects only while its driver is polled"]
pub struct ClientDriver {
    shared: Rc<Shared>,
    transport: Reconnecting,
    reconnect: ReconnectDriver,
    link: Option<Link>,
    greetings: Vec<(Rc<Space>, Showing)>,
    /// Until when what was accepted may still leave before the end.
    parting: Option<Sleep>,
}

impl ClientDriver {
    pub(super) fn new(
        shared: Rc<Shared>,
        transport: Reconnecting,
        reconnect: ReconnectDriver,
    ) -> ClientDriver {
        ClientDriver {
            shared,
            transport,
            reconnect,
            link: None,
            greetings: Vec::new(),
            parting: None,
        }
    }

    /// Messages, to the last one that is here and that there is room for.
    fn receive(&mut self, cx: &mut Context<'_>) {
        while let Some(link) = &mut self.link {
            match link.receive(&self.shared, cx) {
                Poll::Pending => return,
                Poll::Ready(Ok(message)) => self.shared.receive(message),
                // What lies in the socket's way may still leave: it is known then what has.
                Poll::Ready(Err(_)) if !link.connection.is_over() => return,
                Poll::Ready(Err(info)) => self.end_link(info),
            }
        }
    }

    /// The connection is gone, and what it had received is dealt with.
    fn end_link(&mut self, info: CloseInfo) {
        self.link = None;
        while let Some(message) = self.transport.take_unread() {
            self.shared.receive(message);
        }
        self.greetings.clear();
        self.shared.end_session(info);
    }

    /// A connection stands on which the server has said hello.
    fn begin_link(&mut self) {
        let Some((socket, hello)) = self.shared.with(|core, _| core.fresh.take()) else { return };
        if let Some(before) = self.link.take() {
            self.end_link(before.connection.final_info());
        }
        self.link = Some(Link::new(socket.connection()));
        self.shared.with(|core, _| {
            core.sessions += 1;
            core.session = Some(Session::new(core.sessions, socket, &hello, &self.shared.limits));
        });
    }

    /// Each namespace that is wanted asks to be let in, with what it has to show.
    fn greet(&mut self, cx: &mut Context<'_>) {
        for space in self.shared.to_be_greeted() {
            if !matches!(space.with(|core, _| core.state.clone()), NamespaceState::Connecting) {
                space.enter(NamespaceState::Connecting);
            }
            let Some(mut auth) = space.auth.take() else {
                self.shared.ask(&space, None);
                continue;
            };
            // One that was left and is wanted again begins anew.
            self.greetings.retain(|(known, _)| !Rc::ptr_eq(known, &space));
            let showing = catch_unwind(AssertUnwindSafe(&mut auth));
            space.keep_auth(auth);
            match showing {
                Ok(showing) => self.greetings.push((space, showing)),
                Err(payload) => panicked(&space, payload),
            }
        }
        let mut at = 0;
        while let Some((space, showing)) = self.greetings.get_mut(at) {
            if space.peek(|core| core.stage) != Stage::Greeting {
                drop(self.greetings.remove(at));
                continue;
            }
            let shown = match catch_unwind(AssertUnwindSafe(|| showing.as_mut().poll(cx))) {
                Ok(Poll::Pending) => {
                    at += 1;
                    continue;
                }
                Ok(Poll::Ready(shown)) => Ok(shown),
                Err(payload) => Err(payload),
            };
            let (space, showing) = self.greetings.remove(at);
            drop(showing);
            match shown {
                // It was left meanwhile.
                Ok(_) if space.peek(|core| core.stage) != Stage::Greeting => {}
                Ok(Ok(shown)) => self.shared.ask(&space, Some(shown)),
                Ok(Err(why)) => space.refuse(ConnectError::new(why)),
                Err(payload) => panicked(&space, payload),
            }
        }
    }

    /// Waits until the server has heard what stands before a goodbye, which then leaves; and the
    /// goodbyes that have left: the namespaces may ask again.
    fn await_farewells(&mut self, cx: &mut Context<'_>) {
        while let Some(link) = &mut self.link {
            if let Some((last, pong)) = &mut link.farewell {
                if pong.as_mut().poll(cx).is_pending() {
                    return;
                }
                let last = *last;
                link.farewell = None;
                let gone = self.shared.with(|core, _| {
                    core.session.as_mut().map(|session| session.note_farewells(last))
                });
                drop(gone);
                continue;
            }
            let left = self.shared.with(|core, _| {
                let session = core.session.as_ref()?;
                Some((session.last_farewell()?, session.socket.clone()))
            });
            let Some((last, socket)) = left else { return };
            // Its answer comes when everything that left before it was read.
            link.farewell = Some((last, Box::pin(async move { drop(socket.ping().await) })));
        }
    }

    /// What waits goes to the connection, if one stands.
    fn send(&mut self, cx: &Context<'_>) {
        if let Some(link) = &mut self.link {
            link.send(&self.shared, cx);
        }
    }

    /// Says goodbye once everything has been handed over: because the program wants it to end, or
    /// because no namespace is left.
    fn part(&mut self, cx: &mut Context<'_>) {
        let (ending, wanted) = self.shared.with(|core, _| (core.ending, core.is_wanted()));
        if !ending && wanted {
            return;
        }
        let Some(link) = &self.link else {
            if ending {
                self.transport.disconnect();
            }
            return;
        };
        if ending {
            let parting = self.parting.get_or_insert_with(|| {
                // What was accepted goes before the goodbyes, and those before ours.
                self.shared.leave_all();
                let reactor = &self.shared.reactor;
                let millis = link.connection.limits().close_ms_max;
                Sleep::at(Rc::clone(reactor), deadline(reactor.read_clock(), millis))
            });
            let is_late = Pin::new(parting).poll(cx).is_ready();
            // Where nothing is read, no pong is either.
            let may_owe = is_late || self.shared.is_full();
            if self.shared.has_to_send() && !is_late || self.shared.owes_goodbyes() && !may_owe {
                return;
            }
        } else if self.shared.owes_goodbyes() {
            return;
        }
        let is_first = self.shared.with(|core, _| {
            let session = core.session.as_mut().filter(|session| !session.is_behind() || ending);
            session.is_some_and(|session| !std::mem::replace(&mut session.parting, true))
        });
        if is_first {
            self.shared.say(&EnginePacket::Close);
            match ending {
                true => self.transport.disconnect(),
                false => self.transport.rest(),
            }
        }
    }
}

/// What computes credentials has panicked: a matter of that namespace alone.
fn panicked(space: &Space, payload: Box<dyn Any + Send>) {
    // Its drop may be anything.
    catch_unwind(AssertUnwindSafe(|| drop(payload))).ok();
    space.refuse(ConnectError::new("what computes the credentials has panicked"));
}

impl Future for ClientDriver {
    type Output = Option<Arc<Error>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if let Some(why) = this.shared.over() {
            return Poll::Ready(why);
        }
        this.shared.set_driver(cx.waker());
        let outcome = Pin::new(&mut this.reconnect).poll(cx);
        this.begin_link();
        this.receive(cx);
        if let Poll::Ready(why) = outcome {
            if let Some(link) = this.link.take() {
                this.end_link(link.connection.final_info());
            }
            this.shared.end(why.clone());
            return Poll::Ready(why);
        }
        this.await_farewells(cx);
        this.greet(cx);
        this.send(cx);
        this.part(cx);
        Poll::Pending
    }
}

impl Drop for ClientDriver {
    fn drop(&mut self) {
        if self.shared.over().is_none() {
            let info = crate::connection::abnormal(crate::Cause::DriverDropped);
            self.shared.end(Some(Arc::new(Error::Closed(Box::new(info)))));
        }
    }
}

impl fmt::Debug for ClientDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientDriver").field("transport", &self.transport).finish_non_exhaustive()
    }
}
