//! Pieces: bytes that lie in several places and are written as one.
//!
//! It promises that a short count means that there is no more room, or that the next write fails.

use std::io::{self, IoSlice};

/// Writes pieces one by one, for a source that can't do it at once.
pub(crate) fn write_each(
    pieces: &[IoSlice<'_>],
    mut write: impl FnMut(&[u8]) -> io::Result<usize>,
) -> io::Result<usize> {
    let mut written = 0;
    for piece in pieces {
        let tried = loop {
            match write(piece) {
                // Given up here, a short count would be taken for a lack of room.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                tried => break tried,
            }
        };
        match tried {
            Ok(count) => {
                written += count;
                if count < piece.len() {
                    break;
                }
            }
            Err(error) if written == 0 => return Err(error),
            // The next write tells it.
            Err(_) => break,
        }
    }
    Ok(written)
}

/// How many bytes they are.
pub(crate) fn bytes_of(pieces: &[IoSlice<'_>]) -> usize {
    pieces.iter().map(|piece| piece.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_that_is_interrupted_is_tried_again() {
        let mut tries = 0;
        let written = write_each(&[IoSlice::new(b"ab"), IoSlice::new(b"cde")], |piece| {
            tries += 1;
            match tries {
                2 | 3 => Err(io::ErrorKind::Interrupted.into()),
                _ => Ok(piece.len()),
            }
        });
        assert_eq!((written.unwrap(), tries), (5, 4));
        let mut room = [2, 0].into_iter();
        let written = write_each(&[IoSlice::new(b"ab"), IoSlice::new(b"cde")], |_| {
            room.next().filter(|&room| room > 0).ok_or(io::ErrorKind::WouldBlock.into())
        });
        assert_eq!(written.unwrap(), 2, "what has gone is told first");
    }
}
