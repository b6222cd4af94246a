//! `Frame`: what goes between a pool and a worker, either way.
//!
//! Its length (`u32`, of what follows), its kind (a byte), the number of the job (`u64`), the
//! length of the job's name (`u16`), the name, and the rest, which is JSON or a text. Numbers are
//! little-endian.

/// How long the length itself is.
pub(super) const LENGTH_BYTES: usize = 4;

/// What there is before the name.
const HEAD_BYTES: usize = 1 + 8 + 2;

/// What a frame means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// From the worker, first of all: the names of its jobs.
    Hello,
    /// To the worker: do this, with these arguments.
    Call,
    /// The result.
    Done,
    /// The text of a panic.
    Panicked,
    /// The arguments are not what the job takes; so.
    Arguments,
}

impl Kind {
    const ALL: [Kind; 5] = [Kind::Hello, Kind::Call, Kind::Done, Kind::Panicked, Kind::Arguments];
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    pub(super) number: u64,
    pub(super) name: String,
    pub(super) body: Vec<u8>,
}

impl Frame {
    /// Its bytes, length and all. `None` if it is too long to have one.
    pub(super) fn encode(&self) -> Option<Vec<u8>> {
        let name_bytes = u16::try_from(self.name.len()).ok()?;
        let length = u32::try_from(HEAD_BYTES + self.name.len() + self.body.len()).ok()?;
        let mut bytes = Vec::with_capacity(LENGTH_BYTES + length as usize);
        bytes.extend(length.to_le_bytes());
        bytes.push(self.kind as u8);
        bytes.extend(self.number.to_le_bytes());
        bytes.extend(name_bytes.to_le_bytes());
        bytes.extend(self.name.as_bytes());
        bytes.extend(&self.body);
        Some(bytes)
    }

    /// What follows the length.
    ///
    /// # Errors
    /// What was expected, and what came.
    pub(super) fn decode(bytes: &[u8]) -> Result<Frame, String> {
        let short = || format!("expected a frame, came {} bytes", bytes.len());
        let (&kind, rest) = bytes.split_first().ok_or_else(short)?;
        let kind = Kind::ALL.into_iter().find(|known| *known as u8 == kind);
        let kind = kind.ok_or_else(|| format!("expected a kind of frame, came {}", bytes[0]))?;
        let (number, rest) = rest.split_first_chunk().ok_or_else(short)?;
        let (name_bytes, rest) = rest.split_first_chunk().ok_or_else(short)?;
        let name_bytes = usize::from(u16::from_le_bytes(*name_bytes));
        let (name, body) = rest.split_at_checked(name_bytes).ok_or_else(short)?;
        let name = String::from_utf8(name.to_vec()).map_err(|error| error.to_string())?;
        Ok(Frame { kind, number: u64::from_le_bytes(*number), name, body: body.to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_comes_out_as_it_went_in_and_no_cut_of_it_does() {
        for kind in Kind::ALL {
            let frame = Frame { kind, number: 7, name: "sum".to_owned(), body: vec![1, 2] };
            let bytes = frame.encode().unwrap();
            let (length, rest) = bytes.split_first_chunk().unwrap();
            assert_eq!(u32::from_le_bytes(*length) as usize, rest.len());
            for cut in 0..HEAD_BYTES + 3 {
                assert!(Frame::decode(&rest[..cut]).is_err(), "{cut}");
            }
            assert_eq!(Frame::decode(rest).unwrap(), frame);
        }
    }

    #[test]
    fn what_is_no_frame_is_told_as_what_came() {
        assert_eq!(Frame::decode(&[]).unwrap_err(), "expected a frame, came 0 bytes");
        assert_eq!(Frame::decode(&[9; 20]).unwrap_err(), "expected a kind of frame, came 9");
        let long_name =
            Frame { kind: Kind::Call, number: 0, name: "x".repeat(70_000), body: vec![] };
        assert!(long_name.encode().is_none());
    }
}
