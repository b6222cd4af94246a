//! `Client`: asks for pages, and keeps connections that may serve again.
//!
//! It is as much of reqwest as a tool needs that asks a service for something: HTTP/1.1 without TLS,
//! a body of bytes, a bound for it. Clones share their connections.

use std::{cell::RefCell, collections::HashMap, fmt, io, rc::Rc};

use bytes::Bytes;
use glassloop::net::TcpStream;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{
    HeaderMap, Method, Request, StatusCode, Uri,
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

/// A client of HTTP servers, for the tasks of one loop.
#[derive(Clone, Debug, Default)]
pub struct Client {
    idle: Rc<RefCell<HashMap<String, Vec<Sender>>>>,
}

impl Client {
    /// Asks for a page. Dropping the future gives the connection up.
    ///
    /// # Errors
    /// [`ClientError`]. That a server has closed a connection while nobody used it is none: it is
    /// asked on another one.
    pub async fn get(&self, address: &str) -> Result<Answer, ClientError> {
        self.send(Method::GET, address, Bytes::new()).await
    }

    /// Sends a body, and gives the answer.
    ///
    /// # Errors
    /// As [`get`](Client::get); but if some of it has left on a connection that breaks, it isn't
    /// sent again.
    pub async fn post(&self, address: &str, body: Bytes) -> Result<Answer, ClientError> {
        self.send(Method::POST, address, body).await
    }

    async fn send(
        &self,
        method: Method,
        address: &str,
        body: Bytes,
    ) -> Result<Answer, ClientError> {
        let server = Server::of(address)?;
        let may_be_repeated = method == Method::GET;
        let (sender, answer) = loop {
            let kept = self.take_idle(&server).await;
            let was_kept = kept.is_some();
            let mut sender = match kept {
                Some(sender) => sender,
                None => server.connect().await?,
            };
            let request = Request::builder().method(method.clone()).uri(&server.path);
            let request = request.header(header::HOST, &server.host_header);
            let request = request.body(Full::new(body.clone()));
            let request = request.map_err(|_| ClientError::Address(address.to_owned()))?;
            match sender.try_send_request(request).await {
                Ok(answer) => break (sender, answer),
                // The server may have closed it while nobody used it.
                Err(mut failed) => {
                    let has_left = failed.take_message().is_none();
                    if !was_kept || has_left && !may_be_repeated {
                        return Err(ClientError::Http(failed.into_error()));
                    }
                }
            }
        };
        let (head, body) = answer.into_parts();
        let whole = Limited::new(body, BODY_BYTES_MAX).collect().await;
        let body = whole.map_err(why_no_body)?.to_bytes();
        self.keep(server, sender);
        Ok(Answer { status: head.status, headers: head.headers, body })
    }

    /// A connection that still stands.
    async fn take_idle(&self, server: &Server) -> Option<Sender> {
        loop {
            let mut sender = self.idle.borrow_mut().get_mut(&server.name)?.pop()?;
            if sender.ready().await.is_ok() {
                return Some(sender);
            }
        }
    }

    fn keep(&self, server: Server, sender: Sender) {
        let mut idle = self.idle.borrow_mut();
        let kept = idle.entry(server.name).or_default();
        if !sender.is_closed() && kept.len() < IDLE_MAX {
            kept.push(sender);
        }
    }
}

/// Whom an address means, and what of theirs.
struct Server {
    host: String,
    port: u16,
    /// Host and port, as its connections are kept by.
    name: String,
    host_header: String,
    path: String,
}

impl Server {
    fn of(address: &str) -> Result<Server, ClientError> {
        let wrong = || ClientError::Address(address.to_owned());
        let uri: Uri = address.parse().map_err(|_| wrong())?;
        let (Some("http"), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(wrong());
        };
        let host = authority.host();
        // A user, or a port that is no number, is not left out in silence.
        let port = match authority.as_str().strip_prefix(host) {
            Some("") => 80,
            Some(_) => authority.port_u16().ok_or_else(wrong)?,
            None => return Err(wrong()),
        };
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        // A query alone is of the page `/`.
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Server {
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port,
            name: format!("{host}:{port}"),
            host_header: authority.as_str().to_owned(),
            path,
        })
    }

    /// A connection, whose other half is a task.
    async fn connect(&self) -> Result<Sender, ClientError> {
        let stream = TcpStream::connect_host(&self.host, self.port).await;
        let io = Io::new(stream.map_err(ClientError::Connect)?);
        let (sender, connection) = http1::handshake(io).await.map_err(ClientError::Http)?;
        // It ends with its sender. Its errors are those of the request that it belongs to.
        glassloop::spawn(connection).named(format!("http {}", self.name)).detach();
        Ok(sender)
    }
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
