//! A reconnecting client whose connections lie in memory, and the far ends of these.

#![cfg(test)]
#![cfg(feature = "ws")]

use std::{cell::RefCell, rc::Rc, time::Duration};

use glassloop::{
    net, sleep, spawn,
    ws::{self, Endpoint, Reconnect, WebSocket},
};

/// The far ends of the connections that stand, the newest last.
pub(crate) type Peers = Rc<RefCell<Vec<WebSocket>>>;

/// A client that finds a peer after so long, each time.
pub(crate) fn to_peers(peers: &Peers, after: Duration) -> Reconnect {
    let peers = Rc::clone(peers);
    let endpoint = Endpoint::new("ws://peer/").expect("a good URL");
    Reconnect::dialing(move |_| {
        let (endpoint, peers) = (endpoint.clone(), Rc::clone(&peers));
        async move {
            sleep(after).await;
            let (here, there) = net::duplex()?;
            let accepting = spawn(ws::accept(there));
            let opened = endpoint.connect_on(here).await?;
            let peer = accepting.await.expect("it doesn't panic")?;
            peers.borrow_mut().push(peer);
            Ok(opened)
        }
    })
}
