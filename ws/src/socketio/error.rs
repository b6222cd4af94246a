//! `CodecError`: what a packet was expected to be, and what came.

use std::{borrow::Cow, fmt};

/// So much of a packet is quoted.
const QUOTED_BYTES_MAX: usize = 80;

/// Why something is no packet of Socket.IO or Engine.IO, or not the one that was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodecError {
    /// What was expected.
    pub expected: Cow<'static, str>,
    /// What came.
    pub came: String,
}

impl CodecError {
    pub(super) fn new(
        expected: impl Into<Cow<'static, str>>,
        came: impl fmt::Display,
    ) -> CodecError {
        CodecError { expected: expected.into(), came: came.to_string() }
    }

    /// With the beginning of the text that came.
    pub(super) fn quoting(expected: impl Into<Cow<'static, str>>, came: &str) -> CodecError {
        let end = came.floor_char_boundary(QUOTED_BYTES_MAX);
        let more = if end < came.len() { ".." } else { "" };
        CodecError::new(expected, format_args!("{:?}{more}", &came[..end]))
    }

    /// And why that is not what was expected.
    pub(super) fn because(mut self, error: impl fmt::Display) -> CodecError {
        self.came = format!("{}: {error}", self.came);
        self
    }
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, came {}", self.expected, self.came)
    }
}

impl std::error::Error for CodecError {}
