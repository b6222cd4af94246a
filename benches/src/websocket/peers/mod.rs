//! The servers: each file says how one library echoes, and how it tells everybody.
//!
//! Each is written as its own examples write it. All of them set TCP_NODELAY; none compresses.

pub mod async_tungstenite;
pub mod fastwebsockets;
pub mod mio;
pub mod node;
mod on_tokio;
#[cfg(feature = "ours")]
pub mod ours;
pub mod tokio_tungstenite;
pub mod tokio_websockets;
mod upgrade;
