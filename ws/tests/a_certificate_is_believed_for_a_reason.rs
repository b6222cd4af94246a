//! Of the usual mistakes with certificates each ends in an error of its own that says what was
//! expected and what came, and that trying again won't help; what is no mistake opens.

#![cfg(feature = "tls")]

mod common;
#[path = "common/tls.rs"]
mod tls;

use std::sync::Arc;

use common::Loop;
use glassloop_reactor::net::duplex;
use glassloop_ws::{Config, Error, TlsClient, TlsFault, TlsServer, accept_tls, connect_on_with};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tls::{Authority, HOST, Identity, believing, meet, refused, self_signed};

/// The fault that a client of `authority` finds in a server.
fn fault_of(authority: &Authority, identity: &Identity) -> (TlsFault, String) {
    let mut event_loop = Loop::new();
    let (error, server) = refused(&mut event_loop, authority.client(), &identity.server());
    let told = server.expect_err("a server is told");
    // An alert: "bad certificate", "unknown CA", "certificate expired".
    assert!(
        matches!(told, Error::Tls { fault: TlsFault::Rejected, .. }),
        "expected a server that is told, came {told}"
    );
    let text = error.to_string();
    let Error::Tls { fault, .. } = error else { panic!("expected a fault of TLS, came {text}") };
    assert!(fault.is_fatal(), "{text}");
    (fault, text)
}

#[test]
fn a_given_root_is_believed() {
    let mut event_loop = Loop::new();
    let authority = Authority::new();
    let server = authority.identity().server();
    let (near, far) = meet(&mut event_loop, authority.client(), &server);
    drop(event_loop.wait_for(&near).expect("a client"));
    drop(event_loop.wait_for(&far).expect("a server"));
}

#[test]
fn a_wrong_host_an_old_certificate_and_a_stranger_are_three_errors() {
    let authority = Authority::new();
    let (fault, text) = fault_of(&authority, &authority.sign("other.example", (2000, 4000)));
    assert_eq!(fault, TlsFault::WrongHost);
    assert!(text.contains(HOST) && text.contains("other.example"), "{text}");

    let (fault, text) = fault_of(&authority, &authority.sign(HOST, (2000, 2001)));
    assert_eq!(fault, TlsFault::Expired);
    assert!(text.contains("expired") && text.contains("days ago"), "{text}");

    let (fault, text) = fault_of(&authority, &authority.sign(HOST, (3000, 4000)));
    assert_eq!(fault, TlsFault::NotYetValid);
    assert!(text.contains("will be in") && text.contains("days"), "{text}");

    let (fault, text) = fault_of(&authority, &self_signed(HOST));
    assert_eq!(fault, TlsFault::UnknownIssuer);
    assert!(text.contains("signed by itself"), "{text}");

    let (fault, text) = fault_of(&authority, &Authority::new().identity());
    assert_eq!(fault, TlsFault::UnknownIssuer);
    assert!(text.contains("unknown issuer"), "{text}");
}

#[test]
fn a_certificate_that_signed_itself_serves_once_it_is_a_root() {
    let mut event_loop = Loop::new();
    let identity = self_signed(HOST);
    let client = TlsClient::with_roots(identity.chain.as_bytes()).expect("a root");
    let (near, _far) = meet(&mut event_loop, client, &identity.server());
    drop(event_loop.wait_for(&near).expect("a client"));
}

#[test]
fn a_client_shows_a_certificate_to_who_asks_for_it() {
    let mut event_loop = Loop::new();
    let (servers, clients, strangers) = (Authority::new(), Authority::new(), Authority::new());
    let identity = servers.identity();
    let server = TlsServer::for_clients_of(
        clients.pem().as_bytes(),
        identity.chain.as_bytes(),
        identity.key.as_bytes(),
    )
    .expect("a good server");
    let client_of = |authority: &Authority| {
        let Identity { chain, key } = authority.identity();
        servers.client().with_identity(chain.as_bytes(), key.as_bytes()).expect("an identity")
    };

    let (near, far) = meet(&mut event_loop, client_of(&clients), &server);
    drop(event_loop.wait_for(&near).expect("a client"));
    drop(event_loop.wait_for(&far).expect("a server"));

    for (client, found) in [
        (servers.client(), TlsFault::NoCertificate),
        (client_of(&strangers), TlsFault::UnknownIssuer),
    ] {
        let (near, far) = refused(&mut event_loop, client, &server);
        // In TLS 1.3 a client is told behind its handshake, in the place of an answer.
        assert!(matches!(near, Error::Tls { fault: TlsFault::Rejected, .. }), "{near}");
        let far = far.expect_err("not let in");
        assert!(matches!(far, Error::Tls { fault, .. } if fault == found), "{far}");
    }
}

