//! A client over TLS of which a test has each record in its hands.

#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

use std::io::{Read, Write};
use std::sync::Arc;

use crate::common::{Loop, Raw};
use crate::tls::{Authority, HOST};

/// A client made of rustls by hand, on the far end of a server's socket.
pub struct ByHand {
    pub raw: Raw,
    pub session: rustls::ClientConnection,
}

impl ByHand {
    pub fn new(
        authority: &Authority,
        raw: Raw,
        version: &'static rustls::SupportedProtocolVersion,
    ) -> ByHand {
        use rustls::pki_types::{CertificateDer, pem::PemObject};
        let mut roots = rustls::RootCertStore::empty();
        let root = CertificateDer::from_pem_slice(authority.pem().as_bytes()).expect("a root");
        roots.add(root).expect("a root");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .expect("a version")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let host = HOST.try_into().expect("a name");
        let session = rustls::ClientConnection::new(Arc::new(config), host).expect("a session");
        ByHand { raw, session }
    }

    /// What the session has to say.
    pub fn words(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while self.session.wants_write() {
            self.session.write_tls(&mut bytes).expect("room");
        }
        bytes
    }

    /// Sends what the session has to say, and takes what came. True at the end of the stream.
    pub fn turn(&mut self, event_loop: &mut Loop) -> bool {
        let bytes = self.words();
        self.raw.write(event_loop, &bytes);
        let (came, ended) = self.raw.take(event_loop);
        let mut came = &came[..];
        while !came.is_empty() {
            self.session.read_tls(&mut came).expect("room");
            self.session.process_new_packets().expect("good records");
        }
        ended
    }

    pub fn say(&mut self, bytes: &[u8]) {
        self.session.writer().write_all(bytes).expect("room");
    }

    /// What came by now, and whether the server has said that nothing more will.
    pub fn heard(&mut self) -> (Vec<u8>, bool) {
        let mut heard = Vec::new();
        let clean = self.session.reader().read_to_end(&mut heard).is_ok();
        (heard, clean)
    }
}
