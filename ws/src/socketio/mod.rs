//! Socket.IO, version 5, over Engine.IO, version 4, with the WebSocket as the only transport.
//!
//! `engine` is what a text message is; [`Decoder`] makes [`Packet`]s of what such messages and
//! binary ones say, and a packet's `Display` is its text; [`Data`] are the arguments of an event,
//! as values of serde, in which [`Binary`] may stand. All of that is pure: no connection, no clock.

mod binary;
mod data;
mod decoder;
mod engine;
mod error;
mod limits;
mod packet;

pub use self::{
    binary::Binary,
    data::{Arguments, Data},
    decoder::Decoder,
    engine::{EnginePacket, Handshake},
    error::CodecError,
    limits::PacketLimits,
    packet::{Body, Packet, ROOT},
};
