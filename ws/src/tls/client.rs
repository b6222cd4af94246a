//! The client's side: whose certificates are believed, and which one is shown.
//!
//! Promises that what it is given is judged here, and that clones share sessions, so that a client
//! that comes back shakes hands faster. It opens no connection.

use std::fmt;
use std::sync::{Arc, OnceLock};

use glassloop_reactor::net::TcpStream;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, ConfigBuilder, RootCertStore};

use crate::error::Error;

use super::fault::unusable;
use super::stream::TlsStream;
use super::{pem, provider};

/// What a client of `wss://` believes and shows. Cheap to clone, and fit for every thread.
///
/// ```no_run
/// use glassloop_ws::{Config, TlsClient, connect_with};
///
/// # async fn greet() -> Result<(), Box<dyn std::error::Error>> {
/// let mut config = Config::default();
/// config.tls = Some(TlsClient::with_roots(&std::fs::read("our-authority.pem")?)?);
/// let (socket, driver) = connect_with("wss://device.local/", config).await?;
/// # drop((socket, driver));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TlsClient {
    roots: Arc<RootCertStore>,
    config: Arc<ClientConfig>,
}

impl TlsClient {
    /// Believes whom this machine believes; so does a client that is given nothing.
    ///
    /// The first call in a process reads the machine's certificates, which takes some milliseconds:
    /// a program that can't spare them calls it before its loop runs, or on another thread.
    ///
    /// # Errors
    /// [`Error::Tls`] if the machine has no certificates.
    pub fn system_roots() -> Result<TlsClient, Error> {
        static SYSTEM: OnceLock<TlsClient> = OnceLock::new();
        if let Some(known) = SYSTEM.get() {
            return Ok(known.clone());
        }
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        // Old machines have some that nobody can read any more; the others serve.
        let (taken, _) = roots.add_parsable_certificates(found.certs);
        if taken == 0 {
            let why = found.errors.first().map_or_else(|| "none".to_owned(), ToString::to_string);
            return Err(unusable("root certificates on this machine", why));
        }
        let client = TlsClient::new(Arc::new(roots))?;
        Ok(SYSTEM.get_or_init(|| client).clone())
    }

    /// Believes these certificates, in PEM, and nobody else.
    ///
    /// # Errors
    /// [`Error::Tls`] if they can't be read, or there are none.
    pub fn with_roots(pem: &[u8]) -> Result<TlsClient, Error> {
        TlsClient::new(Arc::new(pem::roots(pem)?))
    }

    /// As this one, and shows a certificate to servers that ask for it: the certificate, those that
    /// lead to its root, and its key, in PEM.
    ///
    /// # Errors
    /// [`Error::Tls`] if they can't be read, or don't belong together.
    pub fn with_identity(&self, chain_pem: &[u8], key_pem: &[u8]) -> Result<TlsClient, Error> {
        let config = TlsClient::begin(&self.roots)?
            .with_client_auth_cert(pem::certificates(chain_pem)?, pem::private_key(key_pem)?)
            .map_err(|why| unusable("a certificate and its own key", why.to_string()))?;
        Ok(TlsClient { roots: Arc::clone(&self.roots), config: Arc::new(config) })
    }

    fn new(roots: Arc<RootCertStore>) -> Result<TlsClient, Error> {
        let config = TlsClient::begin(&roots)?.with_no_client_auth();
        Ok(TlsClient { roots, config: Arc::new(config) })
    }

    fn begin(
        roots: &Arc<RootCertStore>,
    ) -> Result<ConfigBuilder<ClientConfig, rustls::client::WantsClientCert>, Error> {
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|why| unusable("TLS 1.2 and 1.3", why.to_string()))?;
        Ok(builder.with_root_certificates(Arc::clone(roots)))
    }

    /// Shakes hands with a server that is to prove that it is `host`. The caller sets a deadline.
    pub(crate) async fn shake(
        &self,
        socket: TcpStream,
        host: &str,
    ) -> Result<Box<TlsStream>, Error> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| unusable("a host that a certificate can name", host))?;
        let session = ClientConnection::new(Arc::clone(&self.config), name)
            .map_err(|why| unusable("a TLS session", why.to_string()))?;
        let mut stream = TlsStream::new(socket, session.into());
        stream.handshake().await?;
        Ok(stream)
    }
}

impl fmt::Debug for TlsClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsClient").field("roots", &self.roots.len()).finish_non_exhaustive()
    }
}
