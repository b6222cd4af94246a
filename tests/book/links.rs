//! Where the book points: to files and headings that are there, and to code that has the names.

use crate::{
    PAGES,
    faults::{caught, clean},
    page::Page,
};

#[test]
fn every_link_of_the_book_leads_somewhere() {
    let bad = "# A b\n[x](#a-b) [x](#c)\n[x](gone.md)\n```\n[x](gone.md)\n```\n\
               [x](https://x.org) [x](../../../src/turn.rs)\n[x](index.md#no)\n![x](gone.svg)\n\
               [x](../../lints.md)\n";
    caught(broken(&Page::new("docs/book/src/bad.md", bad)), &[2, 3, 8, 9, 10]);
    clean(Page::all().iter().flat_map(broken));
}

/// The links that lead nowhere.
fn broken(page: &Page) -> Vec<String> {
    let mut faults = vec![];
    for (n, line) in page.prose() {
        for target in targets(line).filter(|target| !target.starts_with("https://")) {
            let (path, heading) = target.split_once('#').unwrap_or((target, ""));
            let text = match path {
                "" => Some(page.text.clone()),
                path => page.read_beside(path),
            };
            let is_there = page.folder().join(path).exists();
            // To lines of a file leads `#L1-L9`; which ones is for those who know the item.
            let has = |text: String| match heading.strip_prefix('L') {
                Some(_) => !path.ends_with(".md"),
                None => text.lines().any(|line| slug(line) == Some(heading.into())),
            };
            // What ends so is a page when the book is built, and outside of it there are none.
            let is_page = !path.ends_with(".md") || !path.contains('/');
            if !is_there || !is_page || (!heading.is_empty() && !text.is_some_and(has)) {
                faults.push(page.fault(n, &format!("`{target}` leads nowhere")));
            }
        }
    }
    faults
}

/// Where the links of a line lead.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
}

/// The anchor of a heading.
fn slug(line: &str) -> Option<String> {
    let heading = line.starts_with('#').then(|| line.trim_start_matches('#').trim())?;
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    Some(kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect())
}

#[test]
fn the_summary_lists_every_page_and_every_page_has_the_title_it_has_there() {
    let summary = Page::read(&format!("{PAGES}/SUMMARY.md"));
    let mut listed: Vec<&str> = summary.text.lines().flat_map(targets).collect();
    for line in summary.text.lines() {
        let Some(target) = targets(line).next() else { continue };
        let title = line.split_once('[').unwrap().1.split_once("](").unwrap().0;
        let page = Page::read(&format!("{PAGES}/{target}"));
        let first = page.text.lines().next().unwrap();
        if target != "index.md" {
            assert_eq!(first, format!("# {title}"), "{target}");
        }
    }
    listed.sort_unstable();
    let pages = Page::all();
    let pages: Vec<&str> =
        pages.iter().map(Page::name).filter(|name| *name != "SUMMARY.md").collect();
    assert_eq!(listed, pages);
}

#[test]
fn each_chapter_points_into_the_code_by_files_and_by_names_that_are_in_them() {
    let heading = "## How the real one does it";
    let code = "[src/turn.rs](../../../src/turn.rs)";
    let bad = format!(
        "# A\n{heading}\n- no link\n- `Turn` in {code},\n  and `gone_away`.\n- `io`: {code}\n"
    );
    let bad = Page::new("docs/book/src/bad.md", &bad);
    caught(misnamed(&bad.under(heading), &bad), &[3, 4]);

    let mut faults = vec![];
    for page in &Page::chapters() {
        let points = page.under(heading);
        let bullets = points.iter().filter(|(_, line)| line.starts_with("- ")).count();
        assert!(bullets >= 3, "{}: `{heading}` has {bullets} points", page.path);
        faults.extend(misnamed(&points, page));
        for part in ["## Break it", "## The answer"] {
            assert!(page.text.contains(&format!("\n{part}\n")), "{} has no `{part}`", page.path);
        }
    }
    clean(faults);
}

/// The points that name no file, or whose names stand in none of the files that they name.
fn misnamed(lines: &[(usize, &str)], page: &Page) -> Vec<String> {
    let mut points: Vec<(usize, String)> = vec![];
    for (n, line) in lines {
        match points.last_mut() {
            Some((_, point)) if line.starts_with("  ") => *point += line,
            _ if line.starts_with("- ") => points.push((*n, (*line).to_owned())),
            _ => {}
        }
    }
    let mut faults = vec![];
    for (n, point) in points {
        let read = |target| page.read_beside(target).unwrap_or_default();
        let mut code: Vec<String> = targets(&point).map(read).collect();
        if code.is_empty() {
            faults.push(page.fault(n, "expected a link to a file"));
            continue;
        }
        code.extend(included_by(page));
        // What is called by its way is looked for by its last word. What isn't a name is prose.
        let names = point.split('`').skip(1).step_by(2).filter_map(|name| name.split("::").last());
        let names = names.map(|name| name.trim_end_matches("()"));
        let is_name = |name: &&str| name.chars().all(|c| c.is_alphanumeric() || c == '_');
        for name in names.filter(is_name).filter(|name| *name != "await") {
            if !code.iter().any(|code| has_word(code, name)) {
                faults.push(page.fault(n, &format!("`{name}` is in none of its files")));
            }
        }
    }
    faults
}

/// Whether it stands there by itself, and not in another name.
fn has_word(code: &str, name: &str) -> bool {
    code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name)
}

/// The sources that a page includes from: a point may name what the reader has just seen.
fn included_by(page: &Page) -> Vec<String> {
    let path =
        |line: &'_ str| line.strip_prefix("{{#include ")?.split(':').next().map(str::to_owned);
    let mut paths: Vec<String> = page.text.lines().filter_map(path).collect();
    paths.dedup();
    paths.iter().filter_map(|path| page.read_beside(path)).collect()
}
