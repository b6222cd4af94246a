//! `Client`: asks for pages, and keeps connections that may serve again.
//!
//! It is as much of reqwest as a tool needs that asks a service for something: HTTP/1.1 without TLS,
//! a body of bytes, a bound for it. Clones share their connections.

use std::{cell::RefCell, collections::HashMap, fmt, io, rc::Rc};

use bytes::Bytes;
use glassloop::net::TcpStream;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{
    HeaderMap, Request, StatusCode, Uri,
    client::conn::http1::{self, SendRequest},
    header,
};

use crate::Io;

/// Past it an answer is an error.
const BODY_BYTES_MAX: usize = 16 * 1_024 * 1_024;
/// So many connections to one server are kept while nobody uses them.
const IDLE_MAX: usize = 8;

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, whole.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum ClientError {
    /// The address is none of `http://host[:port]/path`.
    Address(String),
    /// There is no connection to be had.
    Connect(io::Error),
    /// The connection broke, or what came is no HTTP.
    Http(hyper::Error),
    /// The body is longer than 16 MiB.
    TooLong,
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClientError::Address(came) => {
                write!(f, "expected an address as http://host:port/path, came {came}")
            }
            ClientError::Connect(error) => write!(f, "no connection: {error}"),
            ClientError::Http(error) => write!(f, "the connection broke: {error}"),
            ClientError::TooLong => write!(f, "the body is longer than {BODY_BYTES_MAX} bytes"),
        }
    }
}

impl std::error::Error for ClientError {}

type Sender = SendRequest<Full<Bytes>>;

/// A client of HTTP servers.
#[derive(Clone, Debug, Default)]
pub struct Client {
    idle: Rc<RefCell<HashMap<String, Vec<Sender>>>>,
}

impl Client {
    /// Asks for a page. Dropping the future gives the connection up.
    ///
    /// # Errors
    /// [`ClientError`]. A connection that the server closed while nobody used it is none: another
    /// one is opened.
    pub async fn get(&self, address: &str) -> Result<Answer, ClientError> {
        self.send(address, Request::get(address), Bytes::new()).await
    }

    /// Sends a body, and gives the answer.
    ///
    /// # Errors
    /// As [`get`](Client::get).
    pub async fn post(&self, address: &str, body: Bytes) -> Result<Answer, ClientError> {
        self.send(address, Request::post(address), body).await
    }

    async fn send(
        &self,
        address: &str,
        request: hyper::http::request::Builder,
        body: Bytes,
    ) -> Result<Answer, ClientError> {
        let wrong = || ClientError::Address(address.to_owned());
        let uri: Uri = address.parse().map_err(|_| wrong())?;
        let (Some("http"), Some(host)) = (uri.scheme_str(), uri.host()) else {
            return Err(wrong());
        };
        let port = uri.port_u16().unwrap_or(80);
        let server = format!("{host}:{port}");
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let request = request.uri(path).header(header::HOST, &server).body(Full::new(body));
        let request = request.map_err(|_| wrong())?;

        let mut sender = match self.take_idle(&server).await {
            Some(sender) => sender,
            None => connect(host, port).await?,
        };
        let answer = sender.send_request(request).await.map_err(ClientError::Http)?;
        let (head, body) = answer.into_parts();
        let whole = Limited::new(body, BODY_BYTES_MAX).collect().await;
        let body = whole.map_err(why_no_body)?.to_bytes();
        self.keep(server, sender);
        Ok(Answer { status: head.status, headers: head.headers, body })
    }

    /// A connection that still stands.
    async fn take_idle(&self, server: &str) -> Option<Sender> {
        loop {
            let mut sender = self.idle.borrow_mut().get_mut(server)?.pop()?;
            if sender.ready().await.is_ok() {
                return Some(sender);
            }
        }
    }

    fn keep(&self, server: String, sender: Sender) {
        let mut idle = self.idle.borrow_mut();
        let kept = idle.entry(server).or_default();
        if !sender.is_closed() && kept.len() < IDLE_MAX {
            kept.push(sender);
        }
    }
}

/// A connection, whose other half is a task.
async fn connect(host: &str, port: u16) -> Result<Sender, ClientError> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect_host(host, port).await.map_err(ClientError::Connect)?;
    let (sender, connection) =
        http1::handshake(Io::new(stream)).await.map_err(ClientError::Http)?;
    // It ends with its sender. Its errors are those of the request that it belongs to.
    glassloop::spawn(connection).named(format!("http {host}:{port}")).detach();
    Ok(sender)
}

fn why_no_body(error: Box<dyn std::error::Error + Send + Sync>) -> ClientError {
    match error.downcast::<hyper::Error>() {
        Ok(error) => ClientError::Http(*error),
        Err(other) => {
            debug_assert!(other.is::<LengthLimitError>());
            ClientError::TooLong
        }
    }
}
