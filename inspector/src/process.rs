//! The process: what it is, and which loops it has.
//!
//! Promises that whatever it says is JSON, escaped by a library and never put together by hand: a
//! thread may be called anything. It looks into no loop.

use std::{
    env,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use glassloop::ws::{Request, Response};
use serde_json::{Value, json};

use crate::query::Query;

/// What a server knows of its process and doesn't ask again.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) pid: u32,
    pub(crate) program: String,
    pub(crate) version: &'static str,
    /// Milliseconds since 1970.
    pub(crate) started_unix_ms: u64,
}

impl Facts {
    pub(crate) fn gather() -> Facts {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Facts {
            pid: std::process::id(),
            program: program(),
            version: env!("CARGO_PKG_VERSION"),
            started_unix_ms: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

/// The name that the program was started by, without its folder.
fn program() -> String {
    let path = env::args_os().next().unwrap_or_default();
    let name = Path::new(&path).file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// `GET /state`: the process and its loops, with `?internal=1` those of tools too.
pub(crate) fn state(facts: &Facts, request: &Request) -> Result<Response, Response> {
    let query = Query::of(request, &["internal"])?;
    let internal = query.flag("internal")?;
    Ok(Response::json(state_of(facts, internal).to_string()))
}

/// The same, as data.
pub(crate) fn state_of(facts: &Facts, internal: bool) -> Value {
    let loops = glassloop::loops();
    let listed = loops.iter().map(glassloop::Watch::name).filter(|name| internal || !name.internal);
    let lines: Vec<Value> = listed
        .map(|name| {
            json!({
                "number": name.number,
                "thread": name.thread,
                "thread_id": name.thread_id,
                "made": name.made.to_string(),
                "internal": name.internal,
            })
        })
        .collect();
    json!({
        "process": {
            "pid": facts.pid,
            "program": facts.program,
            "version": facts.version,
            "inspector_started_unix_ms": facts.started_unix_ms,
        },
        "loops": lines,
    })
}
