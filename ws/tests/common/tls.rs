//! Certificates made on the spot, and connections over TLS.

#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

use std::sync::atomic::{AtomicU32, Ordering};

use glassloop_reactor::net::{TcpStream, duplex};
use glassloop_ws::{Config, Error, TlsClient, TlsServer, accept_tls_with, connect_on_with};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};

use crate::common::{End, Loop, Opened, Output};

static BORN: AtomicU32 = AtomicU32::new(0);

/// The host that good certificates are for.
pub const HOST: &str = "news.example";

/// A certificate and its key, in PEM.
pub struct Identity {
    pub chain: String,
    pub key: String,
}

impl Identity {
    pub fn server(&self) -> TlsServer {
        TlsServer::new(self.chain.as_bytes(), self.key.as_bytes()).expect("a good identity")
    }
}

/// Who signs certificates.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub fn new() -> Authority {
        let mut params = CertificateParams::new([]).expect("no names");
        // Two of one name would be taken for one that signs badly.
        let number = BORN.fetch_add(1, Ordering::Relaxed);
        params.distinguished_name.push(DnType::CommonName, format!("authority {number}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().expect("a key");
        Authority(CertifiedIssuer::self_signed(params, key).expect("a root"))
    }

    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A client that believes this authority alone.
    pub fn client(&self) -> TlsClient {
        TlsClient::with_roots(self.pem().as_bytes()).expect("a good root")
    }

    /// A certificate valid from and to the first day of these years.
    pub fn sign(&self, host: &str, years: (i32, i32)) -> Identity {
        let key = KeyPair::generate().expect("a key");
        let signed = params(host, years).signed_by(&key, &self.0).expect("a certificate");
        Identity { chain: signed.pem(), key: key.serialize_pem() }
    }

    /// A good one.
    pub fn identity(&self) -> Identity {
        self.sign(HOST, (2000, 4000))
    }
}

/// A certificate that nobody else has signed.
pub fn self_signed(host: &str) -> Identity {
    let key = KeyPair::generate().expect("a key");
    let signed = params(host, (2000, 4000)).self_signed(&key).expect("a certificate");
    Identity { chain: signed.pem(), key: key.serialize_pem() }
}

fn params(host: &str, (from, to): (i32, i32)) -> CertificateParams {
    let mut params = CertificateParams::new([host.to_owned()]).expect("a name");
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(to, 1, 1);
    params
}

/// A config for a client that believes so.
pub fn believing(client: TlsClient) -> Config {
    let mut config = Config::default();
    config.tls = Some(client);
    config
}

/// What becomes of a client and a server on the two ends of a memory socket.
pub fn meet(
    event_loop: &mut Loop,
    client: TlsClient,
    server: &TlsServer,
) -> (Output<Opened>, Output<Opened>) {
    let (near, far) = duplex().expect("two ends");
    let url = format!("wss://{HOST}/");
    let near = event_loop.spawn(connect_on_with(near, &url, believing(client)));
    let far = event_loop.spawn(accept_tls_with(far, server, Config::default()));
    event_loop.settle();
    (near, far)
}

/// As `meet`, for a client that must be refused: its error, and what the server got.
pub fn refused(
    event_loop: &mut Loop,
    client: TlsClient,
    server: &TlsServer,
) -> (Error, Result<(), Error>) {
    let (near, far) = meet(event_loop, client, server);
    let near = event_loop.wait_for(&near).expect_err("a fault");
    (near, event_loop.wait_for(&far).map(drop))
}

/// A client and a server over TLS in memory, their drivers running.
pub fn pair(event_loop: &mut Loop, mut client: Config, server: Config) -> (End, End) {
    let authority = Authority::new();
    client.tls = Some(authority.client());
    let (near, far) = duplex().expect("two ends");
    let near = event_loop.spawn(connect_on_with(near, &format!("wss://{HOST}/"), client));
    let identity = authority.identity().server();
    let far = event_loop.spawn(accept_tls_with(far, &identity, server));
    let near = event_loop.wait_for(&near).expect("a client");
    let far = event_loop.wait_for(&far).expect("a server");
    (event_loop.drive(near), event_loop.drive(far))
}

/// A client and a server over TLS whose ciphertext the test carries, as it likes.
pub struct Relay {
    pub client: End,
    pub server: End,
    /// The far ends of their sockets.
    near: TcpStream,
    far: TcpStream,
}

impl Relay {
    pub fn new(event_loop: &mut Loop, config: Config) -> Relay {
        Relay::with(event_loop, config, usize::MAX)
    }

    /// As `new`, with so many bytes carried at once.
    pub fn with(event_loop: &mut Loop, mut config: Config, at_once: usize) -> Relay {
        let authority = Authority::new();
        config.tls = Some(authority.client());
        Relay::between(event_loop, config, &authority.identity().server(), at_once).0
    }

    /// Between these two. Also how many bytes the server sent until the WebSocket stood.
    pub fn between(
        event_loop: &mut Loop,
        config: Config,
        identity: &TlsServer,
        at_once: usize,
    ) -> (Relay, usize) {
        let server_config = config.clone();
        let mut sent = 0;
        let (client, near) = duplex().expect("two ends");
        let (server, far) = duplex().expect("two ends");
        let client = event_loop.spawn(connect_on_with(client, &format!("wss://{HOST}/"), config));
        let server = event_loop.spawn(accept_tls_with(server, identity, server_config));
        while client.borrow().is_none() || server.borrow().is_none() {
            event_loop.settle();
            carry(&near, &far, at_once);
            sent += carry(&far, &near, at_once).len();
        }
        let client = event_loop.wait_for(&client).expect("a client");
        let server = event_loop.wait_for(&server).expect("a server");
        let (client, server) = (event_loop.drive(client), event_loop.drive(server));
        (Relay { client, server, near, far }, sent)
    }

    /// Carries at most so many bytes from the client to the server, and none back.
    pub fn pass_on(&mut self, event_loop: &mut Loop, bytes_max: usize) {
        event_loop.turn(std::time::Duration::ZERO);
        carry(&self.near, &self.far, bytes_max);
        event_loop.settle();
    }

    /// Carries at most so many bytes each way: the types of the records that began in those of the
    /// client, if they are whole.
    pub fn pass(&mut self, event_loop: &mut Loop, bytes_max: usize) -> Vec<u8> {
        // What the ends are told since, they learn in a turn.
        event_loop.turn(std::time::Duration::ZERO);
        let carried = carry(&self.near, &self.far, bytes_max);
        carry(&self.far, &self.near, bytes_max);
        record_types(&carried)
    }
}

/// Carries what is there, at most so many bytes. The reader has room for it.
fn carry(from: &TcpStream, to: &TcpStream, bytes_max: usize) -> Vec<u8> {
    let mut buffer = vec![0; bytes_max.min(64 * 1024)];
    let count = from.try_read(&mut buffer).unwrap_or(0);
    buffer.truncate(count);
    assert_eq!(to.try_write(&buffer).unwrap_or(0), count, "room for all of it");
    buffer
}

fn record_types(mut bytes: &[u8]) -> Vec<u8> {
    let mut types = Vec::new();
    while let [kind, 3, 3, high, low, ..] = *bytes {
        types.push(kind);
        let Some(rest) = bytes.get(5 + usize::from(u16::from_be_bytes([high, low]))..) else {
            break;
        };
        bytes = rest;
    }
    types
}
