//! The page: the files that a browser is given, as they were built in.
//!
//! Promises that each of them says nothing about the program, so that anybody may have it, and that
//! none needs another than these: no network, no folder beside the program. They are written by
//! hand and taken as they are (`inspector/page/`).

use glassloop::ws::Response;

/// A file of the page.
#[derive(Debug)]
pub(crate) struct PageFile {
    /// Where a browser finds it.
    pub(crate) path: &'static str,
    text: &'static str,
}

/// Modules are where the page says that they are.
macro_rules! modules {
    ($($name:literal),* $(,)?) => {
        &[$(PageFile {
            path: concat!("/page/", $name),
            text: include_str!(concat!("../page/", $name)),
        }),*]
    };
}

const FRAME: PageFile = PageFile { path: "/", text: include_str!("../page/index.html") };
const STYLE: PageFile = PageFile { path: "/page.css", text: include_str!("../page/page.css") };
const ICON: PageFile = PageFile { path: "/page/icon.svg", text: include_str!("../page/icon.svg") };
const MODULES: &[PageFile] = modules![
    "chapter.css",
    "main.js",
    "model/arrows.js",
    "model/calls.js",
    "model/cause.js",
    "model/columns.js",
    "model/cuts.js",
    "model/ended.js",
    "model/event.js",
    "model/events.js",
    "model/file.js",
    "model/fold.js",
    "model/index.js",
    "model/moments.js",
    "model/names.js",
    "model/next_wake.js",
    "model/open_wakes.js",
    "model/recording.js",
    "model/short_time.js",
    "model/stops.js",
    "model/story.js",
    "model/story/fold.js",
    "model/story/group.js",
    "model/story/predicates.js",
    "model/story/under_way.js",
    "model/turns.js",
    "model/under_way.js",
    "model/wait_chain.js",
    "views/acts.js",
    "views/alarm.js",
    "views/at_lines.js",
    "views/brush.js",
    "views/chapter.js",
    "views/detail.js",
    "views/dom.js",
    "views/faults.js",
    "views/feed.js",
    "views/file.js",
    "views/fly.js",
    "views/geometry.js",
    "views/gestures.js",
    "views/header.js",
    "views/histogram.js",
    "views/hover.js",
    "views/jobs.js",
    "views/keys.js",
    "views/keys_of.js",
    "views/lanes.js",
    "views/lines.js",
    "views/marks.js",
    "views/model.js",
    "views/pace.js",
    "views/paint.js",
    "views/parser.js",
    "views/perfetto.js",
    "views/player.js",
    "views/prose.js",
    "views/reader.js",
    "views/ring.js",
    "views/room.js",
    "views/scene.js",
    "views/source.js",
    "views/store.js",
    "views/story.js",
    "views/tasks.js",
    "views/timeline.js",
    "views/url.js",
    "views/waits.js",
    "views/words.js",
];

/// All of them.
pub(crate) fn files() -> impl Iterator<Item = &'static PageFile> {
    [&FRAME, &STYLE, &ICON].into_iter().chain(MODULES)
}

/// Whether this is where one of them is.
pub(crate) fn holds(path: &str) -> bool {
    files().any(|file| file.path == path)
}

impl PageFile {
    pub(crate) fn response(&self) -> Response {
        let kind = match self.path.rsplit('.').next() {
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("svg") => "image/svg+xml",
            _ => return Response::html(self.text),
        };
        let plain = Response::text(self.text);
        plain.clone().with_header("Content-Type", kind).unwrap_or(plain)
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    /// The files below a folder, by their paths from `root`.
    fn below(root: &Path, folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                below(root, &path, found);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
                found.insert(name);
            }
        }
    }

    #[test]
    fn every_file_of_the_page_is_built_in_and_asks_for_no_other() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("page");
        let mut there = BTreeSet::new();
        below(&root, &root, &mut there);
        let built_in: BTreeSet<String> = files()
            .map(|file| match file.path {
                "/" => "index.html".to_owned(),
                path => path.trim_start_matches("/page/").trim_start_matches('/').to_owned(),
            })
            .collect();
        assert_eq!(built_in, there);
        for file in files() {
            let far = ["http://", "https://"].map(|far| file.text.matches(far).count());
            let said = file.text.matches("https://ui.perfetto.dev").count();
            let names = file.text.matches("http://www.w3.org/").count();
            assert_eq!(far, [names, said], "{}: nothing from elsewhere", file.path);
            assert!(!file.text.contains("innerHTML"), "{}: names are text", file.path);
        }
    }

    #[test]
    fn the_page_is_written_to_be_read() {
        for file in files() {
            let (path, lines) = (file.path, file.text.lines().count());
            assert!(lines <= 400, "{path} has {lines} lines");
            let wide = file.text.lines().find(|line| line.chars().count() > 100);
            assert_eq!(wide, None, "{path}: more than 100 columns");
            let is_module = path.ends_with(".js");
            assert!(!is_module || file.text.starts_with("// "), "{path} doesn't say what it is");
        }
    }
}
