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

/// Makes a socket the stream of a conversation, within its time: the stream, and the milliseconds
/// that are left. `None` if it came to nothing.
#[cfg(feature = "tls")]
pub(crate) async fn secure(
    shared: &Shared,
    socket: TcpStream,
    millis: u64,
    is_parting: impl Fn() -> bool,
) -> Option<(Transport, u64)> {
    use std::future::{Future, poll_fn};
    use std::{pin::pin, rc::Rc, task::Poll, time::Duration};

    use crate::time::millis_between;

    let Some(tls) = &shared.security.tls else { return Some((socket.into(), millis)) };
    let reactor = Rc::clone(socket.reactor());
    let began = reactor.read_clock();
    let mut shaking = pin!(tls.shake(socket));
    let shaken = poll_fn(|cx| {
        if is_parting() {
            return Poll::Ready(None);
        }
        shaking.as_mut().poll(cx).map(Some)
    });
    match glassloop_reactor::timeout(Duration::from_millis(millis), shaken).await {
        Ok(Some(Ok(stream))) => {
            let passed_ms = millis_between(began, reactor.read_clock());
            Some((Transport::Tls(stream), millis.saturating_sub(passed_ms)))
        }
        Ok(Some(Err(error))) => {
            shared.count(|counts| counts.tls_failed += 1);
            log::debug!("server: {error}");
            None
        }
        Ok(None) => None,
        Err(_) => {
            shared.count(|counts| counts.late += 1);
            log::debug!("server: a TLS handshake did not end in time");
            None
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
) -> Option<(Transport, u64)> {
    let Security {} = shared.security;
    Some((socket.into(), millis))
}
