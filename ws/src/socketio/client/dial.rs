//! The dialing: from a client that wants a connection to one whose server has said hello.

use std::{
    cell::RefCell,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    rc::Rc,
    task::Poll,
    time::Duration,
};

use glassloop_reactor::{net::TcpStream, timeout};

use super::limits::ClientLimits;
use crate::{
    Attempt, ConnectStage, Driver, Endpoint, Error, Message, WebSocket,
    socketio::{CodecError, EnginePacket, Handshake, namespaces::shared::Shared},
};

/// How a connection is made.
#[derive(Clone)]
pub(super) struct Way {
    pub(super) endpoint: Endpoint,
    pub(super) streams: Option<Streams>,
    pub(super) limits: ClientLimits,
}

/// A function of the program's that makes streams.
pub(super) type Streams = Rc<RefCell<dyn FnMut() -> Dialed>>;

/// A stream that is being made.
pub(super) type Dialed = Pin<Box<dyn Future<Output = Result<TcpStream, Error>>>>;

/// Waits until a connection is wanted, makes it, and hears the server's hello.
pub(super) async fn dial(
    shared: Rc<Shared>,
    way: Way,
    attempt: Attempt,
) -> Result<(WebSocket, Driver), Error> {
    if !shared.with(|core, _| core.is_wanted()) {
        attempt.rest();
        // Whoever wants one has our driver polled.
        poll_fn(|_| match shared.with(|core, _| core.is_wanted()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
    }
    let (socket, mut driver) = match &way.streams {
        None => way.endpoint.connect_telling(move |stage| attempt.tell(stage)).await?,
        Some(streams) => {
            attempt.tell(ConnectStage::Connect);
            let stream = (streams.borrow_mut())();
            let stream = stream.await?;
            attempt.tell(ConnectStage::Upgrade);
            way.endpoint.connect_on(stream).await?
        }
    };
    let millis = way.limits.hello_ms_max;
    let hello = timeout(Duration::from_millis(millis), hello(&socket, &mut driver)).await;
    let stage = ConnectStage::Upgrade;
    let hello = hello.unwrap_or(Err(Error::HandshakeTimeout { stage, millis }))?;
    let patience = hello.ping_interval.max(INTERVAL_MIN) + hello.ping_timeout;
    let patience = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX);
    let patience = patience.saturating_add(way.limits.ping_slack_ms);
    socket.connection().with(|mailbox, _| mailbox.heartbeat.expect_a_sign_within(patience));
    shared.with(|core, _| core.fresh = Some((socket.clone(), hello)));
    Ok((socket, driver))
}

/// Some servers round a short interval down to nothing.
const INTERVAL_MIN: Duration = Duration::from_secs(1);

/// The first message.
async fn hello(socket: &WebSocket, driver: &mut Driver) -> Result<Handshake, Error> {
    let mut received = pin!(socket.recv());
    let received = poll_fn(|cx| match received.as_mut().poll(cx) {
        Poll::Ready(received) => Poll::Ready(received),
        // What it has read by its end is received at the next poll.
        Poll::Pending => match Pin::new(&mut *driver).poll(cx) {
            Poll::Ready(_) => received.as_mut().poll(cx),
            Poll::Pending => Poll::Pending,
        },
    });
    let bad = |came: String| Error::BadUpgrade {
        status: 0,
        expected: "the hello of a server of Engine.IO 4",
        came,
    };
    match received.await? {
        Some(Message::Text(text)) => match EnginePacket::decode(&text) {
            Ok(EnginePacket::Open(hello)) => Ok(hello),
            Ok(_) => Err(bad(CodecError::quoting("", &text).came)),
            Err(error) => Err(bad(error.came)),
        },
        Some(Message::Binary(bytes)) => Err(bad(format!("{} bytes", bytes.len()))),
        None => Err(bad("a Close".to_owned())),
    }
}
