//! A page of the book: its lines, and which of them are prose.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{PAGES, faults, root};

/// A page, by its path from the root.
pub(crate) struct Page {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Page {
    pub(crate) fn new(path: &str, text: &str) -> Page {
        Page { path: path.to_owned(), text: text.to_owned() }
    }

    pub(crate) fn read(path: &str) -> Page {
        let text = fs::read_to_string(root().join(path));
        Page::new(path, &text.unwrap_or_else(|error| panic!("{path}:1: {error}")))
    }

    /// Every page of the book, by name.
    pub(crate) fn all() -> Vec<Page> {
        let files = fs::read_dir(root().join(PAGES)).unwrap().map(|entry| entry.unwrap().path());
        let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
        let mut names: Vec<_> = files.map(|path| name(&path)).collect();
        names.retain(|name| name.ends_with(".md"));
        names.sort();
        assert!(names.len() > 15, "expected the book, came {names:?}");
        names.iter().map(|name| Page::read(&format!("{PAGES}/{name}"))).collect()
    }

    /// Those that are chapters.
    pub(crate) fn chapters() -> Vec<Page> {
        let mut pages = Page::all();
        pages.retain(|page| page.name().starts_with("ch"));
        pages
    }

    /// Where it lies: what it links to and includes counts from here.
    pub(crate) fn folder(&self) -> PathBuf {
        root().join(Path::new(&self.path).parent().unwrap())
    }

    /// The text of a file by its path from there.
    pub(crate) fn read_beside(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.folder().join(path)).ok()
    }

    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap()
    }

    /// The program of a chapter, by its path from the root.
    pub(crate) fn program(&self) -> String {
        let files = fs::read_dir(root().join("examples")).unwrap();
        let mut names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let number = self.name().trim_end_matches("md").replace('.', "_");
        format!("examples/{}", names.find(|name| name.starts_with(&number)).unwrap())
    }

    /// Its lines outside of fences, each with its number, from 0.
    pub(crate) fn prose(&self) -> Vec<(usize, &str)> {
        let mut inside = false;
        let prose = self.text.lines().enumerate().filter(|(_, line)| {
            let fence = line.starts_with("```");
            inside ^= fence;
            !inside && !fence
        });
        prose.collect()
    }

    /// Its blocks of text, each with the number of its first line, from 0.
    pub(crate) fn blocks(&self) -> Vec<(usize, String)> {
        let mut blocks: Vec<(usize, String)> = vec![];
        let mut inside = false;
        for (n, line) in self.text.lines().enumerate() {
            if line.starts_with("```") {
                inside = line == "```text";
                if inside {
                    blocks.push((n + 1, String::new()));
                }
            } else if inside && let Some((_, block)) = blocks.last_mut() {
                block.push_str(line);
                block.push('\n');
            }
        }
        blocks
    }

    /// The lines of prose under the heading of that name.
    pub(crate) fn under(&self, heading: &str) -> Vec<(usize, &str)> {
        let lines = self.prose();
        let from = lines.iter().position(|(_, line)| *line == heading);
        let below = from.map_or(&[][..], |from| &lines[from + 1..]);
        below.iter().copied().take_while(|(_, line)| !line.starts_with("## ")).collect()
    }

    /// A complaint about one line, counted from 0 here and from 1 in the message.
    pub(crate) fn fault(&self, line: usize, what: &str) -> String {
        faults::fault(&self.path, line, what)
    }
}
