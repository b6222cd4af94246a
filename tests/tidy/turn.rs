//! The rule of the turn: what everybody reads first fits a screen and calls its phases in order.
//!
//! Does not follow a call: what a phase does is the business of the tests that name it.

use crate::source::{File, is_word};
use crate::{PHASES, caught, clean};

const TURN_LINES_MAX: usize = 60;
/// What `turn` may call besides its phases: the guard that opens it, what does its work for a loop
/// that somebody stops, and constructors.
const OPENING: [&str; 6] = ["begin", "heeds_orders", "step", "Ok", "Err", "Some"];

#[test]
fn the_turn_fits_a_screen_and_calls_its_phases_in_order() {
    let phases = "self.io();\nself.timers();\nself.deferred();\nself.run();\n\
                  self.flush();\nself.render();\n";
    let whole = format!("let _turn = self.begin()?;\n{phases}self.finish(!(a || b));\n");
    let faults_of =
        |body: &str| turn_faults(&File::new("bad.rs", &format!("fn turn(&self) {{\n{body}}}\n")));
    caught(faults_of(&whole), &[]);
    caught(faults_of(phases), &[1]);
    caught(faults_of(&format!("{whole}self.finish();\n")), &[1]);
    caught(faults_of(&format!("self.poke();\nf::<u8>();\nx!();\n{whole}")), &[2, 3, 4]);
    caught(faults_of(&(whole + &"\n".repeat(TURN_LINES_MAX))), &[1]);
    caught(turn_faults(&File::new("bad.rs", "fn returns() {\n}\n")), &[1]);

    clean(turn_faults(&File::read("src/event_loop.rs")));
}

fn turn_faults(file: &File) -> Vec<String> {
    let Some(turn) = file.functions().into_iter().find(|f| f.name == "turn") else {
        return vec![file.fault(0, "no `fn turn`")];
    };
    let (mut called, mut faults) = (vec![], vec![]);
    let lines = file.code.lines().enumerate().take(turn.first_line + turn.lines);
    for (n, code) in lines.skip(turn.first_line + turn.signature_lines) {
        for name in calls(code) {
            if PHASES[1..].contains(&name) {
                called.push(name);
            } else if !OPENING.contains(&name) {
                faults.push(file.fault(n, &format!("`turn` calls `{name}`, which is no phase")));
            }
        }
    }
    if turn.lines > TURN_LINES_MAX {
        faults.push(file.fault(turn.first_line, &format!("`turn` has {} lines", turn.lines)));
    }
    if called != PHASES[1..] {
        faults.push(file.fault(turn.first_line, &format!("`turn` calls {called:?}")));
    }
    faults
}

/// What a line of code calls: each name before a `(`; and, of what is called without a plain name,
/// the character that gives it away: `!` of a macro, `>` of `f::<u8>(`, `)` or `]` of `table[0](`.
fn calls(code: &str) -> Vec<&str> {
    let mut found = vec![];
    for (at, open) in code.match_indices(['(', '[', '{']) {
        let before = &code[..at];
        let name = before.rsplit(|c| !is_word(c)).next().unwrap_or("");
        if before.strip_suffix('!').is_some_and(|word| word.ends_with(is_word)) {
            found.push("!");
        } else if open == "(" && before.ends_with(['>', ')', ']']) {
            found.push(&before[at - 1..]);
        } else if open == "(" && !name.is_empty() {
            found.push(name);
        }
    }
    found
}
