//! The adapter: the stream that tungstenite sees instead of a socket.
//!
//! Promises that reading ends with its input and that writing never touches a socket: input comes
//! from bytes that were read before, output goes to the ring. It performs no I/O.

use std::io::{self, Read, Write};

use crate::ring::Ring;
use crate::walker::Walker;

/// One turn's view of a connection's bytes. It lives as long as one call of tungstenite.
#[derive(Debug)]
pub(crate) struct Adapter<'a, 'input> {
    /// What was read from the socket and not yet taken.
    pub(crate) input: &'a mut &'input [u8],
    pub(crate) walker: &'a mut Walker,
    pub(crate) ring: &'a mut Ring,
    /// A ring of this length or more takes nothing.
    pub(crate) ring_bytes_max: usize,
    /// Set when the walker refused a fragment; the stream is useless from then on.
    pub(crate) refused: &'a mut bool,
}

impl Read for Adapter<'_, '_> {
    /// Gives what there is. "Would block" means: nothing more now.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(self.input.len());
        if count == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let (offered, _) = self.input.split_at(count);
        let passed = self.walker.walk(offered);
        if passed == 0 {
            *self.refused = true;
            return Err(io::ErrorKind::InvalidData.into());
        }
        buffer[..passed].copy_from_slice(&offered[..passed]);
        *self.input = &self.input[passed..];
        Ok(passed)
    }
}

impl Write for Adapter<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.ring.len() >= self.ring_bytes_max {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.ring.push(bytes);
        Ok(bytes.len())
    }

    /// Nothing to do: the ring leaves in the turn's `flush` phase, not when a frame is complete.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_ends_with_the_input_and_goes_on_with_the_next() {
        let bytes = [0x82, 3, 1, 2, 3];
        let mut ring = Ring::default();
        let (mut walker, mut refused) = (Walker::new(8), false);
        let mut taken = Vec::new();
        for mut input in bytes.chunks(3) {
            let mut buffer = [0; 2];
            let mut adapter = Adapter {
                input: &mut input,
                walker: &mut walker,
                ring: &mut ring,
                ring_bytes_max: 0,
                refused: &mut refused,
            };
            while let Ok(count) = adapter.read(&mut buffer) {
                taken.extend_from_slice(&buffer[..count]);
            }
        }
        assert_eq!(taken, bytes);
        assert!(walker.at_rest());
    }
}
