//! A page: the lines that a command prints, each in one paint.
//!
//! Promises that what it prints is text and nothing else: whatever came from the process (a task
//! may be called anything) loses its control characters, so that no name moves the cursor or
//! colours the next line. Escape codes are the page's own and appear only where colour is wanted.

use std::io::{self, Write};

/// How a line looks, where there is colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paint {
    Plain,
    Bold,
    Dim,
    /// Something hangs.
    Red,
    /// What is selected.
    Reverse,
}

/// What a page may be made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Style {
    /// No character beyond ASCII.
    pub(crate) ascii: bool,
    pub(crate) colour: bool,
    /// How wide a line may be: as wide as it needs to where there is no terminal.
    pub(crate) width: usize,
}

impl Style {
    /// Whether what is long scrolls away.
    pub(crate) fn is_screen(self) -> bool {
        self.width < usize::MAX
    }
}

/// A line without its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) paint: Paint,
    pub(crate) text: String,
}

/// Some lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) lines: Vec<Line>,
}

impl Page {
    pub(crate) fn push(&mut self, paint: Paint, text: impl Into<String>) {
        self.lines.push(Line { paint, text: text.into() });
    }

    pub(crate) fn plain(&mut self, text: impl Into<String>) {
        self.push(Paint::Plain, text);
    }

    /// A gap between two parts; none at the top.
    pub(crate) fn gap(&mut self) {
        if !self.lines.is_empty() {
            self.plain("");
        }
    }

    pub(crate) fn extend(&mut self, other: Page) {
        self.lines.extend(other.lines);
    }

    /// Writes all lines, broken between words where a terminal would break them within one.
    pub(crate) fn write(&self, out: &mut impl Write, style: Style) -> io::Result<()> {
        for Line { paint, text } in &self.lines {
            for text in wrapped(text, style.width) {
                writeln!(out, "{}", Line { paint: *paint, text }.shown(style, usize::MAX))?;
            }
        }
        out.flush()
    }
}

impl Line {
    /// The line as it goes out, of at most `width` characters and the codes of its paint.
    pub(crate) fn shown(&self, style: Style, width: usize) -> String {
        let text = fit(&clean(self.text.trim_end(), style.ascii), width, style.ascii);
        let code = match self.paint {
            _ if !style.colour => return text,
            Paint::Plain => return text,
            Paint::Bold => "1",
            Paint::Dim => "2",
            Paint::Red => "1;31",
            Paint::Reverse => "7",
        };
        // What is selected is seen from edge to edge.
        let pad = match self.paint {
            Paint::Reverse if width < usize::MAX => width.saturating_sub(text.chars().count()),
            _ => 0,
        };
        format!("\x1b[{code}m{text}{}\x1b[0m", " ".repeat(pad))
    }
}

/// A line as lines of that width, broken between words; what goes on stands further to the right
/// than what the line begins with, blanks and the branches of a tree. A word that is wider stays
/// whole.
pub(crate) fn wrapped(line: &str, width: usize) -> Vec<String> {
    let mut rest = line.trim_end();
    let mut prefix = rest.chars().take_while(|&c| " │├└─|`-".contains(c)).count();
    // What is deep to the right has some room all the same.
    let indent = (prefix + 2).min(width / 2);
    let (mut lines, mut lead) = (Vec::new(), 0);
    loop {
        let room = width.saturating_sub(lead);
        let mut blanks =
            rest.char_indices().enumerate().filter(|&(n, (_, c))| c == ' ' && n > prefix);
        let within = blanks.clone().take_while(|&(n, _)| n <= room).last();
        let fits = rest.chars().nth(room).is_none();
        let end = within.or_else(|| blanks.next()).filter(|_| !fits).map(|(_, (at, _))| at);
        let (now, after) = rest.split_at(end.unwrap_or(rest.len()));
        lines.push(format!("{}{}", " ".repeat(lead), now.trim_end()));
        if after.is_empty() {
            return lines;
        }
        (rest, lead, prefix) = (after.trim_start(), indent, 0);
    }
}

