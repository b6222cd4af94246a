//! The picture of a turn: a ring of its phases, with what their documentation says.

use glassloop::Phase;

use crate::{PAGES, golden::is_golden, svg::Picture};

/// Where the phases are documented.
const SOURCE: &str = include_str!("../../src/phase.rs");

const MIDDLE: (f64, f64) = (150.0, 150.0);
const RADII: (f64, f64) = (70.0, 130.0);

#[test]
fn the_turn_is_drawn_from_its_phases_and_their_own_words() {
    is_golden(&format!("{PAGES}/turn.svg"), &drawn());
}

fn drawn() -> String {
    let words: Vec<String> = Phase::ALL.into_iter().map(documented).collect();
    let told: Vec<String> =
        Phase::ALL.iter().zip(&words).map(|(p, w)| format!("{p}: {w}")).collect();
    let mut picture = Picture::new("One turn, in eight phases", &told.join(" "), (880, 300));
    for (n, (phase, words)) in Phase::ALL.iter().zip(&words).enumerate() {
        let fill = if *phase == Phase::Wait { "#dde3ea" } else { "#eef5fb" };
        picture.part(&format!(
            "<path d=\"{}\" fill=\"{fill}\" stroke=\"#567\" stroke-width=\"1.5\"/>",
            sector(n)
        ));
        let (x, y) = at(n, 0.5, f64::midpoint(RADII.0, RADII.1));
        picture.part(&format!(
            "<text x=\"{x:.0}\" y=\"{:.0}\" font-weight=\"600\" \
             text-anchor=\"middle\">{phase}</text>",
            y + 4.0
        ));
        let line = 38 + 32 * i32::try_from(n).unwrap();
        picture.words(&[&format!("{}  {phase}", *phase as u8)], (320, line), "font-weight=\"600\"");
        picture.words(&[words], (410, line), "fill=\"#345\"");
    }
    let (x, y) = (150, 146);
    picture.words(&["one turn,", "clockwise"], (x, y), "fill=\"#345\" text-anchor=\"middle\"");
    picture.finish()
}

/// The first sentence above the phase in its source.
fn documented(phase: Phase) -> String {
    let declared = format!("    {phase:?} = {},", phase as u8);
    let before = SOURCE.split(&declared).next().unwrap();
    assert_ne!(before.len(), SOURCE.len(), "{declared} is not in src/phase.rs");
    let above = before.trim_end().lines().next_back().unwrap();
    above.trim_start().strip_prefix("/// ").unwrap().to_owned()
}

/// One of eight, the first to the right of the top.
fn sector(n: usize) -> String {
    let (inner, outer) = RADII;
    let corner = |part, radius| {
        let (x, y) = at(n, part, radius);
        format!("{x:.1} {y:.1}")
    };
    format!(
        "M{}A{outer} {outer} 0 0 1 {}L{}A{inner} {inner} 0 0 0 {}Z",
        corner(0.0, outer),
        corner(1.0, outer),
        corner(1.0, inner),
        corner(0.0, inner),
    )
}

/// A point so far through a sector, at that distance from the middle.
fn at(n: usize, part: f64, radius: f64) -> (f64, f64) {
    let angle = (f64::from(u32::try_from(n).unwrap()) + part) * std::f64::consts::FRAC_PI_4;
    (MIDDLE.0 + radius * angle.sin(), MIDDLE.1 - radius * angle.cos())
}
