//! The rule of the examples: what the public can call is called in an example that runs.
//!
//! Examples that run are the fenced code of doc comments (unless marked `ignore`, `no_run` or as
//! no Rust) and the programs in `examples/`. What stands in none is on a short list, by reason.

use std::collections::BTreeSet;

use crate::source::{File, code_files, words};
use crate::{CRATES, caught, clean};

/// The list: a line `# reason`, then the names that it excuses, several a line.
const LIST: &str = "tests/tidy/without_example.txt";

#[test]
fn every_public_function_is_called_in_an_example_that_runs_or_excused() {
    let doc = "/// ```\n/// a.shown();\n/// ```\npub fn shown() {}\npub fn hidden() {}\n\
               /// ```ignore\n/// skipped()\n/// ```\npub const fn skipped() {}\n\
               pub(crate) fn ours() {}\n";
    let list = File::new("list.txt", "# no reason\nexcused shown gone\n");
    let files = [File::new("bad.rs", doc), File::new("more.rs", "pub fn excused() {}\n")];
    let faults = example_faults(&files, &[], &list);
    caught(faults, &[5, 9, 2, 2]);

    let files: Vec<File> = CRATES.iter().flat_map(|of| code_files(&of.sources())).collect();
    clean(example_faults(&files, &code_files("examples"), &File::read(LIST)));
}

/// What is missing, and what the list excuses for nothing.
fn example_faults(files: &[File], programs: &[File], list: &File) -> Vec<String> {
    let mut shown: BTreeSet<String> = BTreeSet::new();
    for program in programs {
        shown.extend(words(&program.code).map(str::to_owned));
    }
    for file in files {
        for line in example_lines(&file.text) {
            shown.extend(words(line).map(str::to_owned));
        }
    }
    let excuses = list.text.lines().enumerate().filter(|(_, line)| !line.starts_with('#'));
    let excused: Vec<(usize, &str)> =
        excuses.flat_map(|(n, line)| line.split_whitespace().map(move |name| (n, name))).collect();
    let (mut faults, mut public) = (Vec::new(), BTreeSet::new());
    for file in files {
        let lines: Vec<&str> = file.code.lines().collect();
        for function in file.functions() {
            let signature = lines[function.first_line].trim_start();
            if !signature.starts_with("pub fn ") && !signature.starts_with("pub const fn ") {
                continue;
            }
            let name = &function.name;
            if !shown.contains(name) && !excused.iter().any(|(_, other)| other == name) {
                faults.push(file.fault(function.first_line, &format!("`{name}` is in no example")));
            }
            public.insert(name.clone());
        }
    }
    for (n, name) in excused {
        if shown.contains(name) {
            faults.push(list.fault(n, &format!("`{name}` is in an example")));
        } else if !public.contains(name) {
            faults.push(list.fault(n, &format!("`{name}` is no public function")));
        }
    }
    faults
}

/// The lines of the doc comments' code that cargo runs.
fn example_lines(text: &str) -> impl Iterator<Item = &str> {
    let mut runs = false;
    let mut inside = false;
    let docs = text.lines().filter_map(|line| {
        let line = line.trim_start();
        line.strip_prefix("///").or_else(|| line.strip_prefix("//!"))
    });
    docs.filter(move |line| {
        if let Some(mark) = line.trim_start().strip_prefix("```") {
            inside = !inside;
            runs = inside && ["", "should_panic", "standalone_crate"].contains(&mark.trim());
            return false;
        }
        runs
    })
}
