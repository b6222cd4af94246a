//! `Recovery`: what a server needs to give back a session.

use serde_json::{Map, Value};

pub(in crate::socketio) struct Recovery {
    pub(in crate::socketio) pid: String,
    pub(in crate::socketio) offset: Option<String>,
}

impl Recovery {
    /// What a namespace shows of its own, and this, if there is any.
    pub(in crate::socketio) fn show(
        recovery: Option<&Recovery>,
        shown: Option<Value>,
    ) -> Option<Value> {
        let Some(recovery) = recovery else { return shown };
        let mut fields = match shown {
            None => Map::new(),
            Some(Value::Object(fields)) => fields,
            Some(other) => return Some(other),
        };
        let mut add = |name: &str, value: &str| {
            fields.entry(name).or_insert_with(|| value.into());
        };
        add("pid", &recovery.pid);
        recovery.offset.iter().for_each(|offset| add("offset", offset));
        Some(Value::Object(fields))
    }
}
