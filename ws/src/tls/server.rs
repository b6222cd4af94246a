//! The server's side: which certificate it shows, and whether its clients need one.
//!
//! Promises that what it is given is judged here. It listens on nothing.

use std::fmt;
use std::sync::Arc;

use glassloop_reactor::net::TcpStream;
use rustls::server::{WebPkiClientVerifier, danger::ClientCertVerifier};
use rustls::{ServerConfig, ServerConnection};

use crate::error::Error;

use super::fault::unusable;
use super::stream::TlsStream;
use super::{pem, provider};

/// What a TLS server shows and asks for. Cheap to clone, and fit for every thread.
///
/// A full handshake signs once with the key, on the loop's thread: much longer with RSA than with
/// ECDSA.
#[derive(Clone)]
pub struct TlsServer {
    config: Arc<ServerConfig>,
}

impl TlsServer {
    /// Shows a certificate: itself first, then those that lead to its root, and its key, in PEM.
    ///
    /// # Errors
    /// [`Error::Tls`] if they can't be read, or don't belong together.
    pub fn new(chain_pem: &[u8], key_pem: &[u8]) -> Result<TlsServer, Error> {
        TlsServer::build(WebPkiClientVerifier::no_client_auth(), chain_pem, key_pem)
    }

    /// As [`new`](Self::new), and lets in only who shows a certificate that these roots, in PEM,
    /// stand for.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn for_clients_of(
        roots_pem: &[u8],
        chain_pem: &[u8],
        key_pem: &[u8],
    ) -> Result<TlsServer, Error> {
        let roots = Arc::new(pem::roots(roots_pem)?);
        let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider())
            .build()
            .map_err(|why| unusable("roots for clients", why.to_string()))?;
        TlsServer::build(verifier, chain_pem, key_pem)
    }

    fn build(
        verifier: Arc<dyn ClientCertVerifier>,
        chain_pem: &[u8],
        key_pem: &[u8],
    ) -> Result<TlsServer, Error> {
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|why| unusable("TLS 1.2 and 1.3", why.to_string()))?
            .with_client_cert_verifier(verifier)
            .with_single_cert(pem::certificates(chain_pem)?, pem::private_key(key_pem)?)
            .map_err(|why| unusable("a certificate and its own key", why.to_string()))?;
        Ok(TlsServer { config: Arc::new(config) })
    }

    /// Shakes hands with a client. The caller sets a deadline.
    pub(crate) async fn shake(&self, socket: TcpStream) -> Result<Box<TlsStream>, Error> {
        let mut stream = self.begin(socket)?;
        stream.handshake().await?;
        Ok(stream)
    }

    /// A stream over which hands are to be shaken first.
    pub(crate) fn begin(&self, socket: TcpStream) -> Result<Box<TlsStream>, Error> {
        let session = ServerConnection::new(Arc::clone(&self.config))
            .map_err(|why| unusable("a TLS session", why.to_string()))?;
        Ok(TlsStream::new(socket, session.into()))
    }
}

impl fmt::Debug for TlsServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsServer")
    }
}
