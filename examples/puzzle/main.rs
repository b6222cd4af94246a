//! Puzzles: small programs, and the question in which order their words come.
//!
//! Without a number they are listed. With one the program is shown, in JavaScript and in Rust, and
//! you are asked for the order; then it runs, and you see the order on glassloop, in Node and in a
//! browser, and why. All of them as a table, with how to read them: `docs/book/src/puzzles.md`.
//!
//! ```text
//! cargo run --example puzzle
//! cargo run --example puzzle -- 4
//! cargo run --example puzzle -- 16 --policy to-empty
//! GLASSLOOP_INSPECT=wait cargo run --example puzzle -- 16
//! ```

mod options;
#[path = "puzzles/mod.rs"]
mod puzzles;
mod show;

use std::{
    env,
    io::{self, Write},
    process::ExitCode,
};

use options::{Chosen, Options};
use puzzles::POLICIES;

fn main() -> ExitCode {
    let told = match Options::parse(env::args().skip(1)) {
        Ok(Options::List) => show::list(&mut io::stdout()),
        Ok(Options::Puzzle(chosen)) => ask_and_tell(&chosen),
        Err(error) => Err(io::Error::other(error)),
    };
    match told {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read us has seen enough: `head` does that.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            writeln!(io::stderr(), "puzzle: {error}").ok();
            ExitCode::FAILURE
        }
    }
}

fn ask_and_tell(chosen: &Chosen) -> io::Result<()> {
    let out = &mut io::stdout();
    show::question(out, chosen)?;
    let mut guess = String::new();
    io::stdin().read_line(&mut guess)?;
    writeln!(out)?;
    // Not before: who starts us with `wait` wants to be asked first.
    glassloop_inspector::init(); // watched if GLASSLOOP_INSPECT=1
    let (_, policy) = POLICIES[chosen.policy];
    let order = (chosen.puzzle.run)(policy, false);
    show::answer(out, chosen, guess.trim(), &order)
}
