//! Watchers of an inspector's live socket, over memory.

#![cfg(test)]

use std::time::Duration;

use glassloop::{
    net::duplex,
    spawn,
    ws::{self, Endpoint, ServerHandle, WebSocket},
};
use glassloop_inspector::{Setup, server};

/// An inspector of this process, whose token is `right`.
pub(crate) fn serve() -> ServerHandle {
    let now = Box::new(|| Duration::ZERO);
    let setup = Setup { port: 7_000, token: "right".into(), allow_control: false, now };
    ws::serve(server(setup), []).unwrap()
}

/// Watches it with this query.
pub(crate) async fn watch(handle: &ServerHandle, query: &str) -> Result<WebSocket, ws::Error> {
    let (near, far) = duplex()?;
    handle.admit(far);
    let endpoint = Endpoint::new(&format!("ws://localhost:7000/live{query}"))?;
    let endpoint = endpoint.bearer("right")?.subprotocols(["glassloop.v1"])?;
    let (socket, driver) = endpoint.require_subprotocol().connect_on(near).await?;
    spawn(driver).detach();
    Ok(socket)
}
