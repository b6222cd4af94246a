//! The faults: why TLS with a peer came to nothing, in words.
//!
//! Promises that the mistakes which people make with certificates are told apart, each with what
//! was expected and what came. It judges nothing: rustls did.

use std::fmt;
use std::io;

use rustls::{AlertDescription, CertificateError};

use crate::error::Error;

/// What kind of mistake it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsFault {
    /// The certificate is for other hosts than the one that was asked for.
    WrongHost,
    /// The certificate was valid once.
    Expired,
    /// The certificate is not valid yet; or the clock of this machine is slow.
    NotYetValid,
    /// Nobody we trust has signed the certificate: an issuer unknown here, or itself.
    UnknownIssuer,
    /// The certificate is wrong in another way: revoked, for another purpose, badly signed.
    BadCertificate,
    /// The peer must show a certificate and showed none.
    NoCertificate,
    /// The peer wants a certificate of ours, or another one than it was shown.
    Rejected,
    /// A certificate, a key or roots of our own that can't be used.
    Unusable,
    /// What came is not TLS, or none that we speak; or the peer gave up.
    Protocol,
}

impl TlsFault {
    /// True if trying again will not help: somebody has to change a certificate first.
    pub fn is_fatal(self) -> bool {
        self != TlsFault::Protocol
    }
}

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TlsFault::WrongHost => "a certificate for another host",
            TlsFault::Expired => "an expired certificate",
            TlsFault::NotYetValid => "a certificate that is not valid yet",
            TlsFault::UnknownIssuer => "a certificate that nobody trusted has signed",
            TlsFault::BadCertificate => "a bad certificate",
            TlsFault::NoCertificate => "no certificate",
            TlsFault::Rejected => "a peer that rejects our certificate",
            TlsFault::Unusable => "certificates or keys that can't be used",
            TlsFault::Protocol => "a peer that does not speak TLS as we do",
        })
    }
}

/// Something of our own is wrong.
pub(super) fn unusable(expected: impl Into<String>, came: impl Into<String>) -> Error {
    fault(TlsFault::Unusable, expected, came)
}

/// The fault that an error of a `TlsStream` carries, if it does.
pub(crate) fn tls_error(error: &io::Error) -> Option<Error> {
    let error = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    Some(match error {
        rustls::Error::InvalidCertificate(error) => of_certificate(error),
        rustls::Error::NoCertificatesPresented => {
            fault(TlsFault::NoCertificate, "a certificate of the peer", "none")
        }
        rustls::Error::AlertReceived(alert) => of_alert(*alert),
        other => fault(TlsFault::Protocol, "TLS 1.2 or 1.3", other.to_string()),
    })
}

fn of_certificate(error: &CertificateError) -> Error {
    const VALID: &str = "a certificate that is valid now";
    match error {
        CertificateError::NotValidForNameContext { expected, presented } => {
            let came = match presented.as_slice() {
                [] => String::from("one that names no host"),
                names => {
                    let names: Vec<&str> = names.iter().map(|name| bare(name)).collect();
                    format!("one for {}", names.join(", "))
                }
            };
            let expected = format!("a certificate for {}", expected.to_str());
            fault(TlsFault::WrongHost, expected, came)
        }
        CertificateError::NotValidForName => {
            fault(TlsFault::WrongHost, "a certificate for this host", "one for another")
        }
        CertificateError::ExpiredContext { time, not_after } => {
            let ago = span(time.as_secs().saturating_sub(not_after.as_secs()));
            fault(TlsFault::Expired, VALID, format!("one that expired {ago} ago"))
        }
        CertificateError::Expired => fault(TlsFault::Expired, VALID, "one that has expired"),
        CertificateError::NotValidYetContext { time, not_before } => {
            let ahead = span(not_before.as_secs().saturating_sub(time.as_secs()));
            fault(TlsFault::NotYetValid, VALID, format!("one that will be in {ahead}"))
        }
        CertificateError::NotValidYet => {
            fault(TlsFault::NotYetValid, VALID, "one that is not valid yet")
        }
        CertificateError::UnknownIssuer => fault(
            TlsFault::UnknownIssuer,
            "a certificate by an issuer that is trusted here",
            "one by an unknown issuer, or signed by itself",
        ),
        // FACT: webpki's `CaUsedAsEndEntity` has no case of its own in rustls 0.23.
        CertificateError::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            fault(
                TlsFault::UnknownIssuer,
                "a server's certificate by an issuer that is trusted here",
                "that of an authority, signed by itself, as `openssl req -x509` makes it",
            )
        }
        other => fault(TlsFault::BadCertificate, "a good certificate", other.to_string()),
    }
}

fn of_alert(alert: AlertDescription) -> Error {
    use AlertDescription as Alert;
    let came = format!("its alert {alert:?}");
    match alert {
        Alert::NoCertificate
        | Alert::CertificateRequired
        | Alert::BadCertificate
        | Alert::UnsupportedCertificate
        | Alert::CertificateRevoked
        | Alert::CertificateExpired
        | Alert::CertificateUnknown
        | Alert::UnknownCA
        | Alert::AccessDenied => {
            fault(TlsFault::Rejected, "a peer that accepts our certificate, or asks for none", came)
        }
        _ => fault(TlsFault::Protocol, "a peer that speaks TLS 1.2 or 1.3 as we do", came),
    }
}

/// The name in webpki's `DnsName("a.example")`.
fn bare(name: &str) -> &str {
    name.split('"').nth(1).unwrap_or(name)
}

/// Some seconds, in words.
fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} seconds"),
        120..7_200 => format!("{} minutes", seconds / 60),
        7_200..172_800 => format!("{} hours", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

fn fault(fault: TlsFault, expected: impl Into<String>, came: impl Into<String>) -> Error {
    Error::Tls { fault, expected: expected.into(), came: came.into() }
}
