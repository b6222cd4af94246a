//! What a page includes: a whole item of a source, which the caption above it names and links to,
//! by the lines on which it stands today.

use std::{fs, ops::RangeInclusive};

use crate::{
    faults::{caught, clean},
    golden::blesses,
    page::Page,
    root,
};

/// An item is looked for by its first words, whatever stands before them.
const BEFORE: [&str; 6] = ["pub(crate) async ", "pub(crate) ", "pub(super) ", "pub ", "async ", ""];

#[test]
fn what_a_page_includes_is_the_item_that_it_names_and_all_of_it() {
    let code = "//! A file.\n\n/// Two\n/// lines.\n#[must_use]\npub(crate) fn two() {\n    2\n}\n\
                type A = u8;\n\nmod b {\n    fn two2() {}\n    pub(super) fn c(\n        x: u8,\n\
                \x20   ) {\n    }\n}\n";
    assert_eq!(lines_of(code, "fn two"), Some(3..=8));
    assert_eq!(lines_of(code, "type A"), Some(9..=9));
    assert_eq!(lines_of(code, "mod b"), Some(11..=17));
    assert_eq!(lines_of(code, "fn two2"), Some(12..=12));
    assert_eq!(lines_of(code, "fn c"), Some(13..=16));
    assert_eq!(lines_of(code, "fn d"), None);
    let fenced = |include: &str| format!("```rust,ignore\n{include}\n```\n");
    let titled = |item: &str| format!("[`{item}`](x.rs#L3-L8)\n");
    let good = titled("fn two") + &fenced("{{#include x.rs:3:8}}");
    let late = titled("fn two") + &fenced("{{#include x.rs:4:8}}");
    let other = titled("fn d") + &fenced("{{#include x.rs:4:8}}");
    let bare = fenced("{{#include x.rs:4:8}}");
    let bad = Page::new("bad.md", &(good + &late + &other + &bare));
    let read = |_: &str| Some(code.to_owned());
    caught(renumbered(&bad, read).1, &[7, 11, 14]);
    let mended = renumbered(&bad, read).0;
    assert_eq!(mended.matches("(x.rs#L3-L8)\n```rust,ignore\n{{#include x.rs:3:8}}").count(), 2);

    let mut faults = vec![];
    for page in Page::all() {
        let read = |path: &str| page.read_beside(path);
        let (text, found) = renumbered(&page, read);
        if blesses() && text != page.text {
            fs::write(root().join(&page.path), &text).unwrap();
            faults.extend(renumbered(&Page::new(&page.path, &text), read).1);
        } else {
            faults.extend(found);
        }
    }
    clean(faults);
}

/// The page with the lines on which its items stand now, and what is wrong with those it has. Two
/// lines above each include stands its caption, a link to the same lines for who reads the source.
fn renumbered(page: &Page, read: impl Fn(&str) -> Option<String>) -> (String, Vec<String>) {
    let mut lines: Vec<String> = page.text.lines().map(str::to_owned).collect();
    let mut faults = vec![];
    for n in 2..lines.len() {
        let include = lines[n].strip_prefix("{{#include ").and_then(|rest| rest.strip_suffix("}}"));
        let Some((path, stands)) = include.and_then(|it| it.split_once(':')) else { continue };
        let caption = lines[n - 2].as_str();
        let item = caption.strip_prefix("[`").and_then(|rest| Some(rest.split_once("`](")?.0));
        let found = item.and_then(|item| Some((item, lines_of(&read(path)?, item)?)));
        let Some((item, (first, last))) = found.map(|(item, is)| (item, is.into_inner())) else {
            faults.push(page.fault(n, "expected the name of an item of that file two lines above"));
            continue;
        };
        let is = format!("{first}:{last}");
        let titled = format!("[`{item}`]({path}#L{first}-L{last})");
        if stands != is || caption != titled {
            faults.push(page.fault(n, &format!("the item stands at {is}")));
        }
        let include = format!("{{{{#include {path}:{is}}}}}");
        (lines[n - 2], lines[n]) = (titled, include);
    }
    (lines.join("\n") + "\n", faults)
}

/// On which lines, counted from 1, an item stands, with its comment and its attributes. It leans on
/// what rustfmt guarantees: that an item ends at its own indent.
fn lines_of(code: &str, item: &str) -> Option<RangeInclusive<usize>> {
    let lines: Vec<&str> = code.lines().collect();
    let is_it = |line: &str| {
        let named = BEFORE.iter().find_map(|way| line.trim_start().strip_prefix(way));
        let rest = named.and_then(|rest| rest.strip_prefix(item));
        rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    };
    let at = lines.iter().position(|line| is_it(line))?;
    let indent = lines[at].len() - lines[at].trim_start().len();
    let above = lines[..at].iter().rev().take_while(|line| {
        let line = line.trim_start();
        line.starts_with("///") || line.starts_with("#[")
    });
    let first = at - above.count();
    let ends = |line: &&str| {
        let closes = ["}", "};", ");", "]", "];"].iter().any(|end| line.trim_start() == *end);
        closes && line.len() - line.trim_start().len() == indent
    };
    let last = match lines[at].ends_with([';', '}']) {
        true => at,
        false => at + lines[at..].iter().position(ends)?,
    };
    Some(first + 1..=last + 1)
}
