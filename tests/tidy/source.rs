//! A source file as the house rules see it: its text, and its code without comments and literals.
//!
//! Lines and columns of the code are those of the text, so a fault can name its place.
//! Does not parse Rust: it leans on what rustfmt guarantees about lines and indentation.

use std::fs;
use std::path::PathBuf;

use crate::faults;

/// A file of the workspace.
pub(crate) struct File {
    /// Its path from the root of the workspace.
    pub(crate) path: String,
    pub(crate) text: String,
    /// The text with every comment, string and character literal blanked.
    pub(crate) code: String,
}

/// Where a function of a file stands; lines are counted from 0.
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) first_line: usize,
    pub(crate) signature_lines: usize,
    pub(crate) lines: usize,
}

impl File {
    pub(crate) fn new(path: &str, text: &str) -> File {
        File { path: path.to_owned(), text: text.to_owned(), code: code_of(text) }
    }

    /// Reads a file that must be there: its absence is a fault too.
    #[track_caller]
    pub(crate) fn read(path: &str) -> File {
        let text = fs::read_to_string(root().join(path));
        File::new(path, &text.unwrap_or_else(|error| panic!("{path}:1: {error}")))
    }

    /// A complaint about one line, counted from 0 here and from 1 in the message.
    pub(crate) fn fault(&self, line: usize, what: &str) -> String {
        faults::fault(&self.path, line, what)
    }

    /// `what` for each line of the code that `is_bad`.
    pub(crate) fn bad_code(&self, what: &str, is_bad: impl Fn(&str) -> bool) -> Vec<String> {
        let bad = self.code.lines().enumerate().filter(|(_, line)| is_bad(line));
        bad.map(|(n, _)| self.fault(n, what)).collect()
    }

    /// `what` for each function that `is_bad`.
    pub(crate) fn bad_functions(
        &self,
        what: &str,
        is_bad: impl Fn(&Function) -> bool,
    ) -> Vec<String> {
        let bad = self.functions().into_iter().filter(is_bad);
        bad.map(|f| self.fault(f.first_line, &format!("`{}` {what}", f.name))).collect()
    }

    /// A complaint unless these whole lines stand somewhere in the text.
    pub(crate) fn wants_line(&self, line: &str) -> Vec<String> {
        match format!("\n{}", self.text).contains(&format!("\n{line}\n")) {
            true => vec![],
            false => vec![self.fault(0, &format!("wants `{}`", line.replace('\n', " / ")))],
        }
    }

    /// Every function with its extent: from `fn` to the brace that closes it at the same indent.
    pub(crate) fn functions(&self) -> Vec<Function> {
        let lines: Vec<&str> = self.code.lines().map(str::trim_end).collect();
        let named = |(n, line): (usize, &&str)| Some((n, function_name(line)?));
        let found = lines.iter().enumerate().filter_map(named);
        found.map(|(first_line, name)| extent(&lines, first_line, name)).collect()
    }

    /// The names of the files that this one declares: every `mod name;`.
    pub(crate) fn modules(&self) -> impl Iterator<Item = &str> {
        let declared = self.code.lines().filter_map(|line| line.trim().strip_suffix(';'));
        declared.filter_map(|line| match line.split_whitespace().collect::<Vec<_>>()[..] {
            [.., "mod", name] => Some(name),
            _ => None,
        })
    }

    /// The paths of those that it declares by `#[path = ".."]`, as they stand there.
    pub(crate) fn module_paths(&self) -> impl Iterator<Item = &str> {
        let named = |line: &'_ str| line.trim().starts_with("#[path = ");
        self.text.lines().filter(move |line| named(line)).filter_map(|line| line.split('"').nth(1))
    }
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below a folder, in order of their paths.
pub(crate) fn code_files(folder: &str) -> Vec<File> {
    let entries = fs::read_dir(root().join(folder));
    let entries = entries.unwrap_or_else(|error| panic!("{folder}:1: {error}"));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut files = Vec::new();
    for path in paths.into_iter().filter(|path| !path.ends_with("target")) {
        let name = format!("{folder}/{}", path.file_name().unwrap().to_string_lossy());
        if path.is_dir() {
            files.extend(code_files(&name));
        } else if name.ends_with(".rs") {
            files.push(File::read(&name));
        }
    }
    files
}

/// The words (names and keywords) of some code.
pub(crate) fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !is_word(c)).filter(|word| !word.is_empty())
}