#[test]
fn what_can_never_work_is_refused_where_it_is_given() {
    let authority = Authority::new();
    let (one, other) = (authority.identity(), authority.identity());
    let is_unusable = |error: Error| {
        assert!(matches!(error, Error::Tls { fault: TlsFault::Unusable, .. }), "{error}");
        let text = format!("{error} {error:?}");
        assert!(!text.contains(&one.key[40..80]), "no error shows a key");
    };
    let (chain, key) = (one.chain.as_bytes(), one.key.as_bytes());
    is_unusable(TlsClient::with_roots(b"").expect_err("no certificate"));
    is_unusable(TlsClient::with_roots(key).expect_err("a key is no certificate"));
    is_unusable(TlsClient::with_roots(&chain[..chain.len() - 30]).expect_err("half of it"));
    is_unusable(TlsServer::new(chain, chain).expect_err("no key"));
    is_unusable(TlsServer::new(chain, other.key.as_bytes()).expect_err("another's key"));
    is_unusable(authority.client().with_identity(key, key).expect_err("no certificate"));
}

#[test]
fn a_peer_that_speaks_no_tls_may_do_so_later() {
    let mut event_loop = Loop::new();
    let authority = Authority::new();
    let (near, far) = duplex().expect("two ends");
    let url = format!("wss://{HOST}/");
    let near = event_loop.spawn(connect_on_with(near, &url, believing(authority.client())));
    event_loop.settle();
    far.try_write(b"HTTP/1.1 400 Bad Request\r\n\r\n").expect("room");
    let error = event_loop.wait_for(&near).expect_err("no TLS");
    let Error::Tls { fault, .. } = &error else { panic!("{error}") };
    assert!(*fault == TlsFault::Protocol && !fault.is_fatal(), "{error}");

    let (near, far) = duplex().expect("two ends");
    let server = event_loop.spawn(accept_tls(near, &authority.identity().server()));
    event_loop.settle();
    far.try_write(common::REQUEST).expect("room");
    let error = event_loop.wait_for(&server).expect_err("no TLS");
    assert!(matches!(&error, Error::Tls { fault: TlsFault::Protocol, .. }), "{error}");
}

#[test]
fn a_peer_that_goes_within_the_handshake_is_an_end_and_no_fault() {
    let mut event_loop = Loop::new();
    let (near, far) = duplex().expect("two ends");
    let config = believing(Authority::new().client());
    let near = event_loop.spawn(connect_on_with(near, &format!("wss://{HOST}/"), config));
    event_loop.settle();
    drop(far);
    let error = event_loop.wait_for(&near).expect_err("no TLS");
    assert!(matches!(&error, Error::Io(_)), "{error}");
}

#[test]
fn a_client_without_a_word_believes_whom_its_machine_does() {
    let Ok(_) = TlsClient::system_roots() else { return };
    let mut event_loop = Loop::new();
    let (near, far) = duplex().expect("two ends");
    let near =
        event_loop.spawn(connect_on_with(near, &format!("wss://{HOST}/"), Config::default()));
    let far = event_loop.spawn(accept_tls(far, &Authority::new().identity().server()));
    let error = event_loop.wait_for(&near).expect_err("a stranger");
    assert!(matches!(&error, Error::Tls { fault: TlsFault::UnknownIssuer, .. }), "{error}");
    event_loop.wait_for(&far).expect_err("refused");
}

/// A certificate and its key are often one text; its lines may be lost on their way here.
#[test]
fn no_error_shows_a_key_that_stands_on_the_line_of_its_head() {
    let authority = Authority::new();
    let identity = authority.identity();
    let joined = identity.key.replacen("-----\n", "-----", 1);
    let both = format!("{}{joined}", identity.chain);
    let secret = &identity.key.lines().nth(1).expect("a line")[10..50];
    let error = TlsServer::new(both.as_bytes(), identity.key.as_bytes()).expect_err("bad PEM");
    let text = format!("{error} {error:?}");
    let as_numbers: Vec<String> = secret.bytes().map(|byte| byte.to_string()).collect();
    assert!(!text.contains(secret) && !text.contains(&as_numbers.join(", ")), "{text}");
}

/// A bad certificate is the news, not that its owner went before it was told.
#[test]
fn a_bad_certificate_is_told_though_its_owner_has_gone() {
    let mut event_loop = Loop::new();
    let stranger = Authority::new().identity();
    let (near, far) = duplex().expect("two ends");
    let config = believing(Authority::new().client());
    let client = event_loop.spawn(connect_on_with(near, &format!("wss://{HOST}/"), config));
    event_loop.settle();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(stranger.chain.as_bytes()).expect("a certificate")],
            PrivateKeyDer::from_pem_slice(stranger.key.as_bytes()).expect("a key"),
        )
        .expect("a pair");
    let mut session = rustls::ServerConnection::new(Arc::new(config)).expect("a session");
    let mut hello = vec![0; 4096];
    let count = far.try_read(&mut hello).expect("a hello");
    session.read_tls(&mut &hello[..count]).expect("room");
    session.process_new_packets().expect("a good hello");
    let mut flight = Vec::new();
    while session.wants_write() {
        session.write_tls(&mut flight).expect("room");
    }
    assert_eq!(far.try_write(&flight).expect("room"), flight.len());
    drop(far);
    let error = event_loop.wait_for(&client).expect_err("a stranger");
    assert!(matches!(error, Error::Tls { .. }) && error.is_fatal(), "{error:?}");
}
