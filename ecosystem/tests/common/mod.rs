//! A server of hyper's on the loop.

#![allow(dead_code, reason = "each test file uses the part it needs")]

use std::{convert::Infallible, io, net::SocketAddr, time::Duration};

use bytes::Bytes;
use ecosystem::{Io, LoopTimer};
use glassloop::{net::TcpListener, spawn};
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, Response, StatusCode, body::Incoming, server::conn::http1};

/// Longer than any machine is late.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Says the path, repeats a body, or answers late.
pub(crate) async fn answer(
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let text = match (&head.method, head.uri.path()) {
        (&Method::POST, _) => body,
        (_, "/nowhere") => {
            let mut response = Response::new(Full::new(Bytes::new()));
            *response.status_mut() = StatusCode::NOT_FOUND;
            return Ok(response);
        }
        (_, "/late") => {
            glassloop::sleep(Duration::from_millis(20)).await;
            Bytes::from("late")
        }
        (_, path) => Bytes::from(path.to_owned()),
    };
    Ok(Response::new(Full::new(text)))
}

/// Serves HTTP/1.1 on a port of the system's choice, as long as the loop runs.
pub(crate) fn serve() -> io::Result<SocketAddr> {
    serve_with(answer)
}

/// The same by another service.
pub(crate) fn serve_with<F, R>(service: F) -> io::Result<SocketAddr>
where
    F: Fn(Request<Incoming>) -> R + Clone + 'static,
    R: Future<Output = Result<Response<Full<Bytes>>, Infallible>> + 'static,
{
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    let address = listener.local_addr()?;
    let accepts = async move {
        while let Ok((stream, from)) = listener.accept().await {
            let service = hyper::service::service_fn(service.clone());
            let mut server = http1::Builder::new();
            let connection = server.timer(LoopTimer).serve_connection(Io::new(stream), service);
            spawn(connection).named(format!("served {from}")).detach();
        }
    };
    spawn(accepts).named("server").detach();
    Ok(address)
}
