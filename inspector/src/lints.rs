//! What the lints of a loop have found.
//!
//! It tells what the loop knows. Promises each finding with its reason, why it matters, and the
//! chapter that explains it.

use glassloop::{Finding, LintLine};
use serde_json::{Value, json};

use crate::rows;

/// What was found in a loop; `null` if its lints were never on.
pub(crate) fn told(line: Option<&LintLine>) -> Value {
    let Some(line) = line else { return Value::Null };
    json!({
        "on": line.on,
        "since_ns": line.since_ns,
        "findings": line.findings.iter().map(finding).collect::<Vec<_>>(),
        "more": line.more,
    })
}

fn finding(found: &Finding) -> Value {
    json!({
        "lint": found.lint.name(),
        "task": rows::task_id(found.task),
        "subject": found.subject,
        "place": found.place.map(rows::place),
        "reason": found.reason,
        "turn": found.turn,
        "at_ns": found.at_ns,
        "times": found.times,
        "why": found.lint.why(),
        "chapter": found.lint.chapter(),
    })
}
