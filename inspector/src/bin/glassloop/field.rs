//! A field of an answer: what stands at a place in the JSON, or nothing.
//!
//! Promises that an answer of another shape than expected reads as one with gaps, never as a panic:
//! an inspector may be older or newer than its terminal.

use serde_json::Value;

/// A text; empty if there is none.
pub(crate) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    text_or_none(value, key).unwrap_or("")
}

/// A text.
pub(crate) fn text_or_none<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str()
}

/// A text, or a dash.
pub(crate) fn text_or_dash<'a>(value: &'a Value, key: &str) -> &'a str {
    text_or_none(value, key).unwrap_or("-")
}

/// A whole number.
pub(crate) fn number(value: &Value, key: &str) -> Option<u64> {
    value.get(key)?.as_u64()
}

/// A whole number in words: a dash if there is none.
pub(crate) fn count(value: &Value, key: &str) -> String {
    number(value, key).map_or_else(|| "-".to_owned(), |number| number.to_string())
}

/// A number.
pub(crate) fn float(value: &Value, key: &str) -> Option<f64> {
    value.get(key)?.as_f64()
}

/// A yes; no if there is none.
pub(crate) fn flag(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or(false)
}

/// A list; empty if there is none.
pub(crate) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// What stands there, unless it is `null`.
pub(crate) fn present<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    value.get(key).filter(|value| !value.is_null())
}

/// The parts of an object that have these names, as an object.
pub(crate) fn part(value: &Value, keys: &[&str]) -> Value {
    let parts = keys.iter().filter_map(|&key| Some((key.to_owned(), value.get(key)?.clone())));
    Value::Object(parts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_not_there_reads_as_a_gap() {
        let value = json!({ "name": 7, "none": null, "list": {}, "turn": "x" });
        assert_eq!(text(&value, "name"), "");
        assert_eq!(text_or_dash(&value, "none"), "-");
        assert_eq!(number(&value, "turn"), None);
        assert_eq!(count(&value, "gone"), "-");
        assert!(list(&value, "list").is_empty() && list(&json!(3), "list").is_empty());
        assert!(present(&value, "none").is_none() && !flag(&value, "name"));
        assert_eq!(part(&value, &["name", "gone"]), json!({ "name": 7 }));
    }
}
