//! The peers: each file says how one library runs the workloads.

pub mod calloop;
pub mod monoio;
#[cfg(feature = "ours")]
pub mod ours;
pub mod smol;
pub mod tokio;
