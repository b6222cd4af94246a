//! `GET /source`: the program's own source, some lines or a whole file, where that can be read.
//!
//! Promises to read no file but those that the program's places name: what the compiler wrote into
//! them, and nothing that a request could make up. Such a name is relative to where the program was
//! built; it is looked for in the current folder, in those above it, and in those above the
//! program.

use std::{
    env, fs,
    panic::Location,
    path::{Path, PathBuf},
};

use glassloop::{
    PlaceId,
    ws::{Request, Response},
};
use serde_json::json;

use crate::{facts::Facts, loops, query::Query, routes::refusal, rows};

/// So many lines before the one that is meant, and as many behind it.
const LINES_AROUND: usize = 6;
/// So much of a whole file is shown.
const LINES_MAX: usize = 10_000;
/// What of a line is shown.
const LINE_CHARS_MAX: usize = 200;
/// No source is larger.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// `GET /source?place=src/main.rs:12`: the lines around it; with `whole=1` those of the file.
pub(crate) fn source(_: &Facts, request: &Request) -> Result<Response, Response> {
    let query = Query::of(request, &["place", "whole"])?;
    let said = query.text("place")?;
    let place = known(&said).ok_or_else(|| {
        refusal(404, "expected a place that the program has named, like src/main.rs:12")
    })?;
    // Where it can't be read there are no lines of it; the place is right all the same.
    let text = text_of(place).unwrap_or_default();
    let line = place.line() as usize;
    let around = line.saturating_sub(LINES_AROUND).max(1)..=line + LINES_AROUND;
    let meant = if query.flag("whole")? { 1..=LINES_MAX } else { around };
    let lines = text.lines().enumerate().filter(|(at, _)| meant.contains(&(at + 1)));
    let lines = lines.map(|(at, text)| {
        let shown: String = text.chars().take(LINE_CHARS_MAX).collect();
        json!([at + 1, shown])
    });
    let lines: Vec<_> = lines.collect();
    let answer = json!({ "place": said, "line": line, "lines": lines });
    Ok(Response::json(answer.to_string()))
}

/// The place that is written so, if it is one of the program's.
fn known(said: &str) -> Option<&'static Location<'static>> {
    let named = (0..).map_while(|number| PlaceId::from_bits(number).location());
    let loops = loops::all();
    let mut all = named.chain(loops.iter().map(|watch| watch.name().made));
    all.find(|place| rows::place(place) == said)
}

fn text_of(place: &Location<'_>) -> Option<String> {
    let file = Path::new(place.file());
    let found = folders().map(|folder| folder.join(file)).find(|path| path.is_file())?;
    let is_small = fs::metadata(&found).ok()?.len() <= FILE_BYTES_MAX;
    is_small.then(|| fs::read_to_string(found).ok()).flatten()
}

/// Where a name that is not absolute may begin.
fn folders() -> impl Iterator<Item = PathBuf> {
    let here = env::current_dir().unwrap_or_default();
    let program = env::current_exe().unwrap_or_default();
    let all = here.ancestors().chain(program.ancestors().skip(1));
    all.map(Path::to_path_buf).collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_program_has_named_is_read() {
        let here = Location::caller();
        let said = rows::place(here);
        assert!(known(&format!("{}:{}", file!(), here.line() + 1)).is_none());
        let id = PlaceId::of(here);
        assert_eq!(known(&said), id.location());
        assert!(text_of(here).is_some_and(|text| text.contains("only_what_the_program_has_named")));
        for other in ["", "/etc/passwd", "/etc/passwd:1", "../Cargo.toml:1", "src/x.rs:99999999999"]
        {
            assert_eq!(known(other), None, "{other}");
        }
    }
}
