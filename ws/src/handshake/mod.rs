//! The handshake: HTTP heads in, HTTP heads out.
//!
//! Promises that a head is bounded in bytes and lines before it is believed, that the bytes after
//! it are kept, and that whatever is refused has a reason. These are pure functions of bytes:
//! `exchange` and `http` read and write them.

mod body;
mod request;
mod response;
mod retry_after;

pub(crate) use body::BodyEnd;
pub(crate) use request::{judge_upgrade, parse_request, write_request};
pub(crate) use response::{Answer, Asked, RefusedHead, parse_response, write_response};

/// A head and what came behind it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// The head with its empty line.
    pub(crate) head: Vec<u8>,
    /// The first bytes of the frames, if the peer was quick.
    pub(crate) tail: Vec<u8>,
}

/// Why a head is refused. Of a request: with which status.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) expected: &'static str,
    pub(crate) came: String,
}

impl Refusal {
    pub(crate) fn new(status: u16, expected: &'static str, came: impl Into<String>) -> Refusal {
        Refusal { status, expected, came: came.into() }
    }

    pub(crate) fn head_too_long() -> Refusal {
        Refusal::new(431, "a head within its limits", "a longer one")
    }
}

/// A head that is longer than allowed; it will not be read to its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct HeadTooLong;

/// Collects a head from pieces of any size.
#[derive(Debug)]
pub(crate) struct HeadReader {
    bytes: Vec<u8>,
    bytes_max: usize,
}

const HEAD_END: &[u8] = b"\r\n\r\n";

impl HeadReader {
    pub(crate) fn new(bytes_max: usize) -> HeadReader {
        HeadReader { bytes: Vec::new(), bytes_max }
    }

    /// What has come of a head.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// True as long as what has come may still begin with `words`.
    pub(crate) fn begins_as(&self, words: &[u8]) -> bool {
        self.bytes.iter().zip(words).all(|(came, expected)| came == expected)
    }

    /// Adds a piece; gives the head once it is complete.
    pub(crate) fn add(&mut self, piece: &[u8]) -> Result<Option<Head>, HeadTooLong> {
        // COST: each byte is looked at once; the end may straddle two pieces by three bytes.
        let from = self.bytes.len().saturating_sub(HEAD_END.len() - 1);
        self.bytes.extend_from_slice(piece);
        let end = self.bytes[from..].windows(HEAD_END.len()).position(|four| four == HEAD_END);
        match end.map(|at| from + at + HEAD_END.len()) {
            Some(end) if end <= self.bytes_max => {
                let tail = self.bytes.split_off(end);
                Ok(Some(Head { head: std::mem::take(&mut self.bytes), tail }))
            }
            None if self.bytes.len() < self.bytes_max => Ok(None),
            _ => Err(HeadTooLong),
        }
    }
}

/// What httparse made of a head, of a request or a response, if that is all of it.
pub(crate) fn whole_head(parsed: httparse::Result<usize>, head: &[u8]) -> Result<(), Refusal> {
    match parsed {
        Ok(httparse::Status::Complete(end)) if end == head.len() => Ok(()),
        // An empty line of LF alone: what is behind it would be nobody's.
        Ok(httparse::Status::Complete(_)) => {
            Err(Refusal::new(400, "lines that end with CR LF", "a head that ended before"))
        }
        Ok(httparse::Status::Partial) => Err(Refusal::new(400, "a whole head", "a part of one")),
        Err(httparse::Error::TooManyHeaders) => Err(Refusal::head_too_long()),
        Err(error) => Err(Refusal::new(400, "a head by RFC 9112", error.to_string())),
    }
}

/// The header lines of a head, as httparse found them.
pub(crate) type Lines<'a> = &'a [httparse::Header<'a>];

/// Room for as many header lines as a head may have.
pub(crate) fn empty_lines<'a>(lines_max: usize) -> Vec<httparse::Header<'a>> {
    vec![httparse::EMPTY_HEADER; lines_max]
}

/// The values of every line called `name`.
pub(crate) fn values<'a>(lines: Lines<'a>, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    lines.iter().filter(move |line| line.name.eq_ignore_ascii_case(name)).map(|line| line.value)
}

/// The value of the only line called `name`, without the blanks around it.
pub(crate) fn only_value<'a>(lines: Lines<'a>, name: &'a str) -> Option<&'a [u8]> {
    let mut found = values(lines, name);
    let value = found.next()?;
    if found.next().is_some() { None } else { Some(value.trim_ascii()) }
}

/// True if a line called `name` lists `token`. Such lists may be spread over several lines.
pub(crate) fn lists_token(lines: Lines<'_>, name: &str, token: &str) -> bool {
    values(lines, name)
        .flat_map(|value| value.split(|&byte| byte == b','))
        .any(|item| item.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

/// What a line held, for the words of an error; long values are cut.
pub(crate) fn shown(value: Option<&[u8]>) -> String {
    const SHOWN_BYTES_MAX: usize = 80;
    match value {
        None => String::from("none"),
        Some(value) => {
            let cut = &value[..value.len().min(SHOWN_BYTES_MAX)];
            cut.escape_ascii().to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_cut_at_every_byte_is_the_same_head() {
        let bytes = b"GET / HTTP/1.1\r\nHost: a\r\n\r\ntail";
        let head_len = bytes.len() - 4;
        for cut in 0..bytes.len() {
            let mut reader = HeadReader::new(head_len);
            let first = reader.add(&bytes[..cut]).expect("within the limit");
            let second = match first {
                Some(head) => {
                    assert!(cut >= head_len);
                    Head { head: head.head, tail: [&head.tail, &bytes[cut..]].concat() }
                }
                None => reader.add(&bytes[cut..]).expect("within the limit").expect("complete"),
            };
            assert_eq!(second.head, bytes[..head_len]);
            assert_eq!(second.tail, b"tail");
        }
    }

    #[test]
    fn a_head_past_its_limit_is_refused_with_or_without_its_end() {
        let bytes = b"GET / HTTP/1.1\r\n\r\n";
        assert_eq!(HeadReader::new(bytes.len() - 1).add(bytes), Err(HeadTooLong));
        let mut endless = HeadReader::new(64);
        let pieces = (1..).take_while(|_| endless.add(b"x").is_ok()).count();
        assert_eq!(pieces, 63, "a head of 64 bytes has no room for its end");
    }
}
