//! The body of a refusal: how much of what came behind a head belongs to it.
//!
//! Promises to take no more than was asked for, and to know when no more is to be waited for. Only
//! its beginning is of use, so what is wrong behind that is not looked at.

use super::{Lines, only_value, values};

/// Where a body ends, by RFC 9112, section 6.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyEnd {
    After(u64),
    /// Behind its last chunk.
    Chunks,
    /// With the stream.
    Stream,
}

impl BodyEnd {
    pub(crate) fn of(status: u16, lines: Lines<'_>) -> BodyEnd {
        if matches!(status, 100..=199 | 204 | 304) {
            return BodyEnd::After(0);
        }
        if let Some(coding) = values(lines, "Transfer-Encoding").last() {
            let coding = coding.trim_ascii().to_ascii_lowercase();
            return if coding.ends_with(b"chunked") { BodyEnd::Chunks } else { BodyEnd::Stream };
        }
        let length = only_value(lines, "Content-Length");
        let length = length.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
        length.map_or(BodyEnd::Stream, BodyEnd::After)
    }

    /// True if the first `bytes_max` of the body are in what came behind the head, or if nothing
    /// more can come of it.
    pub(crate) fn is_whole(self, came: &[u8], bytes_max: usize) -> bool {
        match self {
            BodyEnd::After(bytes) => came.len() >= at_most(bytes, bytes_max),
            BodyEnd::Stream => came.len() >= bytes_max,
            BodyEnd::Chunks => {
                let mut bytes = 0;
                each_chunk(came, |piece| bytes += piece.len()) || bytes >= bytes_max
            }
        }
    }

    /// The first `bytes_max` of the body, as far as they have come.
    pub(crate) fn take(self, mut came: Vec<u8>, bytes_max: usize) -> Vec<u8> {
        match self {
            BodyEnd::After(bytes) => came.truncate(at_most(bytes, bytes_max)),
            BodyEnd::Stream => came.truncate(bytes_max),
            BodyEnd::Chunks => {
                let mut body = Vec::new();
                each_chunk(&came, |piece| body.extend_from_slice(piece));
                body.truncate(bytes_max);
                return body;
            }
        }
        came
    }
}

fn at_most(bytes: u64, bytes_max: usize) -> usize {
    usize::try_from(bytes).map_or(bytes_max, |bytes| bytes.min(bytes_max))
}

/// Visits what the chunks hold, as far as they have come. True if nothing more can come of them.
fn each_chunk(mut rest: &[u8], mut visit: impl FnMut(&[u8])) -> bool {
    loop {
        let (head, bytes) = match httparse::parse_chunk_size(rest) {
            Ok(httparse::Status::Complete((head, bytes))) => (head, bytes),
            Ok(httparse::Status::Partial) => return false,
            Err(_) => return true,
        };
        rest = &rest[head..];
        if bytes == 0 {
            return true;
        }
        visit(&rest[..at_most(bytes, rest.len())]);
        // A chunk ends with a line end of its own.
        match at_most(bytes, usize::MAX).checked_add(2).and_then(|end| rest.get(end..)) {
            Some(behind) => rest = behind,
            None => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(end: BodyEnd, came: &[u8], max: usize) -> (String, bool) {
        let body = String::from_utf8(end.take(came.to_vec(), max)).expect("text");
        (body, end.is_whole(came, max))
    }

    #[test]
    fn a_body_ends_where_its_head_says_or_at_the_limit() {
        for (came, max, body, whole) in [
            (&b"hel"[..], 9, "hel", false),
            (b"hello", 9, "hello", true),
            (b"hello and more", 9, "hello", true),
            (b"hello", 4, "hell", true),
        ] {
            assert_eq!(taken(BodyEnd::After(5), came, max), (body.to_owned(), whole));
        }
        assert_eq!(taken(BodyEnd::After(u64::MAX), b"abc", 2), ("ab".into(), true));
        assert_eq!(taken(BodyEnd::Stream, b"abc", 4), ("abc".into(), false));
        assert_eq!(taken(BodyEnd::Stream, b"abc", 3), ("abc".into(), true));
    }

    #[test]
    fn chunks_are_put_together_however_they_are_cut() {
        let came = b"3;name=value\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n";
        let whole = "abc0123456789";
        for cut in 0..came.len() {
            let (body, ended) = taken(BodyEnd::Chunks, &came[..cut], 64);
            assert!(whole.starts_with(&body), "{body}");
            // The empty line behind the last chunk is not waited for.
            assert_eq!(ended, cut >= came.len() - 2, "cut at {cut}");
        }
        assert_eq!(taken(BodyEnd::Chunks, came, 64), (whole.into(), true));
        assert_eq!(taken(BodyEnd::Chunks, came, 5), ("abc01".into(), true));
        assert_eq!(taken(BodyEnd::Chunks, b"nonsense", 64), (String::new(), true));
        let long = taken(BodyEnd::Chunks, b"FFFFFFFFFFFFFFFF\r\nabc", 64);
        assert_eq!(long, ("abc".into(), false));
    }

    #[test]
    fn the_end_follows_from_status_and_lines() {
        fn end(status: u16, lines: &[(&'static str, &'static str)]) -> BodyEnd {
            let line = |&(name, value): &(&'static str, &'static str)| httparse::Header {
                name,
                value: value.as_bytes(),
            };
            BodyEnd::of(status, &lines.iter().map(line).collect::<Vec<_>>())
        }
        assert_eq!(end(403, &[("content-length", " 12 ")]), BodyEnd::After(12));
        assert_eq!(end(403, &[("Content-Length", "-1")]), BodyEnd::Stream);
        assert_eq!(end(403, &[]), BodyEnd::Stream);
        let chunked = ("Transfer-Encoding", "gzip, Chunked");
        assert_eq!(end(403, &[("Content-Length", "12"), chunked]), BodyEnd::Chunks);
        assert_eq!(end(403, &[("Transfer-Encoding", "gzip")]), BodyEnd::Stream);
        assert_eq!(end(304, &[("Content-Length", "12")]), BodyEnd::After(0));
    }
}
