//! A picture of states and arrows, as SVG.
//!
//! Where things stand is said by whoever draws; what there is comes from running code.

use std::fmt::Write;

/// How wide and how high the box of a state is.
const BOX: (i32, i32) = (112, 38);

/// A picture that is being drawn.
pub(crate) struct Picture {
    text: String,
}

/// One arrow: its way, and where the first line of its words stands.
pub(crate) struct Way {
    pub(crate) path: &'static str,
    pub(crate) words_at: (i32, i32),
}

impl Picture {
    /// An empty one, and what a screen reader says of it.
    pub(crate) fn new(title: &str, says: &str, (width, height): (i32, i32)) -> Picture {
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             font-family=\"system-ui, sans-serif\" font-size=\"13\">\n  <title>{}</title>\n",
            escaped(title)
        );
        writeln!(text, "  <desc>{}</desc>", escaped(says)).unwrap();
        text += "  <defs>\n    <marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" \
                 markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\">\n      \
                 <path d=\"M0 0 8 4 0 8z\" fill=\"#567\"/>\n    </marker>\n  </defs>\n";
        writeln!(text, "  <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>").unwrap();
        Picture { text }
    }

    /// A state, its middle there.
    pub(crate) fn state(&mut self, name: &str, (x, y): (i32, i32)) {
        let (width, height) = BOX;
        let (left, top) = (x - width / 2, y - height / 2);
        self.part(&format!(
            "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" rx=\"9\" \
             fill=\"#eef5fb\" stroke=\"#567\" stroke-width=\"1.5\"/>"
        ));
        self.words(&[name], (x, y + 5), "font-weight=\"600\" text-anchor=\"middle\"");
    }

    /// An arrow, and what leads along it.
    pub(crate) fn arrow(&mut self, way: &Way, words: &[&str]) {
        let path = way.path;
        self.part(&format!(
            "<path d=\"{path}\" fill=\"none\" stroke=\"#567\" stroke-width=\"1.5\" \
             marker-end=\"url(#tip)\"/>"
        ));
        self.words(words, way.words_at, "fill=\"#345\" text-anchor=\"middle\"");
    }

    /// Lines of text, the first of them there.
    pub(crate) fn words(&mut self, lines: &[&str], (x, y): (i32, i32), how: &str) {
        for (line, y) in lines.iter().zip((y..).step_by(16)) {
            self.part(&format!("<text x=\"{x}\" y=\"{y}\" {how}>{}</text>", escaped(line)));
        }
    }

    pub(crate) fn part(&mut self, part: &str) {
        writeln!(self.text, "  {part}").unwrap();
    }

    pub(crate) fn finish(self) -> String {
        self.text + "</svg>\n"
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
