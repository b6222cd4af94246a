//! The query: what stands behind a path's `?`, read strictly.
//!
//! Promises that whatever isn't understood is an error that says what was expected and what came: a
//! misspelt key changes no answer in silence. Of a text alone it decodes what is escaped: the other
//! values are numbers and ids.

use std::{fmt::Write, ops::RangeInclusive};

use glassloop::{
    TaskId,
    ws::{Request, Response},
};

use crate::{control::task_of, routes::refusal};

/// How much of what came an error repeats.
const SHOWN_CHARS_MAX: usize = 80;

/// The keys and values of a request, of which the keys are known.
#[derive(Debug)]
pub(crate) struct Query<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Query<'a> {
    /// Reads a query of `known` keys, each at most once.
    pub(crate) fn of(request: &'a Request, known: &[&str]) -> Result<Query<'a>, Response> {
        Query::parse(request.query(), known).map_err(|what| refusal(400, &what))
    }

    fn parse(query: Option<&'a str>, known: &[&str]) -> Result<Query<'a>, String> {
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        for pair in query.into_iter().flat_map(|query| query.split('&')) {
            let Some((key, value)) = pair.split_once('=') else {
                return Err(format!("expected key=value, came `{}`", shown(pair)));
            };
            if !known.contains(&key) {
                return Err(format!("expected {}, came `{}`", listed(known), shown(key)));
            }
            if pairs.iter().any(|(other, _)| *other == key) {
                return Err(format!("expected `{key}` once, came twice"));
            }
            pairs.push((key, value));
        }
        Ok(Query(pairs))
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.value(key).is_some()
    }

    /// A number, or what it is if the query doesn't say.
    pub(crate) fn number(
        &self,
        key: &str,
        range: RangeInclusive<u64>,
        default: u64,
    ) -> Result<u64, Response> {
        self.parse_number(key, range, default).map_err(|what| refusal(400, &what))
    }

    /// A yes or no: `1` or `0`; no if the query doesn't say.
    pub(crate) fn flag(&self, key: &str) -> Result<bool, Response> {
        Ok(self.number(key, 0..=1, 0)? == 1)
    }

    /// The id of a task, `#3.9` with its `#` escaped, or `3.9`.
    pub(crate) fn task(&self, key: &str) -> Result<TaskId, Response> {
        let value = self.value(key);
        let id = value.map(|value| value.strip_prefix("%23").unwrap_or(value)).and_then(task_of);
        let came = shown(value.unwrap_or("none"));
        id.ok_or_else(|| {
            refusal(400, &format!("expected `{key}`, a task's id like 3.9, came `{came}`"))
        })
    }

    /// A text, its `%23` and the like decoded; an error if the query hasn't got it.
    pub(crate) fn text(&self, key: &str) -> Result<String, Response> {
        let value = self.value(key);
        let text = value.and_then(decoded);
        let came = shown(value.unwrap_or("none"));
        text.ok_or_else(|| refusal(400, &format!("expected `{key}`, a text, came `{came}`")))
    }

    fn value(&self, key: &str) -> Option<&'a str> {
        self.0.iter().find(|(known, _)| *known == key).map(|(_, value)| *value)
    }

    fn parse_number(
        &self,
        key: &str,
        range: RangeInclusive<u64>,
        default: u64,
    ) -> Result<u64, String> {
        let Some(value) = self.value(key) else {
            return Ok(default);
        };
        // `parse` alone would take a sign.
        let digits = value.bytes().all(|byte| byte.is_ascii_digit()).then_some(value);
        match digits.and_then(|digits| digits.parse().ok()) {
            Some(number) if range.contains(&number) => Ok(number),
            _ => {
                let (least, most) = range.into_inner();
                let came = shown(value);
                Err(format!("expected `{key}` from {least} to {most}, came `{came}`"))
            }
        }
    }
}

/// The text in which every `%XX` is the byte of that number.
fn decoded(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::new(), text.bytes());
    while let Some(byte) = rest.next() {
        let mut digit = || char::from(rest.next()?).to_digit(16);
        bytes.push(match byte {
            b'%' => u8::try_from(digit()? * 16 + digit()?).ok()?,
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN_CHARS_MAX).collect()
}

fn listed(known: &[&str]) -> String {
    if known.is_empty() {
        return String::from("no query");
    }
    let mut list = String::from("the keys");
    for (at, key) in known.iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        // Writing into a string does not fail.
        write!(list, "{comma} `{key}`").ok();
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_of_known_keys_is_read() {
        let query = Query::parse(Some("since=17&internal=1"), &["internal", "since"]);
        let query = query.expect("a good query");
        assert_eq!(query.parse_number("since", 0..=u64::MAX, 3), Ok(17));
        assert_eq!(query.parse_number("internal", 0..=1, 0), Ok(1));
        let none = Query::parse(None, &["since"]).expect("no query");
        assert_eq!(none.parse_number("since", 5..=9, 3), Ok(3), "the default is the route's");
    }

    #[test]
    fn a_text_is_decoded_or_refused() {
        let text = "%23a%2Fb.rs%3A1%20%C3%A4";
        assert_eq!(decoded(text).as_deref(), Some("#a/b.rs:1 ä"));
        for wrong in ["%", "%2", "%2g", "%ff", "%%41"] {
            assert_eq!(decoded(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_not_understood_says_what_was_expected_and_what_came() {
        for (query, said) in [
            ("", "expected key=value, came ``"),
            ("since", "expected key=value, came `since`"),
            ("since=1&", "expected key=value, came ``"),
            ("Since=1", "expected the keys `internal`, `since`, came `Since`"),
            ("%73ince=1", "expected the keys `internal`, `since`, came `%73ince`"),
            ("since=1&since=1", "expected `since` once, came twice"),
        ] {
            assert_eq!(Query::parse(Some(query), &["internal", "since"]).expect_err(query), said);
        }
        assert_eq!(Query::parse(Some("a=1"), &[]).expect_err("a"), "expected no query, came `a`");
        for value in ["", "-1", "+1", " 1", "1 ", "0x1", "1.0", "10", "99999999999999999999999"] {
            let text = format!("since={value}");
            let query = Query::parse(Some(&text), &["since"]).expect("a known key");
            let said = query.parse_number("since", 0..=9, 0).expect_err(value);
            assert_eq!(said, format!("expected `since` from 0 to 9, came `{value}`"));
        }
        let long = format!("{}=1", "x".repeat(5_000));
        assert!(Query::parse(Some(&long), &[]).expect_err("an unknown key").len() < 200);
    }
}
