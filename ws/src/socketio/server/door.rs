//! The door: what is answered over HTTP on the path of Socket.IO.
//!
//! Promises that who can't be served is told why in the words that clients know, before anything
//! is opened.

use crate::{Request, Response};

const TRANSPORT_UNKNOWN: &str = r#"{"code":0,"message":"Transport unknown"}"#;
const SESSION_UNKNOWN: &str = r#"{"code":1,"message":"Session ID unknown"}"#;
const BAD_METHOD: &str = r#"{"code":2,"message":"Bad handshake method"}"#;
const BAD_REQUEST: &str = r#"{"code":3,"message":"Bad request"}"#;
const BAD_VERSION: &str = r#"{"code":5,"message":"Unsupported protocol version"}"#;

/// Whether the query asks for what is spoken here.
pub(super) fn judge(request: &Request) -> Result<(), Response> {
    let query = request.query().unwrap_or_default();
    let value = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
    };
    if value("transport") != Some("websocket") {
        return Err(refusal(TRANSPORT_UNKNOWN));
    }
    // A session that began elsewhere, by polling, with whatever a balancer has sent us.
    if value("sid").is_some() {
        return Err(refusal(SESSION_UNKNOWN));
    }
    if value("EIO") != Some("4") {
        return Err(refusal(BAD_VERSION));
    }
    Ok(())
}

/// Who asks for no upgrade.
pub(super) fn get(request: &Request) -> Response {
    judge(request).err().unwrap_or_else(|| refusal(BAD_REQUEST))
}

pub(super) fn post(request: &Request) -> Response {
    judge(request).err().unwrap_or_else(|| refusal(BAD_METHOD))
}

fn refusal(json: &'static str) -> Response {
    Response::json(json).with_status(400)
}
