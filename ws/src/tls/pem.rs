//! PEM: certificates and keys as programs have them, in text.
//!
//! Promises that what holds nothing of use is refused where it is given, not at the first
//! handshake. It reads no files.

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::error::Error;

use super::fault::unusable;

/// All certificates of a text, in their order.
pub(super) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    const EXPECTED: &str = "certificates in PEM";
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    // Never in the words of whoever read it: a key may stand in the same text.
    let found = found.map_err(|_| unusable(EXPECTED, "a text that is none"))?;
    if found.is_empty() {
        return Err(unusable(EXPECTED, "a text without one"));
    }
    Ok(found)
}

/// The first private key of a text: PKCS #8, PKCS #1 or SEC1. Errors don't repeat any of it.
pub(super) fn private_key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, Error> {
    PrivateKeyDer::from_pem_slice(pem)
        .map_err(|_| unusable("a private key in PEM, not encrypted", "a text without one"))
}

/// The certificates of a text, as those whose word is taken.
pub(super) fn roots(pem: &[u8]) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem)? {
        roots
            .add(certificate)
            .map_err(|why| unusable("root certificates that can be read", why.to_string()))?;
    }
    Ok(roots)
}
