//! The client: several namespaces over one connection, which comes back by itself.
//!
//! `builder` makes it, `handle` is what the program holds, `driver` does the work: `dial` is how it
//! makes a connection, `receiving` what a server's packets mean for its namespaces.

mod builder;
mod dial;
mod driver;
mod handle;
mod limits;
mod receiving;

pub use self::{
    builder::{ClientBuilder, NamespaceBuilder},
    driver::ClientDriver,
    handle::Client,
    limits::ClientLimits,
};
