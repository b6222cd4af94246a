//! Socket.IO, version 5, over Engine.IO, version 4, with the WebSocket as the only transport.
//!
//! `engine` is what a text message is; [`Decoder`] makes [`Packet`]s of what such messages and
//! binary ones say, and a packet's `Display` is its text; [`Data`] are the arguments of an event,
//! as values of serde, in which [`Binary`] may stand. All of that is pure: no connection, no clock.
//! `namespaces` are those of a connection, and what goes over it; [`Client`] is a client made of
//! them, [`Server`] a server.

mod binary;
mod client;
mod data;
mod decoder;
mod engine;
mod error;
mod limits;
mod namespaces;
mod packet;
mod server;

pub use self::{
    binary::Binary,
    client::{Client, ClientBuilder, ClientDriver, ClientLimits, NamespaceBuilder},
    data::{Arguments, Data},
    decoder::Decoder,
    engine::{EnginePacket, Handshake},
    error::CodecError,
    limits::PacketLimits,
    namespaces::{
        Ack, AckError, ConnectError, Disconnect, EmitError, Event, Events, Namespace,
        NamespaceError, NamespaceState, NotConnected, Responder, Session,
    },
    packet::{Body, Packet, ROOT},
    server::{Audience, NamespaceRoute, Server, ServerLimits, Socket},
};
