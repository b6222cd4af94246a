//! The namespaces of a connection, of a client's and of a server's.
//!
//! A program holds a `namespace`, its `event`s and the `ack`s that it waits for. Behind them lies
//! `shared`: the namespaces, each a `space`, and the `session`, the connection that stands.
//! `sending` is how events get from the one to the other, `link` what waits for messages and for
//! room, `talk` what both sides hear and say. `outbound`, `inbox`, `answers`, `recovery`, `state`,
//! `error` and `limits` are data; a server's client is in a namespace by `membership`.

pub(super) mod ack;
pub(super) mod answers;
pub(super) mod error;
pub(super) mod event;
pub(super) mod inbox;
pub(super) mod limits;
pub(super) mod link;
mod membership;
pub(super) mod namespace;
pub(super) mod outbound;
mod recovery;
pub(super) mod sending;
pub(super) mod session;
pub(super) mod shared;
pub(super) mod space;
pub(super) mod state;
mod talk;

pub use self::{
    ack::Ack,
    error::{AckError, EmitError, NamespaceError, NotConnected},
    event::{Event, Events, Responder},
    namespace::Namespace,
    state::{ConnectError, Disconnect, NamespaceState, Session},
};

/// Whether a namespace may be called so.
pub(super) fn check_name(name: &str) -> Result<(), NamespaceError> {
    if !name.starts_with('/') || name.contains([',', '?']) {
        let expected = "a namespace that begins with / and has neither , nor ?";
        return Err(NamespaceError::Invalid { expected, came: name.to_owned() });
    }
    Ok(())
}