/// A text without what a terminal would obey; with `ascii` nothing beyond it either.
pub(crate) fn clean(text: &str, ascii: bool) -> String {
    let shown = |c: char| match c {
        c if c.is_control() || turns(c) => {
            if ascii {
                '?'
            } else {
                '\u{fffd}'
            }
        }
        '\u{2026}' if ascii => '~',
        // The Greek letter and the sign: the unit of a time.
        '\u{3bc}' | '\u{b5}' if ascii => 'u',
        c if ascii && !c.is_ascii() => '?',
        c => c,
    };
    text.chars().map(shown).collect()
}

/// A text cut to so many characters, the last of which says that it was.
pub(crate) fn fit(text: &str, width: usize, ascii: bool) -> String {
    if text.chars().nth(width).is_none() {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(width.saturating_sub(1)).collect();
    if width > 0 {
        cut.push(if ascii { '~' } else { '\u{2026}' });
    }
    cut
}

/// JSON that no terminal obeys: what serde_json leaves as it is, written as an escape.
pub(crate) fn clean_json(text: &str, ascii: bool) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        let is_bad = c == '\u{7f}' || ('\u{80}'..'\u{a0}').contains(&c) || turns(c);
        if is_bad || ascii && !c.is_ascii() {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                clean.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            clean.push(c);
        }
    }
    clean
}

/// Whether a character turns the direction of text, or ends a line in some terminals.
fn turns(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Style = Style { ascii: false, colour: false, width: usize::MAX };

    #[test]
    fn a_name_gives_a_terminal_no_orders() {
        assert_eq!(
            clean("a\x1b[2J\nb\u{9b}c\u{202e}d", false),
            "a\u{fffd}[2J\u{fffd}b\u{fffd}c\u{fffd}d"
        );
        assert_eq!(clean("grün \u{2026}\x07", true), "gr?n ~?");
        assert_eq!(clean_json("\"\u{9b}ü\u{1f600}\"", true), "\"\\u009b\\u00fc\\ud83d\\ude00\"");
        assert_eq!(clean_json("\"ü\"", false), "\"ü\"");
    }

    #[test]
    fn a_line_that_is_cut_says_so() {
        assert_eq!(fit("abc", 3, false), "abc");
        assert_eq!(fit("abcd", 3, false), "ab\u{2026}");
        assert_eq!(fit("äöüß", 3, true), "äö~");
        assert_eq!(fit("abc", 0, true), "");
    }

    #[test]
    fn a_line_is_broken_between_words_and_loses_none() {
        for (line, width, said) in [
            ("  aa bb cc dd", 8, &["  aa bb", "    cc", "    dd"][..]),
            ("  aa   bb cc", 9, &["  aa   bb", "    cc"]),
            ("aa bb", 5, &["aa bb"]),
            ("grün über", 4, &["grün", "  über"]),
            ("eeeeeeeeeeee ff", 8, &["eeeeeeeeeeee", "  ff"]),
            ("aa bb", 0, &["aa", "bb"]),
            ("        aa bb cc", 6, &["        aa", "   bb", "   cc"]),
            ("  │  └─ aa bb cc", 13, &["  │  └─ aa bb", "      cc"]),
            ("  |  `- aa bb cc", 10, &["  |  `- aa", "     bb cc"]),
            ("aa  ", 3, &["aa"]),
            ("", 8, &[""]),
        ] {
            assert_eq!(wrapped(line, width), said, "{line}");
        }
        let page = Page { lines: vec![Line { paint: Paint::Red, text: "it hangs".to_owned() }] };
        let written = |style| {
            let mut out = Vec::new();
            page.write(&mut out, style).unwrap();
            String::from_utf8(out).unwrap()
        };
        let narrow = Style { colour: true, width: 5, ..PLAIN };
        assert_eq!(written(narrow), "\x1b[1;31mit\x1b[0m\n\x1b[1;31m  hangs\x1b[0m\n");
        assert_eq!(written(PLAIN), "it hangs\n");
    }

    #[test]
    fn codes_appear_only_with_colour() {
        let line = Line { paint: Paint::Red, text: "hangs  ".to_owned() };
        assert_eq!(line.shown(PLAIN, 80), "hangs");
        let colour = Style { colour: true, ..PLAIN };
        assert_eq!(line.shown(colour, 80), "\x1b[1;31mhangs\x1b[0m");
        let chosen = Line { paint: Paint::Reverse, text: "a".to_owned() };
        assert_eq!(chosen.shown(colour, 3), "\x1b[7ma  \x1b[0m");
    }
}
