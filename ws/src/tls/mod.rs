//! TLS: rustls between a socket and everything above it.
//!
//! Promises that a peer is believed only with a certificate that its verifier accepts, that each
//! refusal says which of the usual mistakes it is, and that the session's bytes go through the same
//! polls, budgets and writes as plain ones: one write a turn. The cryptography is ring's, the
//! judgement of certificates webpki's; their validity is judged by the calendar, not by the
//! reactor's clock.
//!
//! An idle connection costs 12 KiB, of which 4 KiB are rustls's room for the next record, some 3
//! KiB its other state, and the rest what a connection without TLS costs.

mod client;
mod fault;
mod outgoing;
mod pem;
mod reading;
mod records;
mod server;
mod stream;

use std::sync::Arc;

use rustls::crypto::CryptoProvider;

pub use client::TlsClient;
pub use fault::TlsFault;
pub(crate) use fault::tls_error;
pub(crate) use reading::Reading;
pub use server::TlsServer;
pub(crate) use stream::TlsStream;

/// Named each time: the process-wide default belongs to the program.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
