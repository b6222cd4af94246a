//! Line 4: a page of another origin is refused, whatever it asks for.
#![cfg(test)]

use std::{net::TcpStream, time::Duration};

use tungstenite::client::IntoClientRequest;

use crate::inspected::{UPGRADE, inspected};

const FOREIGN: &str = "
    null http://evil http://evil.example:PORT https://localhost:PORT https://127.0.0.1:PORT
    http://localhost http://127.0.0.1 http://127.0.0.1:1 http://localhost:PORT/
    http://LOCALHOST:PORT HTTP://localhost:PORT http://localhost.:PORT http://localhost:PORT.evil
    http://evil.localhost:PORT http://evil@localhost:PORT http://127.0.0.2:PORT http://0.0.0.0:PORT
    file:// data: chrome-extension://abcdef ws://127.0.0.1:PORT localhost:PORT //localhost:PORT";

/// 4.
#[test]
fn a_page_of_another_origin_is_refused_whatever_it_brings() {
    let inspected = inspected();
    let (port, good) = (inspected.port(), inspected.good());
    let spoken = "Sec-WebSocket-Protocol: glassloop.v1\r\n";
    for origin in FOREIGN.split_whitespace().chain(["http://127.0.0.1:PORT http://evil", ""]) {
        let line = format!("Origin: {origin}\r\n").replace("PORT", &port.to_string());
        let socket = inspected.ask("GET /live", &format!("{good}{UPGRADE}{spoken}{line}"));
        assert_eq!(socket.status, 403, "{line}");
        for first in ["GET /state", "GET /", "POST /record", "GET /nowhere"] {
            assert_eq!(
                inspected.ask(first, &format!("{good}{line}")).status,
                403,
                "{first} {line}"
            );
        }
    }
    for origin in ["http://127.0.0.1:PORT", "http://localhost:PORT", "http://[::1]:PORT"] {
        let line = format!("Origin: {origin}\r\n").replace("PORT", &port.to_string());
        let socket = inspected.ask("GET /live", &format!("{good}{UPGRADE}{spoken}{line}"));
        assert_eq!(socket.status, 101, "{line}");
        assert_eq!(inspected.ask("GET /state", &format!("{good}{line}")).status, 200, "{line}");
        let twice = inspected.ask("GET /state", &format!("{good}{line}{line}"));
        assert_eq!(twice.status, 403, "{line}");
        let bare = format!("{}{UPGRADE}{spoken}{line}", inspected.host());
        assert_eq!(inspected.ask("GET /live", &bare).status, 401, "an origin is no token");
    }
    let no_origin = inspected.ask("GET /live", &format!("{good}{UPGRADE}{spoken}"));
    assert_eq!(no_origin.status, 101, "a terminal has none");
    let neither = format!("{}{UPGRADE}{spoken}", inspected.host());
    assert_eq!(inspected.ask("GET /live", &neither).status, 401);
}

/// 4, 5: as a browser does it, which can't send a header with a WebSocket.
#[test]
fn a_socket_brings_the_token_as_a_subprotocol_that_is_never_chosen() {
    let inspected = inspected();
    let open = |subprotocols: &str| {
        let url = format!("ws://{}/live?every_ms=50", inspected.address());
        let mut request = url.into_client_request().unwrap();
        let origin = format!("http://{}", inspected.address());
        request.headers_mut().insert("Origin", origin.parse().unwrap());
        let named = subprotocols.parse().unwrap();
        request.headers_mut().insert("Sec-WebSocket-Protocol", named);
        let stream = TcpStream::connect(inspected.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        tungstenite::client(request, stream).map_err(|error| error.to_string())
    };
    let token = inspected.token();
    for order in [
        format!("glassloop.v1, glassloop.token.{token}"),
        format!("glassloop.token.{token}, glassloop.v1"),
    ] {
        let (mut socket, answer) = open(&order).unwrap();
        assert_eq!(answer.headers()["Sec-WebSocket-Protocol"], "glassloop.v1");
        for push in 0..3 {
            let text = socket.read().unwrap().into_text().unwrap();
            assert!(text.contains(&format!("\"push\":{push}")), "{text}");
            assert!(text.contains("\"state\":{") && text.contains("\"missed\":0"), "{text}");
        }
        socket.send("I may change nothing".into()).unwrap();
        let close = std::iter::repeat_with(|| socket.read().unwrap()).find(|it| it.is_close());
        let told = format!("{close:?}");
        assert!(told.contains("Policy") && told.contains("expected no message"), "{told}");
    }
    for refused in [
        "glassloop.v1".to_owned(),
        format!("glassloop.v1, glassloop.token.{}", &token[..63]),
        format!("glassloop.v1, glassloop.token.{token}, glassloop.token.{token}"),
        format!("glassloop.v1, token.{token}"),
        format!("glassloop.v1, {token}"),
        format!("glassloop.v1, glassloop.token.{}", token.to_uppercase()),
    ] {
        let error = open(&refused).map(drop).unwrap_err();
        assert!(error.contains("401"), "{refused}: {error}");
    }
    // The handshake must still choose something, or a browser would go away.
    let error = open(&format!("glassloop.v2, glassloop.token.{token}")).map(drop).unwrap_err();
    assert!(error.contains("400"), "{error}");
    // It counts for the socket alone: any other path can be sent a header.
    let lines = format!("Sec-WebSocket-Protocol: glassloop.token.{token}\r\n");
    let state = inspected.ask("GET /state", &format!("{}{lines}", inspected.host()));
    assert_eq!(state.status, 401);
}
