//! Faults that a checker finds in texts: a line each, which names its place.

#![cfg(test)]

/// A complaint about one line, counted from 0 here and from 1 in the message.
pub(crate) fn fault(path: &str, line: usize, what: &str) -> String {
    format!("{path}:{}: {what}", line + 1)
}

/// Asserts that nothing was found.
#[track_caller]
pub(crate) fn clean(faults: impl IntoIterator<Item = String>) {
    let faults: Vec<String> = faults.into_iter().collect();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// Asserts that a checker found faults on exactly these lines (counted from 1) of a bad text.
#[track_caller]
pub(crate) fn caught(faults: Vec<String>, lines: &[usize]) {
    let line = |fault: &String| fault.split(':').nth(1)?.parse().ok();
    let found: Option<Vec<usize>> = faults.iter().map(line).collect();
    assert_eq!(found.as_deref(), Some(lines), "blind, or seeing what isn't there: {faults:?}");
}
