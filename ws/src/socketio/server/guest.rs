//! `Guest`: a connection of a server's, from its hello to its end, as one future.
//!
//! Promises that a client which breaks the rules, is silent, or is in no namespace for too long is
//! left; that who is not let in is told why; and that the program's futures for this client are
//! polled to their end, also behind the end of the connection. It polls all of them whenever it is
//! polled: there are few.

use std::{
    collections::BTreeSet,
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use glassloop_reactor::{Reactor, Sleep};
use serde_json::{Value, json};
use tungstenite::protocol::Role;

use super::{
    Lobby,
    hall::Member,
    namespace_route::{NamespaceRoute, Served},
    socket::Socket,
};
use crate::{
    Cause, CloseInfo, Message, Request, WebSocket,
    close::code,
    connection::abnormal,
    socketio::{
        Body, CodecError, ConnectError, Disconnect, EnginePacket, Events, Handshake, Namespace,
        Packet,
        namespaces::{
            answers::Numbers,
            inbox::Arrived,
            link::Link,
            outbound::{Fate, Outbound},
            session::Session,
            shared::Shared,
            space::Space,
        },
    },
    time::deadline,
    waiting::Driven,
};

/// A connection has one session, which its events are told of.
const SESSION: u64 = 1;

pub(super) struct Guest {
    lobby: Rc<Lobby>,
    request: Rc<Request>,
    shared: Rc<Shared>,
    reactor: Rc<Reactor>,
    /// What it is asked is numbered by.
    numbers: Numbers,
    /// `None` once it is over.
    link: Option<Link>,
    /// What the program does for the client, in each of its namespaces.
    serving: Vec<Served>,
    /// Namespaces that it was let into and has not left by itself. If we have shown it out of one,
    /// it may not know that yet.
    let_in: BTreeSet<String>,
    ping: Sleep,
    /// Runs while it is in no namespace.
    alone: Option<Sleep>,
}

impl Guest {
    /// Says hello.
    pub(super) fn new(lobby: Rc<Lobby>, socket: WebSocket, request: Request) -> Guest {
        let connection = Rc::clone(socket.connection());
        let (reactor, limits) = (Rc::clone(connection.reactor()), lobby.limits);
        let shared =
            Rc::new(Shared::new(Rc::clone(&reactor), Role::Server, limits.of_namespaces()));
        let mut hello = Handshake {
            sid: fresh_id(),
            upgrades: Vec::new(),
            ping_interval: Duration::from_millis(limits.ping_interval_ms),
            ping_timeout: Duration::from_millis(limits.ping_timeout_ms),
            payload_bytes_max: limits.payload_bytes_max as u64,
        };
        let text = EnginePacket::Open(hello.clone()).to_string();
        drop(socket.try_send(text.into()));
        // Of what it takes, a client says nothing.
        hello.payload_bytes_max = 0;
        let silence = limits.silence_ms_max();
        connection.with(|mailbox, _| mailbox.heartbeat.expect_a_sign_within(silence));
        shared.with(|core, _| {
            core.session = Some(Session::new(SESSION, socket, &hello, &shared.limits));
        });
        let link = Some(Link::new(&connection));
        let ping = sleep(&reactor, limits.ping_interval_ms);
        Guest {
            lobby,
            request: Rc::new(request),
            shared,
            reactor,
            numbers: Numbers::default(),
            link,
            serving: Vec::new(),
            let_in: BTreeSet::new(),
            ping,
            alone: None,
        }
    }

    /// Messages, to the last one that is here and that there is room for.
    fn receive(&mut self, cx: &mut Context<'_>) {
        while let Some(link) = &mut self.link {
            match link.receive(&self.shared, cx) {
                Poll::Pending => return,
                Poll::Ready(Ok(message)) => {
                    if let Err(error) = self.take(message) {
                        self.shared.fail(Disconnect::ParseError(error.to_string()));
                    }
                }
                Poll::Ready(Err(info)) => self.end(info),
            }
        }
    }

    fn take(&mut self, message: Message) -> Result<(), CodecError> {
        let is_heard = |session: &Session| session.fault.is_none() && !session.parting;
        if !self.shared.with(|core, _| core.session.as_ref().is_some_and(is_heard)) {
            return Ok(());
        }
        let packet = match message {
            Message::Binary(bytes) => self.shared.decode(|decoder| decoder.binary(bytes))?,
            Message::Text(text) => match EnginePacket::decode(&text)? {
                EnginePacket::Message(text) => self.shared.decode(|decoder| decoder.text(text))?,
                // That it came is what counts.
                EnginePacket::Pong(_) | EnginePacket::Noop => None,
                EnginePacket::Close => {
                    self.shared.part();
                    None
                }
                EnginePacket::Open(_) | EnginePacket::Ping(_) | EnginePacket::Upgrade => {
                    return Err(CodecError::quoting("a packet of a client's", &text));
                }
            },
        };
        packet.map_or(Ok(()), |packet| self.packet(packet))
    }

    fn packet(&mut self, packet: Packet) -> Result<(), CodecError> {
        let space = self.shared.with(|core, _| {
            core.spaces.iter().find(|space| *space.name == *packet.namespace).cloned()
        });
        let Some(space) = space else {
            return match packet.body {
                Body::Connect(shown) => {
                    self.connect(packet.namespace, shown);
                    Ok(())
                }
                Body::Disconnect if self.let_in.remove(&packet.namespace) => Ok(()),
                Body::Event(..) | Body::Ack(..) if self.let_in.contains(&packet.namespace) => {
                    log::debug!("socket.io {:?}: a packet behind its end", packet.namespace);
                    Ok(())
                }
                _ => Err(out_of_place(&packet)),
            };
        };
        match packet.body {
            Body::Event(data, number) => {
                let (arrived, limits) =
                    (Arrived { data, number, membership: 0 }, &self.shared.limits);
                // One that was let in has room, or wouldn't be read.
                let _taken = space.with(|core, woken| core.arrive(arrived, limits, woken));
            }
            Body::Ack(data, number) => {
                space.with(|core, woken| core.answers.resolve(number, Ok(data), woken));
            }
            Body::Disconnect => {
                self.let_in.remove(&packet.namespace);
                self.shared.drop_guest(&space);
                space.leave(Disconnect::ByClient);
            }
            Body::Connect(_) | Body::ConnectError(_) => return Err(out_of_place(&packet)),
        }
        Ok(())
    }

    /// The client wants to be let into a namespace.
    fn connect(&mut self, namespace: String, shown: Option<Value>) {
        if !self.shared.with(|core, _| core.session.as_ref().is_some_and(Session::is_usable)) {
            return;
        }
        match self.judge(&namespace, shown.as_ref()) {
            Ok(route) => self.admit(&route, shown),
            Err(why) => {
                log::debug!("socket.io {namespace:?}: {why}");
                let space = Rc::new(Space::of_guest(&namespace, &self.reactor, "", &self.numbers));
                self.say(&space, Body::ConnectError(why.into_value()));
            }
        }
    }

    fn judge(
        &self,
        namespace: &str,
        shown: Option<&Value>,
    ) -> Result<Rc<NamespaceRoute>, ConnectError> {
        let mut routes = self.lobby.routes.iter();
        let route = routes.find(|route| *route.hall().name == *namespace);
        let route = route.ok_or_else(|| ConnectError::new("Invalid namespace"))?;
        if self.serving.len() >= self.lobby.limits.namespaces_per_connection_max {
            return Err(ConnectError::new("Too many namespaces"));
        }
        let (bytes, most) = (
            shown.map_or(0, |shown| shown.to_string().len()),
            self.lobby.limits.credentials_bytes_max,
        );
        if bytes > most {
            let what = format!("expected credentials of at most {most} bytes, came {bytes}");
            return Err(ConnectError::new(what));
        }
        route.judge(&self.request, shown)?;
        Ok(Rc::clone(route))
    }

    fn admit(&mut self, route: &NamespaceRoute, shown: Option<Value>) {
        let (hall, sid) = (route.hall(), fresh_id());
        let space = Rc::new(Space::of_guest(&hall.name, &self.reactor, &sid, &self.numbers));
        self.let_in.insert(hall.name.to_string());
        self.shared.with(|core, _| core.spaces.push(Rc::clone(&space)));
        self.say(&space, Body::Connect(Some(json!({ "sid": sid }))));
        let owned = (&self.shared, &space);
        let member = Member::enter(hall, owned, &sid, &self.request, &self.lobby.limits);
        let events = Events::new(&self.shared, &space);
        let socket = Socket::new(Namespace::new(&self.shared, &space), member);
        self.serving.push(route.begin(socket, events, shown));
    }

    /// Says something of Socket.IO's own, in its order.
    fn say(&self, space: &Rc<Space>, body: Body) {
        let refused = self.shared.with(|core, _| {
            let session = core.session.as_mut().filter(|session| session.is_usable())?;
            session.hand_over(space, Outbound::new(body, Fate::Once)).err()
        });
        drop(refused);
        self.shared.pump();
    }

    /// Polls what the program does for the client.
    fn serve(&mut self, cx: &mut Context<'_>) {
        let mut at = 0;
        while let Some(served) = self.serving.get_mut(at) {
            match served.as_mut().poll(cx) {
                Poll::Ready(()) => drop(self.serving.swap_remove(at)),
                Poll::Pending => at += 1,
            }
        }
    }

    /// Pings the client, and judges one that is in no namespace.
    fn keep_time(&mut self, cx: &mut Context<'_>) {
        let Some(link) = &self.link else { return };
        let limits = &self.lobby.limits;
        while Pin::new(&mut self.ping).poll(cx).is_ready() {
            self.shared.say(&EnginePacket::Ping(""));
            self.ping = sleep(&self.reactor, limits.ping_interval_ms);
        }
        if self.shared.with(|core, _| !core.spaces.is_empty()) {
            self.alone = None;
            return;
        }
        let alone = self.alone.get_or_insert_with(|| sleep(&self.reactor, limits.connect_ms_max));
        if Pin::new(alone).poll(cx).is_ready() {
            link.connection.close(code::POLICY, "expected somebody in a namespace".into());
        }
    }

    /// The connection is gone, and what it had received is dealt with.
    fn end(&mut self, info: CloseInfo) {
        self.link = None;
        self.shared.end_session(info);
        let left = self.shared.with(|core, _| {
            core.over = Some(None);
            std::mem::take(&mut core.spaces)
        });
        drop(left);
    }
}

impl Future for Guest {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        this.shared.set_driver(cx.waker());
        this.receive(cx);
        let rests = this.shared.is_full();
        this.serve(cx);
        this.keep_time(cx);
        if let Some(link) = &mut this.link {
            link.send(&this.shared, cx);
            if rests && !this.shared.is_full() {
                // There is room to read on.
                cx.waker().wake_by_ref();
            }
        }
        match this.link.is_none() && this.serving.is_empty() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        if self.link.is_some() {
            self.end(abnormal(Cause::DriverDropped));
        }
    }
}

fn out_of_place(packet: &Packet) -> CodecError {
    CodecError::quoting("a packet of a namespace that it is in", &packet.to_string())
}

fn sleep(reactor: &Rc<Reactor>, millis: u64) -> Sleep {
    Sleep::at(Rc::clone(reactor), deadline(reactor.read_clock(), millis))
}

/// A name that nobody guesses and no other has: 128 bits of the system's, as a path could have it.
fn fresh_id() -> String {
    let key = tungstenite::handshake::client::generate_key();
    key.trim_end_matches('=').replace('+', "-").replace('/', "_")
}
