//! Traps: nine ways in which programs with an event loop go wrong, and what becomes of them here.
//!
//! Without a number they are listed. With one it is shown, by a short program: what
//! it runs into elsewhere, and what it prints here. `all` shows them one after the other.
//!
//! ```text
//! cargo run --example traps
//! cargo run --example traps -- 7
//! ```
#![allow(clippy::print_stdout)]

mod another_thread;
mod left_open;
mod loop_in_a_loop;
mod never_run;
mod outlives;
mod replaced;
mod stop_and_close;
mod ten_requests;
mod wrong_thread;

use std::{env, error::Error, io::Write};

/// What a trap's program returns: it should go well.
pub(crate) type Shown = Result<(), Box<dyn Error>>;

struct Trap {
    name: &'static str,
    /// What happens there.
    elsewhere: &'static str,
    /// The file of its program.
    file: &'static str,
    show: fn() -> Shown,
}

macro_rules! trap {
    ($module:ident) => {
        Trap {
            name: $module::NAME,
            elsewhere: $module::ELSEWHERE,
            file: concat!("examples/traps/", stringify!($module), ".rs"),
            show: $module::show,
        }
    };
}

const TRAPS: [Trap; 9] = [
    trap!(outlives),
    trap!(stop_and_close),
    trap!(never_run),
    trap!(left_open),
    trap!(replaced),
    trap!(wrong_thread),
    trap!(loop_in_a_loop),
    trap!(another_thread),
    trap!(ten_requests),
];

fn main() -> Shown {
    // What the loops tell the log is part of our answer.
    env_logger::Builder::new()
        .filter_level(log::LevelFilter::Warn)
        .target(env_logger::Target::Stdout)
        .format(|out, record| writeln!(out, "log: {}", record.args()))
        .init();
    match env::args().nth(1).as_deref() {
        None => list(),
        Some("all") => (1..=TRAPS.len()).try_for_each(show)?,
        Some(number) => match number.parse() {
            Ok(number) if (1..=TRAPS.len()).contains(&number) => show(number)?,
            _ => {
                let most = TRAPS.len();
                let expected = format!("expected a number from 1 to {most}, or all");
                return Err(format!("{expected}; came {number}").into());
            }
        },
    }
    Ok(())
}

fn list() {
    println!("cargo run --example traps -- NUMBER");
    for (trap, number) in TRAPS.iter().zip(1..) {
        println!("  {number}  {}", trap.name);
    }
}

fn show(number: usize) -> Shown {
    let trap = &TRAPS[number - 1];
    println!("trap {number}: {}", trap.name);
    println!("elsewhere: {}", trap.elsewhere);
    println!("here, by {}:", trap.file);
    (trap.show)()?;
    println!();
    Ok(())
}
