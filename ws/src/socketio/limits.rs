//! `PacketLimits`: how much of a packet is taken, with the defaults and why.

/// The bounds of a packet that is read. Start from `PacketLimits::default()` and change what you
/// must.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketLimits {
    /// Attachments of one packet. 10, as the JavaScript decoder has it.
    pub attachments_max: usize,
    /// How deep its JSON may nest. 100: a reader of `serde_json` gives up at 128.
    pub depth_max: usize,
    /// The name of a namespace. 1,024 bytes: it may carry a query.
    pub namespace_bytes_max: usize,
    /// All of a packet, its attachments included. 16 MiB.
    pub packet_bytes_max: usize,
}

impl Default for PacketLimits {
    fn default() -> PacketLimits {
        PacketLimits {
            attachments_max: 10,
            depth_max: 100,
            namespace_bytes_max: 1_024,
            packet_bytes_max: 16 << 20,
        }
    }
}
