//! The securing: what lies between a server's socket and its first request.
//!
//! Promises that a TLS handshake takes its time out of that of the first request, and ends
//! where a stop ends who is idle. Without TLS it does nothing and takes no time.

use glassloop_reactor::net::TcpStream;

use crate::transport::Transport;

use super::shared::Shared;

/// Whether a server speaks TLS.
#[derive(Debug, Default)]
pub(crate) struct Security {
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<crate::tls::TlsServer>,
}

/// What came of it.
pub(crate) enum Secured {
    /// The stream, and the milliseconds that are left.
    Stream(Transport, u64),
    /// Hands were not shaken when who is idle was to go.
    #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "there are no hands to shake"))]
    Parted(Transport),
    #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "nothing can fail"))]
    Failed,
}

/// Makes a socket the stream of a conversation, within its time.
#[cfg(feature = "tls")]
pub(crate) async fn secure(
    shared: &Shared,
    socket: TcpStream,
    millis: u64,
    is_parting: impl Fn() -> bool,
) -> Secured {
    use std::{future::poll_fn, rc::Rc, task::Poll, time::Duration};

    use crate::Error;
    use crate::time::millis_between;
    use crate::tls::Reading;

    let Some(tls) = &shared.security.tls else { return Secured::Stream(socket.into(), millis) };
    let reactor = Rc::clone(socket.reactor());
    let began = reactor.read_clock();
    let fail = |error: Error| {
        shared.count(|counts| counts.tls_failed += 1);
        log::debug!("server: {error}");
        Secured::Failed
    };
    let mut stream = match tls.begin(socket) {
        Ok(stream) => stream,
        Err(error) => return fail(error),
    };
    let shaken = poll_fn(|cx| {
        let told = stream.poll_handshake(cx, Reading::Told);
        if told.is_ready() || !is_parting() {
            return told.map(Some);
        }
        // The client's last word and its request come in one flight, maybe just now.
        Poll::Ready(match stream.poll_handshake(cx, Reading::Untold) {
            Poll::Ready(shaken) => Some(shaken),
            Poll::Pending => None,
        })
    });
    match glassloop_reactor::timeout(Duration::from_millis(millis), shaken).await {
        Ok(Some(Ok(()))) => {
            let passed_ms = millis_between(began, reactor.read_clock());
            Secured::Stream(Transport::Tls(stream), millis.saturating_sub(passed_ms))
        }
        Ok(Some(Err(error))) => fail(error.into()),
        Ok(None) => Secured::Parted(Transport::Tls(stream)),
        Err(_) => {
            shared.count(|counts| counts.late += 1);
            log::debug!("server: a TLS handshake did not end in time");
            Secured::Failed
        }
    }
}

/// As above, where there is no TLS.
#[cfg(not(feature = "tls"))]
pub(crate) async fn secure(
    shared: &Shared,
    socket: TcpStream,
    millis: u64,
    _is_parting: impl Fn() -> bool,
) -> Secured {
    let Security {} = shared.security;
    Secured::Stream(socket.into(), millis)
}
