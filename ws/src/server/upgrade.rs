//! The upgrade: whether a request becomes a WebSocket.
//!
//! Promises to ask in this order: the handshake's own rules, the origin, the subprotocol, and the
//! program's own judgement last, so that it sees only what would be granted. It opens nothing.

use crate::handshake::{judge_upgrade, values, write_response};
use crate::http::{Request, Response};

use super::websocket_route::WebSocketRoute;

/// The answer that makes the connection stand, with these further lines, or one that doesn't.
pub(crate) fn judge(
    request: &mut Request,
    lines: &[(String, String)],
    route: &WebSocketRoute,
) -> Result<Vec<u8>, Response> {
    let (key, subprotocol) = {
        let asked = request.lines();
        let judged = judge_upgrade(request.method(), request.version(), &asked);
        let upgrade = judged.map_err(|refusal| Response::refusal(&refusal))?;
        let origins: Vec<&[u8]> = values(&asked, "Origin").map(<[u8]>::trim_ascii).collect();
        if !route.takes_origin(&origins) {
            return Err(Response::status(403));
        }
        let offered = values(&asked, "Sec-WebSocket-Protocol")
            .flat_map(|value| value.split(|&byte| byte == b','))
            .map(<[u8]>::trim_ascii);
        match route.choose_subprotocol(offered) {
            Ok(subprotocol) => (upgrade.key, subprotocol),
            Err(()) => {
                let text = "expected a subprotocol that is spoken here\n";
                return Err(Response::text(text).with_status(400));
            }
        }
    };
    request.set_subprotocol(subprotocol);
    route.authorize(request)?;
    Ok(write_response(&key, request.subprotocol(), lines))
}
