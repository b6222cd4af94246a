//! What changes a program: a recording or its lints switched, a task aborted.
//!
//! Only where the builder allowed it, and by POST: the door sees to both. It reads one small JSON
//! object and is strict about it.

use glassloop::{
    Refused, SourceId, TaskId, Watch,
    ws::{Request, Response},
};
use serde_json::{Map, Value, json};

use crate::{facts::Facts, routes::refusal};

/// `POST /record` with `{"loop":1,"on":true}`.
pub(crate) fn record(_: &Facts, request: &Request) -> Result<Response, Response> {
    switch(request, Watch::record)
}

/// `POST /lint` with `{"loop":1,"on":true}`.
pub(crate) fn lint(_: &Facts, request: &Request) -> Result<Response, Response> {
    switch(request, Watch::lint)
}

fn switch(request: &Request, set: fn(&Watch, bool)) -> Result<Response, Response> {
    let wish = Wish::of(request, &["loop", "on"])?;
    let on = wish.get("on", "true or false", Value::as_bool)?;
    set(&wish.watch()?, on);
    Ok(Response::json(json!({ "on": on }).to_string()))
}

/// `POST /cancel` with `{"loop":1,"task":"#3.9"}`. That the task is gone by then is no error: it
/// was asked for. Without the task that `block_on` waits for it fails, and says so.
pub(crate) fn cancel(_: &Facts, request: &Request) -> Result<Response, Response> {
    let wish = Wish::of(request, &["loop", "task"])?;
    let said = wish.get("task", "a task's id like \"#3.9\"", |value| task_of(value.as_str()?))?;
    match wish.watch()?.abort(said) {
        Ok(()) => Ok(Response::json(json!({ "task": said.to_string() }).to_string())),
        Err(Refused::Full(())) => Err(refusal(503, "the loop takes no more calls at the moment")),
        Err(_) => Err(refusal(404, "expected a loop that lives, came one that was closed")),
    }
}

/// The id of a task as it is shown: `#3.9`, or `3.9`.
pub(crate) fn task_of(text: &str) -> Option<TaskId> {
    let (index, generation) = pair(text.strip_prefix('#').unwrap_or(text), '.')?;
    Some(TaskId { index, generation })
}

/// The id of a source as it is shown: `4#4`.
pub(crate) fn source_of(text: &str) -> Option<SourceId> {
    let (index, generation) = pair(text, '#')?;
    Some(SourceId { index, generation })
}

/// An index and a generation, of digits alone.
fn pair(text: &str, between: char) -> Option<(u32, u32)> {
    let (index, generation) = text.split_once(between)?;
    let number = |digits: &str| {
        let all = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if all { digits.parse().ok() } else { None }
    };
    Some((number(index)?, number(generation)?))
}

/// What a body asks for.
#[derive(Debug)]
pub(crate) struct Wish(Map<String, Value>);

impl Wish {
    pub(crate) fn of(request: &Request, known: &[&str]) -> Result<Wish, Response> {
        let expected = || format!("expected a JSON object with {known:?}");
        let Ok(Value::Object(wish)) = serde_json::from_slice(request.body()) else {
            return Err(refusal(400, &format!("{}, came something else", expected())));
        };
        match wish.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) => Err(refusal(400, &format!("{}, came `{key}`", expected()))),
            None => Ok(Wish(wish)),
        }
    }

    pub(crate) fn get<T>(
        &self,
        key: &str,
        what: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<T, Response> {
        let came = self.0.get(key).unwrap_or(&Value::Null);
        let refuse = || refusal(400, &format!("expected `{key}` to be {what}, came {came}"));
        read(came).ok_or_else(refuse)
    }

    /// Whether this is said.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// The same of what need not be said.
    pub(crate) fn get_or<T>(
        &self,
        key: &str,
        what: &str,
        default: T,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<T, Response> {
        if self.has(key) { self.get(key, what, read) } else { Ok(default) }
    }

    pub(crate) fn watch(&self) -> Result<Watch, Response> {
        let number = self.get("loop", "the number of a loop", Value::as_u64)?;
        let found = glassloop::loops().into_iter().find(|watch| watch.name().number == number);
        found.ok_or_else(|| refusal(404, &format!("expected a loop that lives, came {number}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_shown() {
        let id = TaskId { index: 3, generation: u32::MAX };
        assert_eq!(task_of(&id.to_string()), Some(id));
        assert_eq!(task_of("3.9"), Some(TaskId { index: 3, generation: 9 }));
        for text in ["", "#", "3", "3.", ".9", "#3.-9", "#3.+9", "3.9.1", "#3.4294967296", "##3.9"]
        {
            assert_eq!(task_of(text), None, "{text}");
        }
    }
}