/// Whether a character can stand in a name.
pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn function_name(line: &str) -> Option<String> {
    let before = ["pub", "const", "async", "unsafe", "extern", "default"];
    let is_before = |w: &str| before.contains(&w) || w.starts_with("pub(") || w.ends_with(')');
    let mut words = line.split_whitespace().skip_while(|word| is_before(word));
    let name = words.next().filter(|word| *word == "fn").and(words.next())?;
    Some(name.chars().take_while(|c| is_word(*c)).collect())
}

fn extent(lines: &[&str], first_line: usize, name: String) -> Function {
    let rest = &lines[first_line..];
    let opened = rest.iter().position(|line| line.ends_with(['{', ';', '}']));
    let signature_lines = opened.map_or(rest.len(), |at| at + 1);
    let (signature, body) = rest.split_at(signature_lines);
    let indent = rest[0].len() - rest[0].trim_start().len();
    let close = format!("{}}}", &rest[0][..indent]);
    let has_body = signature.last().is_some_and(|line| line.ends_with('{'));
    let closed = body.iter().position(|line| line.starts_with(&close));
    let body_lines = if has_body { closed.map_or(body.len(), |at| at + 1) } else { 0 };
    Function { name, first_line, signature_lines, lines: signature_lines + body_lines }
}

fn code_of(text: &str) -> String {
    let (mut code, mut at) = (String::new(), 0);
    while let Some(c) = text[at..].chars().next() {
        let blanked = literal_len(&text[at..], code.ends_with(is_word));
        let end = at + if blanked == 0 { c.len_utf8() } else { blanked };
        let kept = |c: char| if blanked == 0 || c == '\n' { c } else { ' ' };
        code.extend(text[at..end].chars().map(kept));
        at = end;
    }
    code
}

/// The length in bytes of the comment or literal that `text` begins with; 0 if it begins with code.
fn literal_len(text: &str, inside_word: bool) -> usize {
    let up_to = |from: usize, end: &str| text[from..].find(end).map(|at| from + at + end.len());
    let mut chars = text.chars();
    let len = match (chars.next(), chars.next(), chars.next()) {
        (Some('/'), Some('/'), _) => text.find('\n'),
        (Some('/'), Some('*'), _) => up_to(2, "*/"),
        (Some('"'), ..) => string_len(text),
        (Some('\''), Some('\\'), _) => up_to(3, "'"),
        (Some('\''), Some(c), Some('\'')) => Some(c.len_utf8() + 2),
        (Some('r' | 'b' | 'c'), ..) if !inside_word => raw_string_len(text),
        _ => Some(0),
    };
    len.unwrap_or(text.len())
}

fn string_len(text: &str) -> Option<usize> {
    let mut escaped = true;
    let end = text.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    Some(end? + 1)
}

/// Of `r"..."`, `br#"..."#` and their like; 0 if `text` begins with a name after all.
fn raw_string_len(text: &str) -> Option<usize> {
    let Some(raw) = text.trim_start_matches(['b', 'c']).strip_prefix('r') else {
        return Some(0);
    };
    let body = raw.trim_start_matches('#');
    let hashes = &raw[..raw.len() - body.len()];
    let Some(body) = body.strip_prefix('"') else {
        return Some(0);
    };
    let end = format!("\"{hashes}");
    Some(text.len() - body.len() + body.find(&end)? + end.len())
}

#[test]
fn comments_and_literals_are_blanked_and_lines_kept() {
    let text = "a /* b\nc */ d // e\nlet f = \"g\\\"h\\\\\"; i(r#\"j\"k\"#, 'l', '\\'');\n\
                b\"m\"; n::<'o>(); r; b'\"'; p()";
    let code = File::new("", text).code;
    let kept = ["a", "d", "let", "f", "i", "b", "n", "o", "r", "b", "p"];
    assert_eq!(words(&code).collect::<Vec<_>>(), kept);
    assert_eq!(code.lines().count(), text.lines().count());
    assert_eq!(code.chars().count(), text.chars().count());
}

#[test]
fn a_function_ends_at_the_brace_of_its_own_indent() {
    let text = "impl A {\n    pub(in crate::a) const fn b(\n    ) -> u8 {\n        if c {\n\
                \x20       }\n    }\n    fn d();\n    async fn e() {}\n}\nstruct F(fn(u8));\n";
    let found = File::new("", text).functions();
    let found: Vec<_> = found.iter().map(|f| (&f.name[..], f.first_line, f.lines)).collect();
    assert_eq!(found, [("b", 1, 5), ("d", 6, 1), ("e", 7, 1)]);
}
